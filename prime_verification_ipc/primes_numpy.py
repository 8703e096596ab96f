"""Verify a large prime with a pool whose workers divide by whole blocks of candidates in numpy.
Beyond the chapter

Chapter: text on trial division; answers Example 9-23, Example 9-26
Run:     python prime_verification_ipc/primes_numpy.py --workers 2
         python prime_verification_ipc/primes_numpy.py --workers 2 18446744073709551557 97
See:     primes take a small part of the time of primes_flag_mmap_redux.py: the loop over candidates
         runs in compiled code, multiples of 2, 3, 5, 7, 11 and 13 are no candidates, which leaves
         19 % of all numbers, and the division is that of floats, several of which a processor
         divides at once. Workers take blocks in turn, ascending, and look at a RawValue between two
         blocks; a block is small enough to stay in the processor's cache.
         For numbers below 2**64: numpy has no larger integers that are exact.
"""

import math
import multiprocessing

from common.processes import Pool

import numpy as np
import prime_check

SERIAL_CHECK_CUTOFF = 21
FLAG_CLEAR = 0
FLAG_SET = 1
WHEEL = 2 * 3 * 5 * 7 * 11 * 13
FIRST = 17
SPOKES = np.arange(FIRST, FIRST + WHEEL)
SPOKES = SPOKES[np.gcd(SPOKES, WHEEL) == 1].astype(np.float64)
BLOCK = 4 * WHEEL  # integers, of which 4 * 5,760 are candidates: three arrays of 184 kB
MAX_NUMBER = 2**64 - 1

value = None


def share_flag(flag):
    """Keep ``flag`` as this process's ``value``: here, and first in every worker."""
    global value
    value = flag


def create_block(from_i):
    """Return the candidates of [from_i, from_i + BLOCK), ascending (float64).

    ``from_i`` is FIRST and a multiple of WHEEL more.
    """
    turns = np.arange(from_i - FIRST, from_i - FIRST + BLOCK, WHEEL, dtype=np.float64)
    return np.add.outer(turns, SPOKES).ravel()


def has_divisor(n, candidates, quotients, rounded):
    """Return whether any of ``candidates`` divides ``n``; n itself does not count.

    Exact for n up to MAX_NUMBER and candidates that are whole, ascending and below 2**53. Rounding
    n to a float changes it by at most 2**-53 of its value, and so does rounding the quotient, which
    is thus off by less than 2**-51 of itself. If the candidate divides n, the quotient lies that
    close to a whole number (subtracting the nearest is exact). Whatever lies that close, every
    quotient if the largest is 2**50 or more, is divided again as integers.
    ``quotients`` and ``rounded`` are arrays to work in, as long as ``candidates``.
    """
    np.divide(float(n), candidates, out=quotients)
    tolerance = quotients[0] * 2**-51  # the first is the largest
    np.rint(quotients, out=rounded)
    quotients -= rounded
    distances = np.abs(quotients, out=quotients)
    if distances.min() > tolerance:
        return False
    close = candidates[distances <= tolerance].astype(np.uint64)
    return bool((np.uint64(n) % close[close != n] == 0).any())


def check_prime_in_blocks(n_from_i_to_i_step):
    """Return whether no candidate in the blocks at from_i, from_i + step, ... divides n.

    Takes (n, (from_i, to_i, step)); the last block begins below to_i. Sets the flag when one does;
    looks at it before every block and gives up if it is set.
    """
    n, (from_i, to_i, step) = n_from_i_to_i_step
    candidates = create_block(from_i)
    work = np.empty((2, len(candidates)))
    for _ in range(from_i, to_i, step):
        if value.value == FLAG_SET:
            return False
        if has_divisor(n, candidates, *work):
            value.value = FLAG_SET
            return False
        candidates += step
    return True


def check_prime(n, pool, nbr_processes):
    """Return whether ``n``, at most MAX_NUMBER, is prime, by blocks that the workers share.

    The candidates below SERIAL_CHECK_CUTOFF, where most numbers have a factor, are tried first.
    """
    value.value = FLAG_CLEAR
    if n < 3 or n % 2 == 0:
        return n == 2
    to_i = math.isqrt(n) + 1
    for i in range(3, min(to_i, SERIAL_CHECK_CUTOFF), 2):
        if n % i == 0:
            return False
    # each worker begins at another block, and takes every nbr_processes-th from there on
    starts = range(FIRST, min(to_i, FIRST + nbr_processes * BLOCK), BLOCK)
    shares = [(n, (from_i, to_i, nbr_processes * BLOCK)) for from_i in starts]
    return all(pool.map(check_prime_in_blocks, shares, chunksize=1))


def run(numbers, nbr_workers):
    """Yield each of ``numbers`` and whether it is prime."""
    share_flag(multiprocessing.RawValue("b", FLAG_CLEAR))
    with Pool(nbr_workers, share_flag, (value,)) as pool:
        for n in numbers:
            yield n, check_prime(n, pool, nbr_workers)


if __name__ == "__main__":
    prime_check.main(__doc__, run, maximum=MAX_NUMBER)

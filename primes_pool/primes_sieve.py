"""Count the primes of any range with a sieve in segments, shared out to a pool of processes.
Beyond the chapter

Chapter: answers Example 9-8
Run:     python primes_pool/primes_sieve.py 2
         python primes_pool/primes_sieve.py 2 --lower 999_999_000_000_000 --upper 1e15
See:     nothing is divided: each prime up to the square root of the end strikes out its multiples,
         a few steps for a number that costs check_prime thousands of divisions. A segment stays
         in the cache and the memory of a worker does not grow with the range. Segments are alike,
         so that workers divide the time evenly. It needs a range: for a few numbers far apart,
         test each of them (prime_verification_ipc/). Near 10**15 the primes up to the root have to
         be found first, which takes as long as a range of tens of millions of numbers.
"""

import math
import multiprocessing
import os
import time

from common.processes import Pool

import numpy as np
import sieve_check

WHEEL = 30  # of 30 numbers in a row only 8 have no factor 2, 3 or 5: a byte for each of them
RESIDUES = np.array([1, 7, 11, 13, 17, 19, 23, 29])
MINUS_INVERSE = np.zeros(WHEEL, dtype=np.int64)  # modulo 30, of each residue
MINUS_INVERSE[RESIDUES] = [29, 17, 19, 23, 7, 11, 13, 1]
PATTERN_PRIMES = (7, 11, 13, 17)
ROWS = 2**20  # of 30 numbers, in a segment
MANY_MULTIPLES = 16  # a prime with as many in a segment strikes them out by a slice of its own
NBR_PRIMES = 2**14  # of the others strike out together


def find_primes(limit):
    """Return the primes from 19 to ``limit`` as an array, by a sieve of odd numbers."""
    is_prime = np.ones((limit + 1) // 2, dtype=bool)  # of 1, 3, 5, ...
    for i in range(3, math.isqrt(limit) + 1, 2):
        if is_prime[i // 2]:
            is_prime[i * i // 2 :: i] = False
    is_prime[: 19 // 2] = False
    primes = np.flatnonzero(is_prime).astype(np.uint32)
    primes *= 2
    primes += 1
    return primes


def make_pattern(nbr_rows):
    """Return a 0 for each index that is a multiple of a PATTERN_PRIME, a 1 for each other."""
    period = math.prod(PATTERN_PRIMES)
    pattern = np.ones(period, dtype=np.uint8)
    for prime in PATTERN_PRIMES:
        pattern[::prime] = 0
    return np.resize(pattern, period + nbr_rows)


def find_first_multiples(primes, first_row):
    """Return, for each residue and prime, the first row from ``first_row`` on to strike out.

    In that row 30 * row + residue is a multiple of the prime, its square or above; it is again in
    every row that lies a multiple of the prime further on, as no prime here divides 30.
    """
    primes = primes.astype(np.int64)
    inverse_of_wheel = (MINUS_INVERSE[primes % WHEEL] * primes + 1) // WHEEL  # modulo the prime
    residues = RESIDUES[:, np.newaxis]
    start = np.maximum(first_row, (primes * primes - residues + WHEEL - 1) // WHEEL)
    return start + (-residues * inverse_of_wheel - start) % primes


def sieve(lower, upper, primes, pattern):
    """Return 1 or 0 for each number of [lower, upper), 7 or larger, that 2, 3 and 5 do not divide.

    It is 1 if the number is prime. A uint8 array with a row for each of RESIDUES and a column for
    each 30 numbers from ``lower`` // 30 * 30 on, 0 too for what lies outside of the range.
    ``primes`` are those from 19 to the root of ``upper`` or farther, ``pattern`` make_pattern's.
    """
    first_row, nbr_rows = lower // WHEEL, -(-upper // WHEEL) - lower // WHEEL
    is_prime = np.empty((len(RESIDUES), nbr_rows), dtype=np.uint8)
    period = math.prod(PATTERN_PRIMES)
    for flags, residue in zip(is_prime, RESIDUES.tolist(), strict=True):
        shift = (first_row + residue * pow(WHEEL, -1, period)) % period
        flags[:] = pattern[shift : shift + nbr_rows]
    if first_row == 0:  # 1 is no prime; the pattern has struck out its own primes
        is_prime[:, 0] = RESIDUES > 1
    nbr_with_many, nbr_all = np.searchsorted(
        primes, [nbr_rows // MANY_MULTIPLES, math.isqrt(upper) + 1]
    )
    with_many, others = np.split(primes[:nbr_all], [nbr_with_many])
    first = find_first_multiples(with_many, first_row) - first_row
    for flags, rows in zip(is_prime, first.tolist(), strict=True):
        for prime, row in zip(with_many.tolist(), rows, strict=True):
            flags[row::prime] = 0
    strike_out_together(is_prime, others, first_row)
    outside = WHEEL * np.array([[first_row], [first_row + nbr_rows - 1]]) + RESIDUES
    is_prime[:, 0] &= outside[0] >= lower
    is_prime[:, -1] &= outside[1] < upper
    return is_prime


def strike_out_together(is_prime, primes, first_row):
    """Strike out the multiples of many primes that have few each: the first of all, the next..."""
    nbr_rows = is_prime.shape[1]
    flags = is_prime.reshape(-1)
    ends = nbr_rows * np.arange(1, 1 + len(RESIDUES))[:, np.newaxis]
    for nth in range(0, len(primes), NBR_PRIMES):
        steps = primes[nth : nth + NBR_PRIMES].astype(np.int64)
        places = find_first_multiples(steps, first_row) - first_row + ends - nbr_rows
        nbr_steps = 0
        while len(steps):
            flags[places[places < ends]] = 0
            nbr_steps += 1
            steps = steps[: np.searchsorted(steps, -(-nbr_rows // nbr_steps))]
            places = places[:, : len(steps)] + steps


def count_primes(lower_upper_first_step):
    """Return how many primes every step-th segment of [lower, upper) holds from ``first`` on.

    Given (lower, upper, first, step).
    """
    lower, upper, first, step = lower_upper_first_step
    length = WHEEL * ROWS
    primes = find_primes(math.isqrt(upper))
    pattern = make_pattern(min(ROWS, (upper - lower) // WHEEL + 2))
    nbr_primes = 0
    for start in range(lower + first * length, upper, step * length):
        end = min(start + length, upper)
        nbr_primes += sum(start <= prime < end for prime in (2, 3, 5))
        nbr_primes += int(np.count_nonzero(sieve(start, end, primes, pattern)))
    return nbr_primes


def run(lower, upper, nbr_workers, peak_memory):
    """Return the number of primes, the seconds, and the largest peak memory of a worker in bytes.

    ``peak_memory`` is a function that returns it for a process's pid. The workers are up before the
    clock starts. One segment alone, milliseconds of work, is left to this process.
    """
    nbr_segments = -(-(upper - lower) // (WHEEL * ROWS))
    if nbr_segments < 2:
        start = time.perf_counter()
        nbr_primes = count_primes((lower, upper, 0, 1))
        return nbr_primes, time.perf_counter() - start, peak_memory(os.getpid())
    nbr_shares = min(nbr_workers, nbr_segments)
    shares = [(lower, upper, first, nbr_shares) for first in range(nbr_shares)]
    with Pool(nbr_shares) as pool:
        start = time.perf_counter()
        counts = pool.map(count_primes, shares, 1)
        duration = time.perf_counter() - start
        peaks = [peak_memory(worker.pid) for worker in multiprocessing.active_children()]
    return sum(counts), duration, max(peaks)


if __name__ == "__main__":
    sieve_check.main(__doc__, run, count_primes)

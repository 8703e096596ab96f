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
         primesieve, in C++, is about 4 times as fast. Below 10**9, three quarters of one worker's
         time went into 505,000 slice assignments, a third of that before the first of their bytes
         is set; of the 123 million bytes most lie in a cache line each (Intel Xeon with 2 MB of L2
         cache, Python 3.11, numpy 2.4).
"""

import itertools
import math
import multiprocessing
import os
import time

from common.processes import Pool

import numpy as np
import sieve_check

SHORT = 30_000_000  # numbers: a longer range is worth the larger wheel, and patterns
SHORT_RANGE = 30, 6  # the wheel, and the end of the primes that divide it or have patterns
LONG_RANGE = 210, 300
ROWS = 1_200_000  # bytes of a segment
PERIOD = 100_000  # bits of a pattern, at most
MANY_MULTIPLES = 16  # a prime with as many in a segment strikes them out by a slice of its own
FEW_PRIMES = 400  # at the start do so in any case
NBR_PRIMES = 2**14  # of the others strike out together
STRUCK_OUT = np.zeros((), dtype=np.uint8)  # a Python 0 would be converted anew for every slice


def find_primes(limit):
    """Return the primes up to ``limit``, 2 or more, as an array, by a sieve of odd numbers."""
    is_prime = np.ones((limit + 1) // 2, dtype=bool)  # of 1, 3, 5, ...
    for i in range(3, math.isqrt(limit) + 1, 2):
        if is_prime[i // 2]:
            is_prime[i * i // 2 :: i] = False
    primes = np.flatnonzero(is_prime)
    primes *= 2
    primes += 1
    primes[0] = 2  # in the place of 1
    return primes


def make_patterns(primes, nbr_rows):
    """Return (period, pattern) for a few of ``primes``, ascending and odd, at a time.

    A pattern has a bit for each index, 0 for a multiple of one of the few. Bits repeat themselves
    after ``period`` of them and bytes, the period being odd, after ``period`` bytes; the pattern is
    longer by the bytes of ``nbr_rows`` bits.
    """
    patterns, primes = [], list(primes)
    while primes:
        few = [primes.pop()]
        while primes and math.prod(few) * primes[0] <= PERIOD:
            few.append(primes.pop(0))
        period = math.prod(few)
        bits = np.ones(8 * period, dtype=np.uint8)
        for prime in few:
            bits[::prime] = 0
        patterns.append((period, np.resize(np.packbits(bits), period + nbr_rows // 8 + 1)))
    return patterns


def sieve(rows, residue, wheel, patterns, primes):
    """Return a 1 for each of the ``rows`` where wheel * row + residue is left, else 0 (uint8).

    Struck out are the multiples of the primes in make_patterns' ``patterns`` and those of
    ``primes`` from their squares on: three arrays, of primes, of the wheel's inverses modulo each,
    and of the rows of their squares.
    """
    bits = np.full(-(-len(rows) // 8), 255, dtype=np.uint8)
    for period, pattern in patterns:  # whose index 0 is for the number 0
        first = (rows.start + residue * pow(wheel, -1, period)) * pow(8, -1, period) % period
        bits &= pattern[first : first + len(bits)]
    flags = np.unpackbits(bits, count=len(rows))
    steps, inverses, rows_of_squares = primes
    places = np.maximum(rows_of_squares, rows.start)
    places += (-residue * inverses - places) % steps - rows.start
    alone = max(FEW_PRIMES, np.searchsorted(steps, len(rows) // MANY_MULTIPLES))
    for step, place in zip(steps[:alone].tolist(), places[:alone].tolist(), strict=True):
        flags[place::step] = STRUCK_OUT
    for nth in range(alone, len(steps), NBR_PRIMES):
        strike_out_together(flags, places[nth : nth + NBR_PRIMES], steps[nth : nth + NBR_PRIMES])
    return flags


def strike_out_together(flags, places, steps):
    """Strike out the multiples of many primes that have few each: the first of all, the next..."""
    while len(steps):
        inside = places < len(flags)
        places, steps = places[inside], steps[inside]
        flags[places] = STRUCK_OUT
        places = places + steps


def count_primes(lower_upper_first_step):
    """Return how many primes every step-th segment of [lower, upper) holds from ``first`` on.

    Given (lower, upper, first, step). A segment is the numbers wheel * row + residue of ROWS rows
    and one residue without a factor of the wheel.
    """
    lower, upper, first, step = lower_upper_first_step
    root = math.isqrt(upper)
    wheel, limit = LONG_RANGE if upper - lower > max(SHORT, 10 * root) else SHORT_RANGE
    primes = find_primes(max(root, limit))
    small, primes = np.split(primes, [np.searchsorted(primes, limit)])
    small = small.tolist()
    patterns = make_patterns(
        [prime for prime in small if wheel % prime], min(ROWS, (upper - lower) // wheel + 1)
    )
    residues = [i for i in range(wheel) if math.gcd(i, wheel) == 1]
    minus_inverses = np.zeros(wheel, dtype=np.int64)  # modulo the wheel, of each residue
    minus_inverses[residues] = [pow(-residue, -1, wheel) for residue in residues]
    inverses = (minus_inverses[primes % wheel] * primes + 1) // wheel
    primes = np.array([primes, inverses, primes * primes // wheel])
    segments = (
        (residue, range(row, min(row + ROWS, end)))
        for residue in residues
        for end in [-((residue - upper) // wheel)]
        for row in range(-((residue - lower) // wheel), end, ROWS)
    )
    nbr_primes = 0 if first else sum(lower <= prime < upper for prime in small)
    for residue, rows in itertools.islice(segments, first, None, step):
        root = math.isqrt(wheel * rows[-1] + residue)
        nbr_to_root = np.searchsorted(primes[0], root, side="right")
        flags = sieve(rows, residue, wheel, patterns, primes[:, :nbr_to_root])
        nbr_primes += int(np.count_nonzero(flags)) - ((residue, rows[0]) == (1, 0))  # 1: no prime
    return nbr_primes


def run(lower, upper, nbr_workers, peak_memory):
    """Return the number of primes, the seconds, and the largest peak memory of a worker in bytes.

    ``peak_memory`` is a function that returns it for a process's pid. The workers are up before the
    clock starts. One segment alone, milliseconds of work, is left to this process.
    """
    if upper - lower <= SHORT:
        start = time.perf_counter()
        nbr_primes = count_primes((lower, upper, 0, 1))
        return nbr_primes, time.perf_counter() - start, peak_memory(os.getpid())
    shares = [(lower, upper, first, nbr_workers) for first in range(nbr_workers)]
    with Pool(nbr_workers) as pool:
        start = time.perf_counter()
        counts = pool.map(count_primes, shares, 1)
        duration = time.perf_counter() - start
        peaks = [peak_memory(worker.pid) for worker in multiprocessing.active_children()]
    return sum(counts), duration, max(peaks)


if __name__ == "__main__":
    sieve_check.main(__doc__, run, count_primes)

"""Test a range of numbers for primality with a pool of processes, in chunks of any size.

Chapter: Example 9-8; text on strategies: chunksize, shuffled jobs
Run:     python primes_pool/primes_pool.py 2
         python primes_pool/primes_pool.py 2 --chunksize 1
         python primes_pool/primes_pool.py 2 --chunksize 33_334
         python primes_pool/primes_pool.py 2 --shuffle
See:     with chunks of 1, most of the time goes into communication. Too few chunks, or a number of
         chunks that the workers do not divide, leave workers idle at the end. Python's own rule
         makes four chunks per worker, which is among the best; shuffling hardly helps.
Differs: the chapter says that the default chunksize is jobs / CPUs; CPython's rule is
         ceil(jobs / (4 x processes)). check_prime is exact for 0, 1 and 2 too.
"""

import math
import random
import time

from common.processes import Pool

import pool_check

LOWER = 100_000_000


def check_prime(n):
    """Return whether ``n`` (at least 0) is prime, by trial division up to its square root."""
    if n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return n > 1


def default_chunksize(nbr_jobs, nbr_workers):
    """Return the chunksize of ``Pool.map`` when none is given (see CPython's pool.py)."""
    return math.ceil(nbr_jobs / (4 * nbr_workers))


def run(nbr_numbers, nbr_workers, chunksize=None, shuffle=False):
    """Return the number of primes and the seconds the map took.

    The pool is built, and the numbers are shuffled, before the clock starts.
    """
    numbers = list(range(LOWER, LOWER + nbr_numbers))
    if shuffle:
        random.shuffle(numbers)
    with Pool(nbr_workers) as pool:
        start = time.perf_counter()
        are_primes = pool.map(check_prime, numbers, chunksize)
        duration = time.perf_counter() - start
    return sum(are_primes), duration


if __name__ == "__main__":
    pool_check.main(__doc__, run, default_chunksize)

"""Test a range of numbers for primality, one after the other in one process.

Chapter: Example 9-8
Run:     python primes_pool/primes_serial.py
See:     the time that primes_pool.py has to beat. Only about one number in 18 is prime here, but
         primes take most of the time: each needs every division up to its square root, an even
         number only one.
Differs: check_prime is exact for every n: 2 is prime; 0, 1 and squares are not.
"""

import math
import time

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


def check_primes(numbers):
    """Return whether each of ``numbers`` is prime."""
    return [check_prime(n) for n in numbers]


def run(nbr_numbers):
    """Return the number of primes and the seconds it took."""
    numbers = range(LOWER, LOWER + nbr_numbers)
    start = time.perf_counter()
    are_primes = check_primes(numbers)
    duration = time.perf_counter() - start
    return sum(are_primes), duration


if __name__ == "__main__":
    pool_check.main(__doc__, run)

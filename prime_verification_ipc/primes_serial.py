"""Verify a large prime in one process: no candidate up to its square root divides it.

Chapter: Example 9-14
Run:     python prime_verification_ipc/primes_serial.py
         python prime_verification_ipc/primes_serial.py 100109100129100151 97
See:     the small non-prime has the factor 5 and is done at once; a large non-prime takes as long
         as its smallest factor is large; only a prime takes every division up to its square root.
"""

import math

import prime_check


def check_prime(n):
    """Return whether ``n`` is prime."""
    if n < 3 or n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return True


def run(numbers):
    """Yield each of ``numbers`` and whether it is prime."""
    for n in numbers:
        yield n, check_prime(n)


if __name__ == "__main__":
    prime_check.main(__doc__, run, workers=False)

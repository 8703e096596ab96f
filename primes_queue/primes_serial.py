"""Find the primes of a range in one process, without a queue.

Chapter: text on the run without a queue
Run:     python primes_queue/primes_serial.py
See:     this is the serial line of Figure 9-14, which no queue of single numbers beats: testing a
         number takes less time than sending it to another process. With --scale book it finds
         54,208 primes, as every script of this folder does.
"""

import math
import time

import queue_check

LOWER = 100_000_000


def check_prime(n):
    """Return whether ``n`` (at least 0) is prime, by trial division up to its square root."""
    if n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return n > 1


def find_primes(number_range):
    """Return the primes of ``number_range`` as a list."""
    return [n for n in number_range if check_prime(n)]


def run(nbr_numbers):
    """Return the primes and the seconds it took to find them."""
    number_range = range(LOWER, LOWER + nbr_numbers)
    start = time.perf_counter()
    primes = find_primes(number_range)
    return primes, time.perf_counter() - start


if __name__ == "__main__":
    queue_check.main(__doc__, run, workers=False)

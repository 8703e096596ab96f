"""Verify a large prime with a pool, after trying small factors without it.

Chapter: Example 9-17
Run:     python prime_verification_ipc/primes_pool_less_naive.py --workers 2
         python prime_verification_ipc/primes_pool_less_naive.py --workers 2 100109100129100151 97
See:     the small non-prime takes microseconds again, as in primes_serial.py; nothing else has
         changed from primes_pool_naive.py. The scripts with a flag start from this one.
Differs: check_prime tries the small factors itself, not by check_prime_in_range: in the scripts
         with a flag, that would set it, and in mmap redux read it, too. It tries 3 to 19, as 21 is
         3 * 7.
"""

import math

from common import create_range
from common.processes import Pool

import prime_check

SERIAL_CHECK_CUTOFF = 21


def check_prime_in_range(n_from_i_to_i):
    """Return whether no odd number of [from_i, to_i) divides n, given (n, (from_i, to_i))."""
    n, (from_i, to_i) = n_from_i_to_i
    for i in range(from_i, to_i, 2):
        if n % i == 0:
            return False
    return True


def check_prime(n, pool, nbr_processes):
    """Return whether ``n`` is prime, splitting its factor space into ``nbr_processes`` shares.

    The candidates below SERIAL_CHECK_CUTOFF, where most numbers have a factor, are tried first.
    """
    if n < 3 or n % 2 == 0:
        return n == 2
    to_i = math.isqrt(n) + 1
    for i in range(3, min(to_i, SERIAL_CHECK_CUTOFF), 2):
        if n % i == 0:
            return False
    ranges_to_check = create_range.create(SERIAL_CHECK_CUTOFF, to_i, nbr_processes)
    return all(pool.map(check_prime_in_range, [(n, share) for share in ranges_to_check]))


def run(numbers, nbr_workers):
    """Yield each of ``numbers`` and whether it is prime."""
    with Pool(nbr_workers) as pool:
        for n in numbers:
            yield n, check_prime(n, pool, nbr_workers)


if __name__ == "__main__":
    prime_check.main(__doc__, run)

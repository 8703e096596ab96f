"""Verify a large prime with a pool: each worker tries a share of the candidates for a factor.

Chapter: Example 9-15, Example 9-16
Run:     python prime_verification_ipc/primes_pool_naive.py --workers 2
         python prime_verification_ipc/primes_pool_naive.py --workers 2 100109100129100151 97
See:     primes take less time with every free CPU. But no worker learns that another has found a
         factor, so a non-prime takes as long as the shares without one (less than a prime does,
         where a share that ends early leaves the rest of its core, or a faster clock, to the
         others). The small non-prime is worst: primes_serial.py ends at its factor 5, in
         microseconds, but here the other shares are searched to their ends. That is most of the
         tenth of a second that the chapter calls the pool's overhead (97 shows what the pool alone
         takes; claims.py, after compare.py, how much of it is the search), and it grows with the
         square root of n.
Differs: math.isqrt is exact for numbers of any size; the answers for 0, 1 and 2 are right. The
         chapter's four ranges are the first doctest of common/create_range.py.
"""

import math

from common import create_range
from common.processes import Pool

import prime_check


# Example 9-16
def check_prime_in_range(n_from_i_to_i):
    """Return whether no odd number of [from_i, to_i) divides n, given (n, (from_i, to_i))."""
    n, (from_i, to_i) = n_from_i_to_i
    for i in range(from_i, to_i, 2):
        if n % i == 0:
            return False
    return True


# Example 9-15
def check_prime(n, pool, nbr_processes):
    """Return whether ``n`` is prime, splitting its factor space into ``nbr_processes`` shares."""
    if n < 3 or n % 2 == 0:
        return n == 2
    ranges_to_check = create_range.create(3, math.isqrt(n) + 1, nbr_processes)
    return all(pool.map(check_prime_in_range, [(n, share) for share in ranges_to_check]))


def run(numbers, nbr_workers):
    """Yield each of ``numbers`` and whether it is prime."""
    with Pool(nbr_workers) as pool:
        for n in numbers:
            yield n, check_prime(n, pool, nbr_workers)


if __name__ == "__main__":
    prime_check.main(__doc__, run)

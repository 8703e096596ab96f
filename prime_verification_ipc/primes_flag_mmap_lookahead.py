"""Verify a large prime with a pool and a flag in an mmap, without a countdown in the loop.

Chapter: Example 9-25
Run:     python prime_verification_ipc/primes_flag_mmap_lookahead.py --workers 2
         python prime_verification_ipc/primes_flag_mmap_lookahead.py --workers 4
         python prime_verification_ipc/primes_flag_mmap_lookahead.py 100109100129100151 97
See:     large non-primes end early. How early depends on the number of workers: the factor of large
         non-prime 1 lies 60 % of the way into the first of two shares, but 21 % of the way into the
         second of four. Primes take less time than in primes_flag_mmap.py, by a fifth to a third
         here (in the chapter a little less; compare.py shows both by turns): the loop compares i
         with the next number at which to read the flag, instead of counting down at every
         candidate, which is most of what the flag costs there. CHECK_EVERY counts integers here, so
         the flag is read twice as often (see count_flag_checks.py).
Differs: it forks its workers whatever --start-method says: spawn and forkserver would give each
         worker a flag of its own, which nobody clears: once a worker has set it, it gives up on
         every later number, and primes become non-primes.
"""

import math
import mmap

from common import create_range
from common.processes import get_context

import prime_check

SERIAL_CHECK_CUTOFF = 21
CHECK_EVERY = 1000  # even, or i, which is odd, would never meet check_next
FLAG_CLEAR = 0  # a byte, as a number
FLAG_SET = 1

sh_mem = None


def share_flag(flag):
    """Keep ``flag`` as this process's ``sh_mem``: here, and first in every worker."""
    global sh_mem
    sh_mem = flag


def check_prime_in_range(n_from_i_to_i):
    """Return whether no odd number of [from_i, to_i) divides n, given (n, (from_i, to_i)).

    Sets the flag when one does; reads it every CHECK_EVERY integers and gives up if it is set.
    """
    n, (from_i, to_i) = n_from_i_to_i
    check_next = from_i + CHECK_EVERY
    for i in range(from_i, to_i, 2):
        if i == check_next:
            sh_mem.seek(0)
            if sh_mem.read_byte() == FLAG_SET:
                return False
            check_next += CHECK_EVERY
        if n % i == 0:
            sh_mem.seek(0)
            sh_mem.write_byte(FLAG_SET)
            return False
    return True


def check_prime(n, pool, nbr_processes):
    """Return whether ``n`` is prime, splitting its factor space into ``nbr_processes`` shares.

    The candidates below SERIAL_CHECK_CUTOFF, where most numbers have a factor, are tried first.
    """
    sh_mem.seek(0)
    sh_mem.write_byte(FLAG_CLEAR)
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
    share_flag(mmap.mmap(-1, 1))
    with get_context("fork").Pool(nbr_workers, share_flag, (sh_mem,)) as pool:
        for n in numbers:
            yield n, check_prime(n, pool, nbr_workers)


if __name__ == "__main__":
    prime_check.main(__doc__, run, forks=True)

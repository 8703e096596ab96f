"""Verify a large prime with a pool whose workers stop early: the flag is a Manager's Value.

Chapter: Example 9-18, Example 9-19, Example 9-20
Run:     python prime_verification_ipc/primes_flag_manager.py --workers 2
         python prime_verification_ipc/primes_flag_manager.py --workers 4
         python prime_verification_ipc/primes_flag_manager.py --workers 2 100109100129100151 97
See:     large non-primes end as soon as one worker has found the factor. How early depends on the
         number of workers: the factor of large non-prime 1 lies 60 % of the way into the first of
         two shares, but 21 % of the way into the second of four. The more is left of the shares,
         the more is saved compared with primes_pool_less_naive.py. Primes take longer than there,
         because every read of the flag is a message to the Manager's process and back (compare.py
         shows both); with two workers, so does large non-prime 1, as too little is left to pay for
         the reads. Clearing the flag before each number, as the last one may have set it, is such a
         message, too: that is what the small non-prime takes. A flag in shared memory, as from
         primes_flag_rawvalue.py on, makes both cheaper.
"""

import math

from common import create_range
from common.processes import Manager, Pool

import prime_check

SERIAL_CHECK_CUTOFF = 21
CHECK_EVERY = 1000
FLAG_CLEAR = b"0"
FLAG_SET = b"1"

value = None


def share_flag(flag):
    """Keep ``flag`` as this process's ``value``: here, and first in every worker."""
    global value
    value = flag


def check_prime_in_range(n_from_i_to_i):
    """Return whether no odd number of [from_i, to_i) divides n, given (n, (from_i, to_i)).

    Sets the flag when one does; reads it every CHECK_EVERY candidates and gives up if it is set.
    """
    n, (from_i, to_i) = n_from_i_to_i
    check_every = CHECK_EVERY
    for i in range(from_i, to_i, 2):
        check_every -= 1
        if not check_every:
            if value.value == FLAG_SET:
                return False
            check_every = CHECK_EVERY
        if n % i == 0:
            value.value = FLAG_SET
            return False
    return True


def check_prime(n, pool, nbr_processes):
    """Return whether ``n`` is prime, splitting its factor space into ``nbr_processes`` shares.

    The candidates below SERIAL_CHECK_CUTOFF, where most numbers have a factor, are tried first.
    """
    value.value = FLAG_CLEAR
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
    with Manager() as manager:
        share_flag(manager.Value(b"c", FLAG_CLEAR))  # a Manager ignores the type, b"c"
        with Pool(nbr_workers, share_flag, (value,)) as pool:
            for n in numbers:
                yield n, check_prime(n, pool, nbr_workers)


if __name__ == "__main__":
    prime_check.main(__doc__, run)

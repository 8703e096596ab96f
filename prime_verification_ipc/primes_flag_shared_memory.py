"""Verify a large prime with a pool and a flag in a named segment of shared memory.
Beyond the chapter

Chapter: text on shared memory; answers Example 9-26
Run:     python prime_verification_ipc/primes_flag_shared_memory.py --workers 2
         python prime_verification_ipc/primes_flag_shared_memory.py --workers 4
         python prime_verification_ipc/primes_flag_shared_memory.py --start-method spawn
See:     about as fast as primes_flag_mmap_redux.py, and right under every start method: workers
         attach to the segment by its name, so nothing has to be inherited. Large non-primes end
         early. How early depends on the number of workers: the factor of large non-prime 1 lies
         60 % of the way into the first of two shares, but 21 % of the way into the second of four.
         Whoever creates a segment has to remove it too, however the program ends; an anonymous mmap
         goes by itself. (If this process is killed, its run's guard removes what is named after its
         pid: common/run.py.) For a flag and nothing more, a RawValue is less to write: it travels
         with the initializer's arguments.
"""

import math
import os
from multiprocessing import shared_memory

from common import create_range
from common.processes import Pool

import prime_check

SERIAL_CHECK_CUTOFF = 21
CHECK_EVERY = 1000  # even, or every second inner loop would try even numbers
FLAG_CLEAR = 0  # a byte, as a number
FLAG_SET = 1

sh_mem = None


def share_flag(flag):
    """Keep ``flag`` as this process's ``sh_mem``."""
    global sh_mem
    sh_mem = flag


def attach_flag(name):
    """Attach to the segment ``name`` for this process's life: the initializer of every worker."""
    share_flag(shared_memory.SharedMemory(name))


def check_prime_in_range(n_from_i_to_i):
    """Return whether no odd number of [from_i, to_i) divides n, given (n, (from_i, to_i)).

    Sets the flag when one does; reads it every CHECK_EVERY integers and gives up if it is set.
    """
    n, (from_i, to_i) = n_from_i_to_i
    for outer_counter in range(from_i, to_i, CHECK_EVERY):
        if sh_mem.buf[0] == FLAG_SET:
            return False
        for i in range(outer_counter, min(outer_counter + CHECK_EVERY, to_i), 2):
            if n % i == 0:
                sh_mem.buf[0] = FLAG_SET
                return False
    return True


def check_prime(n, pool, nbr_processes):
    """Return whether ``n`` is prime, splitting its factor space into ``nbr_processes`` shares.

    The candidates below SERIAL_CHECK_CUTOFF, where most numbers have a factor, are tried first.
    """
    sh_mem.buf[0] = FLAG_CLEAR
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
    segment = shared_memory.SharedMemory(f"mp-{os.getpid()}-flag", create=True, size=1)
    try:
        share_flag(segment)
        with Pool(nbr_workers, attach_flag, (segment.name,)) as pool:
            for n in numbers:
                yield n, check_prime(n, pool, nbr_workers)
    finally:
        segment.close()
        segment.unlink()


if __name__ == "__main__":
    prime_check.main(__doc__, run)

"""Test a range of numbers for primality with threads and with processes, in chunks of all sizes.
Beyond the chapter

Chapter: answers Example 9-8 and the text on chunksize, by threads
Run:     python primes_pool/primes_threads.py 2
See:     with the GIL, threads are no faster than one process without a pool, whatever the chunks.
         Without it (a free-threaded build, such as python3.14t) they divide the time as processes
         do. On either build, small chunks cost them far less than processes: a chunk is handed over
         as it is, not pickled, sent and unpickled, and neither are its answers. Without the GIL,
         even chunks of 1 beat one process. What they still cost is the queue that all threads take
         them from. (ThreadPoolExecutor.map ignores its chunksize: each number is a job.)
"""

import math
import multiprocessing.dummy
import time

from common import cli, timing
from common.processes import Pool

import pool_check
import primes_pool
import primes_serial

LOWER = 100_000_000
CHUNKSIZES = (1, 2, 4, 8, 16, 32, 64)


def check_prime(n):
    """Return whether ``n`` (at least 0) is prime, by trial division up to its square root."""
    if n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return n > 1


def run(nbr_numbers, nbr_workers, chunksizes=(None,), threads=True):
    """Return the number of primes and the seconds the map took, for each of ``chunksizes``.

    ``threads``: whether the workers are threads or processes. Their pool is built once, before the
    clock starts.
    """
    numbers = list(range(LOWER, LOWER + nbr_numbers))
    make_pool = multiprocessing.dummy.Pool if threads else Pool
    outcomes = []
    with make_pool(nbr_workers) as pool:
        for chunksize in chunksizes:
            start = time.perf_counter()
            are_primes = pool.map(check_prime, numbers, chunksize)
            outcomes.append((sum(are_primes), time.perf_counter() - start))
    return outcomes


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    pool_check.add_nbr_numbers(parser, quick=10_000)
    args = cli.parse(parser)
    default = primes_pool.default_chunksize(args.nbr_numbers, args.nbr_workers)
    chunksizes = [*CHUNKSIZES, default]
    seconds = {}
    for kind in ("processes", "threads"):
        outcomes = run(args.nbr_numbers, args.nbr_workers, chunksizes, kind == "threads")
        for nbr_primes, _ in outcomes:
            pool_check.check(nbr_primes, args.nbr_numbers)
        seconds[kind] = dict(zip(chunksizes, (duration for _, duration in outcomes), strict=True))
    nbr_primes, duration = primes_serial.run(args.nbr_numbers)
    print("One process, no pool:")
    pool_check.report(nbr_primes, args.nbr_numbers, duration)
    print("Chunksize", *(f"{args.nbr_workers} {kind}".rjust(14) for kind in seconds))
    for chunksize in seconds["threads"]:
        durations = (timing.seconds(seconds[kind][chunksize]) for kind in seconds)
        print(f"{chunksize:>9,}", *(duration.rjust(14) for duration in durations))
    ones = {kind: f"{of[1] / of[default]:.1f}" for kind, of in seconds.items()}
    print(
        f"{'With' if cli.has_gil() else 'Without'} the GIL, {args.nbr_workers} thread(s) are "
        f"{duration / seconds['threads'][default]:.2f}x as fast as one process at chunksize "
        f"{default:,}, the default; chunksize 1 takes {ones['threads']} times as long as that, and "
        f"with processes {ones['processes']} times"
    )


if __name__ == "__main__":
    cli.run(main)

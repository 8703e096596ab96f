"""Test a range of numbers for primality with a pool of processes, in chunks of any size.

Chapter: Example 9-8; text on chunksize and shuffled jobs
Run:     python primes_pool/primes_pool.py 2
         python primes_pool/primes_pool.py 2 --chunksize 1
         python primes_pool/primes_pool.py 2 --chunksize 33_334
         python primes_pool/primes_pool.py 2 --shuffle
See:     chunks of 1 cost far more time in communication than in divisions. Chunks that are too
         few, or that do not divide by the workers, leave workers idle at the end. Python's own
         rule makes four chunks for each worker, which is among the best; shuffling hardly helps.
Differs: the chapter says that the default chunksize is jobs / CPUs; CPython's rule is
         ceil(jobs / (4 x processes)). check_prime is exact for 0, 1 and 2 too.
"""

import math
import random

import pool_report

from common import cli, pools, timing


def check_prime(n):
    """Return whether ``n`` (at least 0) is prime, by trial division up to its square root."""
    if n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return n > 1


def default_chunksize(nbr_jobs, nbr_workers):
    """Return the chunksize of ``Pool.map`` when none is given (see CPython's pool.py)."""
    return math.ceil(nbr_jobs / (4 * nbr_workers))


def count_chunks(nbr_jobs, chunksize):
    """Return how many chunks ``Pool.map`` makes; all but the last hold ``chunksize`` jobs."""
    return math.ceil(nbr_jobs / chunksize)


def count_rounds(nbr_chunks, nbr_workers):
    """Return how many chunks the busiest worker gets, if all chunks take equally long."""
    return math.ceil(nbr_chunks / nbr_workers)


def count_idle(nbr_chunks, nbr_workers):
    """Return how many workers get no chunk in the last round, if all chunks take equally long."""
    return -nbr_chunks % nbr_workers


def describe_rounds(nbr_chunks, nbr_workers):
    """Return how many chunks are worked on at once in each round, such as ``2 x 4 + 2``."""
    nbr_full_rounds, nbr_left = divmod(nbr_chunks, nbr_workers)
    rounds = [f"{nbr_full_rounds:,} x {nbr_workers}"] if nbr_full_rounds > 1 else []
    rounds += [f"{nbr_workers}"] if nbr_full_rounds == 1 else []
    rounds += [f"{nbr_left}"] if nbr_left else []
    return " + ".join(rounds)


def describe_chunks(nbr_jobs, chunksize, nbr_workers):
    """Return how many chunks there are, and how the workers share them if all take equally long."""
    nbr_chunks = count_chunks(nbr_jobs, chunksize)
    nbr_in_last_chunk = nbr_jobs - (nbr_chunks - 1) * chunksize
    return (
        f"Chunks: {nbr_chunks:,} (the last one of {nbr_in_last_chunk:,} numbers)\n"
        f"Rounds at best: {describe_rounds(nbr_chunks, nbr_workers)} chunk(s), "
        f"{count_idle(nbr_chunks, nbr_workers)} of {nbr_workers} worker(s) idle in the last"
    )


def run(nbr_numbers, nbr_workers, chunksize=None, shuffle=False):
    """Return the number of primes and the seconds the map took.

    The pool is built, and the numbers are shuffled, before the clock starts.
    """
    numbers = list(range(pool_report.LOWER, pool_report.LOWER + nbr_numbers))
    if shuffle:
        random.shuffle(numbers)
    with pools.worker_pool(nbr_workers) as pool:
        are_primes, duration = timing.timed(pool.map, check_prime, numbers, chunksize)
    return sum(are_primes), duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    pool_report.add_nbr_numbers(parser)
    parser.add_argument(
        "--chunksize",
        type=cli.whole_number(),
        metavar="N",
        help="numbers in one piece of work (default: Python's own rule)",
    )
    parser.add_argument("--shuffle", action="store_true", help="test the numbers in random order")
    args = cli.parse(parser)
    chunksize = args.chunksize or default_chunksize(args.nbr_numbers, args.nbr_workers)
    print(f"Chunksize: {chunksize:,}{'' if args.chunksize else ' (the default)'}")
    print(describe_chunks(args.nbr_numbers, chunksize, args.nbr_workers), flush=True)
    nbr_primes, duration = run(args.nbr_numbers, args.nbr_workers, args.chunksize, args.shuffle)
    pool_report.report(nbr_primes, args.nbr_numbers, duration)


if __name__ == "__main__":
    cli.run(main)

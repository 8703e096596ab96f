"""What the scripts that test a range of numbers share: options, output and the check."""

import functools
import math

from common import cli, known_primes, timing

LOWER = 100_000_000


def main(doc, run, default_chunksize=None):
    """Be the main of a script: parse its arguments, call ``run``, print and check its answer.

    ``default_chunksize(nbr_jobs, nbr_workers)`` is for scripts with a pool.
    """
    cli.run(functools.partial(_main, doc, run, default_chunksize))


def _main(doc, run, default_chunksize):
    parser = cli.parser(doc)
    options = ()
    if default_chunksize:
        cli.add_workers(parser)
    add_nbr_numbers(parser)
    if default_chunksize:
        add_pool_options(parser)
    args = cli.parse(parser)
    if default_chunksize:
        chunksize = args.chunksize or default_chunksize(args.nbr_numbers, args.nbr_workers)
        print(f"Chunksize: {chunksize:,}{'' if args.chunksize else ' (the default)'}")
        print(describe_chunks(args.nbr_numbers, chunksize, args.nbr_workers), flush=True)
        options = args.nbr_workers, args.chunksize, args.shuffle
    nbr_primes, duration = run(args.nbr_numbers, *options)
    report(nbr_primes, args.nbr_numbers, duration)


def add_pool_options(parser):
    """Add ``--chunksize`` and ``--shuffle``."""
    parser.add_argument(
        "--chunksize",
        type=cli.whole_number(),
        metavar="N",
        help="numbers per chunk (default: Python's own rule)",
    )
    parser.add_argument("--shuffle", action="store_true", help="test the numbers in random order")


def add_nbr_numbers(parser, quick=100_000, minimum=1):
    """Add ``--nbr_numbers``; run once, the chapter's size is quick enough to be the default."""
    cli.add_size(
        parser,
        "--nbr_numbers",
        quick=quick,
        book=100_000,
        minimum=minimum,
        maximum=10_000_000,
        help=f"numbers to test, from {LOWER:,} on",
    )


def count_chunks(nbr_jobs, chunksize):
    """Return how many chunks ``Pool.map`` makes; all but the last hold ``chunksize`` jobs."""
    return math.ceil(nbr_jobs / chunksize)


def count_rounds(nbr_chunks, nbr_workers):
    """Return how many chunks the busiest worker gets, if all chunks take equally long."""
    return math.ceil(nbr_chunks / nbr_workers)


def count_idle(nbr_chunks, nbr_workers):
    """Return how many workers idle in the last round, if all chunks take equally long."""
    return -nbr_chunks % nbr_workers


def describe_rounds(nbr_chunks, nbr_workers):
    """Return how many chunks run at once in each round, such as ``2 x 4 + 2``."""
    nbr_full_rounds, nbr_left = divmod(nbr_chunks, nbr_workers)
    rounds = [f"{nbr_full_rounds:,} x {nbr_workers}"] if nbr_full_rounds > 1 else []
    rounds += [f"{nbr_workers}"] if nbr_full_rounds == 1 else []
    rounds += [f"{nbr_left}"] if nbr_left else []
    return " + ".join(rounds)


def describe_chunks(nbr_jobs, chunksize, nbr_workers):
    """Describe the chunks and how the workers share them, if all take equally long."""
    nbr_chunks = count_chunks(nbr_jobs, chunksize)
    nbr_in_last_chunk = nbr_jobs - (nbr_chunks - 1) * chunksize
    nbr_full_rounds, nbr_left = divmod(nbr_chunks, nbr_workers)
    rounds = [f"{nbr_full_rounds:,} round(s) of {nbr_workers}"] if nbr_full_rounds else []
    rounds += [f"1 round of {nbr_left}"] if nbr_left else []
    return (
        f"Chunks: {nbr_chunks:,} (numbers in the last one: {nbr_in_last_chunk:,})\n"
        f"If all take equally long: {' and '.join(rounds)} chunk(s) at once; in the last round, "
        f"{count_idle(nbr_chunks, nbr_workers)} of {nbr_workers} worker(s) idle"
    )


def check(nbr_primes, nbr_numbers):
    """Raise Failure unless a sieve finds as many primes."""
    expected = sum(known_primes.are_prime(LOWER, LOWER + nbr_numbers))
    cli.check(nbr_primes == expected, f"{nbr_primes:,} primes, a sieve finds {expected:,}")


def report(nbr_primes, nbr_numbers, duration):
    """Print the number of primes and the time; raise Failure if the number is wrong."""
    print(f"Number of primes from {LOWER:,} to {LOWER + nbr_numbers - 1:,}: {nbr_primes:,}")
    print("Took:", timing.seconds(duration))
    check(nbr_primes, nbr_numbers)

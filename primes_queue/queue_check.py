"""What the scripts that find the primes of a range share: options, output and the check."""

import functools

from common import cli, known_primes, timing

LOWER = 100_000_000
MAX_NUMBERS = 10_000_000


def main(doc, run, workers=True, batch=False):
    """Be the main of a script: parse its arguments, call ``run``, print and check its answer.

    ``workers``, ``batch``: whether ``run`` takes the number of workers, of numbers in a job.
    """
    cli.run(functools.partial(_main, doc, run, workers, batch))


def _main(doc, run, workers, batch):
    parser = cli.parser(doc)
    if workers:
        parser.set_defaults(workers_in_chapter="1, 2, 4 and 8")
        cli.add_workers(parser)
    add_nbr_numbers(parser)
    if batch:
        add_batch(parser)
    args = cli.parse(parser)
    names = ["nbr_numbers"] + ["nbr_workers"] * workers + ["batch"] * batch
    primes, duration, *nbr_early = run(*(getattr(args, name) for name in names))
    report(primes, args.nbr_numbers, duration)
    if nbr_early:
        print(f"Collected while numbers still went in: {nbr_early[0]:,} of {len(primes):,} primes")


def add_nbr_numbers(parser, quick=20_000):
    """Add ``--nbr_numbers``: the length of the range."""
    cli.add_size(
        parser,
        "--nbr_numbers",
        quick=quick,
        book=1_000_000,
        maximum=MAX_NUMBERS,
        help=f"length of the range to search, from {LOWER:,} on",
    )


def add_batch(parser):
    """Add ``--batch``: the numbers in a job."""
    cli.add_size(
        parser,
        "--batch",
        quick=500,
        book=500,
        maximum=MAX_NUMBERS,
        help="numbers in a job",
        in_chapter=False,
    )


def report(primes, nbr_numbers, duration):
    """Print the time, the number of primes and some of them; raise Failure if they are wrong."""
    primes = sorted(primes)  # workers find them in no particular order
    print("Took:", timing.seconds(duration))
    print(f"Number of primes from {LOWER:,} to {LOWER + nbr_numbers - 1:,}: {len(primes):,}")
    print("First ten:", *primes[:10])
    print("Last ten: ", *primes[-10:])
    check(primes, nbr_numbers)


def check(primes, nbr_numbers):
    """Raise Failure unless ``primes`` are those that a sieve finds, each once."""
    are_prime = known_primes.are_prime(LOWER, LOWER + nbr_numbers)
    expected = [n for n, is_prime in enumerate(are_prime, LOWER) if is_prime]
    cli.check(
        sorted(primes) == expected,
        f"{len(primes):,} primes, {len(set(primes)):,} different, "
        f"{len(set(primes).difference(expected)):,} wrong; a sieve finds {len(expected):,}",
    )


def checked(run, nbr_numbers, *args):
    """Return how many primes ``run`` finds and its seconds; raise Failure if it is wrong."""
    primes, duration, *_ = run(nbr_numbers, *args)
    check(primes, nbr_numbers)
    return len(primes), duration

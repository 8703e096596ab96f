"""What the scripts that look for the primes of a range take, print and check."""

from common import cli, known_primes, timing

LOWER = 100_000_000


def add_nbr_numbers(parser, quick=20_000):
    """Add ``--nbr_numbers``: how long the range of numbers is."""
    cli.add_size(
        parser,
        "--nbr_numbers",
        quick=quick,
        book=1_000_000,
        maximum=10_000_000,
        help=f"length of the range to search, from {LOWER:,} on",
    )


def add_batch(parser):
    """Add ``--batch``: how many numbers make a job."""
    cli.add_size(
        parser,
        "--batch",
        quick=500,
        book=500,
        maximum=10_000_000,
        help="numbers in a job",
        in_chapter=False,
    )


def batches(from_i, to_i, batch):
    """Yield the range [from_i, to_i) as jobs: half-open ranges of ``batch`` numbers, the last less.

    >>> list(batches(0, 5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    for start in range(from_i, to_i, batch):
        yield start, min(start + batch, to_i)


def report(primes, nbr_numbers, duration):
    """Print the time, the number of primes and some of them; check them."""
    primes = sorted(primes)  # several workers find them in no particular order
    print("Took:", timing.seconds(duration))
    print(f"Number of primes from {LOWER:,} to {LOWER + nbr_numbers - 1:,}: {len(primes):,}")
    print("First ten:", *primes[:10])
    print("Last ten: ", *primes[-10:])
    check(primes, nbr_numbers)


def check(primes, nbr_numbers):
    """Raise WrongAnswer unless ``primes`` are as many as a sieve finds, and all different."""
    expected = known_primes.count_primes(LOWER, LOWER + nbr_numbers)
    cli.check(
        len(primes) == len(set(primes)) == expected,
        f"{len(primes):,} primes, {len(set(primes)):,} different; a sieve finds {expected:,}",
    )


def checked(run, nbr_numbers, *args):
    """Return how many primes a script's ``run`` finds, checked, and the seconds it took."""
    primes, duration = run(nbr_numbers, *args)
    check(primes, nbr_numbers)
    return len(primes), duration

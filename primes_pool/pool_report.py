"""What the scripts that test a range of numbers take, print and check."""

from common import cli, known_primes, timing

LOWER = 100_000_000


def add_nbr_numbers(parser):
    """Add ``--nbr_numbers``: the chapter's size takes seconds, so it is the quick one too."""
    cli.add_size(
        parser,
        "--nbr_numbers",
        quick=100_000,
        book=100_000,
        maximum=10_000_000,
        help=f"numbers to test, from {LOWER:,} on",
    )


def report(nbr_primes, nbr_numbers, duration):
    """Print the number of primes and the time; check the number against a sieve."""
    upper = LOWER + nbr_numbers
    print(f"Number of primes from {LOWER:,} to {upper - 1:,}: {nbr_primes:,}")
    print("Took:", timing.seconds(duration))
    expected = known_primes.count_primes(LOWER, upper)
    cli.check(nbr_primes == expected, f"{nbr_primes:,} primes, a sieve finds {expected:,}")

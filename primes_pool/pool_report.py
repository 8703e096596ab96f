"""What the scripts that test a range of numbers take, print and check."""

from common import cli, known_primes, timing

LOWER = 100_000_000


def add_nbr_numbers(parser, quick=100_000, minimum=1):
    """Add ``--nbr_numbers``: once, the chapter's size takes seconds, so it is the quick one too."""
    cli.add_size(
        parser,
        "--nbr_numbers",
        quick=quick,
        book=100_000,
        minimum=minimum,
        maximum=10_000_000,
        help=f"numbers to test, from {LOWER:,} on",
    )


def check(nbr_primes, nbr_numbers):
    """Check the number of primes against a sieve."""
    expected = known_primes.count_primes(LOWER, LOWER + nbr_numbers)
    cli.check(nbr_primes == expected, f"{nbr_primes:,} primes, a sieve finds {expected:,}")


def report(nbr_primes, nbr_numbers, duration):
    """Print the number of primes and the time; check the number."""
    print(f"Number of primes from {LOWER:,} to {LOWER + nbr_numbers - 1:,}: {nbr_primes:,}")
    print("Took:", timing.seconds(duration))
    check(nbr_primes, nbr_numbers)

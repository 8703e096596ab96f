"""What the scripts that look for the primes of a range take, print and check."""

from common import cli, known_primes, timing

LOWER = 100_000_000


def add_nbr_numbers(parser):
    """Add ``--nbr_numbers``: how long the range of numbers is."""
    cli.add_size(
        parser,
        "--nbr_numbers",
        quick=20_000,
        book=1_000_000,
        maximum=10_000_000,
        help=f"length of the range to search, from {LOWER:,} on",
    )


def report(primes, nbr_numbers, duration):
    """Print the time, the number of primes and some of them; check the number against a sieve."""
    upper = LOWER + nbr_numbers
    primes = sorted(primes)  # several workers find them in no particular order
    print("Took:", timing.seconds(duration))
    print(f"Number of primes from {LOWER:,} to {upper - 1:,}: {len(primes):,}")
    print("First ten:", *primes[:10])
    print("Last ten: ", *primes[-10:])
    expected = known_primes.count_primes(LOWER, upper)
    cli.check(
        len(primes) == len(set(primes)) == expected,
        f"{len(primes):,} primes, {len(set(primes)):,} different; a sieve finds {expected:,}",
    )

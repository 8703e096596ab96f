"""What the scripts that verify primes share: their numbers, arguments, driver and output."""

import contextlib

from common import cli, timing

MAX_NUMBER = 10**20

# The stand-ins have 1/256 of the chapter's size, and so 1/16 of the candidates for a factor. The
# smallest factors lie where the chapter's do: at 5, and at 0.301 and 0.543 of the square root.
SAMPLES = {
    "book": {
        "small non-prime": 112_272_535_095_295,
        "large non-prime 1": 100_109_100_129_100_369,
        "large non-prime 2": 100_109_100_129_101_027,
        "prime 1": 100_109_100_129_100_151,
        "prime 2": 100_109_100_129_162_907,
    },
    "quick": {
        "small non-prime": 438_564_591_785,
        "large non-prime 1": 391_052_536_673_221,
        "large non-prime 2": 391_051_921_804_697,
        "prime 1": 391_051_172_379_299,
        "prime 2": 391_051_172_379_551,
    },
}
LABELS = {n: label for samples in SAMPLES.values() for label, n in samples.items()}


def is_prime(n):
    """Return whether ``n`` is prime, by another method than the scripts use, to check them.

    The Miller-Rabin test with the first 13 primes as bases is exact for n below
    3,317,044,064,679,887,385,961,981 (Sorenson and Webster, "Strong pseudoprimes to twelve prime
    bases", Mathematics of Computation 86, 2017). Raises ValueError for larger n.
    """
    if n >= 3_317_044_064_679_887_385_961_981:
        raise ValueError(f"not exact for {n:,}")
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if n < 2 or any(n % base == 0 for base in bases):
        return n in bases
    twos = ((n - 1) & (1 - n)).bit_length() - 1
    odd = (n - 1) >> twos
    return all(
        pow(base, odd, n) == 1 or any(pow(base, odd << i, n) == n - 1 for i in range(twos))
        for base in bases
    )


def add_numbers(parser, default="the chapter's five, or smaller stand-ins at quick scale"):
    """Add the numbers to check."""
    parser.add_argument(
        "numbers",
        nargs="*",
        type=cli.whole_number(0, MAX_NUMBER),
        metavar="NUMBER",
        help=f"numbers to check (default: {default})",
    )


def add_repeat(parser):
    """Add how often to check each number."""
    cli.add_size(parser, "--repeat", quick=2, book=20, help="times to check each number")


def parse(parser, labels=tuple(SAMPLES["book"])):
    """Parse the command line; without numbers on it, take the samples named ``labels``."""
    args = cli.parse(parser)
    if not args.numbers:
        args.numbers = [SAMPLES[args.scale][label] for label in labels]
        if args.scale == "quick":
            print(
                "numbers: 1/256 of the chapter's, so 1/16 of the divisions (--scale book: its own)"
            )
    return args


def timed(numbers, repeat, check_prime, *args):
    """Yield each number, whether ``check_prime(n, *args)`` calls it prime, and its durations.

    The durations are the seconds of every repeat. Raises WrongAnswer if an answer is wrong.
    """
    for n in numbers:
        durations = []
        for _ in range(repeat):
            answer, duration = timing.timed(check_prime, n, *args)
            cli.check(answer == is_prime(n), f"check_prime({n:_}) says {in_words(answer)}")
            durations.append(duration)
        yield n, answer, durations


def report(results):
    """Print a line for each of ``results`` (see timed) as it comes: the fastest repeat counts."""
    with contextlib.closing(results):  # also ends its workers if we stop before the last one
        for n, answer, durations in results:
            name = f"{LABELS.get(n, ''):<18}{n:,}".strip()
            best = timing.seconds(min(durations))
            print(f"{name:<42}{best:>16}  {in_words(answer)}", flush=True)


def in_words(answer):
    """Return the answer as text."""
    return "prime" if answer else "not prime"

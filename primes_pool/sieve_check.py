"""What the scripts with a sieve share: options, output and the check."""

import functools
import math

from common import cli, known_primes, memory, timing

import numpy as np

MAX_UPPER = 10**15
MAX_COUNTED = 10**11  # a second count up to here takes about a second
SHORT = 1_000_000  # numbers checked of a longer range above MAX_COUNTED


def main(doc, run, count_primes, add_scheduler=None):
    """Be the main of a script: parse its arguments, call ``run``, print and check its answer.

    ``count_primes`` is the script's own (see check). ``add_scheduler`` adds the option of a cluster
    script; the ``run`` of the others also returns a worker's peak memory.
    """
    cli.run(functools.partial(_main, doc, run, count_primes, add_scheduler))


def _main(doc, run, count_primes, add_scheduler):
    parser = cli.parser(doc)
    cli.add_workers(parser, start_method=not add_scheduler)
    if add_scheduler:
        add_scheduler(parser)
    add_range(parser)
    args = parse(parser)
    options = (args.scheduler, args.timeout) if add_scheduler else (memory.peak,)
    nbr_primes, duration, *peak = run(args.lower, args.upper, args.nbr_workers, *options)
    if peak:
        print(f"Peak memory (RSS) of a worker: {peak[0] / 1e6:,.1f} MB")
    report(nbr_primes, args.lower, args.upper, duration, count_primes)


def add_range(parser):
    """Add ``--lower`` and ``--upper``."""
    sizes = {"in_chapter": False, "maximum": MAX_UPPER, "minimum": 0}
    cli.add_size(parser, "--lower", quick=0, book=0, help="first number of the range", **sizes)
    cli.add_size(parser, "--upper", quick=10**9, book=10**10, help="the number after it", **sizes)


def parse(parser):
    """Return the arguments; raise UserError if the range ends before it starts."""
    args = cli.parse(parser)
    if args.lower > args.upper:
        raise cli.UserError(f"--lower {args.lower:,} is more than --upper {args.upper:,}")
    return args


def count_primes_up_to(n):
    """Return how many primes p <= n there are, by another method than the scripts'.

    Legendre's: for each v = n // i at once, it counts the numbers from 2 to v that are left when
    the multiples of 2, 3, 5 and so on are taken away, in about n ** (3 / 4) steps. It finds no
    prime beyond the square root of n (A.-M. Legendre, "Essai sur la théorie des nombres", 1808).
    """
    root = math.isqrt(max(n, 0))
    indices = np.arange(root + 1)
    small = indices - 1  # small[v]: how many from 2 to v are left
    large = n // np.maximum(indices, 1) - 1  # large[i]: how many from 2 to n // i
    for p in range(2, root + 1):
        if small[p] == small[p - 1]:  # p is not prime
            continue
        before = small[p - 1]
        end = min(root, n // (p * p))
        split = min(end, root // p)
        large[1 : split + 1] -= large[p : split * p + 1 : p] - before
        large[split + 1 : end + 1] -= small[n // (indices[split + 1 : end + 1] * p)] - before
        small[p * p :] -= small[indices[p * p :] // p] - before
    return int(large[1]) if root else 0


def check(nbr_primes, lower, upper, count_primes):
    """Raise Failure unless [lower, upper) holds ``nbr_primes``.

    If ``upper`` is above MAX_COUNTED, only the last SHORT numbers are checked: the script's own
    ``count_primes((lower, upper, 0, 1))`` counts their primes again.
    """
    if upper > MAX_COUNTED and upper - lower > SHORT:
        lower = upper - SHORT
        nbr_primes = count_primes((lower, upper, 0, 1))
    if upper > MAX_COUNTED:
        expected = sum(known_primes.are_prime(lower, upper))
    else:
        expected = count_primes_up_to(upper - 1) - count_primes_up_to(lower - 1)
    cli.check(
        nbr_primes == expected,
        f"{nbr_primes:,} primes from {lower:,} to {upper:,}, not {expected:,}",
    )


def report(nbr_primes, lower, upper, duration, count_primes):
    """Print the number of primes and the time; raise Failure if it is wrong (see check)."""
    print(f"Number of primes from {lower:,} on, below {upper:,}: {nbr_primes:,}")
    print("Took:", timing.seconds(duration), flush=True)
    check(nbr_primes, lower, upper, count_primes)

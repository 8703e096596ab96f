"""What the scripts that estimate pi print and check at their end."""

import math
import secrets

from common import cli

BYTES_PER_DART = 5 * 8  # x, y, their squares and the sum of these (numpy may do without the last)


def standard_error(nbr_samples):
    """Return the standard error of an estimate of pi from ``nbr_samples`` darts.

    The count inside the quarter circle is binomial with p = pi / 4; the estimate is 4 times its
    share, so its standard error is 4 * sqrt(p * (1 - p) / nbr_samples).
    """
    p = math.pi / 4
    return 4 * math.sqrt(p * (1 - p) / nbr_samples)


def estimate_pi(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples=None):
    """Return the estimate of pi; raise WrongAnswer if it is 6 standard errors away from pi.

    ``nbr_independent_samples`` is how many darts the standard error is that of, if not of all.
    """
    estimate = 4 * nbr_in_quarter_circle / nbr_samples
    cli.check(
        abs(estimate - math.pi) <= 6 * standard_error(nbr_independent_samples or nbr_samples),
        f"{estimate} is more than 6 standard errors away from pi",
    )
    return estimate


def report(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples=None):
    """Print the estimate of pi and check it (see estimate_pi)."""
    estimate = estimate_pi(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples)
    error = standard_error(nbr_independent_samples or nbr_samples)
    print(f"Estimated pi {estimate:.8f} (standard error {error:.8f})")


def require_memory(nbr_samples):
    """Raise UserError unless the numpy arrays of ``nbr_samples`` darts fit in memory."""
    from common import memory  # imported here: the scripts without numpy do without psutil too

    memory.require(
        BYTES_PER_DART * nbr_samples,
        lambda fits: f"--nbr_samples_in_total {fits // BYTES_PER_DART:,} would fit",
    )


def add_seed(parser):
    """Add ``--seed``."""
    parser.add_argument(
        "--seed",
        type=cli.whole_number(0, 2**128 - 1),
        metavar="N",
        help="for the same darts again (default: another one in every run)",
    )


def seed(args):
    """Return the seed that was asked for, or a new one; print it."""
    result = secrets.randbits(64) if args.seed is None else args.seed
    print(f"Seed: {result}", flush=True)
    return result

"""What the scripts that estimate pi print and check at their end."""

import math

from common import cli


def standard_error(nbr_samples):
    """Return the standard error of an estimate of pi from ``nbr_samples`` darts.

    The count inside the quarter circle is binomial with p = pi / 4; the estimate is 4 times its
    share, so its standard error is 4 * sqrt(p * (1 - p) / nbr_samples).
    """
    p = math.pi / 4
    return 4 * math.sqrt(p * (1 - p) / nbr_samples)


def report(nbr_in_quarter_circle, nbr_samples):
    """Print the estimate of pi and check that it is within 6 standard errors of pi."""
    estimate = 4 * nbr_in_quarter_circle / nbr_samples
    print(f"Estimated pi {estimate:.8f} (standard error {standard_error(nbr_samples):.8f})")
    cli.check(
        abs(estimate - math.pi) <= 6 * standard_error(nbr_samples),
        f"{estimate} is more than 6 standard errors away from pi",
    )

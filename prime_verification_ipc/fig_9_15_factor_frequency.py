"""Draw Figure 9-15: how often each number is a factor of the non-primes up to 10,000,000.

Chapter: Figure 9-15
Run:     python prime_verification_ipc/fig_9_15_factor_frequency.py
         python prime_verification_ipc/fig_9_15_factor_frequency.py --limit 1e6
See:     d divides every d-th number, so small factors dominate; there is no other pattern. Where
         trial division ends, at the smallest factor, they dominate far more: nearly nine non-primes
         in ten are settled below SERIAL_CHECK_CUTOFF. That is why the scripts try these few factors
         themselves before they give a job to the pool. Towards the square root the dots plunge: the
         first number of which p is the smallest factor is p * p, and then few are left.
         --workers, --repeat and --start-method have no effect: it counts once, in one process.
"""

import math

from common import cli, known_primes, plots, results

import numpy as np
from primes_pool_less_naive import SERIAL_CHECK_CUTOFF

SEGMENT = 10_000_000  # numbers at a time, one byte each: memory stays constant


def count_factors(lower, upper, root):
    """Return how often each d up to ``root`` is a factor of the non-primes in [lower, upper).

    Returns two arrays indexed by d: of how many non-primes it is the smallest factor, and how many
    it divides. A number does not count as its own factor. In the sieve, every d strikes out its
    multiples from d * d on; those not struck out before have no smaller factor.
    """
    is_composite = np.zeros(upper - lower, dtype=bool)
    smallest, divides = np.zeros((2, root + 1), dtype=np.int64)
    for d in range(2, root + 1):
        multiples = is_composite[_first_multiple(d, lower, d * d) :: d]
        smallest[d] = multiples.size - np.count_nonzero(multiples)
        if smallest[d]:
            multiples[:] = True
    for d in range(2, root + 1):
        divides[d] = np.count_nonzero(is_composite[_first_multiple(d, lower, 2 * d) :: d])
    return smallest, divides


def _first_multiple(d, lower, least):
    """Return the index of the first multiple of ``d`` from ``least`` on; index 0 is ``lower``."""
    return max(least, -(-lower // d) * d) - lower


def measure(args):
    """Return the counts; raise Failure if they do not leave the right number of primes."""
    root = math.isqrt(args.limit)
    counts = np.zeros((2, root + 1), dtype=np.int64)
    for lower in results.progress(range(2, args.limit + 1, SEGMENT)):
        upper = min(lower + SEGMENT, args.limit + 1)
        found = np.array(count_factors(lower, upper, root))
        nbr_primes = upper - lower - int(found[0].sum())
        expected = sum(known_primes.are_prime(lower, upper))
        cli.check(
            nbr_primes == expected,
            f"{nbr_primes:,} primes from {lower:,} to {upper - 1:,}, not {expected:,}",
        )
        counts += found
    nbr_non_primes = int(counts[0].sum())
    return {
        "fig_9_15": {
            "nbr_primes": args.limit - 1 - nbr_non_primes,
            "nbr_non_primes": nbr_non_primes,
            "smallest": [[d, n] for d, n in enumerate(counts[0].tolist()) if n],
            "divides": counts[1][2:].tolist(),  # for 2, 3, 4, ...
        }
    }


def finding(data):
    """Describe at which factors trial division ends."""
    smallest, nbr_non_primes = dict(data["smallest"]), data["nbr_non_primes"]
    ends = [f"at {d} for {100 * smallest[d] / nbr_non_primes:.1f} %" for d in (2, 3, 5)]
    return (
        f"Trial division of the {nbr_non_primes:,} non-primes ends {', '.join(ends)}, and below "
        f"{SERIAL_CHECK_CUTOFF} for {100 * settled_early(data):.1f} %: a few divisions settle "
        f"these before the pool gets a job. The other {data['nbr_primes']:,} numbers are prime. "
        "The dots plunge towards the root, as the first number that ends at p is p * p."
    )


def settled_early(data):
    """Return the share of the non-primes with a factor below SERIAL_CHECK_CUTOFF."""
    early = sum(n for d, n in data["smallest"] if d < SERIAL_CHECK_CUTOFF)
    return early / data["nbr_non_primes"]


def draw(data):
    """Return the figure."""
    figure, (axes,) = plots.new(data, "Which factors do the non-primes have?", finding(data))
    dots = {**plots.style(0), "linestyle": "none", "markersize": 4}
    dashes = {**plots.style(1), "marker": "", "linewidth": 2}
    every = range(2, 2 + len(data["divides"]))
    axes.plot(every, data["divides"], label="non-primes that it divides", **dashes)
    factors, counts = zip(*data["smallest"], strict=True)
    axes.plot(factors, counts, label="of which it is the smallest factor", **dots)
    axes.axvline(SERIAL_CHECK_CUTOFF, color="black", linewidth=1)
    beside = {"transform": axes.get_xaxis_transform(), "fontsize": 10}
    early = f"{100 * settled_early(data):.1f} %\nend before\nthe pool"
    axes.text(SERIAL_CHECK_CUTOFF / 1.08, 0.04, early, ha="right", **beside)
    cutoff = f"the pool: from {SERIAL_CHECK_CUTOFF} (SERIAL_CHECK_CUTOFF) on"
    axes.text(SERIAL_CHECK_CUTOFF * 1.08, 0.94, cutoff, **beside)
    axes.set_xscale("log")
    axes.set_yscale("log")
    plots.thousands(axes.xaxis, axes.yaxis)
    axes.set_xlabel("factor, up to the square root of the largest number")
    axes.set_ylabel("non-primes")
    plots.legend(figure)
    return figure


def main():
    parser = plots.parser(__doc__, workers="1", quick=1, book=1)
    cli.add_size(
        parser,
        "--limit",
        quick=10_000_000,
        book=10_000_000,
        help="largest number",
        minimum=100,
        maximum=10**10,
    )
    plots.main(parser, {"fig_9_15": draw}, measure)


if __name__ == "__main__":
    cli.run(main)

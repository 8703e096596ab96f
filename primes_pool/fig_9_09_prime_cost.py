"""Draw Figure 9-9: how long it takes to test one number for primality.

Chapter: Figure 9-9
Run:     python primes_pool/fig_9_09_prime_cost.py
         python primes_pool/fig_9_09_prime_cost.py --from results/fig_9_09.json
See:     primes form a dense band that grows as sqrt(n), since each needs every division up to its
         square root. Composites lie anywhere below it, most of them at the bottom, because a small
         factor ends the search at once. The size of a number does not tell what it will cost.
         Each time includes reading the clock, so no dot is at zero. The fitted curve begins too
         low: CPython keeps the integers up to 256 ready, so that divisions by these take less time
         than by larger ones, and the band is a little steeper from n = 65,536 (256 squared) on.
Differs: the chapter times all 990,000 numbers; here one is drawn from each of 5,000 equal
         stretches, the same ones in every run. All in one process: --workers and --start-method
         have no effect.
"""

import math
import random
import statistics
import time

from common import cli, plots, results

import primes_serial

LOWER, UPPER = 10_000, 1_000_000


def choose_numbers(nbr_numbers):
    """Return ``nbr_numbers`` numbers spread over the range, ascending; always the same ones."""
    choice = random.Random(0)
    bounds = [LOWER + i * (UPPER - LOWER) // nbr_numbers for i in range(nbr_numbers + 1)]
    return [choice.randrange(*bounds[i : i + 2]) for i in range(nbr_numbers)]


def time_each(numbers):
    """Return, for each of ``numbers``, whether it is prime and the nanoseconds the test took."""
    check_prime, clock = primes_serial.check_prime, time.perf_counter_ns
    are_primes, nanoseconds = [], []
    for n in numbers:
        start = clock()
        is_prime = check_prime(n)
        nanoseconds.append(clock() - start)
        are_primes.append(is_prime)
    return are_primes, nanoseconds


def measure(args):
    """Return the numbers, the primes among them, and the nanoseconds of every repeat."""
    numbers = choose_numbers(args.nbr_numbers)
    rounds = results.interleaved({"all": lambda: time_each(numbers)}, args.repeat)["all"]
    primes = [n for n, is_prime in zip(numbers, rounds[0][0], strict=True) if is_prime]
    return {
        "fig_9_09": {
            "numbers": numbers,
            "primes": primes,
            "nanoseconds": list(zip(*(nanoseconds for _, nanoseconds in rounds), strict=True)),
        }
    }


def fit(microseconds):
    """Fit a + b sqrt(n) to ``microseconds``, a dict, n -> time, by least squares; return (a, b).

    Raises StatisticsError (a ValueError) for fewer than two numbers.
    """
    roots = [math.sqrt(n) for n in microseconds]
    slope, intercept = statistics.linear_regression(roots, list(microseconds.values()))
    return intercept, slope


def finding(primes, composites):
    """Describe what primes and composites cost; both are dicts, n -> microseconds."""
    intercept, slope = fit(primes)
    nbr_near = sum(
        abs(duration / (intercept + slope * math.sqrt(n)) - 1) <= 0.1
        for n, duration in primes.items()
    )
    ascending = [primes[n] for n in sorted(primes)]
    low, high = (statistics.median(ends) for ends in (ascending[:10], ascending[-10:]))
    middle = statistics.median(composites.values())
    return (
        f"A prime takes {low:,.1f} µs near {LOWER:,} and {high:,.1f} µs near {UPPER:,}; "
        f"{100 * nbr_near / len(primes):.0f} % of the {len(primes):,} primes lie within 10 % of a "
        f"curve that grows as sqrt(n). Half of the {len(composites):,} composites take "
        f"{middle:,.2f} µs or less."
    )


def draw(data):
    """Return the figure."""
    best = {
        n: min(nanoseconds) / 1_000
        for n, nanoseconds in zip(data["numbers"], data["nanoseconds"], strict=True)
    }
    primes = {n: best.pop(n) for n in data["primes"]}
    title = "What does it cost to test a number for primality?"
    figure, (axes,) = plots.new(data, title, finding(primes, best))
    axes.plot(best.keys(), best.values(), ".", color=plots.COLOURS[1], markersize=2.5)
    axes.plot(primes.keys(), primes.values(), "x", color=plots.COLOURS[0], markersize=4)
    axes.plot([], [], "x", color=plots.COLOURS[0], markersize=7, label="primes")
    axes.plot([], [], ".", color=plots.COLOURS[1], markersize=9, label="composites")
    intercept, slope = fit(primes)
    curve = range(LOWER, UPPER + 1, 10_000)
    axes.plot(
        curve,
        [intercept + slope * math.sqrt(n) for n in curve],
        label="a + b sqrt(n), fitted to the primes",
        **{**plots.style(6), "marker": "", "linestyle": "--"},
    )
    axes.set_xlabel("n")
    axes.set_ylabel("microseconds (fastest of the repeats)")
    axes.set_ylim(bottom=0)
    plots.thousands(axes.xaxis, axes.yaxis)
    plots.legend(figure)
    return figure


def main():
    parser = plots.parser(__doc__, workers="1", quick=20, book=200, in_chapter=True)
    cli.add_size(
        parser,
        "--nbr_numbers",
        quick=5_000,
        book=5_000,
        minimum=1_000,
        maximum=UPPER - LOWER,
        help=f"numbers to time, from {LOWER:,} to {UPPER:,}",
        in_chapter=False,
    )
    plots.main(parser, {"fig_9_09": draw}, measure)


if __name__ == "__main__":
    cli.run(main)

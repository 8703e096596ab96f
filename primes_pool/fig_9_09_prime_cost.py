"""Draw Figure 9-9: how long it takes to find out whether one number is prime.

Chapter: Figure 9-9
Run:     python primes_pool/fig_9_09_prime_cost.py
         python primes_pool/fig_9_09_prime_cost.py --from results/fig_9_09.json
See:     primes form a dense band that grows as sqrt(n), since each needs every division up to
         there. Composites lie anywhere below it, most of them at the bottom: a small factor ends
         the search at once. What a job costs cannot be foretold from the size of its number.
         Reading the clock is in each time, so that no dot is at zero.
Differs: the chapter times all 990,000 numbers; here one number is drawn from each of 5,000 equal
         stretches, the same ones in every run. One process does it all: --workers and
         --start-method change nothing.
"""

import math
import random
import statistics
import time

from common import cli, plots, results

import primes_serial

LOWER, UPPER = 10_000, 1_000_000


def choose_numbers(nbr_numbers):
    """Return ``nbr_numbers`` numbers spread over the range, ascending, the same ones every time."""
    choice = random.Random(0)
    bounds = [LOWER + i * (UPPER - LOWER) // nbr_numbers for i in range(nbr_numbers + 1)]
    return [choice.randrange(*bounds[i : i + 2]) for i in range(nbr_numbers)]


def time_each(numbers):
    """Return for each of ``numbers`` whether it is prime, and the nanoseconds of finding out."""
    check_prime, clock = primes_serial.check_prime, time.perf_counter_ns
    are_primes, nanoseconds = [], []
    for n in numbers:
        start = clock()
        is_prime = check_prime(n)
        nanoseconds.append(clock() - start)
        are_primes.append(is_prime)
    return are_primes, nanoseconds


def measure(args):
    """Return the numbers, whether they are prime, and the nanoseconds of every repeat."""
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
    """Return (a, b) of the a + b x sqrt(n) nearest to ``microseconds``, a dict, n -> time.

    An ordinary least squares fit. StatisticsError (a ValueError) for less than two numbers.
    """
    roots = [math.sqrt(n) for n in microseconds]
    slope, intercept = statistics.linear_regression(roots, list(microseconds.values()))
    return intercept, slope


def finding(primes, composites):
    """Return in words what primes and composites cost; both are dicts, n -> microseconds."""
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
    """Return the picture."""
    best = {
        n: min(nanoseconds) / 1_000
        for n, nanoseconds in zip(data["numbers"], data["nanoseconds"], strict=True)
    }
    primes = {n: best.pop(n) for n in data["primes"]}
    title = "What does it cost to find out whether a number is prime?"
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

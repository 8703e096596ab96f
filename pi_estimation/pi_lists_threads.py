"""Estimate pi by threads that share one random generator, and by threads with one each.
Beyond the chapter

Chapter: answers Example 9-1, Example 9-2
Run:     python pi_estimation/pi_lists_threads.py 2
See:     the ratios at the end. With the GIL neither gains, because only one thread at a time runs
         Python code. Without it (a free-threaded build, such as python3.14t) threads with a Random
         each divide the time, and those of the chapter's loop are still no faster than one, or
         slower: random.uniform is a method of one Random for the whole process, and each of its
         calls takes a lock. With the GIL gone, the lock that is left is the one you share.
         With the GIL, use processes: pi_lists_parallel.py.
"""

import itertools
import multiprocessing.dummy
import operator
import random
import time

from common import cli, create_range

import pi_check

REPEAT = 3


def estimate_nbr_points_in_quarter_circle(nbr_estimates, generator):
    """Return how many of ``nbr_estimates`` darts by ``generator`` are inside the quarter circle."""
    nbr_trials_in_quarter_unit_circle = 0
    for _ in range(nbr_estimates):
        x = generator.uniform(0, 1)
        y = generator.uniform(0, 1)
        is_in_unit_circle = x * x + y * y <= 1.0
        nbr_trials_in_quarter_unit_circle += is_in_unit_circle
    return nbr_trials_in_quarter_unit_circle


def estimate_with_shared(nbr_estimates):
    """Draw from the one Random behind the module's functions, as Example 9-1 does."""
    return estimate_nbr_points_in_quarter_circle(nbr_estimates, random)


def estimate_with_own(nbr_estimates):
    """Draw from a Random that no other thread knows, with a seed from the system."""
    return estimate_nbr_points_in_quarter_circle(nbr_estimates, random.Random())


def run(nbr_samples_in_total, nbr_threads, own=False):
    """Return the number of darts inside the quarter circle and the seconds the map took.

    ``own``: whether each thread has a Random. The pool is built before the clock starts.
    """
    nbr_samples_per_thread = create_range.split_total(nbr_samples_in_total, nbr_threads)
    estimate = estimate_with_own if own else estimate_with_shared
    with multiprocessing.dummy.Pool(nbr_threads) as pool:
        start = time.perf_counter()
        nbr_in_quarter_circle = pool.map(estimate, nbr_samples_per_thread)
        duration = time.perf_counter() - start
    return sum(nbr_in_quarter_circle), duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, start_method=False)
    pi_check.add_size(parser, quick=1_000_000)
    args = cli.parse(parser)
    print(f"Best of {REPEAT} rounds", flush=True)
    ways = list(itertools.product((False, True), (1, args.nbr_workers)))
    outcomes = {way: [] for way in ways}
    for own, nbr_threads in REPEAT * ways:
        outcome = run(args.nbr_samples_in_total, nbr_threads, own)
        pi_check.estimate_pi(outcome[0], args.nbr_samples_in_total)
        outcomes[own, nbr_threads].append(outcome)
    seconds = {}
    for (own, nbr_threads), rounds in outcomes.items():
        nbr_in_quarter_circle, duration = min(rounds, key=operator.itemgetter(1))
        print(f"{nbr_threads} thread(s), {'a Random each' if own else 'one Random for all'}:")
        pi_check.report(nbr_in_quarter_circle, args.nbr_samples_in_total)
        pi_check.report_delta(duration, args.nbr_samples_in_total)
        seconds[own, nbr_threads] = duration
    shared, own = (seconds[own, 1] / seconds[own, args.nbr_workers] for own in (False, True))
    print(
        f"{'With' if cli.has_gil() else 'Without'} the GIL, {args.nbr_workers} thread(s) are "
        f"{shared:.2f}x as fast as one if all share one Random, {own:.2f}x with a Random each"
    )


if __name__ == "__main__":
    cli.run(main)

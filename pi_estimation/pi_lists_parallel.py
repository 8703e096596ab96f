"""Estimate pi with a pool of processes, or of threads, and Python objects.

Chapter: Examples 9-1, 9-2
Run:     python pi_estimation/pi_lists_parallel.py 2
         python pi_estimation/pi_lists_parallel.py 2 --threads
See:     with processes every pid is another one and the time shrinks with the number of CPUs;
         with threads there is one pid and no gain, because the GIL lets one thread at a time run
         Python code. (On a free-threaded build of Python the threads gain too.)
Differs: darts that do not divide by the workers are shared out so that none is lost.
"""

import math
import multiprocessing.dummy
import os
import random

import pi_check

from common import cli, create_range, pools, timing


def estimate_nbr_points_in_quarter_circle(nbr_estimates):
    """Return how many of ``nbr_estimates`` random darts fall inside the unit quarter circle."""
    print(
        f"Executing estimate_nbr_points_in_quarter_circle with {nbr_estimates:,} "
        f"on pid {os.getpid()}",
        flush=True,
    )
    nbr_trials_in_quarter_unit_circle = 0
    for _ in range(nbr_estimates):
        x = random.uniform(0, 1)
        y = random.uniform(0, 1)
        is_in_unit_circle = x * x + y * y <= 1.0
        nbr_trials_in_quarter_unit_circle += is_in_unit_circle
    return nbr_trials_in_quarter_unit_circle


def run(nbr_samples_in_total, nbr_workers, threads=False):
    """Return the number of darts inside the quarter circle and the seconds the map took.

    The pool is built before the clock starts.
    """
    nbr_samples_per_worker = create_range.split_total(nbr_samples_in_total, nbr_workers)
    make_pool = multiprocessing.dummy.Pool if threads else pools.worker_pool
    with make_pool(nbr_workers) as pool:
        nbr_in_quarter_circle, duration = timing.timed(
            pool.map, estimate_nbr_points_in_quarter_circle, nbr_samples_per_worker
        )
    return sum(nbr_in_quarter_circle), duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    cli.add_size(
        parser, "--nbr_samples_in_total", quick=4_000_000, book=100_000_000, help="darts to throw"
    )
    parser.add_argument("--threads", action="store_true", help="threads instead of processes")
    args = cli.parse(parser)
    nbr_samples_per_worker = math.ceil(args.nbr_samples_in_total / args.nbr_workers)
    print(f"Making {nbr_samples_per_worker:,} samples per {args.nbr_workers} worker(s)", flush=True)
    nbr_in_quarter_circle, duration = run(args.nbr_samples_in_total, args.nbr_workers, args.threads)
    pi_check.report(nbr_in_quarter_circle, args.nbr_samples_in_total)
    print("Delta:", timing.seconds(duration))


if __name__ == "__main__":
    cli.run(main)

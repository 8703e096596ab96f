"""Estimate pi with a pool of processes, or of threads, and numpy arrays.

Chapter: Example 9-7
Run:     python pi_estimation/pi_numpy_parallel.py 2
         python pi_estimation/pi_numpy_parallel.py 2 --threads
See:     threads gain something too, unlike those of pi_lists_parallel.py: numpy releases the GIL
         while it works on an array. But they take turns at numpy's one global generator of random
         numbers (numpy_line_costs.py shows it line by line), so with more CPUs processes leave them
         behind. Much of the time goes into fresh memory for the arrays. (No BLAS routine is
         called, so that the number of BLAS threads does not matter.)
Differs: darts that do not divide by the workers are shared out so that none is lost.
"""

import math
import multiprocessing.dummy

import numpy as np
import pi_check

from common import cli, create_range, pools, timing


def estimate_nbr_points_in_quarter_circle(nbr_samples):
    """Return how many of ``nbr_samples`` random darts fall inside the unit quarter circle."""
    np.random.seed()  # else every forked worker draws the same darts
    xs = np.random.uniform(0, 1, nbr_samples)
    ys = np.random.uniform(0, 1, nbr_samples)
    is_in_unit_circle = (xs * xs + ys * ys) <= 1
    return int(np.sum(is_in_unit_circle))


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
        parser, "--nbr_samples_in_total", quick=20_000_000, book=100_000_000, help="darts to throw"
    )
    parser.add_argument("--threads", action="store_true", help="threads instead of processes")
    args = cli.parse(parser)
    pi_check.require_memory(args.nbr_samples_in_total)
    nbr_samples_per_worker = math.ceil(args.nbr_samples_in_total / args.nbr_workers)
    print(f"Making {nbr_samples_per_worker:,} samples per {args.nbr_workers} worker(s)", flush=True)
    nbr_in_quarter_circle, duration = run(args.nbr_samples_in_total, args.nbr_workers, args.threads)
    pi_check.report(nbr_in_quarter_circle, args.nbr_samples_in_total)
    print("Delta:", timing.seconds(duration))


if __name__ == "__main__":
    cli.run(main)

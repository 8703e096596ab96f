"""Estimate pi with a pool of processes or threads, and Python objects.

Chapter: Example 9-1, Example 9-2
Run:     python pi_estimation/pi_lists_parallel.py 2
         python pi_estimation/pi_lists_parallel.py 2 --threads
See:     with processes, each share prints a pid of its own (unless it is so small that one worker
         finishes before the next is up), and the time shrinks with the number of free CPUs. With
         threads there is one pid and no gain, because the GIL lets only one thread at a time run
         Python code. (On a free-threaded build they gain nothing either: random.uniform is a method
         of one generator that all of them lock. See pi_lists_threads.py.)
Differs: darts that do not divide evenly by the workers are still all thrown. The chapter's
         nbr_parallel_blocks is the number of workers here, nbr_workers.
"""

import multiprocessing.dummy
import os
import random
import time

from common import create_range
from common.processes import Pool

import pi_check


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
    print(f"Making {nbr_samples_per_worker[0]:,} samples per {nbr_workers} worker(s)", flush=True)
    make_pool = multiprocessing.dummy.Pool if threads else Pool
    with make_pool(nbr_workers) as pool:
        start = time.perf_counter()
        nbr_in_quarter_circle = pool.map(
            estimate_nbr_points_in_quarter_circle, nbr_samples_per_worker
        )
        duration = time.perf_counter() - start
    return sum(nbr_in_quarter_circle), duration


if __name__ == "__main__":
    pi_check.main(__doc__, run, workers=True, threads=True)

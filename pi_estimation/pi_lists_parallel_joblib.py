"""Estimate pi with joblib's worker processes and Python objects.

Chapter: Example 9-3, Example 9-4
Run:     python pi_estimation/pi_lists_parallel_joblib.py 2
See:     Example 9-4 is what it prints, in the chapter with 8 workers. joblib names its backend,
         loky, and counts the finished tasks (the time that remains is its guess from these); each
         task has a pid of its own (unless it is so small that one worker takes two). It takes about
         as long as multiprocessing's Pool, since the work is the same. (With one worker, joblib
         starts no process.)
Differs: joblib's progress goes to stdout here, with the rest. cluster.loky_workers starts the
         workers before the clock, and ends them. loky starts them in its own way, so there is no
         --start-method.
"""

import contextlib
import os
import random
import sys
import time

from common import cluster, create_range

import pi_check
from joblib import Parallel, delayed


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


def run(nbr_samples_in_total, nbr_workers):
    """Return the number of darts inside the quarter circle and the seconds Parallel took.

    The workers are up before the clock starts.
    """
    nbr_samples_per_worker = create_range.split_total(nbr_samples_in_total, nbr_workers)
    print(f"Making {nbr_samples_per_worker[0]:,} samples per {nbr_workers} worker(s)", flush=True)
    with cluster.loky_workers(nbr_workers), contextlib.redirect_stderr(sys.stdout):
        start = time.perf_counter()
        nbr_in_quarter_circle = Parallel(n_jobs=nbr_workers, verbose=1)(
            delayed(estimate_nbr_points_in_quarter_circle)(n) for n in nbr_samples_per_worker
        )
        duration = time.perf_counter() - start
    return sum(nbr_in_quarter_circle), duration


if __name__ == "__main__":
    pi_check.main(__doc__, run, workers=True, start_method=False, workers_in_chapter="8")

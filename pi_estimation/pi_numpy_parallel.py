"""Estimate pi with a pool of processes or threads, and numpy arrays.

Chapter: Example 9-7
Run:     python pi_estimation/pi_numpy_parallel.py 2
         python pi_estimation/pi_numpy_parallel.py 2 --threads
See:     unlike in pi_lists_parallel.py, threads gain something too: numpy releases the GIL while it
         works on an array. But they take turns at numpy's one global random generator
         (numpy_line_costs.py shows it line by line), so with more CPUs processes leave them behind.
         Much of the time goes into fresh memory for the arrays. In a single run, the system's time
         for that memory may be ten times that of the next, so that any of serial, processes and
         threads may come out first. Figure 9-8 and compare.py time a second call, for which the
         machine has it at hand; threads may even reuse the pages of the first call, while processes
         are new in each and touch pages of their own. (No BLAS routine is called, so the number of
         BLAS threads does not matter.)
Differs: darts that do not divide evenly by the workers are still all thrown.
"""

import multiprocessing.dummy
import time

from common import create_range
from common.processes import Pool

import numpy as np
import pi_check


def estimate_nbr_points_in_quarter_circle(nbr_samples):
    """Return how many of ``nbr_samples`` random darts fall inside the unit quarter circle."""
    np.random.seed()  # or every forked worker would draw the same darts
    xs = np.random.uniform(0, 1, nbr_samples)
    ys = np.random.uniform(0, 1, nbr_samples)
    is_in_unit_circle = (xs * xs + ys * ys) <= 1
    return int(np.sum(is_in_unit_circle))


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
    pi_check.main(__doc__, run, quick=20_000_000, workers=True, threads=True, arrays=True)

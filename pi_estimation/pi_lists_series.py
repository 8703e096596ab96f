"""Estimate pi by throwing darts at the unit square, in one process, with Python objects.

Chapter: Example 9-1
Run:     python pi_estimation/pi_lists_series.py --nbr_samples_in_total 1e6
See:     one CPU is busy all the time. The standard error shrinks with the square root of the number
         of darts: one more digit of pi takes a hundred times the work. To compare with scripts
         whose default sizes differ, look at the darts per second.
"""

import os
import random
import time

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


def run(nbr_samples_in_total):
    """Return the number of darts inside the quarter circle and the seconds it took."""
    start = time.perf_counter()
    nbr_in_quarter_circle = estimate_nbr_points_in_quarter_circle(nbr_samples_in_total)
    return nbr_in_quarter_circle, time.perf_counter() - start


if __name__ == "__main__":
    pi_check.main(__doc__, run)

"""Estimate pi in one process with the chapter's loop, looking names up only once.
Beyond the chapter

Chapter: answers Example 9-1
Run:     python pi_estimation/pi_lists_tuned.py
See:     more than twice as fast as pi_lists_series.py: random.uniform(0, 1) is a Python function
         around random.random(), so each coordinate costs one more call, and two name look-ups.
         Before adding processes, look at what the loop does. Not worth it where a loop is not hot,
         and a small gain beside numpy's (pi_numpy_blocked.py).
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
    uniform = random.random
    nbr_trials_in_quarter_unit_circle = 0
    for _ in range(nbr_estimates):
        x = uniform()
        y = uniform()
        if x * x + y * y <= 1.0:
            nbr_trials_in_quarter_unit_circle += 1
    return nbr_trials_in_quarter_unit_circle


def run(nbr_samples_in_total):
    """Return the number of darts inside the quarter circle and the seconds it took."""
    start = time.perf_counter()
    nbr_in_quarter_circle = estimate_nbr_points_in_quarter_circle(nbr_samples_in_total)
    return nbr_in_quarter_circle, time.perf_counter() - start


if __name__ == "__main__":
    pi_check.main(__doc__, run)

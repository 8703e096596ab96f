"""Estimate pi by throwing darts at the unit square, in one process, with numpy arrays.

Chapter: Example 9-7
Run:     python pi_estimation/pi_numpy_serial.py
         python pi_estimation/pi_numpy_serial.py --show_config
See:     many times the darts per second of pi_lists_series.py (the default has more darts, too):
         numpy draws, multiplies and compares whole arrays in compiled code. A dart takes up to 40
         bytes of memory, and a script that runs once pays for the first touch of all of it, as the
         system clears each page; on a virtual machine that can cost more than the work, and ten
         times as much as in the next run. Figure 9-8 and compare.py time a second call. After
         compare.py, claims.py says how many times as fast as the loop this is, with ten times its
         darts (from 4 MB an array, numpy asks Linux for huge pages, which makes fresh memory
         cheaper; with as few darts as the loop's it gains less): fewer than the chapter's 25, as
         CPython's loops have become faster since 3.7. (No BLAS routine is called, so the number of
         BLAS threads does not matter; --show_config shows numpy's BLAS.)
"""

import time
import warnings

import common  # noqa: F401 - first: it handles Ctrl-C while numpy is imported

import numpy as np
import pi_check


def estimate_nbr_points_in_quarter_circle(nbr_samples):
    """Return how many of ``nbr_samples`` random darts fall inside the unit quarter circle."""
    np.random.seed()  # or every forked worker would draw the same darts
    xs = np.random.uniform(0, 1, nbr_samples)
    ys = np.random.uniform(0, 1, nbr_samples)
    is_in_unit_circle = (xs * xs + ys * ys) <= 1
    return int(np.sum(is_in_unit_circle))


def run(nbr_samples_in_total):
    """Return the number of darts inside the quarter circle and the seconds it took."""
    start = time.perf_counter()
    nbr_in_quarter_circle = estimate_nbr_points_in_quarter_circle(nbr_samples_in_total)
    return nbr_in_quarter_circle, time.perf_counter() - start


def show_config():
    """Print how numpy was built (its BLAS) and exit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that pyyaml would print it better
        np.show_config()


if __name__ == "__main__":
    pi_check.main(__doc__, run, quick=20_000_000, arrays=True, instead=show_config)

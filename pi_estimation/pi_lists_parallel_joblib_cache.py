"""Cache joblib's results on disk: the second run computes nothing. And a cache gone wrong.

Chapter: Example 9-5, Example 9-6
Run:     python pi_estimation/pi_lists_parallel_joblib_cache.py 2 --clear
         python pi_estimation/pi_lists_parallel_joblib_cache.py 2
See:     the first run, with an empty cache, prints "Executing" for every block; the second prints
         none, as it says, takes a fraction of a second and gives the same pi. The cache key is the
         function's own code (not what it calls) and its arguments: without ``idx``, blocks of equal
         size are the same call, so that one random draw stands for all of them and the standard
         error is that of one block's darts. These blocks run one after another: in parallel, each
         worker would draw for its first one, as no result is stored yet.
Differs: the chapter's decorator @memory.cache is the call memory.cache(function) here: a decorator
         would make ./joblib_cache in the current folder on every import. The cache lies beside the
         script or in --cache. cluster.loky_workers starts the workers before the clock, and ends
         them. loky starts them in its own way, so there is no --start-method.
"""

import os
import random
import time

from common import cli, cluster, results

import cache_check
from joblib import Memory, Parallel, delayed


def estimate_nbr_points_in_quarter_circle_with_idx(nbr_estimates, idx):
    """Return how many of ``nbr_estimates`` random darts fall inside the unit quarter circle.

    ``idx`` only makes the arguments of every block different.
    """
    print(
        f"Executing estimate_nbr_points_in_quarter_circle_with_idx with {nbr_estimates:,} "
        f"for block {idx} on pid {os.getpid()}",
        flush=True,
    )
    nbr_trials_in_quarter_unit_circle = 0
    for _ in range(nbr_estimates):
        x = random.uniform(0, 1)
        y = random.uniform(0, 1)
        is_in_unit_circle = x * x + y * y <= 1.0
        nbr_trials_in_quarter_unit_circle += is_in_unit_circle
    return nbr_trials_in_quarter_unit_circle


def estimate_nbr_points_in_quarter_circle(nbr_estimates):
    """Return the same without ``idx``: once cached, one draw stands for every block of its size."""
    print(
        f"Executing estimate_nbr_points_in_quarter_circle with {nbr_estimates:,} "
        f"without idx on pid {os.getpid()}",
        flush=True,
    )
    nbr_trials_in_quarter_unit_circle = 0
    for _ in range(nbr_estimates):
        x = random.uniform(0, 1)
        y = random.uniform(0, 1)
        is_in_unit_circle = x * x + y * y <= 1.0
        nbr_trials_in_quarter_unit_circle += is_in_unit_circle
    return nbr_trials_in_quarter_unit_circle


def run(folder, nbr_samples_per_block, nbr_workers):
    """Return the number of darts inside the quarter circle in each block, and the seconds.

    The workers are up before the clock starts. The cache is in ``folder`` (a string).
    """
    memory = Memory(folder, verbose=0)
    cached = memory.cache(estimate_nbr_points_in_quarter_circle_with_idx)
    with cluster.loky_workers(nbr_workers, cache_check.fail_if_not_kept):
        start = time.perf_counter()
        nbr_in_quarter_circle = Parallel(n_jobs=nbr_workers)(
            delayed(cached)(n, idx) for idx, n in enumerate(nbr_samples_per_block)
        )
        duration = time.perf_counter() - start
    return nbr_in_quarter_circle, duration


def run_without_idx(folder, nbr_samples_per_block):
    """Return the darts inside the quarter circle per block: one draw for all blocks of a size."""
    memory = Memory(folder, verbose=0)
    cached = memory.cache(estimate_nbr_points_in_quarter_circle)
    return [cached(n) for n in nbr_samples_per_block]


def main():
    args = cache_check.parse(__doc__)
    cached = estimate_nbr_points_in_quarter_circle_with_idx, estimate_nbr_points_in_quarter_circle
    measured = cache_check.measure(args, run, run_without_idx, *cached)
    results.store(args, measured)
    cache_check.report_without_idx(args.nbr_samples_per_block, measured["without_idx"])


if __name__ == "__main__":
    cli.run(main)

"""Keep joblib's results on disk, so that the second run computes nothing - and a cache gone wrong.

Chapter: Examples 9-5, 9-6
Run:     python pi_estimation/pi_lists_parallel_joblib_cache.py 2      (and then once more)
         python pi_estimation/pi_lists_parallel_joblib_cache.py 2 --clear
See:     the first run prints "Executing" for every block, unless the cache holds them from an
         earlier one, which it says; the second run prints none, takes a fraction of a second and
         gives the same pi. The cache is looked up by the function's own code and
         its arguments (not by what it calls): without ``idx`` blocks of equal size are one and the
         same call, so that one random draw stands for all of them and the error is that of one
         block's darts.
Differs: the cache is made in main, not at import, and lies beside the script, or in --cache. Loky
         starts workers in its own way, so there is no --start-method.
"""

import collections
import math
import os
import random
import time
import warnings
from pathlib import Path

from common import cli, cluster, create_range

import fasteners
import pi_check
from joblib import Memory, Parallel, delayed
from joblib.memory import CacheWarning

LOCK = "lock"  # a file in the cache's folder


def estimate_nbr_points_in_quarter_circle_with_idx(nbr_estimates, idx):
    """Return how many of ``nbr_estimates`` random darts fall inside the unit quarter circle.

    ``idx`` is not used: it makes the arguments of every block different.
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
    """Return the same; cached, it stands for every block of that size."""
    return estimate_nbr_points_in_quarter_circle_with_idx(nbr_estimates, "any")


def fail_if_not_kept():
    """Make an error of joblib's warning that a result could not be written to the cache."""
    warnings.simplefilter("error", CacheWarning)


def open_cache(folder, clear=False):
    """Return both functions, cached in ``folder``: with ``idx`` and without.

    Raises UserError when the cache cannot be written.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a .gitignore that cannot be written
            memory = Memory(str(folder), verbose=0)
        with_idx = memory.cache(estimate_nbr_points_in_quarter_circle_with_idx)
        without_idx = memory.cache(estimate_nbr_points_in_quarter_circle)
        for function, arguments in ((with_idx, (0, 0)), (without_idx, (0,))):
            if clear:
                function.clear()
            function.check_call_in_cache(*arguments)  # writes the function's code
        (folder / LOCK).touch()
    except OSError as error:
        raise cli.UserError(f"no cache in {folder}: {error.strerror}") from error
    return with_idx, without_idx


def run(cached_with_idx, nbr_samples_per_block, nbr_workers):
    """Return the number of darts inside the quarter circle in each block, and the seconds."""
    with cluster.loky_workers(nbr_workers, fail_if_not_kept):
        start = time.perf_counter()
        nbr_in_quarter_circle = Parallel(n_jobs=nbr_workers)(
            delayed(cached_with_idx)(n, idx) for idx, n in enumerate(nbr_samples_per_block)
        )
        return nbr_in_quarter_circle, time.perf_counter() - start


def blocks_to_compute(cached_with_idx, nbr_samples_per_block):
    """Return the numbers of darts in the blocks whose results are not in the cache."""
    return [
        n
        for idx, n in enumerate(nbr_samples_per_block)
        if not cached_with_idx.check_call_in_cache(n, idx)
    ]


def run_without_idx(cached_without_idx, nbr_samples_per_block):
    """Return the number of darts inside in each block: one draw for all blocks of a size."""
    return [cached_without_idx(n) for n in nbr_samples_per_block]


def nbr_independent_samples(nbr_samples_per_block):
    """Return how many independent darts give the standard error of one draw for each size.

    A draw of n darts that stands for k blocks has the variance of k * k * n darts, not k * n.
    """
    blocks = collections.Counter(nbr_samples_per_block)
    return sum(nbr_samples_per_block) ** 2 / sum(k * k * n for n, k in blocks.items())


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, start_method=False)
    pi_check.add_size(parser, quick=4_000_000)
    cli.add_size(
        parser, "--nbr_parallel_blocks", quick=8, book=8, help="blocks of darts", maximum=1_000
    )
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        type=Path,
        default=Path(__file__).resolve().parent / "joblib_cache",
        help="where the results are kept (default: joblib_cache beside this script)",
    )
    parser.add_argument("--clear", action="store_true", help="forget the kept results first")
    args = cli.parse(parser)
    fail_if_not_kept()
    with_idx, without_idx = open_cache(args.cache, args.clear)
    nbr_samples_per_block = create_range.split_total(
        args.nbr_samples_in_total, args.nbr_parallel_blocks
    )
    print(
        f"Making {math.ceil(args.nbr_samples_in_total / args.nbr_parallel_blocks):,} samples "
        f"in each of {args.nbr_parallel_blocks} block(s) with {args.nbr_workers} worker(s)",
        flush=True,
    )
    to_compute = blocks_to_compute(with_idx, nbr_samples_per_block)
    if nbr_cached := args.nbr_parallel_blocks - len(to_compute):
        print(
            f"{nbr_cached} of {args.nbr_parallel_blocks} block(s) are in the cache already, "
            "from an earlier run (--clear forgets them)",
            flush=True,
        )
    try:
        nbr_in_quarter_circle, duration = run(with_idx, nbr_samples_per_block, args.nbr_workers)
        pi_check.report(sum(nbr_in_quarter_circle), args.nbr_samples_in_total)
        pi_check.report_delta(duration, sum(to_compute))
        print("\nNow without idx, one block after another:", flush=True)
        # Another run that shares the cache may keep a draw of its own there, but not in between.
        with fasteners.InterProcessLock(args.cache / LOCK):
            copies = run_without_idx(without_idx, nbr_samples_per_block)
    except CacheWarning as error:
        raise cli.UserError(f"no result kept in {args.cache}: {error}") from error
    nbr_draws = len(set(zip(nbr_samples_per_block, copies, strict=True)))
    nbr_independent = nbr_independent_samples(nbr_samples_per_block)
    print(f"{len(copies)} blocks, {nbr_draws} draw(s): {', '.join(f'{n:,}' for n in copies[:8])}")
    pi_check.report(sum(copies), args.nbr_samples_in_total, nbr_independent)
    print(f"{args.nbr_samples_in_total:,} darts, worth no more than {nbr_independent:,.0f}")
    cli.check(nbr_draws == len(set(nbr_samples_per_block)), "not one draw for each block size")


if __name__ == "__main__":
    cli.run(main)

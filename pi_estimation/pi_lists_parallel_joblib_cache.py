"""Cache joblib's results on disk: the second run computes nothing. And a cache gone wrong.

Chapter: Example 9-5, Example 9-6
Run:     python pi_estimation/pi_lists_parallel_joblib_cache.py 2      (and then once more)
         python pi_estimation/pi_lists_parallel_joblib_cache.py 2 --clear
See:     the first run prints "Executing" for every block, unless an earlier run has cached them,
         which it says; the second run prints none, takes a fraction of a second and gives the same
         pi. The cache key is the function's own code (not what it calls) and its arguments: without
         ``idx``, blocks of equal size are the same call, so that one random draw stands for all of
         them and the standard error is that of one block's darts.
Differs: the cache is made in main, not at import, and lies beside the script or in --cache. loky
         starts workers in its own way, so there is no --start-method.
"""

import collections
import math
import os
import random
import time
import warnings
from pathlib import Path

from common import cli, cluster, create_range, results

import fasteners
import pi_check
from joblib import Memory, Parallel, delayed
from joblib.memory import CacheWarning

LOCK = "lock"  # a file in the cache's folder


def estimate_nbr_points_in_quarter_circle_with_idx(nbr_estimates, idx):
    """Return how many of ``nbr_estimates`` random darts fall inside the unit quarter circle.

    ``idx`` is unused: it only makes the arguments of every block different.
    """
    name, block = "estimate_nbr_points_in_quarter_circle_with_idx", f"for block {idx}"
    if idx is None:
        name, block = "estimate_nbr_points_in_quarter_circle", "without idx"
    print(f"Executing {name} with {nbr_estimates:,} {block} on pid {os.getpid()}", flush=True)
    nbr_trials_in_quarter_unit_circle = 0
    for _ in range(nbr_estimates):
        x = random.uniform(0, 1)
        y = random.uniform(0, 1)
        is_in_unit_circle = x * x + y * y <= 1.0
        nbr_trials_in_quarter_unit_circle += is_in_unit_circle
    return nbr_trials_in_quarter_unit_circle


def estimate_nbr_points_in_quarter_circle(nbr_estimates):
    """Return the same without ``idx``: once cached, one draw stands for every block of its size."""
    return estimate_nbr_points_in_quarter_circle_with_idx(nbr_estimates, None)


def fail_if_not_kept():
    """Turn joblib's warning that a result could not be cached into an error."""
    warnings.simplefilter("error", CacheWarning)


def open_cache(folder, clear=False):
    """Return both functions, with ``idx`` and without, cached in ``folder``.

    Raises UserError if the cache cannot be written.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # about a .gitignore, or code that is not the function's
            memory = Memory(str(folder), verbose=0)
            with_idx = memory.cache(estimate_nbr_points_in_quarter_circle_with_idx)
            without_idx = memory.cache(estimate_nbr_points_in_quarter_circle)
            for function, arguments in ((with_idx, (0, 0)), (without_idx, (0,))):
                if clear:
                    function.clear()
                try:
                    function.check_call_in_cache(*arguments)  # writes the function's code
                except ValueError:  # it finds no code where that should be
                    print(
                        f"Broken in the cache, so computed again: all of {function.func.__name__}"
                    )
                    function.clear()
        (folder / LOCK).open("a").close()
    except OSError as error:
        raise cli.UserError(f"no cache in {folder}: {error.strerror}") from error
    return with_idx, without_idx


def remove_broken(cached, calls):
    """Remove from the cache what is no number of darts; return how many results that were.

    ``calls`` are the arguments of calls of the function ``cached``; the first is how many darts.
    """
    nbr_broken = 0
    for nbr_estimates, *idx in calls:
        if cached.check_call_in_cache(nbr_estimates, *idx):
            result = cached.call_and_shelve(nbr_estimates, *idx)
            try:
                count = result.get()
            except Exception:  # of bytes that are no pickle, pickle may raise anything
                count = None
            if type(count) is not int or not 0 <= count <= nbr_estimates:
                result.clear()
                nbr_broken += 1
    return nbr_broken


def run(cached_with_idx, nbr_samples_per_block, nbr_workers):
    """Return the number of darts inside the quarter circle in each block, and the seconds."""
    with cluster.loky_workers(nbr_workers, fail_if_not_kept):
        start = time.perf_counter()
        nbr_in_quarter_circle = Parallel(n_jobs=nbr_workers)(
            delayed(cached_with_idx)(n, idx) for idx, n in enumerate(nbr_samples_per_block)
        )
        return nbr_in_quarter_circle, time.perf_counter() - start


def blocks_to_compute(cached_with_idx, nbr_samples_per_block):
    """Return the number of darts in each block whose result is not in the cache."""
    return [
        n
        for idx, n in enumerate(nbr_samples_per_block)
        if not cached_with_idx.check_call_in_cache(n, idx)
    ]


def run_without_idx(cached_without_idx, nbr_samples_per_block):
    """Return the darts inside the quarter circle per block: one draw for all blocks of a size."""
    return [cached_without_idx(n) for n in nbr_samples_per_block]


def nbr_independent_samples(nbr_samples_per_block):
    """Return how many independent darts have the standard error of one draw for each size.

    One draw of n darts that stands for k blocks has the variance of k * k * n darts, not k * n.
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
        help="where to cache results (default: joblib_cache beside this script)",
    )
    parser.add_argument("--clear", action="store_true", help="empty the cache first")
    results.add_output(parser)
    args = cli.parse(parser)
    fail_if_not_kept()
    clear = args.clear or args.output is not None  # what is stored is to be a first run
    with_idx, without_idx = open_cache(args.cache, clear)
    nbr_samples_per_block = create_range.split_total(
        args.nbr_samples_in_total, args.nbr_parallel_blocks
    )
    print(
        f"Making {math.ceil(args.nbr_samples_in_total / args.nbr_parallel_blocks):,} samples "
        f"in each of {args.nbr_parallel_blocks} block(s) with {args.nbr_workers} worker(s)",
        flush=True,
    )
    calls = [(n, idx) for idx, n in enumerate(nbr_samples_per_block)]
    nbr_broken = remove_broken(with_idx, calls)
    nbr_broken += remove_broken(without_idx, {(n,) for n in nbr_samples_per_block})
    if nbr_broken:
        print(f"Broken in the cache, so computed again: {nbr_broken} result(s)", flush=True)
    to_compute = blocks_to_compute(with_idx, nbr_samples_per_block)
    if nbr_cached := args.nbr_parallel_blocks - len(to_compute):
        print(
            f"{nbr_cached} of {args.nbr_parallel_blocks} block(s) are in the cache already, "
            "from an earlier run (--clear empties it)",
            flush=True,
        )
    try:
        nbr_in_quarter_circle, duration = run(with_idx, nbr_samples_per_block, args.nbr_workers)
        pi_check.report(sum(nbr_in_quarter_circle), args.nbr_samples_in_total)
        pi_check.report_delta(duration, sum(to_compute))
        print("\nNow without idx, one block after another:", flush=True)
        # Another run with this cache must not replace the draw halfway through.
        with fasteners.InterProcessLock(args.cache / LOCK):
            copies = run_without_idx(without_idx, nbr_samples_per_block)
    except CacheWarning as error:
        raise cli.UserError(f"cannot cache results in {args.cache}: {error}") from error
    if args.output:
        again = blocks_to_compute(with_idx, nbr_samples_per_block)
        second, seconds = run(with_idx, nbr_samples_per_block, args.nbr_workers)
        runs = [
            {"computed": to_compute, "counts": nbr_in_quarter_circle, "seconds": duration},
            {"computed": again, "counts": second, "seconds": seconds},
        ]
        results.store(args, {"runs": runs, "without_idx": copies})
    nbr_draws = len(set(zip(nbr_samples_per_block, copies, strict=True)))
    nbr_independent = nbr_independent_samples(nbr_samples_per_block)
    print(f"{len(copies)} blocks, {nbr_draws} draw(s): {', '.join(f'{n:,}' for n in copies[:8])}")
    pi_check.report(sum(copies), args.nbr_samples_in_total, nbr_independent)
    print(f"{args.nbr_samples_in_total:,} darts, worth no more than {nbr_independent:,.0f}")
    cli.check(nbr_draws == len(set(nbr_samples_per_block)), "not one draw for each block size")


if __name__ == "__main__":
    cli.run(main)

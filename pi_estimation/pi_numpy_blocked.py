"""Estimate pi with numpy in blocks that fit in the cache, with a random stream for each share.
Beyond the chapter

Chapter: answers Example 9-7; random numbers in parallel systems
Run:     python pi_estimation/pi_numpy_blocked.py 2 --seed 42
         python pi_estimation/pi_numpy_blocked.py 2 --seed 42 --threads
See:     the same seed gives the same estimate for any number of workers, threads or processes: each
         share of a million darts has its own Generator, seeded by a child of one SeedSequence.
         A worker needs the same memory for any number of darts (most of it for Python and numpy),
         since it draws each block into the same buffers. That, and a faster generator, makes it
         faster than pi_numpy_parallel.py. Threads gain about as much as processes, since they share
         nothing. Not worth it for a few million darts: starting the workers takes longer.
"""

import math
import multiprocessing.dummy
import os
import time

from common import cli
from common.processes import Pool

import numpy as np
import pi_check

NBR_SAMPLES_PER_SHARE = 1_000_000
NBR_SAMPLES_PER_BLOCK = 32_768  # x and y: 512 KiB, in the cache; fewer: threads wait for the GIL


def count_in_share(seed, share, nbr_samples):
    """Return how many of ``nbr_samples`` random darts fall inside the unit quarter circle.

    They are drawn from the ``share``-th child that ``SeedSequence(seed).spawn`` would give
    (numpy's documentation: Parallel random number generation).
    """
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(share,))))
    darts = np.empty((2, NBR_SAMPLES_PER_BLOCK))
    is_in_unit_circle = np.empty(NBR_SAMPLES_PER_BLOCK, dtype=bool)
    nbr_in_quarter_circle = 0
    for nbr_thrown in range(0, nbr_samples, NBR_SAMPLES_PER_BLOCK):
        nbr_in_block = min(NBR_SAMPLES_PER_BLOCK, nbr_samples - nbr_thrown)
        rng.random(out=darts)
        np.multiply(darts, darts, out=darts)
        xs, ys = darts
        np.add(xs, ys, out=xs)
        np.less_equal(xs, 1, out=is_in_unit_circle)
        nbr_in_quarter_circle += int(np.count_nonzero(is_in_unit_circle[:nbr_in_block]))
    return nbr_in_quarter_circle


def estimate_nbr_points_in_quarter_circle(seed_samples_first_step):
    """Return how many darts fall inside in shares ``first``, ``first`` + ``step`` and so on.

    Takes (seed, nbr_samples_in_total, first, step).
    """
    seed, nbr_samples_in_total, first, step = seed_samples_first_step
    starts = range(
        first * NBR_SAMPLES_PER_SHARE, nbr_samples_in_total, step * NBR_SAMPLES_PER_SHARE
    )
    return sum(
        count_in_share(
            seed,
            start // NBR_SAMPLES_PER_SHARE,
            min(NBR_SAMPLES_PER_SHARE, nbr_samples_in_total - start),
        )
        for start in starts
    )


def run(nbr_samples_in_total, nbr_workers, seed, threads=False, inspect=None):
    """Return the number of darts inside the quarter circle and the seconds the map took.

    The pool is built before the clock starts. Also returns what ``inspect`` (if any) returns: it is
    called at the end with a list of the workers' pids, or with our own if they are threads.
    """
    nbr_shares = math.ceil(nbr_samples_in_total / NBR_SAMPLES_PER_SHARE)
    print(f"Making {nbr_shares:,} shares for {nbr_workers} worker(s)", flush=True)
    nbr_jobs = 4 * nbr_workers
    jobs = [(seed, nbr_samples_in_total, first, nbr_jobs) for first in range(nbr_jobs)]
    make_pool = multiprocessing.dummy.Pool if threads else Pool
    with make_pool(nbr_workers) as pool:
        start = time.perf_counter()
        nbr_in_quarter_circle = pool.map(estimate_nbr_points_in_quarter_circle, jobs, chunksize=1)
        duration = time.perf_counter() - start
        workers = multiprocessing.active_children()
        pids = [os.getpid()] if threads else [worker.pid for worker in workers]
        inspected = inspect(pids) if inspect else None
    return sum(nbr_in_quarter_circle), duration, inspected


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    pi_check.add_size(parser, quick=100_000_000)
    pi_check.add_seed(parser)
    pi_check.add_threads(parser)
    args = cli.parse(parser)
    seed = pi_check.seed(args)
    pi_check.peak_memory([os.getpid()])  # where that cannot be known, say so now
    nbr_in_quarter_circle, duration, peak = run(
        args.nbr_samples_in_total, args.nbr_workers, seed, args.threads, pi_check.peak_memory
    )
    pi_check.report(nbr_in_quarter_circle, args.nbr_samples_in_total)
    print(f"Peak memory (RSS) of a {'process' if args.threads else 'worker'}: {peak / 1e6:,.1f} MB")
    pi_check.report_delta(duration, args.nbr_samples_in_total)


if __name__ == "__main__":
    cli.run(main)

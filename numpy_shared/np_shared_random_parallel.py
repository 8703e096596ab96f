"""Fill a big shared numpy array with random doubles, one segment of rows per worker.

Chapter: text on filling a matrix with random numbers
Run:     python numpy_shared/np_shared_random_parallel.py 4
See:     the seconds: fewer than np_shared_random_serial.py takes if there is a free CPU for each
         worker (the chapter: 29 s against 53 s for 10,000 x 320,000). Four do not divide it by
         four: all write through the same memory. compare.py repeats both by turns. The matrix and
         its mean are the same as there, to the last digit, for any number of workers.
Differs: every row has its own stream of random numbers, so the matrix depends only on the seed.
         The array's memory is allocated (filled with NaN), and mapped by every worker, before the
         clock starts.
"""

import ctypes
import itertools
import multiprocessing
import time

from common.processes import Pool

import np_check
import numpy as np

SEED = 42
DOUBLES_PER_PAGE = 4096 // 8


def fill_rows(main_nparray, rows, seed):
    """Fill the ``rows`` (their numbers) with doubles uniform in [0, 1).

    Row n uses the n-th child that ``SeedSequence(seed).spawn`` would give
    (numpy's documentation: Parallel random number generation).
    """
    for idx in rows:
        stream = np.random.SeedSequence(seed, spawn_key=(idx,))
        np.random.default_rng(stream).random(out=main_nparray[idx])


def start_worker(shared_array_base, size_a, size_b, seed_of_run):
    """Store what the parent shares in this worker's globals: its initializer."""
    global main_nparray, seed
    main_nparray = np.frombuffer(shared_array_base, dtype=ctypes.c_double).reshape(size_a, size_b)
    seed = seed_of_run
    main_nparray[:, ::DOUBLES_PER_PAGE].sum()  # reading maps the memory into this process


def worker_fn(segment):
    """Fill the rows of ``segment``."""
    fill_rows(main_nparray, segment, seed)


def run(nbr_workers, size_a, size_b, seed=SEED):
    """Return the matrix and the seconds the map took; the workers are up before it starts."""
    nbr_segments = min(nbr_workers, size_a)
    print(
        f"Filling {size_a:,} x {size_b:,} doubles, a row at a time, {nbr_segments} segments",
        flush=True,
    )
    shared_array_base = multiprocessing.Array(ctypes.c_double, size_a * size_b, lock=False)
    main_nparray = np.frombuffer(shared_array_base, dtype=ctypes.c_double).reshape(size_a, size_b)
    main_nparray.fill(np.nan)
    bounds = [size_a * n // nbr_segments for n in range(nbr_segments + 1)]
    segments = [range(*pair) for pair in itertools.pairwise(bounds)]
    initargs = (shared_array_base, size_a, size_b, seed)
    with Pool(nbr_segments, start_worker, initargs) as pool:
        start = time.perf_counter()
        pool.map(worker_fn, segments, chunksize=1)
        duration = time.perf_counter() - start
    return main_nparray, duration


if __name__ == "__main__":
    np_check.main(__doc__, run)

"""Fill a big numpy array with random doubles, a row at a time, in one process.

Chapter: text on filling a matrix with random numbers
Run:     python numpy_shared/np_shared_random_serial.py
See:     the seconds (the chapter: 53 s for 10,000 x 320,000), to compare with
         np_shared_random_parallel.py; matrix and mean are the same there, to the last digit.
Differs: every row has its own stream of random numbers, so the matrix depends only on the seed.
         The array's memory is allocated (filled with NaN) before the clock starts.
"""

import time

import np_check
import numpy as np

SEED = 42


def fill_rows(main_nparray, rows, seed):
    """Fill the ``rows`` (their numbers) with doubles uniform in [0, 1).

    Row n uses the n-th child that ``SeedSequence(seed).spawn`` would give
    (numpy's documentation: Parallel random number generation).
    """
    for idx in rows:
        stream = np.random.SeedSequence(seed, spawn_key=(idx,))
        np.random.default_rng(stream).random(out=main_nparray[idx])


def run(size_a, size_b, seed=SEED):
    """Return the matrix and the seconds it took to fill."""
    print(f"Filling {size_a:,} x {size_b:,} doubles, a row at a time", flush=True)
    main_nparray = np.full((size_a, size_b), np.nan)
    start = time.perf_counter()
    fill_rows(main_nparray, range(size_a), seed)
    return main_nparray, time.perf_counter() - start


if __name__ == "__main__":
    np_check.main(__doc__, run, workers=False, shared=None)

"""Fill a big numpy array with random doubles, one segment of rows per thread.
Beyond the chapter

Chapter: answers the text on filling a matrix with random numbers, by threads
Run:     python numpy_shared/np_shared_random_threads.py 2
See:     the seconds: fewer than np_shared_random_serial.py takes if there is a free CPU for each
         thread. numpy releases the GIL while it fills a row, so threads run side by side, and they
         need no shared memory. All use one stream of random numbers, each from where its segment
         starts, so that the matrix is that of default_rng(seed).random((rows, cols)) for any number
         of threads; and no row pays for a stream of its own, as it does there. Not for rows of few
         items: threads would pass the GIL back and forth for every row.
"""

import functools
import itertools
import multiprocessing.dummy
import time

import np_check
import numpy as np

SEED = 42


def fill_rows(main_nparray, seed, rows):
    """Fill the consecutive ``rows`` (their numbers) with doubles uniform in [0, 1).

    PCG64 takes one step per double, so ``advance`` skips those of the rows before
    (numpy's documentation: numpy.random.PCG64.advance).
    """
    stream = np.random.PCG64(seed).advance(rows.start * main_nparray.shape[1])
    generator = np.random.Generator(stream)
    for idx in rows:
        generator.random(out=main_nparray[idx])


def run(nbr_threads, size_a, size_b, seed=SEED):
    """Return the matrix and the seconds the map took; the threads are up before it starts."""
    nbr_segments = min(nbr_threads, size_a)
    print(
        f"Filling {size_a:,} x {size_b:,} doubles, a row at a time, {nbr_segments} segments",
        flush=True,
    )
    main_nparray = np.full((size_a, size_b), np.nan)
    bounds = [size_a * n // nbr_segments for n in range(nbr_segments + 1)]
    segments = [range(*pair) for pair in itertools.pairwise(bounds)]
    fill_segment = functools.partial(fill_rows, main_nparray, seed)
    with multiprocessing.dummy.Pool(nbr_segments) as pool:
        start = time.perf_counter()
        pool.map(fill_segment, segments, chunksize=1)
        duration = time.perf_counter() - start
    return main_nparray, duration


if __name__ == "__main__":
    np_check.main(__doc__, run, start_method=False, shared=None)

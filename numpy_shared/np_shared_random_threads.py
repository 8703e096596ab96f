"""Fill a big numpy array with random doubles, in one segment of rows for each thread.
Beyond the chapter

Chapter: answers the text on filling a matrix with random numbers, by threads
Run:     python numpy_shared/np_shared_random_threads.py 2
See:     the seconds: fewer than np_shared_random_serial.py takes if that many CPUs are free.
         numpy lets the GIL go while it fills a row, so that threads run side by side, and threads
         need no shared memory. All share one stream of random numbers: each starts where its
         segment does, so that the matrix is that of default_rng(seed).random((rows, cols)) for any
         number of threads; and no row pays for a stream of its own, as it does there.
         Not for rows of few items: the GIL goes to and fro between the threads for every row.
"""

import functools
import multiprocessing.dummy

import np_check
import numpy as np

from common import cli, timing

SEED = 42


def fill_rows(main_nparray, seed, rows):
    """Fill the consecutive ``rows`` (their numbers) with doubles uniform in [0, 1).

    PCG64 takes one step for each of them, so ``advance`` skips those of the rows before
    (numpy's documentation: numpy.random.PCG64.advance).
    """
    stream = np.random.PCG64(seed).advance(rows.start * main_nparray.shape[1])
    generator = np.random.Generator(stream)
    for idx in rows:
        generator.random(out=main_nparray[idx])


def run(nbr_threads, size_a, size_b, seed=SEED):
    """Return the matrix and the seconds the map took; the threads are up before it starts."""
    np_check.require_memory(size_a, size_b, shared=False)
    main_nparray = np.full((size_a, size_b), np.nan)
    segments = np_check.segments(size_a, min(nbr_threads, size_a))
    fill_segment = functools.partial(fill_rows, main_nparray, seed)
    with multiprocessing.dummy.Pool(len(segments)) as pool:
        _, duration = timing.timed(pool.map, fill_segment, segments, 1)
    return main_nparray, duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, start_method=False)
    np_check.add_sizes(parser)
    args = cli.parse(parser)
    nbr_segments = min(args.nbr_workers, args.rows)
    print(
        f"Filling {args.rows:,} x {args.cols:,} doubles, a row at a time, {nbr_segments} segments",
        flush=True,
    )
    main_nparray, duration = run(args.nbr_workers, args.rows, args.cols)
    np_check.report_random(main_nparray)
    print("Delta:", timing.seconds(duration))


if __name__ == "__main__":
    cli.run(main)

"""Share one big numpy array between processes without copying it.

Chapter: Examples 9-27 to 9-34
Run:     python numpy_shared/np_shared.py 4 --inspect
         python numpy_shared/np_shared.py 4 --pause
See:     the workers find the parent's 42s in their rows, and the parent finds the workers' pids
         in its own array: there is one block of memory. With --inspect, every process maps all
         of it, and counts in its RSS what it has touched: the parent everything, each worker its
         rows. So the RSS add up to the block twice; the PSS, where what several processes
         hold is divided among them, to the block once.
Differs: the array reaches the workers through the pool's initializer, so it need not be forked.
         Each worker gets one equal share of rows, where the chapter hopes for it. The values are
         counted row by row; the chapter's .flat makes a Python float of every item.
"""

import collections
import ctypes
import multiprocessing
import os

import np_check
import numpy as np

from common import cli, pools, timing

DEFAULT_VALUE = 42
SIZE_A, SIZE_B = 10_000, 320_000  # the chapter's array: 25.6 GB


def start_worker(shared_array_base, size_a, size_b, all_have_a_share):
    """Keep what the parent shares where this worker's functions find it."""
    global main_nparray, barrier
    main_nparray = np.frombuffer(shared_array_base, dtype=ctypes.c_double).reshape(size_a, size_b)
    barrier = all_have_a_share


def worker_fn(idx):
    """Check that row ``idx`` holds what the parent wrote, then overwrite it with our pid."""
    if not (main_nparray[idx] == DEFAULT_VALUE).all():
        raise cli.WrongAnswer(f"row {idx} is not the parent's")
    if idx % 1000 == 0:
        print(f"Worker with idx {idx}: id {id(main_nparray)} in PID {os.getpid()}", flush=True)
    main_nparray[idx] = os.getpid()


def overwrite_share(share):
    """Overwrite the rows in ``share``; return our pid and the number of items overwritten.

    Nobody starts before every worker has a share, so nobody takes two.
    """
    barrier.wait()
    for idx in share:
        worker_fn(idx)
    return os.getpid(), len(share) * main_nparray.shape[1]


def count_values(nparray):
    """Return a Counter of the values in a two-dimensional array, most of whose rows hold one."""
    counts = collections.Counter()
    for row in nparray:
        if (row == row[0]).all():
            counts[row[0].item()] += len(row)
        else:
            values, numbers = np.unique(row, return_counts=True)
            counts.update(dict(zip(values.tolist(), numbers.tolist(), strict=True)))
    return counts


def count_values_flat(nparray):
    """Return the same for any array, the chapter's way: one Python float for every item."""
    return collections.Counter(nparray.flat)


def run(nbr_workers, size_a=SIZE_A, size_b=SIZE_B, pause=False, inspect=False):
    """Return how many items hold which value, how many each pid overwrote, and the seconds it took.

    The first two are dicts. The workers are up before the clock starts.
    """
    np_check.require_memory(size_a, size_b, shared=True)
    NBR_ITEMS_IN_ARRAY = size_a * size_b  # noqa: N806
    NBR_OF_PROCESSES = min(nbr_workers, size_a)  # noqa: N806
    shared_array_base = multiprocessing.Array(ctypes.c_double, NBR_ITEMS_IN_ARRAY, lock=False)
    main_nparray = np.frombuffer(shared_array_base, dtype=ctypes.c_double).reshape(size_a, size_b)
    cli.check(main_nparray.ctypes.data == ctypes.addressof(shared_array_base), "numpy made a copy")
    print(f"Created shared array with {main_nparray.nbytes:,} nbytes")
    print(f"Shared array: id {id(main_nparray)} in PID {os.getpid()}")
    print(f"It starts as zeros:\n{main_nparray}")
    main_nparray.fill(DEFAULT_VALUE)
    print(f"Filled with {DEFAULT_VALUE}:\n{main_nparray}")
    np_check.wait_for_key(pause)
    barrier = multiprocessing.Barrier(NBR_OF_PROCESSES)
    initargs = (shared_array_base, size_a, size_b, barrier)
    shares = np_check.segments(size_a, NBR_OF_PROCESSES)
    print(f"{NBR_OF_PROCESSES} workers start", flush=True)
    with pools.worker_pool(NBR_OF_PROCESSES, start_worker, initargs) as pool:
        overwritten, duration = timing.timed(pool.map, overwrite_share, shares, 1)
        if inspect:
            np_check.print_memory(main_nparray, [pid for pid, _ in overwritten])
    print(f"Overwritten by the workers with their pids:\n{main_nparray}")
    return count_values(main_nparray), dict(overwritten), duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    np_check.add_sizes(parser)
    parser.add_argument("--inspect", action="store_true", help="show the memory of each process")
    parser.add_argument("--pause", action="store_true", help="wait for a key before workers start")
    args = cli.parse(parser)
    counts, overwritten, duration = run(
        args.nbr_workers, args.rows, args.cols, args.pause, args.inspect
    )
    np_check.report_counts(counts, overwritten, args.rows * args.cols, DEFAULT_VALUE)
    cli.check(len(counts) == min(args.nbr_workers, args.rows), "not one pid for each process")
    print("Delta:", timing.seconds(duration))


if __name__ == "__main__":
    cli.run(main)

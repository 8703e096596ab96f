"""Share one big numpy array between processes without copying it.

Chapter: Example 9-27, Example 9-28, Example 9-29, Example 9-30, Example 9-31, Example 9-32,
         Example 9-33, Example 9-34
Run:     python numpy_shared/np_shared.py 4 --inspect
         python numpy_shared/np_shared.py 4 --pause
See:     the workers find the parent's 42s in their rows, and the parent finds the workers' pids in
         its own array: there is one block of memory. --inspect shows that every process maps all of
         it and counts what it has touched in its RSS: the parent everything, each worker its rows.
         So the RSS of the block adds up to twice its size; its PSS, which divides a page among the
         processes that have touched it, to its size. --pause waits for Return, before the workers
         start and while they are still there, and prints Example 9-30's commands for these pids
         (where pmap says "(deleted)", the block's file has no name any more; its memory lives on).
         In the end np_check.py prints Example 9-29's table and asserts what Example 9-34 does.
Differs: only --pause waits for a key; ps gets the pids by -p in place of `ps -A ... | grep`. The
         array reaches the workers through the pool's initializer, so they need not be forked. The
         ids need not be equal, as the chapter's are: an id is that of a Python object, and each
         process has an array object of its own (forked workers, being copies, often show the same
         id). The memory behind it is one block: the inode is the same everywhere (Linux) and, in
         forked workers, so is the address. Example 9-33's pool.map(worker_fn, range(SIZE_A)) gives
         chunks of rows to whichever worker is free, and counts are equal only by luck; here each
         worker gets one equal share, and overwrite_share calls worker_fn for each of its rows. The
         values are counted row by row; the chapter's .flat makes a Python float of every item.
"""

import collections
import contextlib
import ctypes
import itertools
import multiprocessing
import os
import time
from pathlib import Path

from common.processes import Pool

import np_check
import numpy as np

DEFAULT_VALUE = 42
SIZE_A, SIZE_B = 10_000, 320_000  # the chapter's array: 25.6 GB


def location(nparray):
    """Return as text the address of ``nparray`` and, on Linux, the inode mapped there.

    Arrays of several processes share one block of memory if they have the same inode.
    """
    address = nparray.ctypes.data
    with contextlib.suppress(OSError):  # not Linux
        for line in Path("/proc/self/maps").read_text().splitlines():
            bounds, _, _, _, inode, *_ = line.split()
            first, last = (int(bound, 16) for bound in bounds.split("-"))
            if first <= address < last:
                return f"address {address:#x}, inode {inode}"
    return f"address {address:#x}"


def start_worker(shared_array_base, size_a, size_b, all_have_a_share):
    """Store what the parent shares in this worker's globals: its initializer."""
    global main_nparray, barrier
    main_nparray = np.frombuffer(shared_array_base, dtype=ctypes.c_double).reshape(size_a, size_b)
    barrier = all_have_a_share
    print(f"Worker's array in PID {os.getpid()}: {location(main_nparray)}", flush=True)


def worker_fn(idx):
    """Check that row ``idx`` is as the parent wrote it, then write our pid there (Example 9-31)."""
    assert (main_nparray[idx] == DEFAULT_VALUE).all(), f"row {idx} is not the parent's"
    if idx % 1000 == 0:
        print(f"Worker with idx {idx}: id {id(main_nparray)} in PID {os.getpid()}", flush=True)
    main_nparray[idx] = os.getpid()


def overwrite_share(share):
    """Overwrite the rows in ``share``; return our pid and the number of items overwritten.

    No worker starts before each has a share, so none takes two.
    """
    barrier.wait()
    for idx in share:
        worker_fn(idx)
    return os.getpid(), len(share) * main_nparray.shape[1]


def count_values(nparray):
    """Return a Counter of the values in a 2-D array (Example 9-34); fast for rows of one value."""
    counts = collections.Counter()
    for row in nparray:
        if (row == row[0]).all():
            counts[row[0].item()] += len(row)
        else:
            values, numbers = np.unique(row, return_counts=True)
            counts.update(dict(zip(values.tolist(), numbers.tolist(), strict=True)))
    return counts


def count_values_flat(nparray):
    """Return the same for any array, in the chapter's way: one Python float per item."""
    return collections.Counter(nparray.flat)


def run(nbr_workers, size_a=SIZE_A, size_b=SIZE_B, pause=None, inspect=None):
    """Return how many items hold each value, how many each pid overwrote, and the seconds it took.

    The first two are dicts. The workers are up before the clock starts. ``pause(purpose, pids)`` is
    called before they start and when their work is done, after ``inspect(main_nparray, pids)``.
    """
    NBR_ITEMS_IN_ARRAY = size_a * size_b
    NBR_OF_PROCESSES = min(nbr_workers, size_a)
    # Example 9-32
    shared_array_base = multiprocessing.Array(ctypes.c_double, NBR_ITEMS_IN_ARRAY, lock=False)
    main_nparray = np.frombuffer(shared_array_base, dtype=ctypes.c_double).reshape(size_a, size_b)
    assert main_nparray.ctypes.data == ctypes.addressof(shared_array_base), "numpy made a copy"
    print(f"Created shared array with {main_nparray.nbytes:,} nbytes")
    here = f"id {id(main_nparray)} in PID {os.getpid()}"
    print(f"Shared array: {here}, {location(main_nparray)}")
    print(f"It starts as zeros:\n{main_nparray}")
    # Example 9-33
    main_nparray.fill(DEFAULT_VALUE)
    print(f"Filled with {DEFAULT_VALUE}:\n{main_nparray}")
    if pause:
        pause("start workers", [])
    barrier = multiprocessing.Barrier(NBR_OF_PROCESSES)
    initargs = (shared_array_base, size_a, size_b, barrier)
    bounds = [size_a * n // NBR_OF_PROCESSES for n in range(NBR_OF_PROCESSES + 1)]
    shares = [range(*pair) for pair in itertools.pairwise(bounds)]
    print(f"{NBR_OF_PROCESSES} workers start", flush=True)
    with Pool(NBR_OF_PROCESSES, start_worker, initargs) as pool:
        start = time.perf_counter()
        overwritten = pool.map(overwrite_share, shares, chunksize=1)
        duration = time.perf_counter() - start
        pids = [pid for pid, _ in overwritten]
        if inspect:
            inspect(main_nparray, pids)
        if pause:
            pause("end the workers", pids)
    print(f"Overwritten by the workers with their pids:\n{main_nparray}")
    return count_values(main_nparray), dict(overwritten), duration


if __name__ == "__main__":
    np_check.main(__doc__, run, overwrites=DEFAULT_VALUE, inspection=True)

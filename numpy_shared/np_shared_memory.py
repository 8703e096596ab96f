"""Share one big numpy array between processes that attach to a named block of shared memory.
Beyond the chapter

Chapter: answers Example 9-27, Example 9-28, Example 9-29, Example 9-30, Example 9-31,
         Example 9-32, Example 9-33, Example 9-34 with shared_memory
Run:     python numpy_shared/np_shared_memory.py 4
See:     the same counts as np_shared.py gives. The workers find the block by its name, under every
         start method, and so could a process started later or by another program. Whoever creates a
         block has to remove it, whether its work is done or has failed. (It is named after our pid,
         so that the run's guard finds it if we are killed.) A block must not be closed while a
         numpy array still uses it, so every array lives in a function. Not where /dev/shm is small,
         as in many containers: np_shared.py's Array then falls back to the temporary folder. For
         the workers of one Pool, np_shared.py is shorter.
"""

import itertools
import multiprocessing
import os
import time
from multiprocessing.shared_memory import SharedMemory

from common.processes import Pool

import np_check
import np_shared
import numpy as np

DEFAULT_VALUE = 42


def start_worker(name, size_a, size_b, all_have_a_share):
    """Attach to the parent's block and store it in this worker's globals: its initializer."""
    global block, shape, barrier
    block = SharedMemory(name)
    shape, barrier = (size_a, size_b), all_have_a_share


def worker_fn(main_nparray, idx):
    """Check that row ``idx`` holds what the parent wrote, then overwrite it with our pid."""
    assert (main_nparray[idx] == DEFAULT_VALUE).all(), f"row {idx} is not the parent's"
    if idx % 1000 == 0:
        print(f"Worker with idx {idx}: block {block.name} in PID {os.getpid()}", flush=True)
    main_nparray[idx] = os.getpid()


def overwrite_share(share):
    """Overwrite the rows in ``share``; return our pid and the number of items overwritten.

    No worker starts before each has a share, so none takes two.
    """
    barrier.wait()
    main_nparray = np.ndarray(shape, buffer=block.buf)
    for idx in share:
        worker_fn(main_nparray, idx)
    return os.getpid(), len(share) * main_nparray.shape[1]


def fill_and_overwrite(shared, nbr_workers, size_a, size_b):
    """Do the work in the block ``shared``; return the same as ``run``."""
    main_nparray = np.ndarray((size_a, size_b), buffer=shared.buf)
    print(f"Created block {shared.name} with {main_nparray.nbytes:,} nbytes")
    main_nparray.fill(DEFAULT_VALUE)
    print(f"Filled with {DEFAULT_VALUE}:\n{main_nparray}", flush=True)
    NBR_OF_PROCESSES = min(nbr_workers, size_a)
    barrier = multiprocessing.Barrier(NBR_OF_PROCESSES)
    initargs = (shared.name, size_a, size_b, barrier)
    bounds = [size_a * n // NBR_OF_PROCESSES for n in range(NBR_OF_PROCESSES + 1)]
    shares = [range(*pair) for pair in itertools.pairwise(bounds)]
    with Pool(NBR_OF_PROCESSES, start_worker, initargs) as pool:
        start = time.perf_counter()
        overwritten = pool.map(overwrite_share, shares, chunksize=1)
        duration = time.perf_counter() - start
    print(f"Overwritten by the workers with their pids:\n{main_nparray}")
    return np_shared.count_values(main_nparray), dict(overwritten), duration


def run(nbr_workers, size_a, size_b):
    """Return how many items hold each value, how many each pid overwrote, and the seconds it took.

    The first two are dicts. The workers are up before the clock starts.
    """
    nbytes = size_a * size_b * np.dtype(float).itemsize
    shared = SharedMemory(f"mp-{os.getpid()}-array", create=True, size=nbytes)
    try:
        result = fill_and_overwrite(shared, nbr_workers, size_a, size_b)
    finally:
        shared.unlink()
    shared.close()  # not in finally: the traceback of an error still holds the array
    return result


if __name__ == "__main__":
    np_check.main(__doc__, run, overwrites=DEFAULT_VALUE, shared="named")

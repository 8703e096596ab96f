"""Share one big numpy array between joblib's workers, as a file that all of them map.
Beyond the chapter

Chapter: answers Example 9-27, Example 9-28, Example 9-29, Example 9-30, Example 9-31,
         Example 9-32, Example 9-33, Example 9-34 with joblib
Run:     python numpy_shared/np_shared_joblib.py 4
See:     the same counts as np_shared.py gives, without a global variable or an initializer: an
         array that joblib has loaded with mmap_mode travels as the name of its file, so that no
         worker gets a copy; the inode is the same in all of them (Linux). With "r+", what they
         write is the parent's. The shares are equal, but a worker that is done may take another
         one; then there are fewer pids than workers. (With one worker, joblib starts no process.)
         Not where /dev/shm has no room for the file: it is then in the temporary folder, usually on
         a disk.
Differs: loky starts workers in its own way, so there is no --start-method.
"""

import collections
import functools
import itertools
import os
import time

from common import cluster

import joblib
import np_check
import np_shared
import numpy as np

DEFAULT_VALUE = 42


def worker_fn(main_nparray, idx):
    """Check that row ``idx`` holds what the parent wrote, then overwrite it with our pid."""
    assert (main_nparray[idx] == DEFAULT_VALUE).all(), f"row {idx} is not the parent's"
    if idx % 1000 == 0:
        print(f"Worker with idx {idx}: id {id(main_nparray)} in PID {os.getpid()}", flush=True)
    main_nparray[idx] = os.getpid()


def overwrite_share(main_nparray, share):
    """Overwrite the rows in ``share``; return our pid and the number of items overwritten."""
    print(f"Worker's array in PID {os.getpid()}: {np_shared.location(main_nparray)}", flush=True)
    main_nparray = np.asarray(main_nparray)  # indexing a memmap is slower
    for idx in share:
        worker_fn(main_nparray, idx)
    return os.getpid(), len(share) * main_nparray.shape[1]


def run(nbr_workers, size_a, size_b, folder):
    """Return how many items hold each value, how many each pid overwrote, and the seconds it took.

    The first two are dicts. The workers are up before the clock starts. The file is in ``folder``.
    """
    # One item broadcast to all rows: they are written without being held in memory.
    filled = np.broadcast_to(float(DEFAULT_VALUE), (size_a, size_b))
    (filename,) = joblib.dump(filled, folder / "main_nparray.joblib")
    main_nparray = joblib.load(filename, mmap_mode="r+")
    print(f"Mapped {main_nparray.nbytes:,} nbytes of {filename}")
    print(f"Mapped array in PID {os.getpid()}: {np_shared.location(main_nparray)}")
    print(f"Filled with {DEFAULT_VALUE}:\n{main_nparray}", flush=True)
    NBR_OF_PROCESSES = min(nbr_workers, size_a)
    bounds = [size_a * n // NBR_OF_PROCESSES for n in range(NBR_OF_PROCESSES + 1)]
    shares = [range(*pair) for pair in itertools.pairwise(bounds)]
    tasks = [joblib.delayed(overwrite_share)(main_nparray, share) for share in shares]
    # Loading it once makes the workers import joblib and numpy before the clock starts.
    load_once = functools.partial(joblib.load, filename, "r+")
    with cluster.loky_workers(NBR_OF_PROCESSES, load_once):
        start = time.perf_counter()
        done = joblib.Parallel(NBR_OF_PROCESSES, batch_size=1)(tasks)
        duration = time.perf_counter() - start
    print(f"Overwritten by the workers with their pids:\n{main_nparray}")
    overwritten = collections.Counter()
    for pid, number in done:
        overwritten[pid] += number
    return np_shared.count_values(np.asarray(main_nparray)), overwritten, duration


if __name__ == "__main__":
    np_check.main(__doc__, run, overwrites=DEFAULT_VALUE, start_method=False, shared="file")

"""Count in a file with four processes that take the lock on a second file for each increment.
Beyond the chapter

Chapter: the smallest critical section; answers Example 9-39
Run:     python sync_locking/ex1_lock_increment.py 4
         cd sync_locking
         python -m timeit -s "import ex1_lock_increment" "ex1_lock_increment.run_workers()"
See:     the count is exact, as in ex1_lock.py, and nobody waits for another's whole work: the lock
         is free between any two increments. But a process that finds it taken sleeps for 10 ms or
         more, while the others take and release it many times: ex1_flock.py does better.
"""

import multiprocessing
import os
import tempfile

from common.processes import Process

import fasteners
import sync_check

FILENAME = "count.txt"
MAX_COUNT_PER_PROCESS = 1000


@fasteners.interprocess_locked("count.lock")
def increment(filename):
    """Add 1 to the number in the file ``filename``; empty counts as 0."""
    with open(filename) as f:
        text = f.read()
    if text:
        count = int(text)
    else:
        count = 0
        print("File is empty, starting to count from 0", flush=True)
    with open(filename, "w") as f:
        f.write(str(count + 1))


def work(filename, max_count):
    """Add 1 to the number in the file ``filename``, ``max_count`` times."""
    for _ in range(max_count):
        increment(filename)


def start_together(barrier, filename, max_count):
    """Wait until all workers are here, then do the work, with the lock file beside ``filename``."""
    os.chdir(os.path.dirname(filename))
    barrier.wait()
    work(filename, max_count)


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes add 1, ``max_count`` times each; return the file's count."""
    barrier = multiprocessing.Barrier(nbr_workers)
    with tempfile.TemporaryDirectory() as folder:
        filename = os.path.join(folder, FILENAME)
        open(filename, "w").close()
        print(f"Counting in {filename}", flush=True)
        processes = []
        for _ in range(nbr_workers):
            p = Process(target=start_together, args=(barrier, filename, max_count))
            p.start()
            processes.append(p)
        for p in processes:
            p.join()
        with open(filename) as f:
            return int(f.read())


if __name__ == "__main__":
    sync_check.main(__doc__, run_workers)

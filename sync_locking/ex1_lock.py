"""Count in a file with four processes that take a lock on a second file: the count is exact.

Chapter: Examples 9-39, 9-40
Run:     python sync_locking/ex1_lock.py 4
         cd sync_locking
         python -m timeit -s "import ex1_lock" "ex1_lock.run_workers()"
See:     the count is exact and the file is empty only once: one process after the other counts,
         while the rest wait. The lock is advisory: it holds back only those who ask for it.
         It also costs: a process that waits looks again after 10 ms, then less and less often.
Differs: the lock file has a relative path and lies beside the count file, in a temporary folder of
         the run's own to which each worker goes. The count file itself must not be the lock file:
         closing it would let go of the lock.
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
def work(filename, max_count):
    """Add 1 to the number in the file ``filename``, ``max_count`` times; empty counts as 0."""
    for nbr in range(max_count):
        with open(filename) as f:
            text = f.read()
        if text:
            count = int(text)
        else:
            count = 0
            if nbr == 0:
                print("File is empty, starting to count from 0", flush=True)
        with open(filename, "w") as f:
            f.write(str(count + 1))


def start_together(barrier, filename, max_count):
    """Wait until every worker is here, then do the work, with the lock file beside ``filename``."""
    os.chdir(os.path.dirname(filename))
    barrier.wait()
    work(filename, max_count)


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes count to ``max_count`` each; return the count in the file."""
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

"""Count in a file with four processes that lock the file itself for each increment.
Beyond the chapter

Chapter: fcntl.flock and a file that stays open; answers Example 9-39
Run:     python sync_locking/ex1_flock.py 4
         cd sync_locking
         python -m timeit -s "import ex1_flock" "ex1_flock.run_workers()"
See:     the same exact count as ex1_lock_increment.py, sooner. There, a process that finds the lock
         taken sleeps for 10 ms or more before it tries again; here it waits in the kernel, which
         wakes it when the lock is free and releases the lock of a process that is killed. Opening
         the file only once saves time too, much of it on a disk where emptying and writing a file
         again takes long. A flock belongs to the open file: the count file itself can be locked,
         since each process opens it once, for itself. Processes that inherit one open file share
         its lock, which then holds none of them back. Not for Windows, and on a network drive only
         if its file system supports locks.
"""

import fcntl
import multiprocessing
import os
import tempfile

from common.processes import Process

import sync_check

FILENAME = "count.txt"
MAX_COUNT_PER_PROCESS = 1000


def work(filename, max_count):
    """Add 1 to the number in the file ``filename``, ``max_count`` times; empty counts as 0.

    The file is unbuffered, so every read and write under the lock reaches the file itself.
    """
    with open(filename, "r+b", buffering=0) as f:
        for _ in range(max_count):
            fcntl.flock(f, fcntl.LOCK_EX)
            f.seek(0)
            text = f.read()
            if text:
                count = int(text)
            else:
                count = 0
                print("File is empty, starting to count from 0", flush=True)
            f.seek(0)
            f.write(b"%d" % (count + 1))
            fcntl.flock(f, fcntl.LOCK_UN)


def start_together(barrier, filename, max_count):
    """Wait until all workers are here, then do the work."""
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

"""Count in a file with four processes that take a lock on a second file: the count is exact.

Chapter: Example 9-39, Example 9-40
Run:     python sync_locking/ex1_lock.py 4
         cd sync_locking
         python -m timeit -s "import ex1_lock" "ex1_lock.run_workers()"
See:     the count is exact and the file is empty only once: one process after the other counts,
         while the rest wait. The lock is advisory: it holds back only those who ask for it. It also
         costs time: nobody wakes a waiting process when the lock is free; it tries again after 10
         ms, then less and less often, up to 0.1 s apart, and the lock may lie idle for as long at
         each of the three handovers. Most of the rest goes into opening the file, twice for each
         increment: emptying and writing a file again takes long on some disks. It lies in the
         temporary folder, and TMPDIR=/dev/shm before the command, on Linux, puts it into memory.
Differs: the lock file has a relative path and lies beside the count file, in the run's own
         temporary folder, to which each worker changes. The count file itself must not be the lock
         file: closing it would release the lock. The processes start counting together, at a
         barrier. The queue and the count of bad reads are those of ex1_nolock4.py.
"""

import collections
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
    """Add 1 to the number in the file ``filename``, ``max_count`` times; return the bad reads.

    They are a Counter of "empty" and "invalid" reads. A read without a number counts as 0.
    """
    bad_reads = collections.Counter()
    for _ in range(max_count):
        with open(filename) as f:
            text = f.read()
        try:
            count = int(text)
        except ValueError as error:
            count = 0
            kind = "invalid" if text else "empty"
            if kind not in bad_reads:
                what = error if text else "File is empty"
                print(f"{what}, starting to count from 0", flush=True)
            bad_reads[kind] += 1
        with open(filename, "w") as f:
            f.write(f"{count + 1}\n")
    return bad_reads


def start_together(barrier, filename, max_count, results):
    """Wait until all workers are here, then do the work, with the lock file beside ``filename``."""
    os.chdir(os.path.dirname(filename))
    barrier.wait()
    results.put(work(filename, max_count))


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes add 1, ``max_count`` times each; return the file's count."""
    barrier = multiprocessing.Barrier(nbr_workers)
    results = multiprocessing.SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        filename = os.path.join(folder, FILENAME)
        open(filename, "w").close()
        print(f"Counting in {filename}", flush=True)
        processes = []
        for _ in range(nbr_workers):
            p = Process(target=start_together, args=(barrier, filename, max_count, results))
            p.start()
            processes.append(p)
        bad_reads = sum((results.get() for _ in processes), collections.Counter())
        for p in processes:
            p.join()
        empty, invalid = bad_reads["empty"], bad_reads["invalid"]
        print(f"{empty:,} empty read(s), {invalid:,} invalid entries")
        with open(filename) as f:
            return int(f.readline())  # here the only line; see ex1_nolock4.py


if __name__ == "__main__":
    sync_check.main(__doc__, run_workers)

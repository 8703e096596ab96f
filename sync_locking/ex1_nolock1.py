"""Count in a file with one process: there is nothing to protect.

Chapter: Example 9-35, Example 9-36
Run:     python sync_locking/ex1_nolock1.py
         cd sync_locking
         python -m timeit -s "import ex1_nolock1" "ex1_nolock1.run_workers()"
See:     the file is empty once, at the start, and the count is right: nobody else touches the file
         between the reading of the number and the writing. ex1_nolock4.py is the same with four,
         and says what takes the time.
Differs: the count file lies in the run's own temporary folder, so that two runs at once do not
         share a count. The barrier, the queue and the count of bad reads are those of
         ex1_nolock4.py, where four processes need them.
"""

import collections
import multiprocessing
import os
import tempfile

from common.processes import Process

import sync_check

FILENAME = "count.txt"
MAX_COUNT_PER_PROCESS = 1000


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
    """Wait until all workers are here, then do the work."""
    barrier.wait()
    results.put(work(filename, max_count))


def run_workers(nbr_workers=1, max_count=MAX_COUNT_PER_PROCESS):
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
    sync_check.main(__doc__, run_workers, alone=True)

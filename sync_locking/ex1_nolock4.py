"""Count in a file with four processes and no lock: updates are lost.

Chapter: Example 9-37, Example 9-38
Run:     python sync_locking/ex1_nolock4.py 4
         python sync_locking/ex1_nolock4.py 2 --max_count 10_000
         cd sync_locking
         python -m timeit -s "import ex1_nolock4" "ex1_nolock4.run_workers()"
See:     the count ends far too low, and differently in every run. Between one process's read and
         write, others write too, and are overwritten; whoever reads just after a file has been
         opened for writing finds it empty and starts from 0. Two that write at once can leave an
         invalid entry: 9 and its newline, written over 123 and its own, make a line 9 and a line 3,
         for which int() raises ValueError. These are rare: with two workers and --max_count 10_000
         some runs have a few and others none, and a busy machine has more of them. Opening the
         file, twice for each increment, takes most of the time, and emptying and writing it takes
         long on some disks: TMPDIR=/dev/shm before the command, on Linux, puts the file into
         memory.
Differs: the processes start counting together, at a barrier, or the first might be done before the
         last one starts; a race in which no update was lost is run again, longer. A process
         reports its first empty read and its first invalid one; the rest are only counted. The
         count file lies in the run's own temporary folder.
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
            return int(f.readline())  # two that write at once may leave a second line


if __name__ == "__main__":
    sync_check.main(__doc__, run_workers, exact=False)

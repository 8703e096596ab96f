"""Count in a file with four processes and no lock: updates get lost.

Chapter: Examples 9-37, 9-38
Run:     python sync_locking/ex1_nolock4.py 4
         cd sync_locking
         python -m timeit -s "import ex1_nolock4" "ex1_nolock4.run_workers()"
See:     the count ends far too low, somewhere else in every run. Between one process's reading
         and writing the others write too, and are overwritten; whoever reads just after a file
         has been opened for writing finds it empty and starts from 0. Two that write at once
         can even mix their digits: 9 written over 10 reads as 90.
Differs: the processes start counting together, at a barrier, else the first may be done before
         the last one starts; a race in which no update was lost is run again, longer. Only the
         first read of a process reports an empty file. The count file lives in a temporary
         folder of the run's own.
"""

import multiprocessing
import os
import tempfile

from common.processes import Process

import sync_check

FILENAME = "count.txt"
MAX_COUNT_PER_PROCESS = 1000


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
    """Wait until every worker is here, then do the work."""
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
    sync_check.main(__doc__, run_workers, exact=False)

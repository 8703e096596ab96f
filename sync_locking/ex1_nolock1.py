"""Count in a file with one process: nothing to protect.

Chapter: Examples 9-35, 9-36
Run:     python sync_locking/ex1_nolock1.py
         cd sync_locking
         python -m timeit -s "import ex1_nolock1" "ex1_nolock1.run_workers()"
See:     the file is empty once, at the start, and the count is right: between reading the number
         and writing it back nobody else touches the file. ex1_nolock4.py is the same with four.
Differs: the count file lives in a temporary folder of the run's own, so that two runs at once do
         not count together.
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


def run_workers(nbr_workers=1, max_count=MAX_COUNT_PER_PROCESS):
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
    sync_check.main(__doc__, run_workers, alone=True)

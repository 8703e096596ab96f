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
# ruff: noqa: PTH123 - plain open(), as in the chapter

import multiprocessing

import sync_check

from common import cli, pools

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


def run_workers(nbr_workers=1, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes count to ``max_count`` each; return the count in the file."""
    with sync_check.count_file(FILENAME) as filename:
        barrier = multiprocessing.Barrier(nbr_workers)
        workers = [
            pools.WorkerProcess(
                target=sync_check.start_together, args=(barrier, work, filename, max_count)
            )
            for _ in range(nbr_workers)
        ]
        with pools.running(workers):
            pools.join(workers)
        with open(filename) as f:
            return int(f.read())


def main():
    args = sync_check.parse(__doc__, nbr_workers=False)
    sync_check.expect_all(run_workers, args.nbr_workers, args.max_count)


if __name__ == "__main__":
    cli.run(main)

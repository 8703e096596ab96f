"""Count in a file with four processes that take a lock on a second file: the count is exact.

Chapter: Examples 9-39, 9-40
Run:     python sync_locking/ex1_lock.py 4
         python sync_locking/ex1_lock.py 4 --per-increment
         cd sync_locking
         python -m timeit -s "import ex1_lock" "ex1_lock.run_workers()"
See:     the count is exact and the file is empty only once: one process after the other counts,
         while the rest wait. The lock is advisory: it holds back only those who ask for it.
         It also costs: a process that waits looks again after 10 ms, then less and less often.
         With --per-increment, which goes beyond the chapter, the lock is free between any two
         increments, but a process that waits may sleep meanwhile: ex1_flock.py does better.
Differs: the lock file lies beside the count file in the run's own temporary folder, so work is
         decorated where that folder is known. The count file itself must not be the lock file:
         closing it would let go of the lock.
"""
# ruff: noqa: PTH123 - plain open(), as in the chapter

import multiprocessing

import fasteners
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


def locked_work(filename, max_count):
    """Do the work while holding the lock file beside ``filename``."""
    fasteners.interprocess_locked(f"{filename}.lock")(work)(filename, max_count)


def locked_increments(filename, max_count):
    """Do the work one increment at a time; hold the lock file for each."""
    increment = fasteners.interprocess_locked(f"{filename}.lock")(work)
    for _ in range(max_count):
        increment(filename, 1)


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS, per_increment=False):
    """Let ``nbr_workers`` processes count to ``max_count`` each; return the count in the file.

    They hold the lock for all of their work or, if ``per_increment``, for each increment.
    """
    target = locked_increments if per_increment else locked_work
    with sync_check.count_file(FILENAME) as filename:
        barrier = multiprocessing.Barrier(nbr_workers)
        workers = [
            pools.WorkerProcess(
                target=sync_check.start_together, args=(barrier, target, filename, max_count)
            )
            for _ in range(nbr_workers)
        ]
        with pools.running(workers):
            pools.join(workers)
        with open(filename) as f:
            return int(f.read())


def add_per_increment(parser):
    """Add whether each increment is locked by itself."""
    parser.add_argument(
        "--per-increment",
        action="store_true",
        help="lock each increment by itself (default: all the work of a process)",
    )


def main():
    args = sync_check.parse(__doc__, add_per_increment)

    def run(nbr_workers, max_count):
        return run_workers(nbr_workers, max_count, args.per_increment)

    sync_check.expect_all(run, args.nbr_workers, args.max_count)


if __name__ == "__main__":
    cli.run(main)

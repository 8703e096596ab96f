"""Count in a multiprocessing.Value with a Lock around each increment: the count is exact.

Chapter: Examples 9-43, 9-44
Run:     python sync_locking/ex2_lock.py 4
         cd sync_locking
         python -m timeit -s "import ex2_lock" "ex2_lock.run_workers()"
See:     the count is exact: reading and writing ``value.value += 1`` happen under one lock. The
         same lock for all, and every process takes it: one that did not would spoil the count.
"""

import multiprocessing

import sync_check

from common import cli, pools

MAX_COUNT_PER_PROCESS = 1000


def work(value, max_count, lock):
    """Add 1 to ``value``, ``max_count`` times, holding ``lock`` each time."""
    for _ in range(max_count):
        with lock:
            value.value += 1


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes count to ``max_count`` each; return what they counted to."""
    value = multiprocessing.Value("i", 0)
    lock = multiprocessing.Lock()
    barrier = multiprocessing.Barrier(nbr_workers)
    workers = [
        pools.WorkerProcess(
            target=sync_check.start_together, args=(barrier, work, value, max_count, lock)
        )
        for _ in range(nbr_workers)
    ]
    with pools.running(workers):
        pools.join(workers)
    return value.value


def main():
    args = sync_check.parse(__doc__)
    sync_check.expect_all(run_workers, args.nbr_workers, args.max_count)


if __name__ == "__main__":
    cli.run(main)

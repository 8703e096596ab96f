"""Count in a multiprocessing.Value with a Lock around each increment: the count is exact.

Chapter: Example 9-43, Example 9-44
Run:     python sync_locking/ex2_lock.py 4
         cd sync_locking
         python -m timeit -s "import ex2_lock" "ex2_lock.run_workers()"
         python -m timeit -s "import ex2_lock" "ex2_lock.run_workers(4, 100_000)"
See:     the count is exact: ``value.value += 1`` reads and writes under one lock. It must be the
         same lock for all, and every process must take it: one that did not would spoil the count.
         With the chapter's 1,000 increments, much of what timeit measures is the start of four
         processes, and the chapter's order (9.97 ms without a lock, 19.3 with one, 9.49 with a
         RawValue) may not be yours. What the lock costs, and what ex2_lock_acquire.py and
         ex2_lock_rawvalue.py save of that, shows with 100,000.
Differs: the processes start counting together, at a barrier.
"""

import multiprocessing

from common.processes import Process

import sync_check

MAX_COUNT_PER_PROCESS = 1000


def work(value, max_count, lock):
    """Add 1 to ``value``, ``max_count`` times, holding ``lock`` each time."""
    for _ in range(max_count):
        with lock:
            value.value += 1


def start_together(barrier, value, max_count, lock):
    """Wait until all workers are here, then do the work."""
    barrier.wait()
    work(value, max_count, lock)


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes add 1, ``max_count`` times each; return the count."""
    value = multiprocessing.Value("i", 0)
    lock = multiprocessing.Lock()
    barrier = multiprocessing.Barrier(nbr_workers)
    processes = []
    for _ in range(nbr_workers):
        p = Process(target=start_together, args=(barrier, value, max_count, lock))
        p.start()
        processes.append(p)
    for p in processes:
        p.join()
    return value.value


if __name__ == "__main__":
    sync_check.main(__doc__, run_workers)

"""Count in a multiprocessing.Value with lock.acquire() and lock.release().

Chapter: Example 9-45
Run:     python sync_locking/ex2_lock_acquire.py 4
         cd sync_locking
         python -m timeit -s "import ex2_lock_acquire" "ex2_lock_acquire.run_workers()"
         python -m timeit -s "import ex2_lock_acquire" "ex2_lock_acquire.run_workers(4, 100_000)"
See:     the same exact count as ex2_lock.py, a little faster and less readable: an error between
         the two calls would leave the lock taken for ever, which ``with lock`` prevents. Faster, as
         the two methods are those of the C object inside, to which ``with`` leads through a Python
         function each. compare.py shows it better than two single runs.
         With the chapter's 1,000 increments, much of what timeit measures is the start of four
         processes. The difference shows with 100,000.
Differs: the processes start counting together, at a barrier.
"""

import multiprocessing

from common.processes import Process

import sync_check

MAX_COUNT_PER_PROCESS = 1000


def work(value, max_count, lock):
    """Add 1 to ``value``, ``max_count`` times, holding ``lock`` each time."""
    for _ in range(max_count):
        lock.acquire()
        value.value += 1
        lock.release()


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

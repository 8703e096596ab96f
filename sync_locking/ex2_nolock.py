"""Count in a multiprocessing.Value without a lock: updates are lost.

Chapter: Example 9-41, Example 9-42
Run:     python sync_locking/ex2_nolock.py 4
         cd sync_locking
         python -m timeit -s "import ex2_nolock" "ex2_nolock.run_workers()"
         python -m timeit -s "import ex2_nolock" "ex2_nolock.run_workers(4, 100_000)"
See:     the count ends too low, and differently in every run. The Value's own lock guards the read
         and the write of ``value.value += 1`` separately: in between, another process may add 1,
         and its update is overwritten. A thousand increments may be too few for that to happen
         once: then the script counts further, until updates are lost.
         With the chapter's 1,000 increments, much of what timeit measures is the start of four
         processes, and the chapter's order (9.97 ms without a lock, 19.3 with one, 9.49 with a
         RawValue) may not be yours. What the lock of ex2_lock.py costs shows with 100,000.
Differs: the processes start counting together, at a barrier, or the first might be done before the
         last one starts; a race in which no update was lost is run again, longer.
"""

import multiprocessing

from common.processes import Process

import sync_check

MAX_COUNT_PER_PROCESS = 1000


def work(value, max_count):
    """Add 1 to ``value``, ``max_count`` times."""
    for _ in range(max_count):
        value.value += 1


def start_together(barrier, value, max_count):
    """Wait until all workers are here, then do the work."""
    barrier.wait()
    work(value, max_count)


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes add 1, ``max_count`` times each; return the count."""
    value = multiprocessing.Value("i", 0)
    barrier = multiprocessing.Barrier(nbr_workers)
    processes = []
    for _ in range(nbr_workers):
        p = Process(target=start_together, args=(barrier, value, max_count))
        p.start()
        processes.append(p)
    for p in processes:
        p.join()
    return value.value


if __name__ == "__main__":
    sync_check.main(__doc__, run_workers, exact=False)

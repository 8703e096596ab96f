"""Count with four processes that share nothing: each has its own count, added at the end.
Beyond the chapter

Chapter: one message per process; answers Example 9-43
Run:     python sync_locking/ex3_merge.py 4
         python sync_locking/ex3_merge.py 4 --max_count 250_000
         cd sync_locking
         python -m timeit -s "import ex3_merge" "ex3_merge.run_workers()"
See:     the count is exact without a lock around any increment, and a longer one takes little more
         time: each process communicates only once, to send its count. Since that is an int of its
         own, sum() can add the ones up in C; below some 100,000, most of the time goes into
         starting the processes. Not for a count that others must see on the way, such as a common
         limit or numbers that are handed out.
"""

import itertools
import multiprocessing

from common.processes import Process

import sync_check

MAX_COUNT_PER_PROCESS = 1000
COUNT_AT_ONCE = 1_000_000


def work(results, max_count):
    """Add 1 to this process's own count, ``max_count`` times; put it into ``results``.

    COUNT_AT_ONCE at a time, because with the GIL no other thread can run during sum().
    """
    count = 0
    while count < max_count:
        count += sum(itertools.repeat(1, min(COUNT_AT_ONCE, max_count - count)))
    results.put(count)


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes add 1, ``max_count`` times each; return the count."""
    results = multiprocessing.SimpleQueue()
    processes = []
    for _ in range(nbr_workers):
        p = Process(target=work, args=(results, max_count))
        p.start()
        processes.append(p)
    for p in processes:
        p.join()  # before reading: the few bytes of each fit into the queue's pipe
    return sum(results.get() for _ in processes)


if __name__ == "__main__":
    sync_check.main(__doc__, run_workers)

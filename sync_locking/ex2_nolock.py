"""Count in a multiprocessing.Value without a lock: updates get lost.

Chapter: Examples 9-41, 9-42
Run:     python sync_locking/ex2_nolock.py 4
         cd sync_locking
         python -m timeit -s "import ex2_nolock" "ex2_nolock.run_workers()"
See:     the count ends too low, somewhere else in every run. The Value's own lock guards the
         reading and the writing of ``value.value += 1``, each by itself: between the two another
         process may add 1, and what it wrote is overwritten.
Differs: the processes start counting together, at a barrier, else the first may be done before
         the last one starts; a race in which no update was lost is run again, longer.
"""

import multiprocessing

import sync_check

from common import cli, pools

MAX_COUNT_PER_PROCESS = 1000


def work(value, max_count):
    """Add 1 to ``value``, ``max_count`` times."""
    for _ in range(max_count):
        value.value += 1


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS):
    """Let ``nbr_workers`` processes count to ``max_count`` each; return what they counted to."""
    value = multiprocessing.Value("i", 0)
    barrier = multiprocessing.Barrier(nbr_workers)
    workers = [
        pools.WorkerProcess(
            target=sync_check.start_together, args=(barrier, work, value, max_count)
        )
        for _ in range(nbr_workers)
    ]
    with pools.running(workers):
        pools.join(workers)
    return value.value


def main():
    args = sync_check.parse(__doc__)
    sync_check.expect_losses(run_workers, args.nbr_workers, args.max_count)


if __name__ == "__main__":
    cli.run(main)

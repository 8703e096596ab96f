"""Count in a multiprocessing.RawValue with a Lock: no second lock inside.

Chapter: Examples 9-46, 9-47
Run:     python sync_locking/ex2_lock_rawvalue.py 4
         cd sync_locking
         python -m timeit -s "import ex2_lock_rawvalue" "ex2_lock_rawvalue.run_workers()"
See:     the same exact count as ex2_lock.py in less time: a RawValue is a bare C int in shared
         memory, and the one Lock around the increment is all that it needs. RawArray is to Array
         what RawValue is to Value.
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
    value = multiprocessing.RawValue("i", 0)
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

"""Count in an attribute with threads: without a lock, with one, and each thread for itself.
Beyond the chapter

Chapter: threads in place of processes; answers Example 9-41, Example 9-43
Run:     python sync_locking/ex2_threads.py 4
         cd sync_locking
         python -m timeit -s "import ex2_threads" "ex2_threads.run_workers()"
See:     what is lost without a lock. On a free-threaded build, much of the count: between the read
         and the write of ``value.value += 1`` another thread adds 1, and its update is overwritten.
         With the GIL, another thread has to get it just then. CPython (since 3.10) hands it over
         at calls and where a loop goes back, 5 ms after the last time or later: see
         sys.setswitchinterval. ``value.value += 1`` has neither inside and loses nothing; with a
         call between the read and the write, it is luck, and one switch can cost thousands of
         updates. Older versions, and PyPy, switch elsewhere. So "none was lost" without a lock is
         an accident of the implementation; Python promises none of it.
         What is promised, on every build: the count is exact if all take the same Lock. So it is
         if each thread counts for itself and adds its count under the lock, once, which takes next
         to no time.
"""

import threading
import types

from common import cli, timing

MAX_COUNT_PER_THREAD = 100_000  # 1,000 are done before the next thread wakes up


def work(value, max_count, lock):
    """Add 1 to ``value``, ``max_count`` times."""
    for _ in range(max_count):
        value.value += 1


def add_one(number):
    """Return the next number."""
    return number + 1


def work_by_call(value, max_count, lock):
    """Do the same, with a call between the read and the write."""
    for _ in range(max_count):
        value.value = add_one(value.value)


def work_with_lock(value, max_count, lock):
    """Add 1 to ``value``, ``max_count`` times, holding ``lock`` each time."""
    for _ in range(max_count):
        with lock:
            value.value += 1


def work_apart(value, max_count, lock):
    """Count to ``max_count`` alone, and add that to ``value``, holding ``lock`` once."""
    count = 0
    for _ in range(max_count):
        count += 1
    with lock:
        value.value += count


WAYS = {
    "no lock": work,
    "no lock, a call": work_by_call,
    "Lock": work_with_lock,
    "merged": work_apart,
}
EXACT = ("Lock", "merged")


def start_together(barrier, work, *args):
    """Wait until all threads are here, then do the work."""
    barrier.wait()
    work(*args)


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_THREAD, way="Lock"):
    """Let ``nbr_workers`` threads add 1, ``max_count`` times each, by ``way``; return the count.

    ``way`` is one of WAYS. The threads are daemons: if one cannot start, none waits for it.
    """
    value = types.SimpleNamespace(value=0)
    lock = threading.Lock()
    barrier = threading.Barrier(nbr_workers)
    threads = []
    for _ in range(nbr_workers):
        args = (barrier, WAYS[way], value, max_count, lock)
        t = threading.Thread(target=start_together, args=args, daemon=True)
        t.start()
        threads.append(t)
    for t in threads:
        t.join()
    return value.value


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, default=4, start_method=False)
    what = "how often each thread adds 1"
    sizes = {"quick": MAX_COUNT_PER_THREAD, "book": MAX_COUNT_PER_THREAD, "in_chapter": False}
    cli.add_size(parser, "--max_count", help=what, **sizes)
    args = cli.parse(parser)
    expected = args.nbr_workers * args.max_count
    build = "with" if cli.has_gil() else "without"
    print(f"Starting {args.nbr_workers} thread(s) {build} the GIL to count to {expected:,}")
    for way in WAYS:
        count, duration = timing.timed(run_workers, args.nbr_workers, args.max_count, way)
        lost = f"{expected - count:,} updates were lost" if count < expected else "none was lost"
        print(f"{way + ':':<17}{count:>11,} {lost:>32}  {timing.seconds(duration)}", flush=True)
        exact = way in EXACT or args.nbr_workers == 1
        is_right = count == expected or (count < expected and not exact)
        cli.check(is_right, f"{way}: the count is off by {count - expected:,}")


if __name__ == "__main__":
    cli.run(main)

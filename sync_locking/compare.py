"""Compare all ways of this section to count with several processes, interleaved in one run.

Chapter: all ways of the section on synchronising access to files and variables
Run:     python sync_locking/compare.py 4
See:     of the chapter's ways with several processes, only those with a lock are sure to count to
         the end; the rows of the others say how many updates they lost in the last round, if any.
         The seconds are those of run_workers(), as timeit measures them. They include starting the
         processes, which is nearly all of the time for 1,000 increments in shared memory: there
         the order of the ways is chance. What the locks cost shows when each process adds 1 more
         often (--longer): lock.acquire() saves some of it and a RawValue, which has no lock of its
         own, more. Counting in a file takes longer, and longer still with a lock file: a process
         that finds it taken sleeps for 10 ms or more. One process alone (ex1_nolock1) does a
         quarter of the work of four, so it is a job of its own. Beyond the chapter: a lock that the
         kernel waits for (ex1_flock), a server that adds 1 in one step (ex3_redis, slower on one
         machine), counts that are only added up at the end (ex3_merge), which spends most of its
         time starting the processes, and all of that in threads (ex2_threads).
"""

import functools
import importlib

from common import cli, results, timing

import sync_check

# By name: spawned workers import this module too and do not need all the others.
IN_FILE = ("ex1_lock: lock file", "ex1_nolock4: no lock")
IN_SHARED_MEMORY = (
    "ex2_lock: Value, Lock",
    "ex2_lock_acquire: acquire()",
    "ex2_lock_rawvalue: RawValue",
    "ex2_nolock: Value, no Lock",
)
IN_THREADS = {f"ex2_threads: {way}": way for way in ("Lock", "no lock", "merged")}
NOT_EXACT = ("ex1_nolock4: no lock", "ex2_nolock: Value, no Lock", "ex2_threads: no lock")
ALONE = "ex1_nolock1: one process"
LOCK_EACH = "ex1_lock_increment: lock file"
FLOCK_EACH = "ex1_flock: flock"
LOCK = "ex2_lock: Value, Lock"
REDIS = "ex3_redis: INCR in Redis"
MERGE = "ex3_merge: added at the end"
CALLS = 5  # of a way that takes milliseconds


def counted(run_workers, nbr_workers, max_count, exact, **options):
    """Return the count of ``run_workers`` and its lost updates, as text, and the seconds.

    Raises Failure if ``exact`` and the count is wrong.
    """
    run = functools.partial(run_workers, **options)
    count, duration = timing.timed(run, nbr_workers, max_count)
    expected = nbr_workers * max_count
    if exact:
        name = run_workers.__module__
        cli.check(count == expected, f"{name} counted to {count:,} of {expected:,}")
    lost = f", {expected - count:,} lost" if count < expected else ""
    return f"{count:,} of {expected:,}{lost}", duration


def ways_and_beyond(nbr_workers, max_count, longer, longest, redis_url=None):
    """Return the ways to compare, and the pairs whose ratios to print (see results.compare).

    The first is a dict, name -> function that returns job -> (answer, seconds). Without
    ``redis_url``, Redis is left out.
    """
    in_file = f"file, {max_count:,} by each"
    by_one = f"file, {max_count:,} by one process"  # less work than several do
    by_increment = "file, lock per increment"
    short, long = (f"shared count, {count:,} by each" for count in (max_count, longer))
    longest_job = f"shared count, {nbr_workers * longest:,} in all"
    in_memory = {short: max_count, long: longer}
    in_threads = f"count in threads, {longer:,} by each"

    def way(name, jobs, nbr_workers=nbr_workers, calls=1, **options):
        def measure():
            run_workers = importlib.import_module(name.partition(":")[0]).run_workers
            run = functools.partial(counted, run_workers, nbr_workers, **options)
            exact = name not in NOT_EXACT
            return {job: results.fastest(calls, run, count, exact) for job, count in jobs.items()}

        return measure

    ways = {
        **{name: way(name, {in_file: max_count}) for name in IN_FILE},
        ALONE: way(ALONE, {by_one: max_count}, nbr_workers=1),
        LOCK_EACH: way(LOCK_EACH, {by_increment: max_count}),
        FLOCK_EACH: way(FLOCK_EACH, {by_increment: max_count}),
        **{name: way(name, in_memory) for name in IN_SHARED_MEMORY},
        **{name: way(name, {in_threads: longer}, way=how) for name, how in IN_THREADS.items()},
        REDIS: way(REDIS, {short: max_count}, redis_url=redis_url),
        MERGE: way(MERGE, {longest_job: longest}, calls=CALLS),
    }
    ways[LOCK] = way(LOCK, {**in_memory, longest_job: longest})
    beyond = [(by_increment, FLOCK_EACH, LOCK_EACH), (short, REDIS, LOCK)]
    if redis_url is None:
        del ways[REDIS], beyond[1]
    return ways, [*beyond, (longest_job, MERGE, LOCK)]


def main():
    parser = results.comparison_parser(__doc__, quick=4, book=20)
    cli.add_workers(parser, default=4)
    sync_check.add_max_count(parser)
    for name, count, where in (
        ("--longer", 100_000, "the longer count in shared memory"),
        ("--longest", 125_000, "the count with a Lock and with separate counts"),
    ):
        cli.add_size(
            parser,
            name,
            quick=count,
            book=count,
            help=f"the same, for {where}",
            maximum=sync_check.LARGEST_COUNT,
            in_chapter=False,
        )
    cli.add_redis_url(parser)
    args = cli.parse(parser)
    for name in ("max_count", "longer", "longest"):
        sync_check.require_room(args.nbr_workers, getattr(args, name), f"--{name}")
    with results.redis_if_any(args.redis_url, "ex3_redis") as redis_url:
        options = (args.nbr_workers, args.max_count, args.longer, args.longest, redis_url)
        results.compare(args, *ways_and_beyond(*options))


if __name__ == "__main__":
    cli.run(main)

"""Compare all ways of this section to count with several processes, by turns in one run.

Chapter: all ways of the section on synchronising access to files and variables
Run:     python sync_locking/compare.py 4
See:     of several processes, only those that take a lock are sure to count to the end. The
         seconds are those of run_workers(), as timeit measures them: starting the processes is
         part of them, and of 1,000 increments in shared memory it is most. What the locks cost
         shows when each process adds 1 more often (--longer): lock.acquire() saves some of it
         and a RawValue, which has no lock of its own, more. To count in a file takes longer, and
         longer still with a lock file: a process that finds it taken sleeps for 10 ms or more.
"""

import ex1_lock
import ex1_nolock1
import ex1_nolock4
import ex2_lock
import ex2_lock_acquire
import ex2_lock_rawvalue
import ex2_nolock
import sync_check

from common import cli, results, timing

IN_FILE = {ex1_lock: "lock file", ex1_nolock4: "no lock"}
IN_SHARED_MEMORY = {
    ex2_lock: "Value, Lock",
    ex2_lock_acquire: "lock.acquire()",
    ex2_lock_rawvalue: "RawValue, Lock",
    ex2_nolock: "Value, no Lock",
}
EXACT = (ex1_lock, ex1_nolock1, ex2_lock, ex2_lock_acquire, ex2_lock_rawvalue)


def counted(run_workers, nbr_workers, max_count, exact):
    """Return what ``run_workers`` counted to, and of how many, and the seconds it took.

    Raises WrongAnswer if ``exact`` is true and the count is not.
    """
    count, duration = timing.timed(run_workers, nbr_workers, max_count)
    expected = nbr_workers * max_count
    if exact:
        name = run_workers.__module__
        cli.check(count == expected, f"{name} counted to {count:,} of {expected:,}")
    return f"{count:,} of {expected:,}", duration


def ways(nbr_workers, max_count, longer):
    """Return what to compare: name -> function that returns answer and seconds, by job."""
    in_file = {f"file, {max_count:,} by each": max_count}
    in_memory = {f"shared memory, {count:,} by each": count for count in (max_count, longer)}

    def way(script, jobs, nbr_workers=nbr_workers):
        return lambda: {
            job: counted(script.run_workers, nbr_workers, count, script in EXACT)
            for job, count in jobs.items()
        }

    def name(script, what):
        return f"{script.__name__}: {what}"

    return {
        **{name(script, what): way(script, in_file) for script, what in IN_FILE.items()},
        name(ex1_nolock1, f"1 process, {max_count:,}"): way(ex1_nolock1, in_file, nbr_workers=1),
        **{name(script, what): way(script, in_memory) for script, what in IN_SHARED_MEMORY.items()},
    }


def main():
    parser = results.comparison_parser(__doc__, quick=5, book=20)
    cli.add_workers(parser, default=4)
    sync_check.add_max_count(parser)
    cli.add_size(
        parser,
        "--longer",
        quick=100_000,
        book=100_000,
        help="the same for a longer count in shared memory",
        maximum=sync_check.LARGEST_COUNT,
        in_chapter=False,
    )
    args = cli.parse(parser)
    sync_check.require_room(args.nbr_workers, args.max_count)
    sync_check.require_room(args.nbr_workers, args.longer, "--longer")
    results.compare(args, ways(args.nbr_workers, args.max_count, args.longer))


if __name__ == "__main__":
    cli.run(main)

"""Compare the ways of this section to fill, overwrite and count an array, interleaved in one run.

Chapter: all ways of the section on sharing a numpy array
Run:     python numpy_shared/compare.py 2
See:     as long as each worker has a CPU, workers fill the rows with random numbers in less time
         than one process, and with the same numbers. So do threads, with other numbers, and they
         need no shared memory. Overwriting is little more than moving memory: one process, which
         has the pages already, is hard to beat for workers that touch each page for the first time,
         however they share it. Counting row by row spares the chapter's Python float per item; it
         takes about twice as long as array.sum(), which counts nothing. Starting the workers is not
         timed. Each way is called twice in its turn and the second call counts, as the first pays
         for memory that the machine has to find.
"""

import ctypes
import multiprocessing

from common import cli, results, timing

import np_check
import np_shared
import np_shared_joblib
import np_shared_memory
import np_shared_random_parallel
import np_shared_random_serial
import np_shared_random_threads
import numpy as np

COUNTED_ROWS = 100  # the chapter's way takes about a second for ten million items


def fill(means, run, *args):
    """Return the mean of the matrix that ``run(*args)`` fills, and the seconds.

    ``means`` collects the means of the ways that use the same numbers. Raises Failure if they
    differ in any digit.
    """
    main_nparray, duration = run(*args)
    np_check.report_random(main_nparray)
    means.add(float(main_nparray.mean()))
    cli.check(len(means) == 1, f"the matrices differ, their means are {means}")
    return min(means), duration


def overwrite(run, *args):
    """Return how many items ``run(*args)`` overwrites, by how many pids, and the seconds."""
    counts, overwritten, duration = run(*args)
    cli.check(counts == overwritten, f"the processes overwrote {overwritten}")
    return f"{sum(counts.values()):,} by {len(counts)} pid(s)", duration


def run_in_file(nbr_workers, rows, cols):
    """Run np_shared_joblib.py with its file in a temporary folder; return the same."""
    with np_check.temporary_folder(rows * cols * np_check.BYTES_PER_ITEM) as folder:
        return np_shared_joblib.run(nbr_workers, rows, cols, folder)


def overwrite_alone(rows, cols):
    """Do the workers' work in this process; return the same as ``overwrite``."""
    shared_array_base = multiprocessing.Array(ctypes.c_double, rows * cols, lock=False)
    np.frombuffer(shared_array_base).fill(np_shared.DEFAULT_VALUE)
    np_shared.start_worker(shared_array_base, rows, cols, multiprocessing.Barrier(1))
    try:
        (pid, number), duration = timing.timed(np_shared.overwrite_share, range(rows))
        counts = np_shared.count_values(np_shared.main_nparray)
    finally:
        del np_shared.main_nparray  # or its memory would not be freed
    cli.check(counts == {pid: number}, f"the process overwrote {counts}")
    return f"{number:,} by 1 pid(s)", duration


def count(function, nparray, expected):
    """Return how many values ``function`` counts in ``nparray``, and the seconds."""
    counts, duration = timing.timed(function, nparray)
    cli.check(counts == expected, f"{function.__name__} counted {counts}")
    return f"{sum(counts.values()):,}, {len(counts)} different", duration


def add(nparray):
    """Return the sum of ``nparray``, whose rows hold 0, 1, 2 and so on, and the seconds."""
    total, duration = timing.timed(nparray.sum)
    rows, cols = nparray.shape
    cli.check(total == cols * rows * (rows - 1) // 2, f"the sum is {total}")
    return f"{total:,.0f}, the sum", duration


def ways(rows, cols, nbr_workers, named_fits):
    """Return the ways to compare, and the pairs whose ratios to print (see results.compare).

    The first is a dict, name -> function that returns job -> (answer, seconds). ``named_fits`` is
    whether there is room for np_shared_memory.py.
    """
    filling = f"random fill, {rows:,} x {cols:,}"
    overwriting = f"overwrite {rows:,} x {cols:,}"
    counted = np.repeat(np.arange(min(COUNTED_ROWS, rows), dtype=float), cols).reshape(-1, cols)
    counting = f"count {counted.size:,} values"
    expected = dict.fromkeys(range(len(counted)), cols)
    parallel = f"random_parallel, {nbr_workers} workers"
    threads = f"random_threads, {nbr_workers} threads"
    shared, named, mapped = (
        f"np_shared{kind}, {nbr_workers} workers" for kind in ("", "_memory", "_joblib")
    )
    size, sized = (rows, cols), (nbr_workers, rows, cols)
    means, means_of_threads = set(), set()
    by_job = {
        filling: {
            "random_serial": (fill, means, np_shared_random_serial.run, *size),
            parallel: (fill, means, np_shared_random_parallel.run, *sized),
            threads: (fill, means_of_threads, np_shared_random_threads.run, *sized),
        },
        overwriting: {
            "one process": (overwrite_alone, *size),
            shared: (overwrite, np_shared.run, *sized),
            named: (overwrite, np_shared_memory.run, *sized),
            mapped: (overwrite, run_in_file, *sized),
        },
        counting: {
            "Counter over .flat": (count, np_shared.count_values_flat, counted, expected),
            "row by row": (count, np_shared.count_values, counted, expected),
            "array.sum()": (add, counted),
        },
    }
    beyond = [
        (filling, threads, "random_serial"),
        (overwriting, named, shared),
        (overwriting, mapped, shared),
        (counting, "row by row", "Counter over .flat"),
        (counting, "row by row", "array.sum()"),
    ]
    if not named_fits:
        del by_job[overwriting][named], beyond[1]
    functions = {
        name: lambda job=job, function=function, args=args: {job: results.second(function, *args)}
        for job, of_job in by_job.items()
        for name, (function, *args) in of_job.items()
    }
    return functions, beyond


def main():
    parser = results.comparison_parser(__doc__, quick=10, book=3)
    cli.add_workers(parser)
    np_check.add_sizes(parser, rows=1_000)
    args = cli.parse(parser)
    for shared in (False, True):
        np_check.require_memory(args.rows, args.cols, shared)
    try:
        np_check.require_named_memory(args.rows, args.cols)
        named_fits = True
    except cli.UserError as error:  # an Array may still fit, in the temporary folder
        print(f"Left out: np_shared_memory: {error}")
        named_fits = False
    all_ways = ways(args.rows, args.cols, args.nbr_workers, named_fits)
    results.compare(args, *all_ways, warm_up=False)


if __name__ == "__main__":
    cli.run(main)

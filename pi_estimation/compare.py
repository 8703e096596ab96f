"""Compare all ways of this section to estimate pi, interleaved in one run.

Chapter: all ways of the section on estimating pi
Run:     python pi_estimation/compare.py 2
See:     on a Python loop, threads gain nothing; processes divide its time, whether they are
         multiprocessing's or joblib's. numpy gains far more than either. Beyond the chapter:
         threads with a Random each gain as much as processes if there is no GIL, and nothing if
         there is. A loop that looks its names up once gains more than a second process does, and
         numpy in blocks that fit in the cache gains again, with threads or processes, in the same
         memory for any number of darts. Starting the workers is not timed. Estimates differ from
         run to run, except those in blocks, which have a fixed seed.
"""

import functools

from common import cli, results

import pi_check
import pi_lists_parallel
import pi_lists_parallel_joblib
import pi_lists_series
import pi_lists_threads
import pi_lists_tuned
import pi_numpy_blocked
import pi_numpy_parallel
import pi_numpy_serial

BLOCKS_TIMES = 50  # times the darts, for the fastest ways

SEED = 9  # for blocks: the same estimate in every run
LOOP, TUNED, NUMPY, BLOCKED = "Python loop, serial", "tuned loop, serial", "numpy, serial", "blocks"
ALONE = f"{BLOCKED}, one process"
OWN = "a Random each"


def jobs(nbr_samples):
    """Return the names of the three jobs: for all ways, for numpy, for blocks."""
    return [
        f"pi by {times * nbr_samples:,} darts" for times in (1, pi_check.NUMPY_TIMES, BLOCKS_TIMES)
    ]


def ways(nbr_samples, nbr_workers):
    """Return the ways to compare: name -> function that returns job -> (estimate, seconds)."""
    job, larger_job, largest_job = jobs(nbr_samples)
    nbr_more, nbr_most = pi_check.NUMPY_TIMES * nbr_samples, BLOCKS_TIMES * nbr_samples
    numpy_serial = functools.partial(results.second, pi_numpy_serial.run)
    numpy_parallel = functools.partial(results.second, pi_numpy_parallel.run)

    def estimate(nbr_samples, run, *args):
        count, duration, *_ = run(nbr_samples, *args)
        return round(pi_check.estimate_pi(count, nbr_samples), 6), duration

    def way(run, *args):
        return lambda: {job: estimate(nbr_samples, run, *args)}

    def in_blocks(nbr_workers, threads=False):
        args = (nbr_workers, SEED, threads)
        return lambda: {largest_job: estimate(nbr_most, pi_numpy_blocked.run, *args)}

    return {
        LOOP: way(pi_lists_series.run),
        f"Python loop, {nbr_workers} threads": way(pi_lists_parallel.run, nbr_workers, True),
        f"Python loop, {nbr_workers} processes": way(pi_lists_parallel.run, nbr_workers),
        f"Python loop, {nbr_workers} of joblib": way(pi_lists_parallel_joblib.run, nbr_workers),
        f"{OWN}, one thread": way(pi_lists_threads.run, 1, True),
        f"{OWN}, {nbr_workers} threads": way(pi_lists_threads.run, nbr_workers, True),
        TUNED: way(pi_lists_tuned.run),
        NUMPY: lambda: {
            job: estimate(nbr_samples, numpy_serial),
            larger_job: estimate(nbr_more, numpy_serial),
        },
        f"numpy, {nbr_workers} threads": way(numpy_parallel, nbr_workers, True),
        f"numpy, {nbr_workers} processes": way(numpy_parallel, nbr_workers),
        ALONE: lambda: {
            larger_job: estimate(nbr_more, pi_numpy_blocked.run, 1, SEED),
            largest_job: estimate(nbr_most, pi_numpy_blocked.run, 1, SEED),
        },
        f"{BLOCKED}, {nbr_workers} processes": in_blocks(nbr_workers),
        f"{BLOCKED}, {nbr_workers} threads": in_blocks(nbr_workers, threads=True),
    }


def print_memory(nbr_samples, nbr_workers):
    """Print a worker's peak memory; call it early, as forked workers start as large as we are."""
    for nbr_darts in (nbr_samples, BLOCKS_TIMES * nbr_samples):
        with results.silenced():
            count, _, peak = pi_numpy_blocked.run(
                nbr_darts, nbr_workers, SEED, inspect=pi_check.peak_memory
            )
        pi_check.estimate_pi(count, nbr_darts)
        print(
            f"In blocks, {nbr_darts:,} darts: {peak / 1e6:,.1f} MB in a worker at its peak",
            flush=True,
        )


def beyond(nbr_samples, nbr_workers):
    """Return the pairs of ways to compare: triples (job, way beyond the chapter, other way)."""
    job, larger_job, largest_job = jobs(nbr_samples)
    return [
        (job, f"{OWN}, {nbr_workers} threads", f"{OWN}, one thread"),
        (job, TUNED, LOOP),
        (larger_job, ALONE, NUMPY),
        (largest_job, f"{BLOCKED}, {nbr_workers} processes", ALONE),
        (largest_job, f"{BLOCKED}, {nbr_workers} threads", ALONE),
    ]


def main():
    parser = results.comparison_parser(__doc__, quick=14, book=5)
    cli.add_workers(parser)
    pi_check.add_size(parser, quick=500_000)
    args = cli.parse(parser)
    pi_check.require_memory(pi_check.NUMPY_TIMES * args.nbr_samples_in_total)
    sizes = (args.nbr_samples_in_total, args.nbr_workers)
    print_memory(*sizes)
    results.compare(args, ways(*sizes), beyond(*sizes))


if __name__ == "__main__":
    cli.run(main)

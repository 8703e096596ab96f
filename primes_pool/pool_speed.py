"""Measure how long a pool takes to test a range of numbers, by their order and the chunksize."""

import random

from common import known_primes, plots, results, timing
from common.processes import Pool

import pool_check
import primes_pool
import primes_serial

ORDERED, SHUFFLED, EVEN, SERIAL = "ordered", "shuffled", "even", "serial"


def spread_evenly(numbers):
    """List ``numbers`` (a range) with the primes evenly spread: equal chunks, equal work."""
    are_prime = known_primes.are_prime(numbers.start, numbers.stop)
    composites, primes = ([n for n in numbers if are_prime[n - numbers.start] == x] for x in (0, 1))
    positions = [
        ((index + 0.5) / len(group), n)
        for group in (primes, composites)
        for index, n in enumerate(group)
    ]
    return [n for _, n in sorted(positions)]


def in_order(numbers, order):
    """Return ``numbers`` (a range) as a list in ``order``: one of ORDERED, SHUFFLED, EVEN."""
    if order == SHUFFLED:
        return random.Random(0).sample(numbers, len(numbers))  # the same in every run
    return spread_evenly(numbers) if order == EVEN else list(numbers)


def measure(args, chunksizes, orders=(ORDERED,)):
    """Return the durations of ``pool.map``, and of one process without a pool, as a list of runs.

    ``chunksizes`` is a function of the number of workers. Each number of workers has one pool: its
    ways are interleaved once it is up, and it ends before the next starts. Raises Failure for a
    wrong answer.
    """
    numbers = range(pool_check.LOWER, pool_check.LOWER + args.nbr_numbers)
    jobs = {order: in_order(numbers, order) for order in orders}
    runs = []
    for nbr_workers in args.workers:
        with Pool(nbr_workers) as pool:
            ways = {
                (order, chunksize): _way(pool.map, primes_pool.check_prime, jobs[order], chunksize)
                for chunksize in chunksizes(nbr_workers)
                for order in orders
            }
            ways[SERIAL, None] = _way(primes_serial.check_primes, numbers)
            outcomes = results.interleaved(ways, args.repeat)
        runs += [
            {"workers": nbr_workers, "order": order, "chunksize": chunksize, "seconds": durations}
            for (order, chunksize), durations in outcomes.items()
        ]
    return runs


class Job:
    """A job, to be sent any number of times, that counts the chunks it is sent in.

    A chunk is pickled as a whole: what it holds more than once is pickled once.
    """

    nbr_chunks = 0

    def __reduce__(self):
        self.nbr_chunks += 1
        return int, ()


def count_default_chunks(nbr_jobs, nbr_workers):
    """Return how many chunks ``Pool.map`` really sends if no chunksize is given."""
    job = Job()
    with Pool(nbr_workers) as pool:
        pool.map(abs, [job] * nbr_jobs)
    return job.nbr_chunks


def _way(function, *args):
    def way():
        are_primes, duration = timing.timed(function, *args)
        pool_check.check(sum(are_primes), len(are_primes))
        return duration

    return way


def seconds(runs, nbr_workers, order):
    """Return a dict, chunksize (ascending) -> durations, from the ``runs`` that match."""
    chosen = {
        run["chunksize"]: run["seconds"]
        for run in runs
        if (run["workers"], run["order"]) == (nbr_workers, order)
    }
    return {chunksize: chosen[chunksize] for chunksize in sorted(chosen)}


def serial(runs, of=min):
    """Return the best time without a pool, or another statistic ``of`` all its repeats."""
    return of([s for run in runs if run["order"] == SERIAL for s in run["seconds"]])


def workers(runs):
    """Return the numbers of workers in ``runs``, ascending."""
    return sorted({run["workers"] for run in runs})


def describe_workers(data, nbr_workers):
    """Return the number of workers in words, and the number of CPUs if that is smaller."""
    usable = data["machine"]["usable_cpus"]
    shared = f" on {usable} CPU{'s'[: usable != 1]}" if nbr_workers > usable else ""
    return f"{nbr_workers} worker{'s'[: nbr_workers != 1]}{shared}"


def panels_height(nbr_panels):
    """Return the height in inches of a figure with ``nbr_panels``."""
    return plots.HEIGHT + 3 * (nbr_panels - 1)

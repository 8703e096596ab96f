"""Judge what the chapter says about finding primes, from measurements stored before.

Chapter: all claims of the section on finding primes
Run:     python primes_pool/claims.py
See:     each claim holds, differs (with the likely reason) or cannot be told here (with what is
         missing: often a command that measures it). How chunks are shared shows where each worker
         has a CPU of its own: of several numbers of workers, the largest such one counts. To judge
         what a last round costs that is not full takes four CPUs, as in the chapter: with two, a
         CPU that is faster for a moment makes up for it.
Differs: nothing is measured here, so --scale has no effect.
"""

import functools
import math
import statistics

from common import claims, cli, results
from common.claims import Claim

import fig_9_09_prime_cost
import fig_9_13_nbr_chunks
import pool_speed
import primes_pool

MOST_WORKERS = 12  # more make Figure 9-13 too few rounds
UNEVEN = "workers of unequal speed, or chunks of unequal work, that do not end together anyway"


def for_workers(fewest, most=cli.MAX_WORKERS):
    """Make a judge of a figure from one that also takes how many workers of the figure to judge."""

    def decorate(judge):
        @functools.wraps(judge)
        def judge_figure(figure):
            usable = figure["machine"]["usable_cpus"]
            measured = pool_speed.workers(figure["runs"])
            fitting = [n for n in measured if fewest <= n <= min(most, usable)]
            if measured and not fitting:
                needed = f"{fewest} to {most:,} workers, each with a CPU"
                return "", claims.CANNOT_TELL, f"needs {needed}: --workers {min(4, usable)}"
            return judge(figure, max(fitting))

        return judge_figure

    return decorate


def costs(figure):
    """Return a dict, number -> nanoseconds: the fastest of its repeats, as in the chapter."""
    return dict(zip(figure["numbers"], map(min, figure["nanoseconds"]), strict=True))


def power(figure):
    cost = costs(figure)
    points = [(math.log(n), math.log(cost[n])) for n in figure["primes"]]
    found = statistics.linear_regression(*zip(*points, strict=True)).slope
    why = "divisions that cost more, the larger the divisor"
    if found < 0.5:
        why = "a clock that takes long to read"
    return claims.number(found, "n to the power of {:.2f}", low=0.4, high=0.7, why=why)


def band(figure):
    cost = costs(figure)
    primes = {n: cost[n] for n in figure["primes"]}
    intercept, slope = fig_9_09_prime_cost.fit(primes)
    off = [abs(primes[n] / (intercept + slope * math.sqrt(n)) - 1) for n in primes]
    share = 100 * sum(each <= 0.2 for each in off) / len(off)
    why = "repeats too few to meet a quiet moment for each number"
    return claims.number(share, "{:.0f} %", low=80, why=why)


def evens(figure):
    cost = costs(figure)
    even = statistics.median(cost[n] for n in cost if n % 2 == 0)
    share = 100 * even / statistics.median(cost[n] for n in figure["primes"])
    text, why = "{:.1f} % of a prime's time", "a clock that takes long to read"
    return claims.number(share, text, high=5, zone=0.5, why=why)


@for_workers(1)
def two_a_chunk(figure, nbr_workers):
    seconds = pool_speed.seconds(figure["runs"], nbr_workers, pool_speed.ORDERED)
    times = results.speed_up(seconds[1], seconds[2])
    why = "sending a chunk costs less here, compared with testing the numbers in it"
    return claims.number(times, claims.TIMES_AS_FAST, low=1.2, why=why)


@for_workers(1)
def further_doublings(figure, nbr_workers):
    seconds = pool_speed.seconds(figure["runs"], nbr_workers, pool_speed.ORDERED)
    times = results.speed_up(seconds[8], seconds[64]) ** (1 / 3)
    why = "sending 8 numbers still costs more than testing them"
    text = f"{claims.TIMES_AS_FAST} for each"
    return claims.number(times, text, high=1.3, why=why)


def in_chunks(figure, nbr_workers, order, nbr_chunks):
    """Return the seconds of every repeat with so many chunks."""
    nbr_numbers = figure["sizes"]["nbr_numbers"]
    chunksize = fig_9_13_nbr_chunks.chunksize_for(nbr_numbers, nbr_chunks)
    return pool_speed.seconds(figure["runs"], nbr_workers, order)[chunksize]


@for_workers(2)
def half_idle(figure, nbr_workers):
    seconds = functools.partial(in_chunks, figure, nbr_workers, pool_speed.ORDERED)
    times = results.speed_up(seconds(nbr_workers // 2), seconds(nbr_workers))
    text = "{:.2f}x the time of one for each"
    return claims.number(times, text, low=1.3, why=claims.SHARED_CORES)


def from_default(figure, nbr_workers):
    """Return the seconds by chunksize, from the default on."""
    default = primes_pool.default_chunksize(figure["sizes"]["nbr_numbers"], nbr_workers)
    seconds = pool_speed.seconds(figure["runs"], nbr_workers, pool_speed.ORDERED)
    return {chunksize: seconds[chunksize] for chunksize in seconds if chunksize >= default}


@for_workers(2)
def largest_is_worst(figure, nbr_workers):
    *others, largest = from_default(figure, nbr_workers).values()
    times = results.speed_up(largest, max(others, key=statistics.median))
    text = "{:.2f}x the time of the next"
    return claims.number(times, text, low=1, why=claims.SHARED_CORES)


@for_workers(2, MOST_WORKERS)
def last_round(figure, nbr_workers):
    seconds = functools.partial(in_chunks, figure, nbr_workers, pool_speed.EVEN)
    full, half = 2 * nbr_workers, nbr_workers // 2
    times = results.speed_up(seconds(full + half), seconds(full))
    text = f"{full + half} chunks {{:.2f}}x the time of {full}"
    return claims.number(times, text, low=1.03, why=UNEVEN)


@for_workers(2)
def default_is_near_best(figure, nbr_workers):
    default, *_ = from_default(figure, nbr_workers).values()
    seconds = pool_speed.seconds(figure["runs"], nbr_workers, pool_speed.ORDERED)
    times = results.speed_up(default, min(seconds.values(), key=statistics.median))
    text = "{:.2f}x the time of the best"
    return claims.number(times, text, high=1.25, why=UNEVEN)


def default_is_jobs_by_cpus(figure):
    default, nbr_jobs = figure["defaults"][-1], figure["sizes"]["nbr_numbers"]
    nbr_workers, nbr_chunks = default["workers"], default["chunks"]
    yours = f"{nbr_jobs:,} jobs, {nbr_workers} workers: {nbr_chunks} chunks"
    why = (
        f"a slip in the chapter: Pool.map makes {nbr_chunks / nbr_workers:.0f} chunks for each "
        "process, since CPython's rule is ceil(jobs / (4 x processes))"
    )
    return claims.fact(nbr_chunks == nbr_workers, yours, why)


@for_workers(2)
def shuffling(figure, nbr_workers):
    ordered, shuffled = (
        pool_speed.seconds(figure["runs"], nbr_workers, order)
        for order in (pool_speed.ORDERED, pool_speed.SHUFFLED)
    )
    by_chunksize = [results.speed_up(ordered[size], shuffled[size]) for size in ordered]
    times = statistics.median(by_chunksize)
    why = "chunks that differ in work, in one order or the other"
    return claims.number(times, claims.TIMES_AS_FAST, low=0.94, high=1.08, why=why)


@for_workers(2, MOST_WORKERS)
def one_is_slowest(figure, nbr_workers):
    one, *others = fig_9_13_nbr_chunks.by_nbr_chunks(figure, nbr_workers).values()
    times = results.speed_up(one, max(others, key=statistics.median))
    text = "{:.2f}x the time of the next"
    return claims.number(times, text, low=1, why=claims.SHARED_CORES)


@for_workers(2, MOST_WORKERS)
def multiples(figure, nbr_workers):
    seconds = fig_9_13_nbr_chunks.by_nbr_chunks(figure, nbr_workers)
    measured = {True: [], False: []}  # whether the number of chunks is a multiple -> repeats
    for nbr_chunks in range(nbr_workers, fig_9_13_nbr_chunks.MOST_CHUNKS + 1):
        measured[nbr_chunks % nbr_workers == 0].append(seconds[nbr_chunks])
    dips, others = (
        [statistics.mean(of_round) for of_round in zip(*measured[is_multiple], strict=True)]
        for is_multiple in (True, False)
    )
    times = results.speed_up(others, dips)
    text = "the others take {:.2f}x the time"
    return claims.number(times, text, low=1.03, why=UNEVEN)


@for_workers(2, MOST_WORKERS)
def one_chunk_more(figure, nbr_workers):
    seconds = functools.partial(in_chunks, figure, nbr_workers, pool_speed.EVEN)
    times = results.speed_up(seconds(nbr_workers + 1), seconds(nbr_workers))
    text = f"{nbr_workers + 1} chunks {{:.2f}}x the time of {nbr_workers}"
    return claims.number(times, text, low=1.1, why=UNEVEN)


@for_workers(2, MOST_WORKERS)
def many_chunks(figure, nbr_workers):
    seconds = functools.partial(in_chunks, figure, nbr_workers, pool_speed.EVEN)
    times = results.speed_up(seconds(29), seconds(fig_9_13_nbr_chunks.MOST_CHUNKS))
    text = "29 chunks {:.2f}x the time of 32"
    return claims.number(times, text, low=0.85, high=1.2, why=UNEVEN)


def as_many_jobs_as_cpus(compare):
    default, alike = (
        results.seconds(compare, f"pool of {compare['workers']}, {chunks}")
        for chunks in ("default: 4 a worker", "1 chunk a worker")
    )
    times = results.speed_up(default, alike)
    return claims.number(times, claims.TIMES_AS_FAST, low=0.8, why=UNEVEN)


COST, SMALL, LARGE, SHUFFLED, CHUNKS = ((f"fig_9_{n:02}",) for n in range(9, 14))

CLAIMS = (
    Claim(
        "Figure 9-9",
        "what a prime costs grows as its square root",
        "sqrt(n)",
        COST,
        "a fit to the primes finds a power of 0.4 to 0.7",
        power,
    ),
    Claim(
        "Figure 9-9",
        "primes lie in one dense band",
        "a dense band",
        COST,
        "at least 80 % within 20 % of a curve that grows as sqrt(n)",
        band,
    ),
    Claim(
        "Figure 9-9",
        "an even number is tested at once",
        "instant",
        COST,
        "at most 5 % of the time that a prime takes (medians; reading the clock included)",
        evens,
    ),
    Claim(
        "Figure 9-10",
        "a chunksize of 2 instead of 1 saves much of the time",
        "about half",
        SMALL,
        "at least 1.2x as fast",
        two_a_chunk,
    ),
    Claim(
        "Figure 9-10",
        "doubling the chunksize further gains less and less",
        "little",
        SMALL,
        "from 8 to 64, each doubling at most 1.3x as fast",
        further_doublings,
    ),
    Claim(
        "Figure 9-11",
        "half as many chunks as processes leave half of the CPUs idle",
        "1.08 s by 2 chunks for 4 processes",
        LARGE,
        "at least 1.3x the time of one chunk for each process",
        half_idle,
        cpus=2,
    ),
    Claim(
        "Figure 9-11",
        "of large chunks, the largest are the worst",
        "50,000 of 100,000 numbers",
        LARGE,
        "slower than all others from the default chunksize on",
        largest_is_worst,
        cpus=2,
    ),
    Claim(
        "Figure 9-11",
        "ten chunks for four processes leave two idle in the last round",
        "4 + 4 + 2",
        CHUNKS,
        "a last round half full costs at least 3 % (Figure 9-13's numbers)",
        last_round,
        cpus=4,
    ),
    Claim(
        "Figure 9-11",
        "the default chunksize is the best one, or near it",
        "best or near",
        LARGE,
        "at most 1.25x the time of the best",
        default_is_near_best,
        cpus=2,
    ),
    Claim(
        "Text",
        "the default chunksize is the number of jobs divided by that of CPUs",
        "1 chunk for each process",
        LARGE,
        "exactly, by what a pool sends",
        default_is_jobs_by_cpus,
        timed=False,
    ),
    Claim(
        "Figure 9-12",
        "shuffling the numbers hardly helps",
        "about 2 %",
        SHUFFLED,
        "0.94x to 1.08x as fast (median over all chunksizes)",
        shuffling,
        cpus=2,
    ),
    Claim(
        "Figure 9-13",
        "one chunk alone is the slowest",
        "the slowest of 1 to 32",
        CHUNKS,
        "slower than all others",
        one_is_slowest,
        cpus=2,
    ),
    Claim(
        "Figure 9-13",
        "numbers of chunks that are multiples of the processes are the best",
        "a dip at each",
        CHUNKS,
        "all others take at least 1.03x the time, on average",
        multiples,
        cpus=4,
    ),
    Claim(
        "Figure 9-13",
        "one chunk more than there are processes costs a jump in time",
        "a jump",
        CHUNKS,
        "at least 10 %",
        one_chunk_more,
        cpus=4,
    ),
    Claim(
        "Figure 9-13",
        "29 chunks take hardly longer than 32",
        "0.03 s",
        CHUNKS,
        "0.85x to 1.2x the time",
        many_chunks,
        cpus=2,
    ),
    Claim(
        "Text",
        "as many jobs as CPUs are a good choice, too",
        "1 for each CPU",
        ("compare_primes_pool",),
        "at least 0.8x as fast as the default",
        as_many_jobs_as_cpus,
        cpus=2,
    ),
    Claim(
        "Text",
        "it is the GIL that keeps threads from finding primes faster",
        "the GIL",
        ("compare_pythons_primes_pool",),
        "in each Python without it, at least 1.5x as fast as the serial script",
        claims.threads_without_gil,
        cpus=2,
    ),
)

if __name__ == "__main__":
    cli.run(lambda: claims.main(__doc__, CLAIMS))

"""Judge what the chapter says about estimating pi, from measurements stored before.

Chapter: all claims of the section on estimating pi
Run:     python pi_estimation/claims.py
See:     each claim holds, differs (with the likely reason) or cannot be told here (with what is
         missing: often a command that measures it). make report measures everything first and shows
         claims and figures on one page.
Differs: nothing is measured here, so --scale has no effect.
"""

import functools
import math
import statistics

from common import claims, cli, results
from common.claims import Claim

import fig_9_03_cpu_usage
import pi_check

CHAPTER_DARTS = 100_000_000
ONE_LOCK = "no GIL, but all threads wait for the lock of the one Random they share"


def scaled(data, nbr_samples):
    """Return the errors of the estimates as they would be with ``nbr_samples`` darts."""
    runs = data.get("runs", [data])
    factor = pi_check.standard_error(nbr_samples) / pi_check.standard_error(
        data["sizes"]["nbr_samples_in_total"]
    )
    return [factor * (estimate - math.pi) for run in runs for estimate in run["estimates"]]


def spread(darts):
    errors = scaled(darts, 10_000)
    within = sum(3.0 <= math.pi + error <= 3.2 for error in errors) / len(errors)
    text = f"{math.pi + min(errors):.3f} to {math.pi + max(errors):.3f}; {{:.1f}} % within"
    why = "the darts are not independent"
    return claims.number(100 * within, text, low=99, zone=0.01, why=why)


def decimals(numpy):
    off = statistics.median(map(abs, scaled(numpy, 10_000_000)))
    why = "the darts are not independent"
    return claims.number(off, "half are off by less than {:.5f}", high=0.0005, why=why)


def seconds(figure, kind, nbr_workers, what="seconds"):
    return {(run["kind"], run["workers"]): run[what] for run in figure["runs"]}[kind, nbr_workers]


def gain(figure, kind, nbr_workers):
    """Return how many times as fast as the serial script so many threads or processes are."""
    return results.speed_up(seconds(figure, "serial", 1), seconds(figure, kind, nbr_workers))


def without_gil(data, found, reason):
    """Return what was ``found``; if it holds, but not because of a GIL, with the ``reason``."""
    yours, verdict, why = found
    is_so = verdict == claims.HOLDS and not data["machine"]["gil"]
    return yours, verdict, reason if is_so else why


def threads_gain_nothing(lists):
    why = "a serial run that something slowed down"
    if not lists["machine"]["gil"]:
        why = "no GIL, and a Random whose lock costs little"
    times = gain(lists, "threads", 2)
    found = claims.number(times, claims.TIMES_AS_FAST, high=1.2, zone=0.15, why=why)
    return without_gil(lists, found, ONE_LOCK)


def threads_gain_something(numpy):
    why = "filling arrays with random numbers, where threads wait for one generator"
    times = gain(numpy, "threads", 2)
    found = claims.number(times, claims.TIMES_AS_FAST, low=1.2, zone=0.25, why=why)
    return without_gil(numpy, found, "no GIL: numpy has none to release, its generator is locked")


def near_linear(nbr_processes, figure):
    times = gain(figure, "processes", nbr_processes)
    low = 0.625 * nbr_processes
    return claims.number(times, claims.TIMES_AS_FAST, low, why=claims.SHARED_CORES)


def hyperthreads(figure):
    machine = figure["machine"]
    cores, usable = machine.get("physical_cores"), machine["usable_cpus"]
    if not cores or cores >= usable:
        cores = f"{cores} cores" if cores else "how many cores is not known"
        return "", claims.CANNOT_TELL, f"needs hyperthreads; {usable} usable CPUs, {cores}"
    why = "hyperthreads of this CPU share less of a core"
    times = results.speed_up(*(seconds(figure, "processes", n) for n in (cores, usable)))
    return claims.number(times, claims.TIMES_AS_FAST, low=0.8, high=1.3, why=why)


def pool_start_up(lists):
    work = min(seconds(lists, "processes", 4)) * CHAPTER_DARTS
    work /= lists["sizes"]["nbr_samples_in_total"]
    start_up = statistics.median(seconds(lists, "processes", 4, "around"))
    text = f"{start_up:.3f} s of {work:.1f} s ({{:.2f}} %)"
    why = f"{lists['machine']['start_method']} starts workers slowly"
    return claims.number(100 * start_up / work, text, high=2, zone=0.5, why=why)


def busy_cpus(low, high, cpu_usage):
    own = statistics.median(fig_9_03_cpu_usage.usage(run)[0] for run in cpu_usage["runs"])
    text = "{:.2f} CPUs (median of the repeats)"
    if not cpu_usage["threads"]:
        why = "the example started and ended while few CPUs were free"
        return claims.number(own, text, low, high, why=why)
    if results.busy(cpu_usage):  # they would keep anything from using more
        return text.format(own), claims.CANNOT_TELL, "needs all CPUs for itself"
    why = "a library that releases the GIL"
    if not cpu_usage["machine"]["gil"]:
        why = "no GIL: threads that wait for the lock of the one Random they share are busy, too"
    found = claims.number(own, text, low, high, why=why)
    return without_gil(cpu_usage, found, ONE_LOCK)


def joblib_as_fast(compare):
    pool, joblib = (
        results.seconds(compare, f"Python loop, {compare['workers']} {kind}")
        for kind in ("processes", "of joblib")
    )
    why = "joblib hands out and collects its jobs in another way"
    times = results.speed_up(pool, joblib)
    return claims.number(times, claims.TIMES_AS_FAST, low=0.75, high=1.33, why=why)


def second_run_is_instant(cache):
    first, second = (run["seconds"] for run in cache["runs"])
    text = f"{first:,.2f} s, then {{:,.3f}} s"
    return claims.number(second, text, high=0.25, zone=1, why="slow disk under the cache")


def second_run_computes_nothing(cache):
    first, second = cache["runs"]
    is_so = first["computed"] and not second["computed"] and first["counts"] == second["counts"]
    yours = f"{len(first['computed'])} blocks computed, then {len(second['computed'])}"
    return claims.fact(is_so, yours, "the cache lost results, or keys its calls in another way")


def one_draw_for_all(cache):
    blocks, counts = len(cache["without_idx"]), len(set(cache["without_idx"]))
    why = "the blocks differ in size, so that their arguments differ"
    return claims.fact(counts == 1 < blocks, f"{blocks} blocks, {counts} different", why)


def draws(module, repeats, streams):
    if (method := streams["machine"]["start_method"]) != "fork":
        return "", claims.CANNOT_TELL, f"needs forked workers; they were started by {method}"
    column = [row[streams["ways"].index(module)] for row in streams["draws"]]
    workers, different = len(column), len(set(column))
    is_so = workers > 1 and different == (1 if repeats else workers)
    yours = f"{workers} workers, {different} different"
    return claims.fact(is_so, yours, f"this {module} treats forked children in another way")


def numpy_times(compare):
    loop = results.seconds(compare, "Python loop, serial")
    more = pi_check.NUMPY_TIMES * compare["sizes"]["nbr_samples_in_total"]
    numpy = results.seconds(compare, "numpy, serial", f"by {more:,} darts")
    why = f"{compare['machine']['python']} runs the loop faster than 3.7 did, numpy stayed the same"
    times = pi_check.NUMPY_TIMES * results.speed_up(loop, numpy)
    return claims.number(times, claims.TIMES_AS_FAST, low=12.5, high=50, zone=0.1, why=why)


def threads_with_gil(pythons):
    why = "a serial run that something slowed down"
    return claims.in_pythons(pythons, "threads", True, high=1.2, zone=0.15, why=why)


def threads_without_gil(pythons):
    own, *_ = claims.in_pythons(pythons, "threads, a Random each", False)
    why = f"all draw from one Random, whose lock takes the GIL's place; with a Random each: {own}"
    return claims.in_pythons(pythons, "threads", False, low=1.5, why=why)


def memory_of(memory, number):
    """Return the mean RSS (MB) of the workers of kind ``number``."""
    _, *workers = list(memory["memory"].values())[number]
    return statistics.mean(worker["rss"] for worker in workers) / 1e6


def worker_costs(memory):
    why = "another Python and other libraries than the chapter's"
    return claims.number(memory_of(memory, 0), "{:.1f} MB", low=10, high=20, why=why)


def libraries_cost_more(memory):
    bare, numpy, data = (memory_of(memory, number) for number in range(3))
    text = f"{bare:.1f} MB, {numpy:.1f} MB with numpy, {data:.1f} MB with data ({{:.1f}}x)"
    why = "pages that this system does not count for the worker"
    return claims.number(data / bare, text, low=2, why=why)


LISTS, NUMPY, COMPARE = ("fig_9_02",), ("fig_9_08",), ("compare_pi_estimation",)
CACHE, STREAMS = ("pi_lists_parallel_joblib_cache",), ("random_streams",)
MEMORY, PYTHONS = ("worker_memory",), ("compare_pythons_pi_estimation",)

CLAIMS = (
    Claim(
        "Figure 9-1",
        "estimates by 10,000 darts lie from 3.0 to 3.2",
        "3.0 to 3.2",
        ("fig_9_01",),
        "99 % of the runs or more do",
        spread,
        timed=False,
    ),
    Claim(
        "Text",
        "10,000,000 darts give three good decimals",
        "3 decimals",
        NUMPY,
        "half of the runs or more are off by 0.0005 at most",
        decimals,
        timed=False,
    ),
    Claim(
        "Figure 9-2",
        "threads do not speed up a Python loop",
        "none",
        LISTS,
        "2 threads at most 1.2x as fast as the serial script",
        threads_gain_nothing,
        cpus=2,
    ),
    Claim(
        "Figure 9-2",
        "two processes nearly halve the time",
        "71 s to 37 s: 1.92x",
        LISTS,
        "at least 1.25x",
        functools.partial(near_linear, 2),
        cpus=2,
    ),
    Claim(
        "Figure 9-2",
        "four processes on four cores take about a quarter of the time",
        "71 s to 19 s: 3.74x",
        LISTS,
        "at least 2.5x",
        functools.partial(near_linear, 4),
        cpus=4,
    ),
    Claim(
        "Figure 9-2",
        "hyperthreads add hardly anything",
        "8 processes like 4",
        LISTS,
        "all CPUs at most 1.3x as fast as one for each core",
        hyperthreads,
    ),
    Claim(
        "Example 9-2",
        "starting the pool costs next to nothing",
        "negligible",
        LISTS,
        "4 processes: at most 2 % of the time that 100,000,000 darts take",
        pool_start_up,
    ),
    Claim(
        "Figure 9-3",
        "one process keeps one CPU busy",
        "1 CPU",
        ("fig_9_03",),
        "0.8 to 1.1 CPUs on average, start-up included",
        functools.partial(busy_cpus, 0.8, 1.1),
    ),
    Claim(
        "Figure 9-4",
        "two processes keep two CPUs busy",
        "2 CPUs",
        ("fig_9_04",),
        "1.5 to 2.1 CPUs on average, start-up included",
        functools.partial(busy_cpus, 1.5, 2.1),
        cpus=2,
    ),
    Claim(
        "Figure 9-5",
        "four processes keep four CPUs busy",
        "4 CPUs",
        ("fig_9_05",),
        "3 to 4.1 CPUs on average, start-up included",
        functools.partial(busy_cpus, 3, 4.1),
        cpus=4,
    ),
    Claim(
        "Figure 9-7",
        "four threads keep no CPU fully busy: together they use about one",
        "none at 100 %",
        ("fig_9_07",),
        "at most 1.2 CPUs in all, on average",
        functools.partial(busy_cpus, 0, 1.2),
        cpus=2,
    ),
    Claim(
        "Example 9-3",
        "joblib is as fast as multiprocessing's Pool",
        "19 s, both",
        COMPARE,
        "0.75x to 1.33x as fast",
        joblib_as_fast,
    ),
    Claim(
        "Example 9-5",
        "without idx, all blocks get one cached draw",
        "1 draw",
        CACHE,
        "exactly",
        one_draw_for_all,
        timed=False,
    ),
    Claim(
        "Example 9-6",
        "the second, cached run is instant",
        "19.3 s, then 0.025 s",
        CACHE,
        "at most 0.25 s",
        second_run_is_instant,
    ),
    Claim(
        "Example 9-6",
        "the second run executes no block and gives the same pi",
        "8 blocks, then 0",
        CACHE,
        "exactly",
        second_run_computes_nothing,
        timed=False,
    ),
    Claim(
        "Text",
        "forked children all draw the same numbers from numpy.random",
        "1 sequence",
        STREAMS,
        "exactly",
        functools.partial(draws, "numpy.random", True),
        timed=False,
    ),
    Claim(
        "Text",
        "Python's random is reseeded in each forked child",
        "all different",
        STREAMS,
        "exactly",
        functools.partial(draws, "random", False),
        timed=False,
    ),
    Claim(
        "Example 9-7",
        "numpy is about 25 times as fast as the Python loop",
        "25x",
        COMPARE,
        "12.5x to 50x, by ten times the darts of the loop",
        numpy_times,
    ),
    Claim(
        "Figure 9-8",
        "with numpy, threads do gain something",
        "some",
        NUMPY,
        "2 threads at least 1.2x as fast as the serial script",
        threads_gain_something,
        cpus=2,
    ),
    Claim(
        "Figure 9-8",
        "two processes are nearly twice as fast with numpy, too",
        "near linear",
        NUMPY,
        "at least 1.25x",
        functools.partial(near_linear, 2),
        cpus=2,
    ),
    Claim(
        "Figure 9-8",
        "hyperthreads give numpy a little",
        "a little",
        NUMPY,
        "all CPUs 0.8x to 1.3x as fast as one for each core",
        hyperthreads,
    ),
    Claim(
        "Text",
        "every forked process costs 10 to 20 MB of memory",
        "10-20 MB",
        MEMORY,
        "10 to 20 MB (RSS)",
        worker_costs,
        timed=False,
    ),
    Claim(
        "Text",
        "and far more with libraries and data",
        "far more",
        MEMORY,
        "with numpy and 50 MB of data at least twice as much",
        libraries_cost_more,
        timed=False,
    ),
    Claim(
        "Text",
        "threads gain nothing in any Python that has a GIL",
        "none",
        PYTHONS,
        "in each, at most 1.2x as fast as the serial script",
        threads_with_gil,
        cpus=2,
    ),
    Claim(
        "Text",
        "it is the GIL that keeps threads from estimating pi faster",
        "the GIL",
        PYTHONS,
        "in each Python without it, at least 1.5x as fast as the serial script",
        threads_without_gil,
        cpus=2,
    ),
)

if __name__ == "__main__":
    cli.run(lambda: claims.main(__doc__, CLAIMS))

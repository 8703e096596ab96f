"""Results with which each claim on pi holds, and results with which it differs."""

import math

from support import in_pythons


def rounds(seconds):
    return [seconds, 1.2 * seconds, 1.1 * seconds]


def speeds(name, around=0.02, **times):
    """Return a measurement of Figure 9-2 or 9-8; ``times`` such as ``processes_2=0.5``."""
    runs = [{"kind": "serial", "workers": 1, "seconds": rounds(1.0), "around": [0.0]}]
    for key, seconds in times.items():
        kind, workers = key.split("_")
        run = {"kind": kind, "workers": int(workers), "seconds": rounds(seconds)}
        runs.append({**run, "around": [around] * 3})
    return {name: {"sizes": {"nbr_samples_in_total": 1_000_000}, "runs": runs}}


def estimates(name, *errors, nbr_samples=10_000):
    values = {"estimates": [math.pi + error for error in errors]}
    return {name: {"sizes": {"nbr_samples_in_total": nbr_samples}, **values}}


def numpy_estimates(*errors):
    ((name, measured),) = estimates("fig_9_08", *errors, nbr_samples=40_000_000).items()
    return {name: {"sizes": measured["sizes"], "runs": [{"estimates": measured["estimates"]}]}}


def usage(name, cpus, threads=False):
    run = {
        "seconds": 1.0,
        "times": [-0.5, 0.0, 0.5, 1.0, 1.5],
        "percent": [[50.0] * 8] * 4,
        "own": [0.0, 0.0, 0.5 * cpus, cpus, cpus],
    }
    return {name: {"nbr_workers": 4, "threads": threads, "runs": [run, run]}}


def compared(**times):
    ways = [
        {"job": f"pi by {darts} darts", "name": name.replace("_", " "), "seconds": rounds(seconds)}
        for name, each in {"Python_loop,_serial": 1.0, **times}.items()
        for darts, seconds in ((2, each), (20, 10 * each))
    ]
    sizes = {"nbr_samples_in_total": 2}
    return {"compare_pi_estimation": {"workers": 2, "sizes": sizes, "ways": ways}}


def cached(computed_again=(), counts_again=(5, 6), seconds_again=0.02, without_idx=(7, 7)):
    first = {"computed": [10, 10], "counts": [5, 6], "seconds": 2.0}
    again = {"computed": [*computed_again], "counts": [*counts_again], "seconds": seconds_again}
    measured = {"runs": [first, again], "without_idx": [*without_idx]}
    return {"pi_lists_parallel_joblib_cache": measured}


def streams(python, numpy):
    draws = [[own, inherited] for own, inherited in zip(python, numpy, strict=True)]
    return {"random_streams": {"ways": ["random", "numpy.random"], "draws": draws}}


def memory(bare, data):
    """Return what worker_memory.py stores; ``bare`` and ``data`` are megabytes of a worker."""
    kinds = {"bare": bare, "numpy": bare + 10, "data": data}
    processes = {kind: [{"rss": 9e9}, {"rss": mb * 1e6}] for kind, mb in kinds.items()}
    return {"worker_memory": {"memory": processes}}


def by_threads(shared, own=0.5, **others):
    free = {"threads": shared, "threads, a Random each": own}
    return in_pythons("pi_estimation", FREE=free, **others)


DIFFERENT, SAME = (0.1, 0.2, 0.3), (0.4, 0.4, 0.4)

# What a claim says -> results with which it holds, results with which it differs.
CASES = {
    "estimates by 10,000 darts lie from 3.0 to 3.2": (
        estimates("fig_9_01", -0.1, 0.05, 0.0),
        estimates("fig_9_01", -0.1, 0.07, 0.0),
    ),
    "10,000,000 darts give three good decimals": (
        numpy_estimates(0.0001, -0.0002, 0.01),  # scaled: half as many darts, twice the error
        numpy_estimates(0.0003, -0.0004, 0.0),
    ),
    "threads do not speed up a Python loop": (
        speeds("fig_9_02", threads_2=1.05),
        speeds("fig_9_02", threads_2=0.6),
    ),
    "two processes nearly halve the time": (
        speeds("fig_9_02", processes_2=0.55),
        speeds("fig_9_02", processes_2=0.9),
    ),
    "four processes on four cores take about a quarter of the time": (
        speeds("fig_9_02", processes_4=0.3),
        speeds("fig_9_02", processes_4=0.5),
    ),
    "hyperthreads add hardly anything": (
        speeds("fig_9_02", processes_4=0.25, processes_8=0.22),
        speeds("fig_9_02", processes_4=0.25, processes_8=0.13),
    ),
    "starting the pool costs next to nothing": (
        speeds("fig_9_02", processes_4=0.25),
        speeds("fig_9_02", processes_4=0.25, around=2.0),
    ),
    "one process keeps one CPU busy": (usage("fig_9_03", 0.95), usage("fig_9_03", 0.5)),
    "two processes keep two CPUs busy": (usage("fig_9_04", 1.8), usage("fig_9_04", 1.0)),
    "four processes keep four CPUs busy": (usage("fig_9_05", 3.7), usage("fig_9_05", 2.0)),
    "four threads keep no CPU fully busy: together they use about one": (
        usage("fig_9_07", 1.0, threads=True),
        usage("fig_9_07", 2.9, threads=True),
    ),
    "joblib is as fast as multiprocessing's Pool": (
        compared(**{"Python_loop,_2_processes": 0.5, "Python_loop,_2_of_joblib": 0.55}),
        compared(**{"Python_loop,_2_processes": 0.5, "Python_loop,_2_of_joblib": 0.9}),
    ),
    "without idx, all blocks get one cached draw": (cached(), cached(without_idx=(7, 8))),
    "the second, cached run is instant": (cached(), cached(seconds_again=1.5)),
    "the second run executes no block and gives the same pi": (
        cached(),
        cached(computed_again=[10], counts_again=(5, 7)),
    ),
    "forked children all draw the same numbers from numpy.random": (
        streams(DIFFERENT, SAME),
        streams(DIFFERENT, DIFFERENT),
    ),
    "Python's random is reseeded in each forked child": (
        streams(DIFFERENT, SAME),
        streams(SAME, SAME),
    ),
    "numpy is about 25 times as fast as the Python loop": (
        compared(**{"numpy,_serial": 0.04}),
        compared(**{"numpy,_serial": 0.1}),
    ),
    "with numpy, threads do gain something": (
        speeds("fig_9_08", threads_2=0.8),
        speeds("fig_9_08", threads_2=1.2),
    ),
    "two processes are nearly twice as fast with numpy, too": (
        speeds("fig_9_08", processes_2=0.55),
        speeds("fig_9_08", processes_2=0.95),
    ),
    "hyperthreads give numpy a little": (
        speeds("fig_9_08", processes_4=0.25, processes_8=0.22),
        speeds("fig_9_08", processes_4=0.25, processes_8=0.4),
    ),
    "every forked process costs 10 to 20 MB of memory": (memory(15, 80), memory(40, 80)),
    "and far more with libraries and data": (memory(15, 80), memory(15, 16)),
    "threads gain nothing in any Python that has a GIL": (
        by_threads(0.5, GIL={"threads": 0.95}, PYPY={"threads": 1.1}),
        by_threads(0.5, GIL={"threads": 0.95}, PYPY={"threads": 0.5}),
    ),
    "it is the GIL that keeps threads from estimating pi faster": (
        by_threads(0.5, GIL={"threads": 1.0}),
        by_threads(1.4, GIL={"threads": 1.0}),
    ),
}

"""Estimate pi with a pool of interpreters: threads of one process, each with a GIL of its own.
Beyond the chapter

Chapter: answers Example 9-1, Example 9-2
Run:     python pi_estimation/pi_lists_interpreters.py 2
See:     one pid, and yet the time shrinks as it does with processes: interpreters share nothing, so
         that none waits for another. What one more worker costs is little less than with spawned
         processes, since an interpreter imports every module for itself, this script too; a forked
         process or a thread costs far less. (The fastest of 3 starts; memory is PSS, which only
         Linux reports.) Arguments and results are pickled. Not for extension modules that have not
         been adapted, nor what needs them: the last lines are what the imports of numpy, psutil and
         joblib say. Not for many small jobs: map sends one at a time, whatever its chunksize.
         It takes CPython 3.14 or newer; elsewhere this script says so and ends.
"""

import concurrent.futures
import contextlib
import importlib
import importlib.util
import multiprocessing
import multiprocessing.dummy
import os
import random
import sys
import time

from common import cli, create_range, timing

import pi_check

REPEAT = 3
UP_SECONDS = 0.2
LIBRARIES = ("numpy", "psutil", "joblib")


def estimate_nbr_points_in_quarter_circle(nbr_estimates):
    """Return how many of ``nbr_estimates`` random darts fall inside the unit quarter circle."""
    print(
        f"Executing estimate_nbr_points_in_quarter_circle with {nbr_estimates:,} "
        f"on pid {os.getpid()}",
        flush=True,
    )
    nbr_trials_in_quarter_unit_circle = 0
    for _ in range(nbr_estimates):
        x = random.uniform(0, 1)
        y = random.uniform(0, 1)
        is_in_unit_circle = x * x + y * y <= 1.0
        nbr_trials_in_quarter_unit_circle += is_in_unit_circle
    return nbr_trials_in_quarter_unit_circle


def be_up(seconds):
    """Sleep for ``seconds``: of several such jobs at once, each starts a worker of its own."""
    time.sleep(seconds)


def try_import(name):
    """Return what an interpreter says that imports the module ``name``."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        while error.__cause__:
            error = error.__cause__
        return f"{error}"
    return "it loads"


def run(nbr_samples_in_total, nbr_workers):
    """Return the number of darts inside the quarter circle and the seconds the map took.

    The interpreters are up before the clock starts.
    """
    nbr_samples_per_worker = create_range.split_total(nbr_samples_in_total, nbr_workers)
    print(f"Making {nbr_samples_per_worker[0]:,} samples per {nbr_workers} worker(s)", flush=True)
    with concurrent.futures.InterpreterPoolExecutor(nbr_workers) as pool:
        list(pool.map(be_up, [UP_SECONDS] * nbr_workers))
        start = time.perf_counter()
        nbr_in_quarter_circle = list(
            pool.map(estimate_nbr_points_in_quarter_circle, nbr_samples_per_worker)
        )
        duration = time.perf_counter() - start
    return sum(nbr_in_quarter_circle), duration


def cost(make_pool):
    """Return the seconds until a pool of one worker has done a first job, and its bytes of memory.

    ``make_pool`` makes a pool of so many workers. The bytes are None where no PSS is reported.
    """
    before, start = memory(), time.perf_counter()
    with make_pool(1) as pool:
        list(pool.map(be_up, [0]))
        duration = time.perf_counter() - start
        return duration, memory() - before if before else None


def memory():
    """Return the bytes (PSS) that this process and its children take; None where not reported."""
    from common.memory import psutil  # imported here: it does not load where interpreters import us

    if sys.platform != "linux":
        return None
    nbytes, this = 0, psutil.Process()
    for process in (this, *this.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            nbytes += process.memory_full_info().pss
    return nbytes


def print_costs():
    """Print what one worker of each kind costs."""
    from common import processes  # as above, and an interpreter has no need of it

    multiprocessing.set_start_method("forkserver", force=True)
    processes.start_services()
    kinds = {f"process, {m}": processes.get_context(m).Pool for m in cli.START_METHODS}
    kinds["interpreter"] = concurrent.futures.InterpreterPoolExecutor
    kinds["thread"] = multiprocessing.dummy.Pool
    for kind, make_pool in kinds.items():
        durations, sizes = zip(*(cost(make_pool) for _ in range(REPEAT)), strict=True)
        size = "-" if sizes[-1] is None else f"{sizes[-1] / 1e6:,.1f} MB"
        print(f"One {kind}:".ljust(26), timing.seconds(min(durations)), size.rjust(9), flush=True)


def print_imports():
    """Print what the import of each of LIBRARIES says in an interpreter of its own."""
    with concurrent.futures.InterpreterPoolExecutor(1) as pool:
        for name in filter(importlib.util.find_spec, LIBRARIES):
            print(f"import {name}: {pool.submit(try_import, name).result()}", flush=True)


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, start_method=False)
    pi_check.add_size(parser, quick=4_000_000)
    args = cli.parse(parser)
    if not hasattr(concurrent.futures, "InterpreterPoolExecutor"):
        raise cli.UserError("InterpreterPoolExecutor needs CPython 3.14 or newer")
    nbr_in_quarter_circle, duration = run(args.nbr_samples_in_total, args.nbr_workers)
    pi_check.report(nbr_in_quarter_circle, args.nbr_samples_in_total)
    pi_check.report_delta(duration, args.nbr_samples_in_total)
    print_costs()
    print_imports()


if __name__ == "__main__":
    cli.run(main)

"""Measure what one more worker process costs in memory: bare, with numpy, and with data.

Chapter: text on the memory that every process costs
Run:     python pi_estimation/worker_memory.py
         python pi_estimation/worker_memory.py --start-method spawn
See:     RSS counts every page that a process has touched or was forked with, PSS divides a page
         among the processes that have it, and USS counts only those that it alone has. A forked
         worker has its parent's pages without a copy of them: RSS adds up to more than there is,
         PSS to what is in use. A worker with its own interpreter (spawn), an import in the worker
         and data in the worker cost real memory, each time. The chapter's 10-20 MB per worker are
         RSS.
"""

import importlib.util
import multiprocessing
import time

from common import cli, memory, results
from common.processes import Process

import psutil
from prettytable import PrettyTable

NBR_DATA_BYTES = 50_000_000
NBR_NUMPY_BYTES = 50_000_000  # more than an interpreter with numpy takes
COLUMNS = ("rss", "pss", "uss")


def bare_worker():
    """Do nothing."""


def numpy_worker():
    """Import numpy, which the parent has not imported."""
    import numpy as np

    return np


def data_worker():
    """Make an array of NBR_DATA_BYTES and write to every page of it."""
    np = numpy_worker()
    return np.full(NBR_DATA_BYTES // 8, 42.0)


def stay(work, ready):
    """Do ``work``, signal that it is done, and keep its result until this process is ended."""
    _kept = work()
    ready.release()
    while True:
        time.sleep(3600)


KINDS = {
    "a bare worker": bare_worker,
    "a worker with numpy": numpy_worker,
    f"and {NBR_DATA_BYTES / 1e6:.0f} MB of data": data_worker,
}


def measure(pid):
    """Return a process's memory in bytes, {"rss": ..., "pss": ..., "uss": ...}; None if unknown.

    Only Linux reports PSS; macOS reports USS only for processes that we may inspect.
    """
    process = psutil.Process(pid)
    try:
        info = process.memory_full_info()
    except psutil.AccessDenied:
        info = process.memory_info()
    return {column: getattr(info, column, None) for column in COLUMNS}


def run(nbr_workers):
    """Return a dict, each of KINDS -> the memory of this process and of each worker (bytes)."""
    result = {}
    for kind, work in KINDS.items():
        ready = multiprocessing.Semaphore(0)
        processes = []
        for _ in range(nbr_workers):
            p = Process(target=stay, args=(work, ready))
            processes.append(p)
            p.start()
        for _ in processes:
            ready.acquire()
        result[kind] = [measure(pid) for pid in [None, *(p.pid for p in processes)]]
        for p in processes:
            p.terminate()
            p.join()
    return result


def megabytes(values):
    """Return the mean of ``values`` (bytes) as text in MB, or "-" if any is unknown."""
    return "-" if None in values else f"{sum(values) / len(values) / 1e6:,.1f} MB"


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, default=4)
    results.add_output(parser)
    args = cli.parse(parser)
    if importlib.util.find_spec("numpy") is None:  # only workers import it
        raise cli.UserError("No module named 'numpy'")
    per_worker = NBR_NUMPY_BYTES + NBR_DATA_BYTES
    memory.require(
        args.nbr_workers * per_worker, lambda fits: f"{fits // per_worker:,} workers would fit"
    )
    result = run(args.nbr_workers)
    results.store(args, {"memory": result})
    table = PrettyTable(["one of", *(column.upper() for column in COLUMNS)], align="r")
    table.align["one of"] = "l"
    rows = {"the parent": [bare[0] for bare in result.values()][:1]}
    rows |= {kind: processes[1:] for kind, processes in result.items()}
    for name, processes in rows.items():
        table.add_row([name, *(megabytes([p[column] for p in processes]) for column in COLUMNS)])
    print(table)
    bare, _, data = result.values()
    for column in COLUMNS[:2]:
        values = [process[column] for process in bare]
        total = megabytes([None if None in values else sum(values)])
        print(f"Parent and {args.nbr_workers} bare worker(s): {column.upper()} adds up to {total}")
    if bare[0]["pss"] is None:
        print("-: this system does not report it (only Linux reports PSS)")
    known = "rss" if None in [process["uss"] for process in bare + data] else "uss"
    more = min(p[known] for p in data[1:]) - max(p[known] for p in bare[1:])
    more_there = f"{megabytes([more])} more {known.upper()}"
    print(f"A worker with numpy and data has at least {more_there} than a bare one")
    cli.check(more >= NBR_DATA_BYTES, f"its data are {NBR_DATA_BYTES:,} bytes")


if __name__ == "__main__":
    cli.run(main)

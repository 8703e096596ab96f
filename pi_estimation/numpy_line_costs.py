"""Find what runs in parallel: time the numpy function line by line, serially and in threads.

Chapter: text on finding what parallelises
Run:     python pi_estimation/numpy_line_costs.py 4
See:     the lines are added one at a time, and each prefix is timed with all darts in one thread
         and with the darts shared among the threads. What a line adds is the difference from the
         row above, within a round; the first row also has the start of the threads' jobs, each of
         which seeds the generator. The lines that draw random numbers gain least, and may lose:
         numpy's global generator is locked while it fills an array, and threads wait for each
         other. What they gain comes from memory: smaller arrays may reuse what is at hand, or fit
         in a cache. The arithmetic gains, because numpy releases the GIL for it. A cheap line, or
         one that a thread runs while another draws, may seem to add less than nothing, and a busy
         machine can hide it all. (Medians of 9 interleaved rounds. No BLAS routine is called, so
         the number of BLAS threads does not matter.)
Differs: workers are threads here, so there is no --start-method.
"""

import functools
import multiprocessing.dummy
import operator
import statistics

from common import cli, create_range, results, timing

import numpy as np
import pi_check
from prettytable import PrettyTable

REPEAT = 9
LINES = (
    "np.random.seed()",
    "xs = np.random.uniform(0, 1, nbr_samples)",
    "ys = np.random.uniform(0, 1, nbr_samples)",
    "is_in_unit_circle = (xs * xs + ys * ys) <= 1",
    "nbr_in_quarter_circle = int(np.sum(is_in_unit_circle))",
)


def prefix(nbr_lines):
    """Return the first ``nbr_lines`` of LINES as a function of the number of darts.

    It returns the number of darts inside the quarter circle; None if no line counts them yet.
    """
    code = compile("\n".join(LINES[:nbr_lines]), "LINES", "exec")

    def execute(nbr_samples):
        names = {"np": np, "nbr_samples": nbr_samples}
        exec(code, names)
        return names.get("nbr_in_quarter_circle")

    return execute


def run(nbr_samples_in_total, nbr_workers):
    """Return the seconds of every repeat for each prefix, in one thread and in ``nbr_workers``.

    Returns a dict: "serial" and "threads", each with a list of REPEAT durations per prefix, and
    "counts", the darts inside the quarter circle in the last repeat (serial, threads).
    """
    shares = create_range.split_total(nbr_samples_in_total, nbr_workers)
    prefixes = [prefix(nbr_lines) for nbr_lines in range(1, len(LINES) + 1)]
    with multiprocessing.dummy.Pool(nbr_workers) as pool:
        ways = {}
        for idx, function in enumerate(prefixes):
            serial = timing.timed, function, nbr_samples_in_total
            threads = timing.timed, pool.map, function, shares
            ways["serial", idx] = functools.partial(results.second, *serial)
            ways["threads", idx] = functools.partial(results.second, *threads)
        outcomes = results.interleaved(ways, REPEAT)
    result = {"serial": [], "threads": []}
    for (kind, _), rounds in outcomes.items():
        result[kind].append([duration for _, duration in rounds])
    last = len(LINES) - 1
    counts = (outcomes["serial", last][-1][0], sum(outcomes["threads", last][-1][0]))
    return {**result, "counts": counts}


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, default=4, start_method=False)
    pi_check.add_size(parser, quick=5_000_000)
    args = cli.parse(parser)
    pi_check.require_memory(args.nbr_samples_in_total)
    print(f"Timing {len(LINES)} lines, {cli.usable_cpus()} usable CPU(s)", flush=True)
    result = run(args.nbr_samples_in_total, args.nbr_workers)
    threads = f"{args.nbr_workers} threads"
    table = PrettyTable(["up to this line", "serial", threads, "adds, serial", f"adds, {threads}"])
    table.align = "r"
    table.align["up to this line"] = "l"
    before = [[0] * REPEAT] * 2
    for line, *repeats in zip(LINES, result["serial"], result["threads"], strict=True):
        middle = [statistics.median(durations) for durations in repeats]
        by_round = [map(operator.sub, *pair) for pair in zip(repeats, before, strict=True)]
        added = map(statistics.median, by_round)
        table.add_row([line, *map(timing.seconds, (*middle, *added))])
        before = repeats
    print(table)
    for name, count in zip(("Serial:", "Threads:"), result["counts"], strict=True):
        print(name, end=" ")
        pi_check.report(count, args.nbr_samples_in_total)


if __name__ == "__main__":
    cli.run(main)

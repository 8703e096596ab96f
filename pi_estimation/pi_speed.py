"""Measure and draw how long an estimate of pi takes: serially, by threads and by processes."""

import statistics

from common import plots, results, timing

import amdahl
import pi_check

PREDICTED = (16, 64)  # CPUs
LOOP_IN_THREADS = {  # whether there is a GIL -> what threads can do
    True: "With the GIL, one thread at a time runs Python code.",
    False: "Without the GIL, threads run side by side, but all wait for one lock, that of the "
    "Random they share.",
}


def measure(args, serial, parallel, time=timing.timed):
    """Return every duration and estimate of the modules ``serial`` and ``parallel``.

    ``time(function, *args)`` returns what the function returns and the seconds it took.
    """
    nbr_samples = args.nbr_samples_in_total
    ways = {}
    for n in args.workers:
        ways["processes", n] = lambda n=n: time(parallel.run, nbr_samples, n)
        ways["threads", n] = lambda n=n: time(parallel.run, nbr_samples, n, True)
    ways["serial", 1] = lambda: time(serial.run, nbr_samples)
    runs = []
    for (kind, n), rounds in results.interleaved(ways, args.repeat).items():
        estimates = [pi_check.estimate_pi(count, nbr_samples) for (count, _), _ in rounds]
        durations = [duration for (_, duration), _ in rounds]
        around = [total - duration for (_, duration), total in rounds]  # to start and end the pool
        its = {"seconds": durations, "around": around, "estimates": estimates}
        runs.append({"kind": kind, "workers": n, **its})
    return {"runs": runs}


def draw(data, title, threads, chapter=None):
    """Return the figure.

    ``threads`` is a dict, whether there is a GIL -> a sentence on what threads can do. ``chapter``
    is a dict, number of processes (1: serial) -> its seconds.
    """
    seconds = {}
    for run in data["runs"]:
        seconds.setdefault(run["kind"], {})[run["workers"]] = run["seconds"]
    serial = statistics.median(seconds["serial"][1])
    usable = data["machine"]["usable_cpus"]
    law = fitted_law(seconds["processes"], usable)
    found = finding(seconds, usable, law, results.busy(data))
    found += f" {threads[data['machine']['gil']]}"
    figure, (axes,) = plots.new(data, title, found)
    axes.axhline(serial, label="serial: no pool", **{**plots.style(6), "marker": ""})
    for number, kind in enumerate(("processes", "threads")):
        plots.line(axes, seconds[kind], number, kind, beyond=usable, of=statistics.median)
    workers = {*seconds["processes"]}
    if law and law["share"] < 1:
        draw_amdahl(axes, law, min(workers), max(workers))
    if chapter:
        scaled = {n: serial * duration / chapter[1] for n, duration in chapter.items()}
        axes.plot(
            scaled.keys(),
            scaled.values(),
            label="the chapter, for the same serial time",
            **plots.CHAPTER,
        )
        workers |= scaled.keys()
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(workers), [f"{n}" for n in sorted(workers)])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(f"workers (hollow: more than the {cpus(usable)})")
    axes.set_ylabel("seconds (median; bar: to the best)")
    axes.set_ylim(bottom=0)
    plots.legend(figure)
    return figure


def draw_amdahl(axes, law, least, most):
    """Draw the curve of Amdahl's law from ``least`` to ``most`` workers, with its uncertainty.

    The band varies the serial share alone and keeps the fitted time of one worker.
    """
    import numpy as np

    workers = np.geomspace(least, most, 100)
    curve, low, high = (
        law["one"] / amdahl.speed_up(share, workers) for share in (law["share"], *law["interval"])
    )
    style = {**plots.style(2), "marker": ""}
    axes.plot(workers, curve, label="Amdahl's law, fitted", **style)
    band = {"color": style["color"], "alpha": 0.2, "linewidth": 0}
    axes.fill_between(workers, low, high, **band, label="95 % interval of the fit")


def fitted_law(processes, usable):
    """Fit Amdahl's law to the ``processes`` that had a CPU each; None for fewer than two numbers.

    ``processes`` is a dict, number of processes -> seconds of every repeat. Returns a dict: the
    numbers "fitted", the seconds of "one" process, the serial "share" and its "interval".
    """
    fitted = {n: durations for n, durations in processes.items() if n <= usable}
    if len(fitted) < 2:
        return None
    one, share = amdahl.fit(fitted)
    return {"fitted": list(fitted), "one": one, "share": share, "interval": amdahl.interval(fitted)}


def finding(seconds, usable, law, disturbed=""):
    """Describe what threads and processes gain, and what Amdahl's law predicts.

    ``disturbed``: who else used the CPUs, as by ``results.busy``.
    """
    within = [n for n in seconds["processes"] if n <= usable]
    most = max(seconds["processes"])
    # with one CPU nothing gains: the largest number is as good as any
    n = max(within) if within and usable > 1 else most

    def faster(kind, n):
        return f"{results.speed_up(seconds['serial'][1], seconds[kind][n]):,.2f}x"

    compared = (
        f"{count(n, 'process is', 'processes are')} {faster('processes', n)} as fast as the serial "
        f"script by round, and {count(n, 'thread is', 'threads are')} {faster('threads', n)} as "
        "fast"
    )
    if n < most:
        compared += f" ({most} of each: {faster('processes', most)} and {faster('threads', most)})"
    if usable == 1:
        return f"With 1 usable CPU, no gain is to be expected: {compared}."
    if n > usable:
        compared += f", on {cpus(usable)}"
    if disturbed:
        compared += f" (do not rely on it{disturbed})"
    if law is None:
        return (
            f"{compared}. Fitting Amdahl's law needs two numbers of processes "
            f"up to the {cpus(usable)}."
        )
    if law["share"] == 1:
        return f"{compared}: no gain from which Amdahl's law could predict another."
    low, high = law["interval"]
    predicted = [
        f"{amdahl.speed_up(law['share'], n):,.1f}x ({amdahl.speed_up(high, n):,.1f} to "
        f"{amdahl.speed_up(low, n):,.1f}) on {n} CPUs"
        for n in PREDICTED
    ]
    first, *_, last = law["fitted"]
    points = f"{len(law['fitted'])} numbers of processes from {first} to {last}"
    if len(law["fitted"]) == 2:
        points = f"{first} and {last} processes"
        if 0 < law["share"] < 1:
            ratio = amdahl.speed_up(law["share"], last) / amdahl.speed_up(law["share"], first)
            points += f" ({last} are {ratio:,.2f}x as fast as {first}, which it fits exactly; "
            points += "the points drawn are medians)"
    return (
        f"{compared}. Fitted by round to {points}, Amdahl's law makes {100 * law['share']:.1f} "
        f"% of one process's work serial (95 % interval: {100 * low:.1f} to {100 * high:.1f} %) "
        f"and predicts, compared with it, {' and '.join(predicted)}."
    )


def cpus(usable):
    """Return the number of usable CPUs in words."""
    return count(usable, "usable CPU", "usable CPUs")


def count(n, one, more):
    """Return ``n`` with the noun for it: ``one`` or ``more``."""
    return f"{n} {one if n == 1 else more}"

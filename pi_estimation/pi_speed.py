"""Measure and draw how long an estimate of pi takes: serial, by threads and by processes."""

import amdahl
import pi_check

from common import plots, timing

FORETOLD = (16, 64)


def measure(args, serial, parallel):
    """Return the durations of the scripts ``serial`` and ``parallel`` (modules)."""
    nbr_samples = args.nbr_samples_in_total
    ways = {}
    for n in args.workers:
        ways["processes", n] = lambda n=n: parallel.run(nbr_samples, n)
        ways["threads", n] = lambda n=n: parallel.run(nbr_samples, n, threads=True)
    ways["serial", 1] = lambda: serial.run(nbr_samples)
    runs = []
    for (kind, n), rounds in timing.interleaved(ways, args.repeat).items():
        estimates = [pi_check.estimate_pi(count, nbr_samples) for count, _ in rounds]
        durations = [duration for _, duration in rounds]
        runs.append({"kind": kind, "workers": n, "seconds": durations, "estimates": estimates})
    return {"runs": runs}


def draw(data, title, chapter):
    """Return the picture. ``chapter``: its seconds by the number of processes, 1 for serial."""
    seconds = {}
    for run in data["runs"]:
        seconds.setdefault(run["kind"], {})[run["workers"]] = run["seconds"]
    serial = min(seconds["serial"][1])
    usable = data["machine"]["usable_cpus"]
    figure, (axes,) = plots.new(data, title, finding(seconds, usable))
    axes.axhline(serial, label="serial: no pool", **{**plots.style(6), "marker": ""})
    for number, kind in enumerate(("processes", "threads")):
        plots.line(axes, seconds[kind], number, kind, beyond=usable)
    fitted = {n: durations for n, durations in seconds["processes"].items() if n <= usable}
    if len(fitted) > 1:
        draw_amdahl(axes, fitted, max(seconds["processes"]))
    scaled = {n: serial * duration / chapter[1] for n, duration in chapter.items()}
    axes.plot(
        scaled.keys(),
        scaled.values(),
        label="the chapter, for the same serial time",
        **plots.CHAPTER,
    )
    workers = sorted({*seconds["processes"], *scaled})
    axes.set_xscale("log", base=2)
    axes.set_xticks(workers, [f"{n}" for n in workers])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(f"workers (hollow: more than the {usable} usable CPUs)")
    axes.set_ylabel("seconds (best; bar: all repeats)")
    axes.set_ylim(bottom=0)
    plots.legend(figure)
    return figure


def draw_amdahl(axes, fitted, most):
    """Draw the curve of Amdahl's law through ``fitted``, and how uncertain it is."""
    import numpy as np

    shares = (amdahl.fit(fitted), *amdahl.interval(fitted))
    workers = np.geomspace(min(fitted), max(most, 2), 100)
    first = min(fitted)
    curve, low, high = (
        min(fitted[first]) * amdahl.speed_up(share, first) / amdahl.speed_up(share, workers)
        for share in shares
    )
    style = {**plots.style(2), "marker": ""}
    axes.plot(workers, curve, label="Amdahl's law, fitted", **style)
    axes.fill_between(workers, low, high, color=style["color"], alpha=0.2, linewidth=0)


def finding(seconds, usable):
    """Return in words what threads and processes gain, and what Amdahl's law makes of it."""
    serial = min(seconds["serial"][1])
    fitted = {n: durations for n, durations in seconds["processes"].items() if n <= usable}
    most = max(fitted, default=min(seconds["processes"]))
    gains = [
        f"{serial / min(seconds[kind][most]):.2f}x as fast by {kind}"
        for kind in ("processes", "threads")
    ]
    said = f"{most} worker(s) against serial: {' and '.join(gains)}. "
    if len(fitted) < 2:
        return said + "Amdahl's law cannot be fitted here: it needs runs with two or more CPUs."
    share, (low, high) = amdahl.fit(fitted), amdahl.interval(fitted)
    foretold = [
        f"{amdahl.speed_up(share, n):,.1f}x ({amdahl.speed_up(high, n):,.1f} to "
        f"{amdahl.speed_up(low, n):,.1f}) on {n} cores"
        for n in FORETOLD
    ]
    return (
        f"{said}Serial share by Amdahl's law: {100 * share:.1f} % ({100 * low:.1f} to "
        f"{100 * high:.1f} %), from {', '.join(map(str, fitted))} processes; it foretells "
        f"{' and '.join(foretold)}."
    )

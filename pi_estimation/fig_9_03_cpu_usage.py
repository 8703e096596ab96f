"""Draw Figures 9-3 to 9-7: which CPUs are busy, and when, while pi_lists_parallel.py runs.

Chapter: Figure 9-3, Figure 9-4, Figure 9-5, Figure 9-6, Figure 9-7
Run:     python pi_estimation/fig_9_03_cpu_usage.py
         python pi_estimation/fig_9_03_cpu_usage.py --from results/fig_9_05.json
See:     a row is a logical CPU, a column a tenth of a second; the example starts at 0, with a short
         start-up. One process keeps one CPU busy (the system may move it to another), two keep two,
         except while they start and after the first of them has ended; more processes than CPUs add
         little: with smaller shares, no CPU is idle long before the end. Four threads together keep
         no more than one CPU busy, spread over all of them, because of the GIL; in the first column
         the example starts, on one of them. (On a free-threaded build they keep more CPUs busy,
         and are no faster: they wait for the lock of the one Random they share.) The lower panel
         separates the example from all programs together, which include this one as it samples the
         CPUs. How long all runs took is left out if other programs used the CPUs. (CPU time is
         counted in steps of 0.01 s: for each process, a sample may be a tenth of a CPU too high or
         too low. The example's last sample is one before its end.)
Differs: --workers gives the numbers of processes. Another than the chapter's 1, 2, 4 and 8 takes
         the place of one that is left out. Figure 9-7 always has the chapter's 4 threads. The
         fastest repeat is drawn.
"""

import contextlib
import itertools
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import cli, plots, results, run

import pi_check
import pi_speed
import psutil

EXAMPLE = Path(__file__).parent / "pi_lists_parallel.py"
FIGURES = {1: "fig_9_03", 2: "fig_9_04", 4: "fig_9_05", 8: "fig_9_06"}  # processes: the chapter's
THREADS_FIGURE, NBR_THREADS = "fig_9_07", 4
INTERVAL = 0.1  # seconds; systems count CPU time in steps of 0.01 s
PROCESSES = {True: "Each process has a GIL of its own.", False: "There is no GIL."}
NBR_AROUND = 3  # samples before the example starts and after it ends


def measure(args):
    """Return, for each figure, its workers and the samples of every repeat.

    Raises UserError for more numbers of workers than figures, and what ``sample`` raises.
    """
    if len(args.workers) > len(FIGURES):
        raise cli.UserError(f"--workers takes {len(FIGURES)} numbers at most: one a figure")
    free = [name for n, name in FIGURES.items() if n not in args.workers]
    ways = {FIGURES.get(n) or free.pop(0): (n, False) for n in args.workers}
    ways[THREADS_FIGURE] = NBR_THREADS, True
    runs = {name: [] for name in ways}
    for _, name in results.progress(list(itertools.product(range(args.repeat), ways))):
        runs[name].append(sample(*ways[name], args.nbr_samples_in_total))
    medians = {name: statistics.median(run["seconds"] for run in runs[name]) for name in ways}
    took = [{"workers": workers(*ways[name]), "seconds": medians[name]} for name in ways]
    return {
        name: {"nbr_workers": n, "threads": threads, "runs": runs[name], "took": took}
        for name, (n, threads) in ways.items()
    }


def sample(nbr_workers, threads, nbr_samples):
    """Run the example as a reader would, and sample every CPU meanwhile.

    Returns a dict: "seconds" that the process took; "times" of the samples, in seconds from its
    start; "percent", how busy every CPU has been since the previous sample, for each but the first;
    "own", the seconds of CPU time that the example has used up to each sample. Raises Failure or
    UserError if the example fails.
    """
    readings = [read_cpu_times(None)]
    for _ in range(NBR_AROUND):
        time.sleep(INTERVAL)
        readings.append(read_cpu_times(None))
    command = [sys.executable, str(EXAMPLE), str(nbr_workers)]
    command += ["--nbr_samples_in_total", str(nbr_samples)]
    command += ["--start-method", multiprocessing.get_start_method()]
    command += ["--threads"] if threads else []
    start = time.perf_counter()
    with example(command) as process:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(INTERVAL)
            ended = time.perf_counter()
            if process.returncode is not None:
                break
            readings.append(read_cpu_times(process.pid))
    for _ in range(NBR_AROUND):
        time.sleep(INTERVAL)
        readings.append(read_cpu_times(None))
    return summary(start, ended, readings)


def read_cpu_times(pid):
    """Return the time, the (busy, total) seconds of every CPU, and the example's CPU seconds.

    The last is a dict, pid -> seconds, of the example and its children. ``pid`` is the example's;
    None if it is not running.
    """
    seconds = {}
    if pid is not None:
        with contextlib.suppress(psutil.Error):
            example = psutil.Process(pid)
            for process in [example, *example.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    seconds[process.pid] = sum(process.cpu_times()[:2])
    cpus = [busy_and_total(cpu) for cpu in psutil.cpu_times(percpu=True)]
    return time.perf_counter(), cpus, seconds


def busy_and_total(cpu):
    """Return the busy and the total seconds in psutil's times of one CPU."""
    guests = getattr(cpu, "guest", 0) + getattr(cpu, "guest_nice", 0)  # part of user and nice
    total = sum(cpu) - guests
    return total - cpu.idle - getattr(cpu, "iowait", 0), total


def summary(start, ended, readings):
    """Return the dict of ``sample`` from the ``readings`` of ``read_cpu_times``."""
    percent, used_so_far, seconds = [], [], {}
    for before, now in itertools.pairwise(readings):
        percent.append(
            [
                round(100 * min(max((busy - busy_before) / (total - total_before), 0), 1), 1)
                if total > total_before
                else 0.0
                for (busy_before, total_before), (busy, total) in zip(
                    before[1], now[1], strict=True
                )
            ]
        )
    for _, _, latest in readings:
        seconds |= latest  # a process that has ended keeps its last reading
        used_so_far.append(round(sum(seconds.values()), 3))
    times = [round(at - start, 4) for at, _, _ in readings]
    return {"seconds": ended - start, "times": times, "percent": percent, "own": used_so_far}


@contextlib.contextmanager
def example(command):
    """Give the running example; end it with the block. Raises what ``explain`` does."""
    # the example may write in another encoding than ours
    text = {"mode": "w+", "errors": "backslashreplace"}
    with tempfile.TemporaryFile(**text) as output, tempfile.TemporaryFile(**text) as errors:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": errors}
        process = run.start(command, "example", **pipes)
        try:
            yield process
        finally:
            process.kill()  # if still running; its workers then end too
            process.wait()
            run.watched.pop(process.pid, None)
        errors.seek(0)
        explain(process.pid, process.returncode, errors.read())


def explain(pid, returncode, errors):
    """Raise Failure or UserError, with the example's own message, unless it succeeded."""
    if returncode < 0:
        raise cli.Failure(run.in_words({f"process {pid}": returncode}))
    if returncode:
        last = errors.strip().rpartition("\n")[2].removeprefix(f"{EXAMPLE.name}: ")
        message = last or f"{EXAMPLE.name} ended with exit code {returncode}"
        raise (cli.UserError if returncode == 2 else cli.Failure)(message)


def workers(nbr_workers, threads):
    """Return the workers in words, such as ``4 threads``."""
    one, more = ("thread", "threads") if threads else ("process", "processes")
    return f"{nbr_workers} {one if nbr_workers == 1 else more}"


def spans(run):
    """Return the time between samples while the example ran, as (start, end, percent, used).

    Start and end are seconds from the start of the example, ``percent`` is how busy every CPU was,
    and ``used`` the example's CPU seconds. The time after the last sample is not covered.
    """
    return [
        (max(before, 0.0), now, percent, later - earlier)
        for (before, now), percent, (earlier, later) in zip(
            itertools.pairwise(run["times"]),
            run["percent"],
            itertools.pairwise(run["own"]),
            strict=True,
        )
        if 0 < now <= run["seconds"]
    ]


def usage(run):
    """Return how many CPUs the example and all programs kept busy, and each CPU's use (%).

    Averages from the start of the example to its last sample; None if there is none.
    """
    sampled = spans(run)
    if not sampled:
        return None
    length = sampled[-1][1]
    averages = [
        sum((now - before) * percent[cpu] for before, now, percent, _ in sampled) / length
        for cpu in range(len(run["percent"][0]))
    ]
    return sum(used for *_, used in sampled) / length, sum(averages) / 100, averages


def finding(run, usable, took):
    """Describe what kept the CPUs busy in this run, and how long each of ``took`` took, if any."""
    busy = "The example ended before it could be sampled."
    if found := usage(run):
        by_example, by_all, averages = found
        busy = (
            f"During the run shown, the example kept {by_example:.2f} of the {usable} usable "
            f"CPU{'s'[: usable != 1]} busy and other programs {max(by_all - by_example, 0):.2f}, "
            f"on average. The busiest CPU was in use {max(averages):.0f} % of the time, the least "
            f"busy one {min(averages):.0f} %."
        )
    if not took:
        return busy
    seconds = ", ".join(f"{one['workers']} took {one['seconds']:,.2f} s" for one in took)
    return (
        f"{busy} From start to end, start-up included, {seconds} (medians; the run shown is the "
        "fastest)."
    )


def draw(data):
    """Return the figure of the fastest repeat."""
    run = min(data["runs"], key=lambda run: run["seconds"])
    times, nbr_cpus = run["times"], len(run["percent"][0])
    rows = min(nbr_cpus, 32)  # that add to the height
    does = "does" if data["nbr_workers"] == 1 else "do"
    took = [] if results.busy(data) else data["took"]
    found = finding(run, data["machine"]["usable_cpus"], took)
    can = pi_speed.LOOP_IN_THREADS if data["threads"] else PROCESSES
    why = can[data["machine"]["gil"]] if data["nbr_workers"] > 1 else ""
    figure, (heat, share) = plots.new(
        data,
        f"How many CPUs {does} {workers(data['nbr_workers'], data['threads'])} keep busy?",
        f"{found} {why}".rstrip(),
        rows=2,
        height=5.1 + 0.15 * rows,
        sharex=True,
        height_ratios=(2 + 0.15 * rows, 1.6),
    )
    columns = list(zip(*run["percent"], strict=True))
    mesh = heat.pcolormesh(
        times, range(nbr_cpus + 1), columns, cmap="cividis", vmin=0, vmax=100, rasterized=True
    )
    figure.colorbar(mesh, ax=heat, label="CPU use (%)", aspect=10)
    heat.invert_yaxis()
    heat.grid(False)
    named = range(0, nbr_cpus, -(-nbr_cpus // 16))
    heat.set_yticks([cpu + 0.5 for cpu in named], [f"CPU {cpu}" for cpu in named])
    share.stairs(
        [sum(percent) / 100 for percent in run["percent"]],
        times,
        baseline=None,
        label="all programs",
        color=plots.COLOURS[4],
        linewidth=2.5,
    )
    if sampled := spans(run):
        share.stairs(
            [used / (now - before) for before, now, _, used in sampled],
            [0, *(now for _, now, _, _ in sampled)],
            label="the example",
            color=plots.COLOURS[0],
            fill=True,
        )
    share.set(xlabel="seconds from the start of the example", ylabel="CPUs busy", ylim=(0, None))
    for at, label in ((0, "start"), (run["seconds"], "end")):
        for axes in (heat, share):
            axes.axvline(at, color="black", linewidth=3)
            axes.axvline(at, color="white", linewidth=1.2, linestyle="--")
        heat.text(at, -0.05, label, ha="center", va="bottom")
    plots.legend(figure)
    return figure


def main():
    parser = plots.parser(__doc__, workers="1,2,4,8", quick=2, book=2)
    pi_check.add_size(parser, quick=6_000_000)
    plots.main(parser, dict.fromkeys((*FIGURES.values(), THREADS_FIGURE), draw), measure)


if __name__ == "__main__":
    cli.run(main)

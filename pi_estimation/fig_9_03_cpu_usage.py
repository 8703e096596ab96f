"""Draw Figures 9-3 to 9-7: which CPUs are busy, and when, while pi_lists_parallel.py runs.

Chapter: Figures 9-3, 9-4, 9-5, 9-6, 9-7
Run:     python pi_estimation/fig_9_03_cpu_usage.py
         python pi_estimation/fig_9_03_cpu_usage.py --from results/fig_9_05.json
See:     a row is a logical CPU, a column a tenth of a second; the example starts at 0, and its
         start-up is what little there is at first. One process keeps one CPU busy (the system may
         move it to another), two keep two; more than there are CPUs add nothing. Four threads keep
         no more than one CPU busy, spread over all of them, because of the GIL. (Not so on a
         free-threaded build of Python.) Below, the example's own share is told apart from what
         other programs take, this one, which looks at the CPUs, among them.
Differs: --workers gives the numbers of processes of Figures 9-3 to 9-6, in this order. Figure 9-7
         always has the chapter's 4 threads. Of the repeats the fastest is drawn.
"""

import contextlib
import itertools
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import cli, plots, results, run

import pi_check
import psutil

EXAMPLE = Path(__file__).parent / "pi_lists_parallel.py"
FIGURES = ("fig_9_03", "fig_9_04", "fig_9_05", "fig_9_06")  # processes
THREADS_FIGURE, NBR_THREADS = "fig_9_07", 4
INTERVAL = 0.1  # seconds; systems count a CPU's time in steps of 0.01 s
NBR_AROUND = 3  # samples before the start and after the end


def measure(args):
    """Return, for each figure, what its workers are and the samples of every repeat."""
    if len(args.workers) > len(FIGURES):
        raise cli.UserError(f"--workers takes {len(FIGURES)} numbers at most: one a figure")
    ways = {name: (n, False) for name, n in zip(FIGURES, args.workers, strict=False)}
    ways[THREADS_FIGURE] = NBR_THREADS, True
    runs = {name: [] for name in ways}
    for _, name in results.progress(list(itertools.product(range(args.repeat), ways))):
        runs[name].append(sample(*ways[name], args.nbr_samples_in_total))
    took = [
        {"workers": workers(*ways[name]), "seconds": min(run["seconds"] for run in runs[name])}
        for name in ways
    ]
    return {
        name: {"nbr_workers": n, "threads": threads, "runs": runs[name], "took": took}
        for name, (n, threads) in ways.items()
    }


def sample(nbr_workers, threads, nbr_samples):
    """Run the example as its reader would, and look at every CPU meanwhile.

    Returns a dict: "seconds" that the process took; the "times" of the samples, in seconds from its
    start; "percent", for each but the first of them how busy every CPU has been since the one
    before; "own", for each of them how many seconds of CPU time the example has used so far.
    """
    taken = [take(None)]
    for _ in range(NBR_AROUND):
        time.sleep(INTERVAL)
        taken.append(take(None))
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
            taken.append(take(process.pid))
    for _ in range(NBR_AROUND):
        time.sleep(INTERVAL)
        taken.append(take(None))
    return summary(start, ended, taken)


def take(pid):
    """Return the time, the busy and all seconds of every CPU, and those of each process of ours.

    ``pid`` is the example's; None if it is not running.
    """
    own = {}
    if pid is not None:
        with contextlib.suppress(psutil.Error):
            example = psutil.Process(pid)
            for process in [example, *example.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    own[process.pid] = sum(process.cpu_times()[:2])
    return time.perf_counter(), [busy_and_all(cpu) for cpu in psutil.cpu_times(percpu=True)], own


def busy_and_all(cpu):
    """Return the busy and all seconds of psutil's times of one CPU."""
    guests = getattr(cpu, "guest", 0) + getattr(cpu, "guest_nice", 0)  # counted in user and nice
    every = sum(cpu) - guests
    return every - cpu.idle - getattr(cpu, "iowait", 0), every


def summary(start, ended, taken):
    """Return what ``sample`` does, from what ``take`` returned."""
    percent, own, used = [], [], {}
    for before, now in itertools.pairwise(taken):
        percent.append(
            [
                round(100 * min(max((busy - busy_before) / (every - every_before), 0), 1), 1)
                if every > every_before
                else 0.0
                for (busy_before, every_before), (busy, every) in zip(
                    before[1], now[1], strict=True
                )
            ]
        )
    for _, _, seconds in taken:
        used |= seconds
        own.append(round(sum(used.values()), 3))
    times = [round(at - start, 4) for at, _, _ in taken]
    return {"seconds": ended - start, "times": times, "percent": percent, "own": own}


@contextlib.contextmanager
def example(command):
    """Give the running example; end it with the block. What is wrong with it is an error here."""
    # what it writes may be in another encoding than ours
    text = {"mode": "w+", "errors": "backslashreplace"}
    with tempfile.TemporaryFile(**text) as output, tempfile.TemporaryFile(**text) as errors:
        with run.process_starts():
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is not for it
            )
            # how it ended is for us to explain
            run.watched[process.pid] = "example", lambda: None if process.poll() is None else 0
        try:
            yield process
        finally:
            process.kill()  # if it runs: its workers see that and end, too
            process.wait()
            run.watched.pop(process.pid, None)
        errors.seek(0)
        explain(process.pid, process.returncode, errors.read())


def explain(pid, returncode, errors):
    """Raise what the example's exit code and its standard error say, unless it is a success."""
    if returncode < 0:
        raise cli.Failure(run.in_words({f"process {pid}": returncode}))
    if returncode:
        last = errors.strip().rpartition("\n")[2].removeprefix(f"{EXAMPLE.name}: ")
        message = last or f"{EXAMPLE.name} ended with exit code {returncode}"
        raise (cli.UserError if returncode == 2 else cli.Failure)(message)


def workers(nbr_workers, threads):
    """Return the workers in words."""
    one, more = ("thread", "threads") if threads else ("process", "processes")
    return f"{nbr_workers} {one if nbr_workers == 1 else more}"


def looks(run):
    """Return what was seen while the example ran, one look after another.

    Each is the start and the end of a span, in seconds from the start of the example, how busy
    every CPU was (%), and the CPU time of the example (seconds). What it used after the last look
    nobody has seen.
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
    """Return how many CPUs the example and all programs kept busy, and every CPU's use (%).

    Averages from the start of the example to the last look at it; None if there was none.
    """
    seen = looks(run)
    if not seen:
        return None
    length = seen[-1][1]
    averages = [
        sum((now - before) * percent[cpu] for before, now, percent, _ in seen) / length
        for cpu in range(len(run["percent"][0]))
    ]
    return sum(own for *_, own in seen) / length, sum(averages) / 100, averages


def finding(run, usable, took):
    """Return in words what kept the CPUs busy, and how long all runs took."""
    busy = "The example ended before it could be sampled."
    if found := usage(run):
        own, every, averages = found
        busy = (
            f"On average, the example kept {own:.2f} of the {usable} usable "
            f"CPU{'s'[: usable != 1]} busy and other programs {max(every - own, 0):.2f}. The "
            f"busiest CPU was in use {max(averages):.0f} % of the time, the least busy one "
            f"{min(averages):.0f} %."
        )
    seconds = ", ".join(f"{one['workers']} took {one['seconds']:,.2f} s" for one in took)
    return f"{busy} From start to end, {seconds}."


def draw(data):
    """Return the picture of the fastest repeat."""
    run = min(data["runs"], key=lambda run: run["seconds"])
    times, nbr_cpus = run["times"], len(run["percent"][0])
    rows = min(nbr_cpus, 32)  # what the heights grow with
    does = "does" if data["nbr_workers"] == 1 else "do"
    figure, (heat, share) = plots.new(
        data,
        f"How many CPUs {does} {workers(data['nbr_workers'], data['threads'])} keep busy?",
        finding(run, data["machine"]["usable_cpus"], data["took"]),
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
    if seen := looks(run):
        share.stairs(
            [own / (now - before) for before, now, _, own in seen],
            [0, *(now for _, now, _, _ in seen)],
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
    plots.main(parser, dict.fromkeys((*FIGURES, THREADS_FIGURE), draw), measure)


if __name__ == "__main__":
    cli.run(main)

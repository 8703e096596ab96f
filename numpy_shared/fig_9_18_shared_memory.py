"""Draw Figure 9-18: the memory of a parent and its workers while they share one numpy array.

Chapter: Figure 9-18
Run:     python numpy_shared/fig_9_18_shared_memory.py
         python numpy_shared/fig_9_18_shared_memory.py --rows 5_000 --workers 1,2,8
See:     RSS counts a page in every process that has touched it: the parent has touched all of the
         array, the workers their rows, so it adds up to two arrays. PSS divides a page among the
         processes that have touched it and adds up to the one array there is. Both sums are a
         little larger, by what Python and numpy take in each process. A copy for each process would
         need as many arrays as there are processes. The parent's shared bytes grow as the workers
         reach its pages; before that, it has them to itself.
         With several numbers of workers, the figure shows the largest; of its repeats, the one that
         was sampled most often. Processes are not read at the very same moment: while workers start
         or end, a page may count twice or not at all, and PSS seem too high or too low.
Differs: the chapter shows htop at one moment; this is the course of a whole run, start-up included.
         np_shared.py runs with --inspect, which keeps the workers a moment longer, and at a lower
         priority, so that sampling comes first. Only Linux reports PSS and shared bytes.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from common import cli, plots, results
from common import run as this_run

import np_check
import psutil

SCRIPT = Path(__file__).with_name("np_shared.py")
EVENTS = {"workers start": "start", "Overwritten by the workers": "end"}
HAS_SMAPS_ROLLUP = Path("/proc/self/smaps_rollup").exists()
LOWER_PRIORITY = 10  # added to ours, which is 0 as a rule; 19 is the lowest
SECONDS_BETWEEN = 0.005
CHAPTER_ARRAY, CHAPTER_LAPTOP = 25.6, 32  # GB
TITLES = {
    "rss": "RSS: all the pages that a process has touched",
    "pss": "PSS: the same, each page divided among the processes that share it",
    "shared": "Shared bytes of each process: pages that others have touched too",
}


@contextlib.contextmanager
def started(nbr_workers, rows, cols):
    """Start np_shared.py as a process of its own; end it when the block ends.

    Gives the Popen, and a list to which each line it prints is added as (moment, line).
    """
    arguments = [nbr_workers, "--rows", rows, "--cols", cols, "--inspect"]
    arguments += ["--start-method", multiprocessing.get_start_method()]
    process = this_run.start(
        [sys.executable, "-u", str(SCRIPT), *map(str, arguments)],
        SCRIPT.name,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",  # it may write in another encoding than ours
    )
    lines = []
    reader = threading.Thread(target=read_lines, args=(process.stdout, lines), daemon=True)
    try:
        reader.start()
        priority = os.getpriority(os.PRIO_PROCESS, 0) + LOWER_PRIORITY
        os.setpriority(os.PRIO_PROCESS, process.pid, priority)
        yield process, lines
    finally:
        process.kill()  # if still running; its workers then end too
        process.wait()
        this_run.watched.pop(process.pid, None)
        reader.join()
        process.stdout.close()
        process.stderr.close()


def run(nbr_workers, rows, cols, watched=True):
    """Run np_shared.py and return a dict of its times and samples.

    ``seconds``: how long its workers took to overwrite the array; ``events``: when they started and
    had ended; ``times`` of the samples; ``memory``: for each process, the parent first, its bytes
    of ``rss``, ``pss`` and ``shared`` at these times, 0 where unknown; and what ``printed``
    returns. Raises UserError or Failure if np_shared.py fails.
    """
    start = time.perf_counter()
    with started(nbr_workers, rows, cols) as (process, lines):
        samples = watch(process, lines) if watched else []
        code = process.wait()
        errors = process.stderr.read().strip()
    if code:
        raise error_of(process.pid, code, errors)
    delta = re.fullmatch(r"Delta: ([\d.,]+) s\n", lines[-1][1])[1]
    return {
        "workers": nbr_workers,
        "seconds": float(delta.replace(",", "")),
        "events": {
            event: moment - start
            for moment, line in lines
            for text, event in EVENTS.items()
            if text in line
        },
        **printed([line for _, line in lines]),
        **by_process([(moment - start, memory) for moment, memory in samples]),
    }


def printed(lines):
    """Return what np_shared.py says in ``lines`` of its block and of the pids in it, as a dict.

    ``inodes``: which block each process has mapped, the parent first; ``mapped`` and ``block_pss``:
    how many MB of it each has mapped, and its share of them in PSS. These are empty where the
    system does not tell. ``counts``: each value in the array -> how often it is there.
    """
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    of_processes = [row for row in rows if re.match("parent|worker", row[0]) and len(row) > 3]
    mapped, pss = ([float(row[n].replace(",", "")) for row in of_processes] for n in (4, 6))
    return {
        "inodes": [int(inode) for inode in re.findall(r"inode (\d+)", "".join(lines))],
        "mapped": mapped,
        "block_pss": pss,
        "counts": {
            row[0]: int(row[1].replace(",", ""))
            for row in rows
            if len(row) == 2 and row[0].isdecimal()
        },
    }


def read_lines(stream, lines):
    """Append (moment, line) to ``lines`` for every line of ``stream``, as it comes."""
    for line in stream:
        lines.append((time.perf_counter(), line))


def error_of(pid, code, errors):
    """Return the exception for a run that ended with exit code ``code`` and this stderr."""
    if code < 0:
        return cli.Failure(this_run.in_words({f"process {pid}": code}))
    message = errors.rpartition("\n")[2].removeprefix(f"{SCRIPT.name}: ")
    error = cli.UserError if code == 2 else cli.Failure
    return error(message or f"{SCRIPT.name} ended with exit code {code}")


def watch(process, lines):
    """Sample the memory of ``process`` and its workers until it ends.

    Returns a list of (moment, dict, pid -> what ``memory_of`` returns). It has workers once
    ``lines`` say so. Threads read all processes at once: a reading walks through every page of a
    process, while the workers go on.
    """
    samples = []
    parent = psutil.Process(process.pid)
    with concurrent.futures.ThreadPoolExecutor(cli.usable_cpus()) as readers:
        while process.poll() is None:
            has_workers = any("workers start" in line for _, line in lines)
            workers = workers_of(parent) if has_workers else []
            before = time.perf_counter()
            memory = list(readers.map(memory_of, [parent, *workers]))
            moment = (before + time.perf_counter()) / 2
            pids = ["parent", *(worker.pid for worker in workers)]
            samples.append((moment, dict(zip(pids, memory, strict=True))))
            time.sleep(SECONDS_BETWEEN)
    return samples


def workers_of(parent):
    """Return the workers of ``parent``, without multiprocessing's own helper processes."""
    method = multiprocessing.get_start_method()
    workers = []
    with contextlib.suppress(psutil.Error):
        for child in parent.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if (
                    (method == "fork" and child.cmdline() == parent.cmdline())
                    or (method == "forkserver" and child.ppid() != parent.pid)
                    or (method == "spawn" and "spawn_main" in " ".join(child.cmdline()))
                ):
                    workers.append(child)
        if parent.status() != psutil.STATUS_ZOMBIE:  # a zombie's children have a new parent
            return workers
    return []


def memory_of(process):
    """Return the bytes of RSS, PSS and shared pages of ``process``; 0 for what is unknown.

    All come from one reading of /proc/PID/smaps_rollup (Linux: man 5 proc). Other systems report
    only RSS.
    """
    try:
        if not HAS_SMAPS_ROLLUP:
            return process.memory_info().rss, 0, 0
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]
    except (OSError, psutil.Error):  # it has ended
        return 0, 0, 0
    sizes = {name: int(size) * 1024 for name, size, *_ in map(str.split, lines)}
    return sizes["Rss:"], sizes["Pss:"], sizes["Shared_Clean:"] + sizes["Shared_Dirty:"]


def by_process(samples):
    """Turn the samples of ``watch`` into ``times``, and ``memory`` with one entry per process."""
    seen = dict.fromkeys(pid for _, memory in samples for pid in memory)
    columns = {
        pid: zip(*(memory.get(pid, (0, 0, 0)) for _, memory in samples), strict=True)
        for pid in seen
    }
    return {
        "times": [moment for moment, _ in samples],
        "memory": [
            dict(zip(("rss", "pss", "shared"), column, strict=True)) for column in columns.values()
        ],
    }


def measure(args):
    """Return the runs, and the seconds that each number of workers takes without sampling."""
    np_check.require_memory(args.rows, args.cols, shared=True)
    turns = [(n, False) for n in args.workers]  # they also warm up
    turns += [(n, True) for _ in range(args.repeat) for n in args.workers]
    runs, unwatched = [], []
    for n, watched in results.progress(turns):
        seen = run(n, args.rows, args.cols, watched)
        if watched:
            runs.append(seen)
        else:
            unwatched.append({"workers": n, "seconds": seen["seconds"]})
    return {"fig_9_18": {"runs": runs, "unwatched": unwatched}}


def total(run, kind):
    """Return the bytes of ``kind`` of all processes together, at every sample."""
    return [sum(column) for column in zip(*(memory[kind] for memory in run["memory"]), strict=True)]


def samples_of_workers(run):
    """Return the number of samples with a worker."""
    workers = [memory["rss"] for memory in run["memory"][1:]]
    return sum(any(column) for column in zip(*workers, strict=True))


def peak(run):
    """Return the index of the sample with the highest total RSS: the middle of those within 1 %."""
    rss = total(run, "rss")
    high = [sample for sample, nbytes in enumerate(rss) if nbytes >= 0.99 * max(rss)]
    return high[len(high) // 2]


def size_of_array(data):
    """Return the bytes of the array."""
    return data["sizes"]["rows"] * data["sizes"]["cols"] * np_check.BYTES_PER_ITEM


def copies(data, run):
    """Return how many arrays it takes to give every process of ``run`` a copy."""
    return min(run["workers"], data["sizes"]["rows"]) + 1


def choose(data):
    """Return the run to draw: of those with the most workers, the one sampled most often."""
    most = max(run["workers"] for run in data["runs"])
    return max((run for run in data["runs"] if run["workers"] == most), key=samples_of_workers)


def unit_of(nbytes):
    """Return a unit that suits ``nbytes``: its bytes, its name, and its number of decimals."""
    return (1e9, "GB", 2) if nbytes >= 1e9 else (1e6, "MB", 1)


def format_bytes(nbytes, unit):
    """Return ``nbytes`` as text in ``unit`` (see unit_of)."""
    size, name, digits = unit
    return f"{nbytes / size:,.{digits}f} {name}"


def finding(data):
    """Describe what the memory adds up to."""
    run, nbytes = choose(data), size_of_array(data)
    unit = unit_of(nbytes)
    nbr = copies(data, run)
    rss, pss = (total(run, kind)[peak(run)] for kind in ("rss", "pss"))
    text = (
        f"The parent and its {in_words(nbr - 1)} share one array of {format_bytes(nbytes, unit)}. "
        f"Their RSS adds up to {format_bytes(rss, unit)}, {rss / nbytes:,.2f} arrays; "
    )
    if pss:
        text += f"their PSS to {format_bytes(pss, unit)}, {pss / nbytes:,.2f} arrays. "
    else:
        text += "this system reports neither PSS nor shared bytes. "
    if (pss or rss / 2) > 1.5 * nbytes:
        text += "Python itself takes too much memory beside so small an array: use more rows. "
    text += (
        f"{nbr} copies would need {format_bytes(nbr * nbytes, unit)}; the chapter's laptop had "
        f"room for {CHAPTER_LAPTOP / CHAPTER_ARRAY:.2f} arrays. "
    )
    others = {}
    for other in data["runs"]:
        if other["workers"] != run["workers"]:
            arrays = total(other, "rss")[peak(other)] / nbytes
            others[other["workers"]] = max(arrays, others.get(other["workers"], 0))
    if others:
        sums = [f"{in_words(n)} it adds up to {arrays:,.2f} arrays" for n, arrays in others.items()]
        text += f"With {', with '.join(sums)} (RSS). "
    repeat = data["sizes"]["repeat"]
    (unwatched,) = (u["seconds"] for u in data["unwatched"] if u["workers"] == run["workers"])
    most = f"Of {repeat} runs, in this one the" if repeat > 1 else "The"
    often = " most often" if repeat > 1 else ""
    return text + (
        f"{most} workers were sampled{often}, {samples_of_workers(run)} times; their work took "
        f"{run['seconds']:,.2f} s, and {unwatched:,.2f} s in a run without sampling."
    )


def in_words(nbr_workers):
    """Return the number of workers in words."""
    return f"{nbr_workers} worker{'s'[: nbr_workers != 1]}"


def draw(data):
    """Return the figure."""
    run, nbytes = choose(data), size_of_array(data)
    unit = size, name, _ = unit_of(nbytes)
    nbr = copies(data, run)
    kinds = [kind for kind in TITLES if any(total(run, kind))]
    figure, panels = plots.new(
        data,
        "How much memory does sharing one array take?",
        finding(data),
        rows=len(kinds),
        height=3.3 + 1.6 * len(kinds),
        sharex=True,
    )
    for kind, axes in zip(kinds, panels, strict=True):
        axes.set_title(TITLES[kind], loc="left", fontsize=10)
        axes.axvspan(run["events"]["start"], run["events"]["end"], color="#F0F0F0", zorder=0)
        if kind == "shared":
            draw_each(axes, run, kind)
            highest = max(nbytes, *(max(memory[kind]) for memory in run["memory"]))
        else:
            draw_stacked(axes, run, kind)
            annotate_sum(axes, run, kind, nbytes)
            copied = format_bytes(nbr * nbytes, unit)
            mark(axes, nbr * nbytes, f"{nbr} copies would need {copied}", 1)
            axes.plot(
                0.985 * run["times"][-1],
                CHAPTER_LAPTOP / CHAPTER_ARRAY * nbytes,
                label=f"the chapter's laptop: {CHAPTER_LAPTOP} GB for {CHAPTER_ARRAY} GB of array "
                "(to our scale)",
                **plots.CHAPTER,
            )
            highest = max(nbr * nbytes, *total(run, kind))
        mark(axes, nbytes, f"the array: {format_bytes(nbytes, unit)}", 2)
        axes.set_ylim(0, 1.3 * highest)
        axes.yaxis.set_major_formatter(lambda amount, _: f"{amount / size:,g}")
        axes.set_ylabel(name)
    figure.align_ylabels()
    panels[-1].set_xlim(0, run["times"][-1])
    panels[-1].set_xlabel(
        "seconds since the start of np_shared.py (grey: workers start, work, end)"
    )
    plots.legend(figure, columns=2)
    return figure


def labels_and_styles(run):
    """Yield the label and the style of every process, the parent first."""
    yield "parent", plots.style(0)
    for _ in run["memory"][1:]:
        yield "workers", plots.style(4)


def draw_stacked(axes, run, kind):
    """Draw the bytes of ``kind`` of each process on top of the others, and their sum."""
    labels, styles = zip(*labels_and_styles(run), strict=True)
    axes.stackplot(
        run["times"],
        *(memory[kind] for memory in run["memory"]),
        labels=labels,
        colors=[style["color"] for style in styles],
        edgecolor="white",
        linewidth=0.4,
    )
    axes.plot(
        run["times"],
        total(run, kind),
        color=plots.style(6)["color"],
        linewidth=1,
        marker=".",
        markersize=3,
        label="all together (dots: samples)",
    )


def draw_each(axes, run, kind):
    """Draw the bytes of ``kind`` of each process as a line."""
    for memory, (_, style) in zip(run["memory"], labels_and_styles(run), strict=True):
        axes.plot(run["times"], memory[kind], **{**style, "marker": ""})


def annotate_sum(axes, run, kind, nbytes):
    """Write how many arrays ``kind`` adds up to where the total RSS is highest."""
    moment, together = run["times"][peak(run)], total(run, kind)[peak(run)]
    text = f"{together / nbytes:,.2f} arrays"
    annotate(axes, text, moment, together, weight="bold", ha="center")


def mark(axes, amount, label, number):
    """Draw a line at ``amount`` with ``label`` on it."""
    style = {**plots.style(number), "marker": ""}
    axes.axhline(amount, **style, linewidth=1.5)
    annotate(axes, label, 0, amount, color=style["color"])


def annotate(axes, text, x, y, **keywords):
    """Write ``text`` just above the point (x, y), readable on any background."""
    background = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    offset = {"xytext": (4, 4), "textcoords": "offset points"}
    axes.annotate(text, (x, y), fontsize=9.5, bbox=background, **offset, **keywords)


def main():
    parser = plots.parser(__doc__, workers="4", quick=3, book=3)
    cli.add_size(parser, "--rows", quick=10_000, book=10_000, help="rows of the matrix")
    cli.add_size(parser, "--cols", quick=16_000, book=320_000, help="columns of the matrix")
    plots.main(parser, {"fig_9_18": draw}, measure)


if __name__ == "__main__":
    cli.run(main)

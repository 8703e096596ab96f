"""Other Pythons: find them, go a section's ways in each by turns, show them side by side.

Nothing has to be installed in them: they see their standard library and the scripts, no more.
"""

import contextlib
import functools
import json
import operator
import os
import shutil
import signal
import statistics
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

from common import cli, plots, results, run

OLDEST = (3, 11)
NAMES = ["python3", "pypy3"]
for minor in range(OLDEST[1], OLDEST[1] + 9):
    NAMES += [f"python3.{minor}", f"python3.{minor}t", f"pypy3.{minor}"]
ISOLATED = "-ES"  # without site-packages, and without a PYTHONPATH that is meant for another Python
WHO = """
import json, platform, sys
print(json.dumps({
    "name": platform.python_implementation() + " " + platform.python_version(),
    "version": sys.version_info[:2],
    "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
    "same": [getattr(sys, "base_prefix", ""), sys.version],
}))
"""
START_SECONDS, TURN_SECONDS = 20, 60  # the most that a start may take, and a turn at quick sizes
CALLS = 2  # in a turn, of which the faster counts: during the first, PyPy compiles
SERIAL = "serial"  # the first way: what the others are compared with
ONE = (
    "Only one Python was found. Your system's packages have more, or uv python install 3.14t "
    "pypy3.11; if they are not on PATH, name each by --python"
)


class Python(NamedTuple):
    """A Python: its name, such as ``CPython 3.14.2 without the GIL``, and where it is."""

    name: str
    gil: bool
    path: str


def ask(path, arguments, seconds, *keys):
    """Return what is under ``keys`` in the JSON that the Python ``path`` prints on its last line.

    Raises UserError with one line if it cannot be run, fails, dies, says anything else, or takes
    more than ``seconds``.
    """
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        process = run.start([path, ISOLATED, *arguments], path, **pipes, bufsize=0)
    except OSError as error:
        raise cli.UserError(f"{path}: {error.strerror}") from error
    with process:
        try:
            process.wait(seconds)  # the pipes have room for all that a Python says
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise cli.UserError(f"{path}: no answer in {seconds:,.0f} s") from None
        finally:
            run.watched.pop(process.pid, None)
        output, errors = map(_lines, (process.stdout, process.stderr))
    if process.returncode < 0:
        raise cli.UserError(run.in_words({path: process.returncode}))
    if process.returncode:
        why = errors[-1 if errors[0].startswith("Traceback") else 0]
        why = why.removeprefix(f"{Path(sys.argv[0]).name}: ") or f"exit code {process.returncode}"
        raise cli.UserError(f"{path}: {why}")
    try:
        return operator.itemgetter(*keys)(json.loads(output[-1]))
    except (LookupError, TypeError, ValueError):
        raise cli.UserError(f"{path} is no Python: it says {output[-1][:60]!r}") from None


def _lines(pipe):
    os.set_blocking(pipe.fileno(), False)  # a process that outlives this one may hold it open
    return (pipe.read() or b"").decode(errors="backslashreplace").strip().splitlines() or [""]


@contextlib.contextmanager
def leaving_out(asked):
    """Make a UserError in the block a line on stderr, unless the reader has ``asked``."""
    try:
        yield
    except cli.UserError as error:
        if asked:
            raise
        print(f"{Path(sys.argv[0]).name}: left out: {error}", file=sys.stderr, flush=True)


def find(asked=None):
    """Return the Pythons ``asked`` for (names or paths), or this one and those on PATH.

    An installation is there once, whatever names lead to it.
    """
    found = {}
    for path in asked or [sys.executable, *filter(None, map(shutil.which, NAMES))]:
        with leaving_out(asked):
            keys = ("name", "version", "gil", "same")
            name, version, gil, same = ask(path, ["-c", WHO], START_SECONDS, *keys)
            if tuple(version) < OLDEST:
                raise cli.UserError(f"{path}: {name} is older than {OLDEST[0]}.{OLDEST[1]}")
            name += f" with{'' if gil else 'out'} the GIL"
            if name in [python.name for python in found.values()]:
                name += f", {path}"
            found.setdefault(f"{same}", Python(name, gil, path))
    return [*found.values()]


def measure(ways, in_words, args):
    """Return the Pythons, and the rows (see results.rows) of all ``ways`` in each.

    Their ratios are medians of the rounds, to SERIAL in the same Python.
    """
    if len(args.workers) > 1:
        raise cli.UserError("--workers takes one number here: the same for all Pythons")
    sizes = [getattr(args, name) for name in args.sizes]
    quick = [of_scale["quick"] for of_scale in args.sizes.values()]
    limit = TURN_SECONDS * max(1, *map(operator.truediv, sizes, quick))
    pythons = find(args.python)
    if len(pythons) == 1:
        print(ONE, flush=True)

    def turn(python, way):
        if python in pythons:
            with leaving_out(args.python):
                command = [f"{Path(sys.argv[0]).resolve()}", *sys.argv[1:], "--here", way]
                answer, seconds = ask(python.path, command, limit, "answer", "seconds")
                try:
                    return in_words(sizes[-1], answer), seconds
                except cli.Failure as wrong:
                    raise cli.Failure(f"{python.name}: {wrong}") from wrong
            pythons.remove(python)
        return None

    turns = {(p, way): functools.partial(turn, p, way) for p in pythons for way in ways}
    outcomes = results.interleaved(turns, args.repeat, warm_up=False)
    if not pythons:
        raise cli.UserError("no Python is left to compare")
    by_way = {way: zip(*(outcomes[p, way] for p in pythons), strict=True) for way in ways}
    names = [python.name for python in pythons]
    rows = results.rows(
        {way: [dict(zip(names, one, strict=True)) for one in by_way[way]] for way in ways}
    )

    def cells(row):
        *own, answer = results.cells(row)
        return *own, results.digits(results.speed_up(rows[0]["seconds"], row["seconds"]), 2), answer

    columns = ["Way", "Best (s)", "Median (s)", "Times as fast", "As the first", "Answer"]
    print(results.table(columns, "lrrrrl", rows, cells))
    return {"pythons": [{"name": p.name, "gil": p.gil} for p in pythons], "ways": rows}


def finding(data):
    """Describe what the ways gain, with and without the GIL, and how fast each Python is."""
    (nbr_workers,) = data["workers"]
    gil = {python["name"]: python["gil"] for python in data["pythons"]}
    gains = {}
    for row in data["ways"]:
        build = "with the GIL" if gil[row["job"]] else "without it"
        gains.setdefault(row["name"], {}).setdefault(build, []).append(row["ratio"])
    serial = [row for row in data["ways"] if row["name"] == SERIAL]
    first, *others = [(row["job"].removesuffix(" with the GIL"), row["seconds"]) for row in serial]
    in_each = [
        f"{way} {' and '.join(f'{_span(ratios)} {build}' for build, ratios in builds.items())}"
        for way, builds in gains.items()
        if way != SERIAL
    ]
    workers = f"{nbr_workers} worker{'s'[: nbr_workers != 1]}"
    text = f"With {workers}, times as fast as {SERIAL} in the same Python: {'; '.join(in_each)}."
    if others:
        times = [f"{name} {results.speed_up(first[1], seconds):.2f}x" for name, seconds in others]
        text += f" {SERIAL.capitalize()}, times as fast as in {first[0]}: {', '.join(times)}."
    return text


def _span(values):
    low, high = (f"{of(values):.2f}x" for of in (min, max))
    return low if low == high else f"{low} to {high}"


def draw(job, data):
    """Return the figure: a row for each Python, a point for each way."""
    title = f"{job}: what do threads and processes gain in each Python?"
    names = [python["name"] for python in data["pythons"]]
    ways = list(dict.fromkeys(row["name"] for row in data["ways"]))
    figure, (axes,) = plots.new(data, title, finding(data), height=3.2 + 0.9 * len(names))
    for number, way in enumerate(ways):
        look = {**plots.style(number), "linestyle": "none", "markersize": 8}
        offset = 0.7 * ((number + 0.5) / len(ways) - 0.5)
        rows = [row for row in data["ways"] if row["name"] == way]
        for row in rows:
            y, median = names.index(row["job"]) + offset, statistics.median(row["seconds"])
            axes.plot([row["best"], median], [y, y], color=look["color"], linewidth=1.2)
            text = f"{row['best']:.3f} s" if way == SERIAL else f"{row['ratio']:.2f}x"
            place = {"xytext": (8, 0), "textcoords": "offset points", "va": "center"}
            axes.annotate(text, (median, y), **place, fontsize=8)
        best = [row["best"] for row in rows]
        axes.plot(best, [names.index(row["job"]) + offset for row in rows], label=way, **look)
    axes.set_xscale("log")
    axes.margins(x=0.12)
    plots.thousands(axes.xaxis)
    axes.set_yticks(range(len(names)), [textwrap.fill(name, 16) for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"seconds (best; bar: to the median); x: times as fast as {SERIAL}, by round")
    plots.legend(figure, columns=4)
    return figure


def main(parser, ways, in_words, job):
    """Compare Pythons on ``ways``, or go one of them in this Python.

    ``parser`` is a figure's; the size of the job was added to it last. ``ways`` is a dict, name ->
    function of that size and the number of workers that returns (answer, seconds); the first is
    SERIAL. ``in_words(size, answer)`` returns the answer to show, or raises Failure if it is wrong.
    ``job`` is named in the picture's title.
    """
    what = "one to compare, by name or path; can be repeated (default: this one and those on PATH)"
    parser.add_argument("--python", action="append", help=what)
    what = "go one way in this Python and print JSON: so is each of the Pythons asked"
    parser.add_argument("--here", choices=ways, help=what)
    if parser.parse_args().here:
        args = cli.parse(parser)
        *_, size = (getattr(args, name) for name in args.sizes)
        answer, seconds = results.fastest(CALLS, ways[args.here], size, *args.workers)
        print(json.dumps({"answer": answer, "seconds": seconds}))
        return
    name = f"compare_pythons_{Path(sys.argv[0]).resolve().parent.name}"
    figures = {name: functools.partial(draw, job)}
    plots.main(parser, figures, lambda args: {name: measure(ways, in_words, args)})

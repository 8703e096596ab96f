"""One look for every figure, and the way from a measurement to a picture."""

import logging
import os
import re
import statistics
import sys
import textwrap
from pathlib import Path

from common import cli, results

# Okabe and Ito's colours, which colour-blind eyes tell apart (https://jfly.uni-koeln.de/color/);
# each goes with a marker and a line style of its own, so that they survive greyscale too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), "-")
CHAPTER = {
    "color": "#707070",
    "markerfacecolor": "none",
    "marker": "o",
    "markersize": 11,
    "markeredgewidth": 1.6,
    "linestyle": "none",
}
LOG_TICKS = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
FILE_BACKENDS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")  # they open no windows
WIDTH, HEIGHT, DPI = 8.0, 5.2, 150  # inches and dots per inch
LINE_HEIGHT, USUAL_LINES = 0.175, 5  # of a subtitle: inches
SETTINGS = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E0E0E0",
    "legend.frameon": False,
}


def style(number):
    """Return colour, marker and line style of series ``number`` (from 0)."""
    number %= len(COLOURS)
    return {"color": COLOURS[number], "marker": MARKERS[number], "linestyle": LINES[number]}


def new(data, title, finding, rows=1, height=HEIGHT, **keywords):
    """Return a figure and its axes, one for each of ``rows``, under ``title`` and a subtitle.

    ``title`` asks the question; the subtitle is ``finding``, a sentence or two made of the numbers
    of ``data``, then sizes, scatter and machine. ``height``: inches; a long subtitle adds to it.
    ``keywords`` are for ``pyplot.subplots``; with ``ncols`` the axes come row after row.
    """
    from matplotlib import pyplot  # imported here: workers may import a figure's script too

    pyplot.style.use(["default", SETTINGS])  # whatever the reader's matplotlibrc says
    sizes = ", ".join(f"{name} {value:,}" for name, value in data["sizes"].items())
    measured = f"{sizes}; {results.scatter(data)}{results.machine_line(data)}"
    lines = [*wrapped(finding), *wrapped(measured)]
    height += LINE_HEIGHT * max(0, len(lines) - USUAL_LINES)
    figure, axes = pyplot.subplots(
        rows, figsize=(WIDTH, height), dpi=DPI, layout="constrained", squeeze=False, **keywords
    )
    if data["name"].startswith("fig_9_"):
        title = f"Figure 9-{int(data['name'].removeprefix('fig_9_'))}: {title}"
    head = (0.5 + LINE_HEIGHT * len(lines)) / height
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - head))
    figure.text(0.012, 1 - 0.1 / height, title, va="top", fontsize=14, fontweight="bold")
    figure.text(
        0.012, 1 - 0.42 / height, "\n".join(lines), va="top", fontsize=9, linespacing=1.35
    ).set_color("#404040")
    figure.finding = finding
    return figure, axes.ravel()


def wrapped(text):
    """Return the lines of a subtitle; a number and its unit stay together."""
    together = re.sub(r"(?<=\d) (?=(%|s|ms|MB|GB)(?!\w))", "\N{NO-BREAK SPACE}", text)
    return [
        one.replace("\N{NO-BREAK SPACE}", " ")
        for one in textwrap.wrap(together, 105, break_on_hyphens=False)
    ]


def line(axes, seconds, number, label, beyond=None, of=min):
    """Draw best times as series ``number``, with a bar from each to the median of its repeats.

    ``seconds`` is a dict, x -> durations of every repeat. Where x is above ``beyond`` the markers
    are hollow and the line is thin. With ``of`` the median, that is the point.
    """
    look = style(number)
    points = {x: of(durations) for x, durations in seconds.items()}
    for x, durations in seconds.items():
        bar = [min(durations), statistics.median(durations)]
        axes.plot([x, x], bar, color=look["color"], linewidth=1, alpha=0.6)
    within = {x: y for x, y in points.items() if beyond is None or x <= beyond}
    axes.plot(points.keys(), points.values(), **look, linewidth=0.8, markerfacecolor="white")
    axes.plot(within.keys(), within.values(), **look, linewidth=2, label=label)


def legend(figure, columns=3):
    """Put one legend for all axes below the data."""
    entries = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=columns, fontsize=10
    )


def thousands(*axes):
    """Write commas into the numbers along ``axes`` (x or y axes), and more of them on log axes."""
    for axis in axes:
        if axis.get_scale() == "log":
            low, high = axis.get_transform().transform(axis.get_view_interval())
            room = {"x": 12.5, "y": 9}[axis.axis_name] / (high - low)  # ticks in a decade
            subs = next((ticks for ticks in LOG_TICKS if len(ticks) < room), (1,))
            axis.get_major_locator().set_params(subs=subs)
            axis.set_ticks([], minor=True)
        axis.set_major_formatter("{x:,.10g}")  # "g" alone makes a million 1e+06


def workers_list(text):
    """Convert ``1,2,4,8`` to a list of numbers of workers, ascending, each once."""
    return sorted(set(map(cli.whole_number(1, cli.MAX_WORKERS), text.split(","))))


def parser(doc, workers=None, quick=5, book=5, in_chapter=False):
    """Return the parser of a figure's script.

    ``workers`` is the default of ``--workers``, such as "1,2,4,8", or None for the usable CPUs;
    ``quick`` and ``book`` are how often to measure.
    """
    result = cli.parser(doc)
    what = f"numbers of workers to measure (default: {workers or 'the usable CPUs'})"
    result.add_argument(
        "--workers", type=workers_list, default=workers, metavar="N,N,...", help=what
    )
    cli.add_start_method(result)
    cli.add_size(result, "--repeat", quick, book, "times to measure", in_chapter=in_chapter)
    what = "draw this stored measurement again instead of measuring"
    result.add_argument("--from", dest="stored", type=Path, metavar="FILE", help=what)
    where = "folder for picture and measurement, or the picture's name if it ends in .png "
    where += "(default: results/, or beside FILE)"
    result.add_argument("--output", type=Path, metavar="PATH", help=where)
    result.add_argument("--show", action="store_true", help="also open the picture in a window")
    return result


def main(parser, figures, measure):
    """Measure, store the measurement as JSON and draw it; or draw a stored one.

    ``figures`` is a dict, name -> function from a measurement to its picture (a matplotlib
    figure). ``measure(args)`` returns a dict, name -> measurement, for all of them or for some.
    """
    args = parser.parse_args()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if args.show:
        _require_display()
    else:
        os.environ["MPLBACKEND"] = "Agg"
    if args.stored:
        data = results.read(args.stored, figures)
        path = args.stored.with_suffix(".png")
        if args.output:
            path = results.place(args.output, f"{data['name']}.png")
        results.require_writable(path)
        try:
            _draw(data, figures, path)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise cli.UserError(f"{args.stored} is not complete: {error!r}") from error
    else:
        args = cli.parse(parser)
        if isinstance(args.workers, int):  # none were given: all usable CPUs
            args.workers = [args.workers]
        pictures = {name: results.place(args.output, f"{name}.png") for name in figures}
        if len(set(pictures.values())) < len(figures):
            raise cli.UserError(f"--output must be a folder: there are {len(figures)} pictures")
        results.require_writable(pictures[min(pictures)])
        with results.load() as used:
            measurements = measure(args)
        for name, measured in measurements.items():
            data = results.document(name, args, {**used, **measured})
            results.write(pictures[name].with_suffix(".json"), data)
            _draw(data, figures, pictures[name])
    if args.show:
        from matplotlib import pyplot

        pyplot.show()


def _require_display():
    """Raise UserError unless there is a window to show a picture in."""
    how = "--show needs a display, and a toolkit that matplotlib can use"
    where = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    if sys.platform == "linux" and not any(map(os.environ.get, where)):
        raise cli.UserError(how)  # before libwayland says so too, in a line of its own
    try:
        import matplotlib.pyplot
    except (ImportError, ValueError) as error:  # of the environment's MPLBACKEND
        raise cli.UserError(f"{how}: {error}") from error
    if (backend := matplotlib.get_backend()).lower() in FILE_BACKENDS:
        raise cli.UserError(f"{how}: {backend} writes files only")


def _draw(data, figures, path):
    figure = figures[data["name"]](data)
    print("\n".join(text.get_text() for text in figure.texts))
    says = {"Title": figure.texts[0].get_text(), "Description": figure.finding}  # for the report
    with results.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI, metadata=says)
    print(path, flush=True)

"""The one look of the figures: series that differ, text that fits, numbers with commas."""

import itertools

from common import plots, results

import matplotlib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

matplotlib.use("Agg")

MACHINE = {
    "cpu": "Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz",
    "usable_cpus": 128,
    "python": "CPython 3.13.12",
    "gil": False,
    "start_method": "forkserver",
}
DATA = {
    "name": "fig_9_02",
    "machine": MACHINE,
    "sizes": {"repeat": 200, "nbr_samples_in_total": 100_000_000, "nbr_numbers": 1_000_000},
}
WORDS = st.sampled_from(
    ["12,345.678", "1,000,000", "42 %", "µs", "(0.98x to 1.02x);", "processes", "the", "in", "CPUs"]
)


def laid_out(figure):
    """Return the renderer of a figure that has been drawn, so that everything has its place."""
    figure.canvas.draw()
    return figure.canvas.get_renderer()


def extents(figure):
    """Return the boxes of title, subtitle and axes (with their labels), in pixels."""
    renderer = laid_out(figure)
    title, subtitle = (text.get_window_extent(renderer) for text in figure.texts)
    return title, subtitle, [axes.get_tightbbox(renderer) for axes in figure.axes]


def hollow(line):
    return line.get_markerfacecolor() == "white"


def test_seven_series_differ_in_colour_and_in_marker():
    looks = [plots.style(number) for number in range(7)]
    assert len({look["color"] for look in looks}) == 7
    assert len({look["marker"] for look in looks}) == 7
    assert plots.CHAPTER["color"] not in plots.COLOURS


@pytest.mark.parametrize("number", range(6))
def test_neighbouring_series_differ_in_their_lines(number):
    assert plots.style(number)["linestyle"] != plots.style(number + 1)["linestyle"]


def test_there_are_looks_for_any_number_of_series():
    assert plots.style(7 + 3) == plots.style(3)


@pytest.mark.parametrize(("rows", "ncols"), [(1, 1), (1, 2), (3, 1)])
@given(finding=st.lists(WORDS, min_size=1, max_size=120).map(" ".join))
@example(finding="12,345.678 " * 120)
@settings(max_examples=3)
def test_the_header_fits_above_the_axes(rows, ncols, finding):
    height = plots.HEIGHT + 2 * (rows - 1)
    figure, axes = plots.new(DATA, "Is it so?", finding, rows=rows, height=height, ncols=ncols)
    for one in axes:
        one.set_title("a panel")
        one.set_xlabel("workers")
        one.set_ylabel("seconds")
    assert len(axes) == rows * ncols
    title, subtitle, boxes = extents(figure)
    for box in (title, subtitle, *boxes):
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert 0 <= box.y0 < box.y1 <= figure.bbox.y1
    assert subtitle.y1 <= title.y0
    assert max(box.y1 for box in boxes) <= subtitle.y0


def test_the_header_says_what_was_found_the_sizes_and_the_machine():
    figure, _ = plots.new(DATA, "Is it so?", "It is.")
    title, subtitle = (text.get_text() for text in figure.texts)
    assert title == "Figure 9-2: Is it so?"
    assert subtitle.startswith("It is.\n")
    assert "nbr_samples_in_total 100,000,000" in subtitle
    assert results.machine_line(DATA) in " ".join(subtitle.split("\n"))


def test_a_picture_that_is_no_figure_of_the_chapter_has_no_number():
    figure, _ = plots.new({**DATA, "name": "compare_pythons_x"}, "Is it so?", "It is.")
    assert figure.texts[0].get_text() == "Is it so?"


@pytest.mark.parametrize("nbr_series", [1, 7])
def test_a_legend_names_each_series_once_and_hides_nothing(nbr_series):
    figure, panels = plots.new(DATA, "Is it so?", "It is.", rows=2)
    for axes in panels:
        for number in range(nbr_series):
            plots.line(axes, {1: [1.0, 2.0], 2: [0.5]}, number, f"series {number}")
    plots.legend(figure)
    _, _, boxes = extents(figure)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert sorted(names) == [f"series {number}" for number in range(nbr_series)]
    below = legend.get_window_extent(figure.canvas.get_renderer())
    assert below.y0 >= 0
    assert below.y1 <= min(box.y0 for box in boxes)
    assert 0 <= below.x0 < below.x1 <= figure.bbox.x1


def test_a_line_shows_best_and_median_times_and_is_hollow_beyond_the_cpus():
    _, (axes,) = plots.new(DATA, "Is it so?", "It is.")
    seconds = {1: [5.0, 4.0, 9.0], 2: [3.0, 2.0, 2.5], 4: [2.0]}
    plots.line(axes, seconds, 0, "processes", beyond=2)
    *bars, every, within = axes.lines
    assert [list(bar.get_ydata()) for bar in bars] == [[4, 5], [2, 2.5], [2, 2]]
    assert list(every.get_xydata().ravel()) == [1, 4, 2, 2, 4, 2]
    assert hollow(every)
    assert list(within.get_xydata().ravel()) == [1, 4, 2, 2]
    assert not hollow(within)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1_000_000, "1,000,000"), (123_456_789, "123,456,789"), (999, "999"), (0.25, "0.25")],
)
def test_numbers_along_an_axis_have_commas(number, text):
    _, (axes,) = plots.new(DATA, "Is it so?", "It is.")
    plots.thousands(axes.xaxis, axes.yaxis)
    for axis in (axes.xaxis, axes.yaxis):
        assert axis.get_major_formatter()(number) == text


LIMITS = [(1, 1_000), (0.7, 7_000), (1, 100_000), (0.03, 0.2), (0.012, 0.08), (5, 1e7), (1, 3)]


@pytest.mark.parametrize("limits", LIMITS)
def test_a_logarithmic_axis_can_be_read_off(limits):
    figure, (axes,) = plots.new(DATA, "Is it so?", "It is.")
    axes.set(xscale="log", xlim=limits, yscale="log", ylim=limits)
    plots.thousands(axes.xaxis, axes.yaxis)
    renderer = laid_out(figure)
    for axis in (axes.xaxis, axes.yaxis):
        labels = [
            label
            for label, place in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
            if limits[0] <= place <= limits[1]
        ]
        assert len(labels) >= 4
        assert all(label.get_text() for label in labels)
        boxes = [label.get_window_extent(renderer) for label in labels]
        assert not any(box.overlaps(after) for box, after in itertools.pairwise(boxes))
        assert not [*axis.get_minorticklocs()]

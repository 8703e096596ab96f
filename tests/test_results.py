"""What is stored and drawn again, and what is not: by way of Figure 9-2."""

import argparse
import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from common import plots, results

import matplotlib.image
import pytest
from support import IN_NAMESPACE, ROOT, TIMEOUT, Run, call, needs_mounts

SCRIPT = "pi_estimation/fig_9_02_lists_speed.py"
TINY = ("--nbr_samples_in_total", "1000", "--repeat", "2", "--workers", "1,2")
ENDLESS = ("--nbr_samples_in_total", "1e15", "--workers", "1")
FIGURE_9_14 = "primes_queue/fig_9_14_queue_cost.py"
QUEUE_COST = ROOT / "primes_queue/fig_9_14.json"
ONE_LINE = r"fig_9_02_lists_speed\.py: .+\n"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Return a measurement, whose workers import the script again, and its picture."""
    folder = tmp_path_factory.mktemp("stored")
    command = [sys.executable, SCRIPT, *TINY, "--start-method", "spawn", "--output", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=TIMEOUT)
    return json.loads((folder / "fig_9_02.json").read_text()), folder / "fig_9_02.png"


@pytest.fixture
def draw(capsys):
    """Return a function that runs the script with arguments; it returns exit code and stderr."""
    return lambda *arguments: (call(SCRIPT, *arguments), capsys.readouterr().err)


def test_a_measurement_holds_every_repeat_the_sizes_and_the_machine(stored):
    data, _ = stored
    assert data["sizes"] == {"repeat": 2, "nbr_samples_in_total": 1000}
    assert data["workers"] == [1, 2]
    assert {"cpu", "usable_cpus", "python", "gil", "date"} <= data["machine"].keys()
    assert data["machine"]["start_method"] == "spawn"
    runs = {(run["kind"], run["workers"]): run["seconds"] for run in data["runs"]}
    assert set(runs) == {
        ("serial", 1), ("processes", 1), ("processes", 2), ("threads", 1), ("threads", 2)
    }  # fmt: skip
    assert {len(seconds) for seconds in runs.values()} == {2}


def test_a_stored_measurement_is_drawn_beside_it_as_the_same_picture(stored, draw, tmp_path):
    data, picture = stored
    path = tmp_path / "mine.json"
    results.write(path, data)
    assert draw("--from", path) == (0, "")
    assert (tmp_path / "mine.png").read_bytes() == picture.read_bytes()
    assert draw("--from", path, "--output", tmp_path / "other.png") == (0, "")
    assert draw("--from", path, "--output", tmp_path / "folder") == (0, "")
    assert (tmp_path / "folder/fig_9_02.png").read_bytes() == picture.read_bytes()
    assert {entry.name for entry in tmp_path.iterdir()} == {
        "mine.json", "mine.png", "folder", "other.png"
    }  # fmt: skip


FOREIGN = {
    "nothing": (b"", "is not JSON"),
    "cut short": (b'{"format": 1,', "is not JSON"),
    "not text": (b"\xff\xfe\x00", "is not JSON"),
    "too deep": (b"[" * 100_000, "is not JSON"),
    "a list": (b"[]", "is not a measurement"),
    "a number": (b"42", "is not a measurement"),
    "null": (b"null", "is not a measurement"),
    "another's": (b'{"name": "fig_9_02", "version": 3}', "is not a measurement"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_what_is_no_measurement_is_one_line(case, draw, tmp_path):
    content, message = FOREIGN[case]
    path = tmp_path / "some.json"
    path.write_bytes(content)
    code, error = draw("--from", path)
    assert code == 2
    assert re.fullmatch(ONE_LINE, error)
    assert f"{path} {message}" in error
    assert list(tmp_path.iterdir()) == [path]


def changed(data, where, value):
    """Return a copy of ``data`` with ``value`` in place ``where`` (None: nothing there)."""
    data = copy.deepcopy(data)
    *path, last = where
    inner = data
    for key in path:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return data


CHANGED = [
    (["name"], "fig_9_08", "holds fig_9_08, not fig_9_02"),
    (["name"], ["fig_9_02"], "holds .*, not fig_9_02"),
    (["format"], 0, "has format 0, not 1: measure again"),
    (["format"], 2, "has format 2, not 1: measure again"),
    (["runs"], None, "is not complete"),
    (["runs"], [], "is not complete"),
    (["runs"], 7, "is not complete"),
    (["runs", 0, "kind"], None, "is not complete"),
    (["runs", 0], [], "is not complete"),
    (["runs", -1], None, "is not complete"),
    (["runs", 0, "seconds"], [], "is not complete"),
    (["runs", 0, "seconds"], ["x", "y"], "is not complete"),
    (["runs", 0, "seconds"], [0.0, 0.0], "is not complete"),
    (["sizes"], None, "is not complete"),
    (["sizes"], {"repeat": "two"}, "is not complete"),
    (["machine"], {}, "is not complete"),
    (["machine", "usable_cpus"], "two", "is not complete"),
]


@pytest.mark.parametrize(("where", "value", "message"), CHANGED)
def test_another_an_older_and_an_incomplete_measurement_is_one_line(
    stored, where, value, message, draw, tmp_path
):
    path = tmp_path / "changed.json"
    on_two = changed(stored[0], ["machine", "usable_cpus"], 2)  # with one, there is less to draw
    results.write(path, changed(on_two, where, value))
    code, error = draw("--from", path)
    assert code == 2, error
    assert re.fullmatch(ONE_LINE, error)
    assert re.search(rf"{path} {message}", error)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_read_is_one_line(draw, tmp_path):
    for path in (tmp_path, tmp_path / "none.json", "/dev/null/none.json", "x" * 5000):
        code, error = draw("--from", path)
        assert code == 2
        assert re.fullmatch(ONE_LINE, error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("output", ["/dev/null/folder", "/dev/null/picture.png", "/proc/none"])
def test_an_output_that_cannot_be_written_is_found_before_measuring(output):
    with Run(SCRIPT, *ENDLESS) as run:  # its own --output comes last, and wins
        command = [*run.process.args[:-1], output]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert result.returncode == 2
    assert re.fullmatch(ONE_LINE, result.stderr)


@pytest.mark.parametrize("backend", ["agg", "pdf", "SVG", "no_such_toolkit", None])
def test_a_missing_display_is_found_before_measuring(backend):
    if backend is None and sys.platform != "linux":
        pytest.skip("there is a display without DISPLAY")
    environment = {"MPLBACKEND": backend or "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with Run(SCRIPT, *ENDLESS, "--show", **environment) as run:
        assert run.wait(60) == 2
        assert re.fullmatch(ONE_LINE, run.stderr)
        assert not list(run.results.glob("*"))


MATPLOTLIBRC = """
backend: svg
text.usetex: true
figure.facecolor: black
savefig.facecolor: black
savefig.bbox: tight
savefig.dpi: 30
font.family: no such font
font.size: 30
lines.linewidth: 9
axes.prop_cycle: cycler("color", ["red"])
"""


@pytest.fixture
def matplotlibrc(tmp_path):
    """Return the environment of a reader who has matplotlib settings of his own."""
    (tmp_path / "matplotlibrc").write_text(MATPLOTLIBRC)
    return {**os.environ, "MATPLOTLIBRC": str(tmp_path), "DISPLAY": ":0", "MPLBACKEND": ""}


def drawn(environment, *arguments, cwd=ROOT):
    """Return the outcome of the script that draws Figure 9-14, run with ``arguments``."""
    command = [sys.executable, ROOT / FIGURE_9_14, *arguments]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, timeout=TIMEOUT)


def test_a_picture_is_the_same_whatever_the_settings_of_matplotlib(matplotlibrc, tmp_path):
    ours, theirs = tmp_path / "ours.png", tmp_path / "theirs.png"
    assert call(FIGURE_9_14, "--from", QUEUE_COST, "--output", ours) == 0
    result = drawn(matplotlibrc, "--from", QUEUE_COST, "--output", theirs, cwd=tmp_path / "..")
    assert (result.returncode, result.stderr) == (0, b"")
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_backend_that_opens_no_window_is_one_line(matplotlibrc, tmp_path):
    result = drawn(matplotlibrc, "--from", QUEUE_COST, "--output", tmp_path, "--show")
    assert result.returncode == 2
    assert re.fullmatch(r"fig_9_14_queue_cost\.py: --show .*svg.*\n", result.stderr.decode())
    assert not list(tmp_path.glob("*.png"))


ENCODINGS = {
    "gbk": {"PYTHONIOENCODING": "gbk"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "C": {"LC_ALL": "C"},
    "C, as it was": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@pytest.mark.parametrize(
    ("encoding", "letters"),
    [*((encoding, "\u56fe \xe9\xb5") for encoding in ENCODINGS), ("C, as it was", "\udcff")],
)
def test_output_in_any_encoding_loses_no_picture(encoding, letters, tmp_path):
    data = json.loads(QUEUE_COST.read_text("utf-8"))
    data["machine"]["cpu"] = "\xb5 \u56fe"
    folder = tmp_path / letters
    folder.mkdir()
    path = folder / "fig_9_14.json"
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    result = drawn({**os.environ, **ENCODINGS[encoding]}, "--from", path)
    assert result.returncode == 0, result.stderr
    assert b"Traceback" not in result.stderr
    assert result.stdout.count(b"\n") > 3
    assert path.with_suffix(".png").stat().st_size > 10_000


def test_a_measurement_is_written_in_utf_8_by_any_locale(tmp_path):
    environment = {**os.environ, **ENCODINGS["C, as it was"]}
    folder = tmp_path / "\u56fe"
    arguments = ("--nbr_numbers", "20", "--repeat", "1", "--workers", "1", "--output", folder)
    result = drawn(environment, *arguments)
    assert (result.returncode, result.stderr) == (0, b"")
    assert results.read(folder / "fig_9_14.json", ["fig_9_14"])["sizes"]["nbr_numbers"] == 20
    assert (folder / "fig_9_14.png").exists()


def test_output_may_name_the_picture(draw, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "pi_estimation")  # for workers that are not forked
    assert draw(*TINY, "--output", tmp_path / "mine.png") == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {"mine.json", "mine.png"}
    assert matplotlib.image.imread(tmp_path / "mine.png").shape[1] == plots.WIDTH * plots.DPI
    assert json.loads((tmp_path / "mine.json").read_text())["name"] == "fig_9_02"


ON_A_SMALL_DISK = """
mount -t tmpfs -o size="$1" tmpfs "$2" && cd "$2" && shift 2 || exit 99
echo old >fig_9_02.png
"$@"
code=$?
ls -A
cat fig_9_02.png
exit $code
"""


def on_a_small_disk(size, folder, *command):
    """Run ``command`` where ``folder`` is a small file system and holds an old picture."""
    command = [*IN_NAMESPACE, ON_A_SMALL_DISK, "sh", size, folder, *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)


@needs_mounts
def test_a_full_disk_is_one_line_and_leaves_the_old_picture(tmp_path):
    command = [sys.executable, ROOT / SCRIPT, *TINY, "--output", tmp_path]
    result = on_a_small_disk("24k", tmp_path, *command)
    assert result.returncode == 2
    assert re.fullmatch(ONE_LINE, result.stderr)
    assert "No space left" in result.stderr
    assert result.stdout.endswith("\nfig_9_02.json\nfig_9_02.png\nold\n")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "fig.json"
    results.write(path, {"is": "old"})
    for bad in ({"is": float("nan")}, {"is": {1, 2}}):
        with pytest.raises((TypeError, ValueError)):
            results.write(path, bad)
    with pytest.raises(KeyboardInterrupt), results.replacing(path) as temporary:
        temporary.write_text("half of it")
        raise KeyboardInterrupt
    assert json.loads(path.read_text()) == {"is": "old"}
    assert list(tmp_path.iterdir()) == [path]


def test_results_go_beside_the_scripts_folder_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(ROOT / SCRIPT)])
    assert results.place(None, "fig.png") == ROOT / "results/fig.png"
    assert results.place(Path("there"), "fig.png") == Path("there/fig.png")
    assert results.place(Path("there.png"), "fig.png") == Path("there.png")


@pytest.mark.parametrize(
    ("seconds", "percent"),
    [([1.0, 1.1, 1.2], "10"), ([[1.0, 1.5, 2.0], [2.0, 2.0, 2.0]], "25"), ([1.0], ""), (1.0, "")],
)
def test_how_far_the_repeats_scatter_is_told_where_there_are_some(seconds, percent):
    said = results.scatter({"runs": [{"seconds": seconds}]})
    assert re.findall(r"\d+", said) == percent.split()
    assert results.scatter({}) == ""


def test_a_number_and_its_unit_are_not_torn_apart():
    text = "x" * 100 + " 100 % and 12 seconds"
    assert plots.wrapped(text) == ["x" * 100, "100 % and 12 seconds"]
    assert plots.wrapped("12 s " * 50)[0] == ("12 s " * 21).strip()


def test_ratios_are_those_of_the_best_rounds_and_the_median_of_all(tmp_path, capsys):
    durations = {"old": [8.0, 2.0, 9.0], "new": [2.0, 1.0, 3.0]}
    left = {name: iter(seconds) for name, seconds in durations.items()}
    ways = {
        "old": lambda: {"job": ("answer", next(left["old"]))},
        "new": lambda: {"job": ("answer", next(left["new"]))},
    }
    args = argparse.Namespace(output=tmp_path / "one.json", scale="quick", sizes={}, repeat=3)
    results.compare(args, ways, [("job", "new", "old")], warm_up=False)
    data = json.loads(args.output.read_text())
    assert {row["name"]: row["seconds"] for row in data["ways"]} == durations
    assert data["beyond"] == [
        {"job": "job", "name": "new", "against": "old", "ratio": 2.0, "by_round": 3.0}
    ]
    assert re.search(r"new +\| old +\| +2\.00\d* +\| +3\.00\d* +\|", capsys.readouterr().out)

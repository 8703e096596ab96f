"""Other Pythons: found once each, isolated, compared by turns; one that fails is left out."""

import json
import os
import re
import shlex
import sys
import venv

from common import cli, plots, pythons, results

import matplotlib.image
import pytest
from support import call, in_pythons

SCRIPT = "primes_pool/compare_pythons.py"
NAME = "compare_pythons_primes_pool"
SIZES = ("--nbr_numbers", "100", "--repeat", "1")
THIS = shlex.quote(sys.executable)
WITHOUT_GIL = 's/"gil": true/"gil": false/'
OTHER = f'{THIS} "$@" | sed \'s/CPython/PyPy/; s/"same": ./"same": ["another", /\''
# What is no usable Python -> what is said of it.
UNUSABLE = {
    "echo hello": "is no Python: it says 'hello'",
    "echo '{}'": "is no Python",
    "echo '[1, 2]'": "is no Python",
    "true": "is no Python: it says ''",
    "echo it is broken >&2; echo in many words >&2; exit 3": "it is broken",
    "echo Traceback: >&2; echo it is broken >&2; exit 3": "it is broken",
    "exit 3": "exit code 3",
    "kill -SEGV $$": r"was killed by signal 11 \(SIGSEGV\)",
    'echo \'{"name": "X 2.7", "version": [2, 7], "gil": 1, "same": 1}\'': "X 2.7 is older than 3",
    "sleep 60": "no answer in 1 s",
    "yes": "no answer in 1 s",
}
DIES = f'case "$*" in *--here*) kill -SEGV $$ ;; *) {OTHER} ;; esac'
WRONG = f'case "$*" in *--here*) echo \'{{"answer": 7, "seconds": 1}}\' ;; *) {OTHER} ;; esac'


@pytest.fixture
def program(tmp_path):
    """Return a function that makes a program of shell commands and returns its path."""

    def make(shell, name="python3.14t"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{shell}\n")
        path.chmod(0o755)
        return f"{path}"

    return make


@pytest.fixture
def other(program):
    """Return a program that runs this Python and says that it is another."""
    return program(OTHER)


def compare(folder, *arguments):
    """Run the script; return its exit code and what it has stored, if anything."""
    code = call(SCRIPT, *SIZES, *arguments, "--output", folder)
    path = folder / f"{NAME}.json"
    return code, results.read(path, [NAME]) if path.exists() else None


def test_an_installation_is_there_once_whatever_names_lead_to_it(tmp_path, other):
    (tmp_path / "link").symlink_to(sys.executable)
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    same = (sys.executable, tmp_path / "link", tmp_path / "venv/bin/python")
    found = pythons.find([*map(str, same), other])
    assert [python.path for python in found] == [sys.executable, other]


def test_a_python_is_named_with_its_version_and_its_build(other):
    this, changed = pythons.find([sys.executable, other])
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    version = "{}.{}.{}".format(*sys.version_info)
    assert re.fullmatch(rf"\w+ {version}\S* with{'' if gil else 'out'} the GIL", this.name)
    assert this.gil == gil
    assert changed.name == this.name.replace("CPython", "PyPy")


def test_installations_of_one_version_are_told_apart(program):
    twin = program(OTHER.replace("s/CPython/PyPy/; ", ""))
    first, second = pythons.find([sys.executable, twin])
    assert second.name == f"{first.name}, {twin}"


def test_this_python_and_those_on_path_are_found_by_their_names(program, monkeypatch):
    paths = [program(OTHER.replace("another", name), name) for name in ("pypy3", "python3.14t")]
    program("exit 1", "python-config")
    monkeypatch.setenv("PATH", f"{os.path.dirname(paths[0])}:/usr/bin:/bin")  # noqa: PTH120
    found = [python.path for python in pythons.find()]
    assert found[0] == sys.executable
    assert {*paths} <= {*found}


@pytest.mark.parametrize("shell", UNUSABLE)
def test_what_is_no_usable_python_is_refused_in_one_line(program, shell, monkeypatch, capsys):
    monkeypatch.setattr(pythons, "START_SECONDS", 1)
    path = program(shell)
    with pytest.raises(cli.UserError) as refused:
        pythons.find([path])
    assert re.fullmatch(rf"{re.escape(path)}:? {UNUSABLE[shell]}.*", str(refused.value))
    monkeypatch.setenv("PATH", os.path.dirname(path) + ":/bin:/usr/bin")  # noqa: PTH120
    monkeypatch.setattr(pythons, "NAMES", ["python3.14t"])
    assert [python.path for python in pythons.find()] == [sys.executable]
    assert re.fullmatch(r"\S+: left out: .+\n", capsys.readouterr().err)


def test_what_cannot_be_started_is_refused(tmp_path):
    for path in ("", "/nowhere", f"{tmp_path}", "no-such-python"):
        with pytest.raises(cli.UserError):
            pythons.find([path])
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(cli.UserError, match="format"):
        pythons.find([f"{tmp_path / 'text'}"])


def test_only_the_standard_library_can_be_imported():
    source = "import importlib.util as u, json; print(json.dumps({%r: bool(u.find_spec(%r))}))"
    for name, is_there in (("multiprocessing", True), ("numpy", False), ("psutil", False)):
        assert pythons.ask(sys.executable, ["-c", source % (name, name)], 60, name) == is_there


def test_each_python_goes_each_way_and_every_answer_is_shown(tmp_path, other, capsys):
    code, data = compare(tmp_path, "--python", sys.executable, "--python", other)
    printed, errors = capsys.readouterr()
    assert (code, errors) == (0, "")
    names = [python["name"] for python in data["pythons"]]
    assert [(row["job"], row["name"]) for row in data["ways"]] == [
        (name, way) for name in names for way in ("serial", "threads", "processes")
    ]
    for row in data["ways"]:
        assert len(row["seconds"]) == 1
        serial = results.seconds(data, "serial", row["job"])
        assert row["ratio"] == results.speed_up(serial, row["seconds"])
        assert all(seconds > 0 for seconds in row["seconds"])
        assert row["answer"] == 6
    assert data["workers"] == [2]
    assert {"other_cpus", "stolen"} <= data.keys()
    assert "Only one Python" not in printed
    assert len(re.findall(r"\| +6 +\|", printed)) == 6
    picture = tmp_path / f"{NAME}.png"
    assert matplotlib.image.imread(picture).shape[1] == plots.WIDTH * plots.DPI
    drawn = picture.read_bytes()
    picture.unlink()
    assert call(SCRIPT, "--from", tmp_path / f"{NAME}.json") == 0
    assert picture.read_bytes() == drawn


def test_a_python_that_dies_at_work_is_left_out_and_the_others_go_on(
    tmp_path, program, monkeypatch, capsys
):
    path = program(DIES)
    monkeypatch.setenv("PATH", os.path.dirname(path) + ":/bin:/usr/bin")  # noqa: PTH120
    monkeypatch.setattr(pythons, "NAMES", ["python3.14t"])
    code, data = compare(tmp_path)
    assert code == 0
    assert len(data["pythons"]) == 1
    said = rf"{re.escape(path)} was killed by signal 11 \(SIGSEGV\)"
    assert re.fullmatch(rf"compare_pythons\.py: left out: {said}\n", capsys.readouterr().err)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert compare(tmp_path / "none") == (2, None)
    assert capsys.readouterr().err.endswith("\ncompare_pythons.py: no Python is left to compare\n")


@pytest.mark.parametrize(
    ("shell", "code", "said"), [(DIES, 2, "SIGSEGV"), (WRONG, 1, "wrong answer: 7 primes")]
)
def test_a_python_that_was_asked_for_ends_the_run_if_it_fails(
    tmp_path, program, shell, code, said, capsys
):
    asked = ("--python", sys.executable, "--python", program(shell))
    assert compare(tmp_path, *asked) == (code, None)
    assert re.fullmatch(rf"compare_pythons\.py: .*{said}.*\n", capsys.readouterr().err)


def test_a_python_that_takes_too_long_is_left_out(tmp_path, program, monkeypatch, capsys):
    monkeypatch.setattr(pythons, "TURN_SECONDS", 1)
    path = program(DIES.replace("kill -SEGV $$", "sleep 60"))
    assert compare(tmp_path, "--python", path) == (2, None)
    assert f"{path}: no answer in 1 s\n" in capsys.readouterr().err


def test_the_way_of_one_python_is_printed_as_json(capsys, forked):
    for way in ("serial", "threads", "processes"):
        assert call(SCRIPT, *SIZES, "--here", way) == 0
        *_, last = capsys.readouterr().out.splitlines()
        assert json.loads(last)["answer"] == 6


def found(**measured):
    (data,) = in_pythons("primes_pool", **measured).values()
    for row in data["ways"]:
        row["best"] = min(row["seconds"])
        row["ratio"] = 1 / row["best"]
    return pythons.finding({**data, "workers": [2]})


def test_the_finding_separates_builds_and_compares_serial_loops():
    both = found(GIL={"threads": 1.0}, FREE={"threads": 0.5}, PYPY={"threads": 0.8})
    assert re.match(r"With 2 workers, .*: threads 1.00x to 1.25x with the GIL and 2.00x w", both)
    assert "in CPython 3.13.0: CPython 3.14.2 without the GIL 1.00x, PyPy 3.11.13 1.00x." in both
    alone = found(GIL={"threads": 1.0})
    assert alone.endswith("threads 1.00x with the GIL.")

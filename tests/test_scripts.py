"""Every script runs, says what the chapter says, and refuses what it cannot do."""

import multiprocessing
import re
import subprocess
import sys

from common import plots

import matplotlib.image
import numpy as np
import pytest
from cases import CASES, RUNNABLE
from support import (
    ROOT,
    SECTIONS,
    START_METHODS,
    TIMEOUT,
    Run,
    call,
    missing_output,
    output,
    scripts,
)


def test_every_script_has_a_case():
    assert scripts() == sorted(CASES)


def check_run(script, *extra, cwd=ROOT, then=None, **environment):
    case = CASES[script]
    with Run(script, *case.args, *extra, cwd=cwd, **environment) as run:
        code = run.wait()
        assert run.stderr == ""
        assert code == 0, run.stdout
        assert not (missing := missing_output(case, run.stdout)), missing
        if case.figures:
            check_pictures(script, run.results)
        if then:
            then(run.results)
        run.assert_nothing_left()


def check_pictures(script, folder):
    """Check that each picture has ink, and in it the colours of as many series as it should."""
    figures = CASES[script].figures
    assert {path.name for path in folder.iterdir()} == {
        f"{name}.{kind}" for name in figures for kind in ("json", "png")
    }
    inks = [int(colour[1:], 16) for colour in plots.COLOURS]
    for name, nbr_series in figures.items():
        pixels = np.round(255 * matplotlib.image.imread(folder / f"{name}.png")[:, :, :3])
        assert pixels.shape[1] == plots.WIDTH * plots.DPI
        seen, counts = np.unique(pixels.astype(int) @ [1 << 16, 1 << 8, 1], return_counts=True)
        assert len(seen) > 20
        assert len(set(inks) & set(seen[counts >= 10])) >= nbr_series


def check_redrawing(script, folder):
    """Check that each picture, drawn again from its measurement, is the same picture."""
    for name in CASES[script].figures:
        drawn = (folder / f"{name}.png").read_bytes()
        (folder / f"{name}.png").unlink()
        assert call(script, "--from", folder / f"{name}.json") == 0
        assert (folder / f"{name}.png").read_bytes() == drawn


FORKED = """
import os, threading


def note():
    others = [thread for thread in threading.enumerate() if thread != threading.current_thread()]
    with open(os.environ["FORKS"], "a") as forks:
        forks.write(f"{others}\\n")


os.register_at_fork(before=note)
"""


@pytest.mark.parametrize("script", RUNNABLE)
def test_script_runs_inside_its_folder_and_forks_without_live_threads(script, tmp_path):
    forks = tmp_path / "forks"
    forks.touch()
    (tmp_path / "sitecustomize.py").write_text(FORKED)  # Python imports it when it starts
    check_run(
        script,
        cwd=(ROOT / script).parent,
        then=lambda results: check_redrawing(script, results),
        PYTHONPATH=str(tmp_path),
        FORKS=str(forks),
    )
    assert set(forks.read_text().splitlines()) <= {"[]"}
    if multiprocessing.get_start_method() == "fork" and CASES[script].workers:
        assert forks.read_text()


# The default one is what the test above runs. A figure's workers are those of its section's
# scripts, so that one has to show only that its own module can be imported again (that of figure
# 9-18 is not: it runs np_shared.py); compare.py runs all of them, and takes as long.
FIRST_FIGURES = {
    section: next((script for script in sorted(CASES) if script.startswith(f"{section}/fig_")), "")
    for section in SECTIONS
}
BY_START_METHOD = [
    (script, method)
    for script, case in sorted(CASES.items())
    for method in START_METHODS
    if case.workers and method != multiprocessing.get_start_method()
    if not output(script, "")
    or (method == "spawn" and script in FIRST_FIGURES.values() and "fig_9_18" not in script)
]


@pytest.mark.parametrize(("script", "start_method"), BY_START_METHOD)
def test_script_runs_under_every_start_method(script, start_method):
    check_run(script, "--start-method", start_method)


@pytest.mark.parametrize("script", sorted(CASES))
def test_help_shows_the_docstring(script, capsys):
    assert call(script, "--help") == 0
    docstring = (ROOT / script).read_text().split('"""')[1]
    output, errors = capsys.readouterr()
    assert errors == ""
    assert docstring.strip() in output


# Of the figures one: they all print in the same way, and take longer.
CUT_SHORT = [script for script in RUNNABLE if not output(script, "") or "/fig_9_02" in script]


@pytest.mark.parametrize("script", CUT_SHORT)
def test_output_may_be_cut_short(script, tmp_path):
    command = [sys.executable, script, *CASES[script].args, *output(script, tmp_path)]
    result = subprocess.run(
        ["/bin/sh", "-c", '"$0" "$@" | head -n 1', *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1


def bad_arguments(script):
    yield ("--no-such-option",)
    yield ("--scale", "huge")
    yield from CASES[script].bad
    if CASES[script].workers:
        # prime_verification_ipc takes numbers where the others take the number of workers
        is_option = script.startswith("prime_verification_ipc") or "/fig_" in script
        option = ("--workers",) if is_option else ()
        for nbr_workers in ("0", "-3", "1.5", "abc", "1000000000"):
            yield (*option, nbr_workers)


@pytest.mark.parametrize("script", sorted(CASES))
def test_bad_arguments_get_one_line_and_exit_2(script, capsys):
    for arguments in bad_arguments(script):
        assert call(script, *arguments) == 2, arguments
        assert re.fullmatch(rf"{script.split('/')[1]}: .+\n", capsys.readouterr().err), arguments

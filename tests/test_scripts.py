"""Every script runs, says what the chapter says, and refuses what it cannot do."""

import re
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
from cases import CASES, WITH_WORKERS
from support import ROOT, START_METHODS, TIMEOUT, Run, load, output, scripts

from common import cli, plots


def test_every_script_has_a_case():
    assert scripts() == sorted(CASES)


def check_run(script, *extra):
    case = CASES[script]
    with Run(script, *case.args, *extra) as run:
        code = run.wait()
        assert run.stderr == ""
        assert code == 0, run.stdout
        position = 0
        for pattern in case.output:
            match = re.compile(pattern).search(run.stdout, position)
            assert match, f"{pattern} not in {run.stdout[position:]}"
            position = match.end()
        if case.figures:
            check_pictures(script, run.results, redraw=not extra)
        run.assert_nothing_left()


def check_pictures(script, folder, redraw):
    """Check that the pictures show what they should, and stay the same when drawn again."""
    case = CASES[script]
    assert {path.name for path in folder.iterdir()} == {
        f"{name}.{kind}" for name in case.figures for kind in ("json", "png")
    }
    for name, nbr_series in case.figures.items():
        check_picture(folder / f"{name}.png", nbr_series)
        if redraw:
            drawn = (folder / f"{name}.png").read_bytes()
            with Run(script, "--from", folder / f"{name}.json") as again:
                assert again.wait() == 0, again.stderr
                assert (again.results / f"{name}.png").read_bytes() == drawn


def check_picture(path, nbr_series):
    """Check that a picture has ink, and in it the colours of that many series."""
    pixels = matplotlib.image.imread(path)[:, :, :3]
    assert pixels.shape[1] == plots.WIDTH * plots.DPI
    pixels = np.round(255 * pixels.reshape(-1, 3)).astype(int)
    assert len(np.unique(pixels, axis=0)) > 20
    inks = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in plots.COLOURS]
    shown = [ink for ink in inks if (pixels == ink).all(axis=1).sum() >= 10]
    assert len(shown) >= nbr_series


@pytest.mark.parametrize("script", sorted(CASES))
def test_script_runs(script):
    check_run(script)


@pytest.mark.parametrize("start_method", START_METHODS)
@pytest.mark.parametrize("script", WITH_WORKERS)
def test_script_runs_under_every_start_method(script, start_method):
    check_run(script, "--start-method", start_method)


@pytest.mark.parametrize("script", sorted(CASES))
def test_script_runs_inside_its_folder_and_shows_its_docstring(script):
    folder, name = script.split("/")
    result = subprocess.run(
        [sys.executable, name, "--help"],
        cwd=ROOT / folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    docstring = (ROOT / script).read_text().split('"""')[1]
    assert result.returncode == 0
    assert result.stderr == ""
    assert docstring.strip() in result.stdout


@pytest.mark.parametrize("script", sorted(CASES))
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
    yield ("--scale", "huge")
    yield from CASES[script].bad
    if CASES[script].workers:
        # prime_verification_ipc takes numbers where the others take the number of workers
        is_option = script.startswith("prime_verification_ipc") or "/fig_" in script
        option = ("--workers",) if is_option else ()
        for nbr_workers in ("0", "-3", "1.5", "abc", "1000000000"):
            yield (*option, nbr_workers)


@pytest.mark.parametrize("script", sorted(CASES))
def test_an_unknown_option_gets_one_line_and_exit_2(script):
    with Run(script, "--no-such-option") as run:
        assert run.wait() == 2
        assert re.fullmatch(rf"{script.split('/')[1]}: .+\n", run.stderr)
        assert run.stdout == ""


@pytest.mark.parametrize("script", sorted(CASES))
def test_bad_arguments_get_one_line_and_exit_2(script, monkeypatch, capsys, ends):
    for arguments in bad_arguments(script):
        monkeypatch.setattr(sys, "argv", [script, *arguments])
        with pytest.raises(SystemExit) as end:
            cli.run(load(script).main)
        assert end.value.code == 2, arguments
        assert re.fullmatch(rf"{script.split('/')[1]}: .+\n", capsys.readouterr().err), arguments

"""Every script runs, says what the chapter says, and refuses what it cannot do."""

import multiprocessing
import re
import signal
import subprocess
import sys

import pytest
from cases import CASES, WITH_WORKERS
from support import ROOT, START_METHODS, TIMEOUT, Run, load, scripts

from common import cli, pools


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
        run.assert_nothing_left()


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
def test_output_may_be_cut_short(script):
    result = subprocess.run(
        ["/bin/sh", "-c", '"$0" "$@" | head -n 1', sys.executable, script, *CASES[script].args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1


@pytest.fixture
def ends():
    """Put back what ``cli.run`` and ``cli.parse`` set for a whole process."""
    handlers = {signum: signal.getsignal(signum) for signum in pools.STOP_SIGNALS}
    method = multiprocessing.get_start_method(allow_none=True)
    yield
    for signum, handler in handlers.items():
        signal.signal(signum, handler)
    multiprocessing.set_start_method(method, force=True)


def bad_arguments(script):
    yield ("--scale", "huge")
    yield from CASES[script].bad
    if CASES[script].workers:
        # prime_verification_ipc takes numbers where the others take the number of workers
        option = ("--workers",) if script.startswith("prime_verification_ipc") else ()
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

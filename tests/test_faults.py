"""Ctrl-C, killed workers and killed parents, by real signals."""

import os
import re
import signal
import time

import pytest
from cases import CASES, FIRST_FIGURES, WITH_VICTIMS
from support import START_METHODS, Run

CAN_LOSE_A_WORKER = [
    script for script in WITH_VICTIMS if "/fig_" not in script or script in FIRST_FIGURES.values()
]


def started(script, method=None):
    case = CASES[script]
    return Run(script, *case.long, *(("--start-method", method) if method else ()))


def check_interrupt(script, method=None):
    with started(script, method) as run:
        run.wait_until_at_work(CASES[script].victims, seed=f"{script} {method} interrupt")
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.wait(20) == 130, run.stderr
        assert re.fullmatch(r"\S+\.py: interrupted\n", run.stderr)
        assert not list(run.results.glob("*"))
        run.assert_nothing_left()


@pytest.mark.parametrize("script", sorted(CASES))
def test_ctrl_c_ends_everything_in_one_line(script):
    check_interrupt(script)


@pytest.mark.parametrize("script", CAN_LOSE_A_WORKER)
def test_a_killed_worker_is_an_error_soon(script):
    with started(script) as run:
        run.wait_until_at_work(victims=True, seed=f"{script} kill")
        victim = run.busy_workers()[0]
        start = time.monotonic()
        victim.send_signal(signal.SIGKILL)
        code = run.wait(20)
        waited = time.monotonic() - start
        assert re.fullmatch(
            rf"\S+\.py: worker {victim.pid} was killed by signal 9 \(SIGKILL\)\n", run.stderr
        )
        assert code == 1
        assert waited < 10  # about 0.2 s; the bound is for a machine that is busy with more
        run.assert_nothing_left()


@pytest.mark.parametrize("script", CAN_LOSE_A_WORKER)
def test_workers_end_when_their_parent_is_killed(script):
    with started(script) as run:
        run.wait_until_at_work(victims=True, seed=f"{script} parent")
        run.process.send_signal(signal.SIGKILL)
        run.wait(20)
        run.assert_nothing_left(files=False)


def test_sigterm_ends_everything():
    with started("pi_estimation/pi_lists_parallel.py") as run:
        run.wait_until_at_work(victims=True, seed="term")
        run.process.terminate()
        assert run.wait(20) == 143
        assert run.stderr == ""
        run.assert_nothing_left()


@pytest.mark.parametrize("method", START_METHODS)
def test_ctrl_c_and_kill_under_every_start_method(method):
    check_interrupt("pi_estimation/pi_lists_parallel.py", method)

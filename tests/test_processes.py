"""Pool, Process and Manager are the standard library's, and their deaths end the run."""

import re
import subprocess
import sys

import pytest
from support import ROOT, START_METHODS, TIMEOUT, Run


def test_they_are_the_standard_librarys():
    command = [sys.executable, "-m", "pytest", "-q", "tests/pools_in_process.py"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert result.returncode == 0, result.stdout


# One way for a worker to die a line, with what the run then says.
DEATHS = {
    "pool.map(die, [1])": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "list(pool.imap(die, [1]))": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "pool.starmap(die, [(1,)])": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "pool.apply_async(die, (1,)).get()": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "Pool(2, leave)": r"worker \d+ ended with exit code 7.*",
    "p.start(); p.join()": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "p.start(); queue.get()": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "p.start(); lock.acquire(); lock.acquire()": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "p.start(); barrier.wait()": r"worker \d+ was killed by signal 9 \(SIGKILL\)",
    "os.kill(manager._process.pid, 9); queue.put(1)": (
        r"worker \d+ was killed by signal 9 \(SIGKILL\)"
    ),
    "os.kill(manager._process.pid, 9); queue.get()": (
        r"worker \d+ was killed by signal 9 \(SIGKILL\)"
    ),
}
DIES = """
import multiprocessing, os, sys, time

from common import cli
from common.processes import Manager, Pool, Process


def die(*_):
    time.sleep(0.1)
    os.kill(os.getpid(), 9)


def leave():
    os._exit(7)


def main():
    multiprocessing.set_start_method(sys.argv[1])
    manager = Manager()
    queue, lock, barrier = manager.Queue(), multiprocessing.Lock(), multiprocessing.Barrier(2)
    p = Process(target=die)
    with Pool(2) as pool:
        {}
    print("went on")


if __name__ == "__main__":
    cli.run(main)
"""


@pytest.mark.parametrize("method", START_METHODS)
@pytest.mark.parametrize("waits", DEATHS)
def test_a_death_ends_the_run_however_the_script_waits(tmp_path, waits, method):
    script = tmp_path / "dies.py"
    script.write_text(DIES.format(waits))
    with Run(script, method) as run:
        assert run.wait(20) == 1, run.stderr
        assert re.fullmatch(rf"dies\.py: {DEATHS[waits]}\n", run.stderr)
        assert run.stdout == ""
        run.assert_nothing_left()


BUG = DIES.replace("    os.kill(os.getpid(), 9)", "    raise ValueError('a bug')")


@pytest.mark.parametrize("waits", ["pool.map(die, [1])", "p.start(); p.join()"])
def test_a_bug_in_a_worker_keeps_its_traceback(tmp_path, waits):
    script = tmp_path / "bug.py"
    script.write_text(BUG.format(waits))
    with Run(script, "fork") as run:
        assert run.wait(20) == 1
        assert "ValueError: a bug" in run.stderr
        assert "in die" in run.stderr
        run.assert_nothing_left()

"""The endings that once hung or left something behind, each at its moment."""

import random
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from redis_servers import needs_redis
from support import ROOT, START_METHODS, Run, busyness

IN_REDIS = ("prime_verification_ipc/primes_flag_redis.py", 99999999999999999989)


def ends(run, code, line, seconds=2):
    """Check that the script ends soon, in one line and with nothing left."""
    with busyness() as busy:
        assert run.wait(20) == code, run.stderr
    assert re.fullmatch(rf"{re.escape(run.name)}: {line}\n", run.stderr)
    assert busy.seconds < seconds * busy.slowness
    run.assert_nothing_left()


def interrupt(run, seconds=2):
    run.send(signal.SIGINT, to_all=True)
    ends(run, 130, "interrupted", seconds)


@pytest.mark.parametrize("seed", range(4))
def test_ctrl_c_while_the_first_workers_are_ended(seed):
    with Run("pi_estimation/worker_memory.py", 20) as run:
        run.wait_for(lambda: len(run.workers()) == 20, "all workers", pause=0.001)
        run.wait_for(lambda: len(run.workers()) < 20, "the end of one", pause=0.001)
        time.sleep(random.Random(seed).uniform(0, 0.02))
        interrupt(run)


@needs_redis
@pytest.mark.parametrize("seed", range(4))
def test_ctrl_c_while_the_workers_of_a_queue_in_redis_are_ended(seed):
    script = ("primes_queue/primes_queue_redis.py", 4, "--nbr_numbers", 100_000)
    with Run(*script) as run:
        run.wait_for(lambda: len(run.workers()) == 4, "all workers", pause=0.001)
        run.wait_for(lambda: len(run.workers()) < 4, "the end of one", pause=0.001)
        run.send(signal.SIGINT, to_all=True)
        if run.wait(20) != 0:  # it was at its end
            ends(run, 130, "interrupted")


def test_ctrl_c_when_a_stopped_worker_does_not_end():
    script = (
        "prime_verification_ipc/primes_pool_naive.py",
        "--workers",
        2,
        "--repeat",
        1,
        10**16 + 61,
    )
    with Run(*script) as run:
        victim = run.wait_for(run.busy_workers, "a worker at work")[0]
        victim.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        interrupt(run)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_semaphore_is_made_leaves_none(seed, signum):
    with Run("sync_locking/ex2_lock.py", 4, "--start-method", "spawn") as run:
        run.wait_for(lambda: run.stdout, "a line", pause=0.0005)
        time.sleep(seed / 1000)
        run.send(signum, to_all=True)
        said = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[signum]
        ends(run, 128 + signum, said)


def stopped(name):
    """Return a function that finds the process to stop."""

    def find(run):
        found = [p for p in run.processes() if name in " ".join(p.cmdline())]
        return found and min(found, key=lambda process: process.create_time())

    return find


def find_manager(run):
    """Return the first process that the forkserver made."""
    return next((p for p in run.workers() if "import main" in " ".join(p.cmdline())), None)


STOPPED = {
    "manager": ("primes_queue/primes_queue.py", find_manager),
    "forkserver": ("primes_queue/primes_queue.py", stopped("forkserver import main")),
    "guard": ("primes_queue/primes_queue.py", stopped("guard.sh")),
    "Redis server": ("prime_verification_ipc/primes_flag_redis.py", stopped("redis.sock")),
}


@pytest.mark.parametrize("what", STOPPED)
def test_ctrl_c_although_something_is_stopped(what):
    script, find = STOPPED[what]
    sizes = ("2", "--scale", "book") if "queue" in script else (99999999999999999989,)
    with Run(script, *sizes, "--start-method", "forkserver", REDIS_URL="") as run:
        process = run.wait_for(lambda: find(run), what)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        interrupt(run, seconds=3)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not name a guard's parent")
def test_ctrl_c_although_the_guard_of_a_script_that_it_runs_is_stopped():
    script = ("prime_verification_ipc/compare_pythons.py", "--python", sys.executable)

    def guards():
        guards = [p for p in run.processes() if any("guard.sh" in word for word in p.cmdline())]
        return [guard for guard in guards if guard.cmdline()[-1] != f"{run.process.pid}"]

    with Run(*script, "--number", 99999999999999999989) as run:
        (guard, *_) = run.wait_for(guards, "a guard")
        guard.send_signal(signal.SIGSTOP)
        interrupt(run)


@needs_redis
@pytest.mark.parametrize("pause", [0, 0.5])
def test_a_private_server_that_dies_is_an_error_soon(pause):
    with Run(
        "prime_verification_ipc/primes_flag_redis.py", 99999999999999999989, REDIS_URL=""
    ) as run:
        server = run.wait_for(lambda: stopped("redis.sock")(run), "a server", pause=0.001)
        time.sleep(pause)
        server.kill()
        ends(run, 1, rf"Redis server {server.pid} was killed by signal 9 \(SIGKILL\)")


@needs_redis
def test_the_end_of_the_guard_does_not_leave_the_server_running():
    with Run(
        "prime_verification_ipc/primes_flag_redis.py", 99999999999999999989, REDIS_URL=""
    ) as run:
        run.wait_for(lambda: "Redis: unix" in run.stdout, "a server")
        guard = stopped("guard.sh")(run)
        guard.kill()
        ends(run, 1, rf"guard {guard.pid} was killed by signal 9 \(SIGKILL\)")


LOOKS = {
    "numpy_shared": "np_shared.run(2, 10, 10, inspect=lambda array, pids: dead(pids) or "
    "np_check.print_memory(array, pids))",
    "pi_estimation": "pi_numpy_blocked.run(10, 2, 1, inspect=lambda pids: dead(pids) or "
    "pi_check.peak_memory(pids))",
}
LOOKING = """
import os, sys, time

from common import cli

sys.path.insert(0, {folder!r})
import {modules}


def dead(pids):
    os.kill(pids[0], 9)
    while open(f"/proc/{{pids[0]}}/statm").read()[0] != "0":  # until its memory is gone
        pass


def main():
    {call}


if __name__ == "__main__":
    cli.run(main)
"""


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="this system has no /proc")
@pytest.mark.parametrize("section", LOOKS)
def test_a_worker_that_ends_while_it_is_looked_at_is_what_is_told(tmp_path, section):
    modules = {"numpy_shared": "np_check, np_shared", "pi_estimation": "pi_check, pi_numpy_blocked"}
    script = tmp_path / "looks.py"
    source = {"folder": str(ROOT / section), "modules": modules[section], "call": LOOKS[section]}
    script.write_text(LOOKING.format(**source))
    with Run(script) as run:
        ends(run, 1, r"worker \d+ was killed by signal 9 \(SIGKILL\)")


@pytest.mark.parametrize("method", START_METHODS)
def test_ctrl_c_says_nothing_more_of_a_call_to_a_manager(method):
    with Run("primes_queue/primes_queue.py", 2, "--scale", "book", "--start-method", method) as run:
        run.wait_for(run.busy_workers, "workers at work")
        interrupt(run)


def test_ctrl_c_while_threads_work():
    script = ("pi_estimation/pi_lists_parallel.py", 2, "--threads", "--nbr_samples_in_total", "1e9")
    with Run(*script) as run:
        run.wait_for(lambda: "Executing" in run.stdout, "work")
        interrupt(run)

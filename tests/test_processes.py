"""Pool, Process and Manager are the standard library's, and their deaths end the run."""

import multiprocessing
import os
import re
import signal
import time

from common import processes
from common.run import LIMITS

import pytest
from cases import CASES
from support import START_METHODS, Run, skip_if_missing


@pytest.fixture(params=START_METHODS)
def start_method(request):
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)
    assert multiprocessing.active_children() == []


def double(number):
    return 2 * number


def add(number, other):
    return number + other


def fail_at_3(number):
    if number == 3:
        raise ValueError("three")
    return number


def keep(value):
    global kept
    kept = value


def kept_and_pid(_):
    return kept, os.getpid()


def put(queue, number):
    queue.put(number)


def test_every_method_of_a_pool_is_there(start_method):
    with processes.Pool(2) as pool:
        assert pool.map(double, range(10)) == list(range(0, 20, 2))
        assert pool.map(double, []) == []
        assert pool.map_async(double, [1]).get() == [2]
        assert list(pool.imap(double, range(4), chunksize=3)) == [0, 2, 4, 6]
        assert sorted(pool.imap_unordered(double, range(4))) == [0, 2, 4, 6]
        assert pool.starmap(add, [(1, 2), (3, 4)]) == [3, 7]
        assert pool.starmap_async(add, [(1, 2)]).get() == [3]
        assert pool.apply(add, (1,), {"other": 2}) == 3
        assert pool.apply_async(double, (4,)).get() == 8


def test_a_pool_that_is_closed_ends_its_work_first(start_method):
    pool = processes.Pool(processes=2, initializer=keep, initargs=("it",), maxtasksperchild=2)
    done = pool.map_async(kept_and_pid, range(6), chunksize=1)
    pool.close()
    pool.join()
    values, pids = zip(*done.get(), strict=True)
    assert set(values) == {"it"}
    assert len(set(pids)) >= 3


def test_map_raises_what_a_worker_raises(start_method):
    with processes.Pool(2) as pool, pytest.raises(ValueError, match="three"):
        pool.map(fail_at_3, range(10))


def test_processes_and_a_manager(start_method):
    with processes.Manager() as manager:
        queue = manager.Queue()
        workers = [processes.Process(target=put, args=(queue, n), name=f"{n}") for n in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
            assert worker.exitcode == 0
        assert sorted(queue.get() for _ in workers) == [0, 1, 2]


@pytest.mark.parametrize("method", START_METHODS)
def test_a_context_of_its_own(method):
    with processes.get_context(method).Pool(1) as pool:
        assert pool.map(double, [1]) == [2]


def test_a_process_that_is_terminated_has_not_died(start_method):
    worker = processes.Process(target=time.sleep, args=(60,))
    worker.start()
    worker.terminate()
    worker.join()
    assert worker.exitcode == -signal.SIGTERM
    other = processes.Process(target=time.sleep, args=(60,))
    other.start()
    other.kill()
    other.join()
    assert other.exitcode == -signal.SIGKILL


# One way for a worker to die a line.
DEATHS = (
    "Pool(2).map(die, [1])",
    "list(Pool(2).imap(die, [1]))",
    "Pool(2).starmap(die, [(1,)])",
    "pool = Pool(2); pool.apply_async(die, (1,)).get()",
    "Pool(2, leave)",
    "Pool(2).map(sys.exit, [0])",
    "p.start(); p.join()",
    "p.start(); lock.acquire(); lock.acquire()",
    "p.start(); barrier.wait()",
    "pool, manager = Pool(2), Manager(); p.start(); manager.Queue().get()",
    "manager = Manager(); queue = manager.Queue(); kill(manager._process.pid, 9); queue.put(1)",
    "manager = Manager(); queue = manager.Queue(); kill(manager._process.pid, 9); queue.get()",
)
DIES = """
import multiprocessing, os, sys, time
from os import kill

from common import cli
from common.processes import Manager, Pool, Process


def die(*_):
    time.sleep(0.1)
    kill(os.getpid(), 9)


def leave():
    os._exit(7)


def main():
    multiprocessing.set_start_method(sys.argv[1])
    lock, barrier, p = multiprocessing.Lock(), multiprocessing.Barrier(2), Process(target=die)
    {}
    print("went on")


if __name__ == "__main__":
    cli.run(main)
"""


LOKY = """
import errno

from common import cli, cluster


def fail():
    raise OSError(errno.EMFILE, "no more")


def main():
    with cluster.loky_workers(2, fail):
        pass


if __name__ == "__main__":
    cli.run(main)
"""


def test_a_worker_of_joblib_that_lacks_something_is_one_line(tmp_path):
    skip_if_missing("joblib")
    script = tmp_path / "lacks.py"
    script.write_text(LOKY)
    with Run(script) as run:
        assert run.wait(20) == 2
        assert run.stderr == f"lacks.py: {LIMITS}\n"
        run.assert_nothing_left()


def test_joblib_that_is_to_start_no_process_does_the_work_itself():
    skip_if_missing("joblib")
    script = "pi_estimation/pi_lists_parallel_joblib.py"
    with Run(script, *CASES[script].args, JOBLIB_MULTIPROCESSING="0") as run:
        assert run.wait(20) == 0
        assert f"pid {run.process.pid}\n" in run.stdout
        assert "Estimated pi" in run.stdout
        assert "Traceback" not in run.stderr


ODD = """

class Odd(ValueError):
    def __init__(self, what, more):
        super().__init__(what)


def fail(_):
    raise Odd("a bug", "an argument that pickle does not keep")
"""


def test_an_error_that_cannot_be_sent_is_no_hang(tmp_path):
    script = tmp_path / "odd.py"
    source = DIES.format("Pool(2).map(fail, [1])")
    script.write_text(source.replace("\n\ndef leave", f"{ODD}\n\ndef leave"))
    with Run(script, "fork") as run:
        assert run.wait(20) == 1
        assert "Odd.__init__() missing 1 required positional argument" in run.stderr
        run.assert_nothing_left()


@pytest.mark.parametrize("method", START_METHODS)
@pytest.mark.parametrize("waits", DEATHS)
def test_a_death_ends_the_run_however_the_script_waits(tmp_path, waits, method):
    script = tmp_path / "dies.py"
    script.write_text(DIES.format(waits))
    with Run(script, method) as run:
        assert run.wait(20) == 1, run.stderr
        killed = r"was killed by signal 9 \(SIGKILL\)"
        left = {"leave": "ended with exit code 7.*", "exit": "ended with exit code 1"}
        how = next((left[way] for way in left if way in waits), killed)
        assert re.fullmatch(rf"dies\.py: worker \d+ {how}\n", run.stderr)
        assert run.stdout == ""
        run.assert_nothing_left()


BUG = DIES.replace("    kill(os.getpid(), 9)", "    raise ValueError('a bug')")


@pytest.mark.parametrize(
    "waits", ["with Pool(2) as pool: pool.map(die, [1])", "p.start(); p.join()"]
)
def test_a_bug_in_a_worker_keeps_its_traceback(tmp_path, waits):
    script = tmp_path / "bug.py"
    script.write_text(BUG.format(waits))
    with Run(script, "fork") as run:
        assert run.wait(20) == 1
        assert "ValueError: a bug" in run.stderr
        assert "in die" in run.stderr
        run.assert_nothing_left()


# What Python would wait for at its end, for ever, as the workers have been killed.
LEFT_OPEN = (
    "global pool; pool = Pool(2); pool.map(abs, [1])",
    "queue = multiprocessing.Queue(); [queue.put('x' * 100) for _ in range(10_000)]",
)
ENDS = {"": (0, "went on\n", ""), "; raise ValueError('a bug')": (1, "", "ValueError: a bug")}


@pytest.mark.parametrize("method", START_METHODS)
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("opens", LEFT_OPEN)
def test_what_is_left_open_is_not_waited_for(tmp_path, opens, ends, method):
    script = tmp_path / "left.py"
    script.write_text(DIES.format(opens + ends))
    code, out, error = ENDS[ends]
    with Run(script, method) as run:
        assert run.wait(20) == code
        assert run.stdout == out
        assert run.stderr.strip().endswith(error)
        run.assert_nothing_left()


TERMINATED = """
import os, signal, time
from common import cli
from common.processes import Process

def main():
    p = Process(target=time.sleep, args=(99,))
    p.start()
    together = {signal.SIGALRM, signal.SIGCHLD, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, together)
    for pid in (p.pid, os.getpid()):
        os.kill(pid, signal.SIGTERM)
    signal.sigtimedwait([signal.SIGUSR1], 0.5)  # until an alarm is pending, too
    signal.setitimer(signal.ITIMER_REAL, 0)  # it is the last: the next one would bring SIGTERM
    signal.pthread_sigmask(signal.SIG_UNBLOCK, together)
    time.sleep(9)

if __name__ == "__main__":
    cli.run(main)
"""


@pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="macOS has no sigtimedwait")
def test_sigterm_to_all_is_told_as_such_even_if_it_comes_with_an_alarm(tmp_path):
    script = tmp_path / "terminated.py"
    script.write_text(TERMINATED)
    with Run(script) as run:
        assert run.wait(20) == 143
        assert run.stderr == "terminated.py: terminated\n"
        run.assert_nothing_left()

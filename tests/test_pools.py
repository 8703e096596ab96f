"""Pools and processes of workers: deaths, errors and endings."""

import multiprocessing
import multiprocessing.managers
import os
import signal
import tempfile
import time

import pytest
from support import START_METHODS

from common import pools


@pytest.fixture(params=START_METHODS)
def start_method(request):
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)


def double(number):
    return 2 * number


def die_at_3(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number


def fail_at_3(number):
    if number == 3:
        raise ValueError("three")
    return number


def put(queue, number):
    queue.put(number)


def wait_for_ever(barrier):
    barrier.wait()


def kill_a_sibling(parent_pid):
    raise SystemExit(7)


def test_map_gives_what_map_gives(start_method):
    with pools.worker_pool(2) as pool:
        assert pool.map(double, range(10)) == list(range(0, 20, 2))
        assert pool.map(double, []) == []
    assert multiprocessing.active_children() == []


def test_map_raises_what_a_worker_raises(start_method):
    with pools.worker_pool(2) as pool, pytest.raises(ValueError, match="three"):
        pool.map(fail_at_3, range(10))
    assert multiprocessing.active_children() == []


def test_a_worker_killed_in_map_is_an_error_that_names_it(start_method):
    with pytest.raises(pools.WorkerDied) as error, pools.worker_pool(2) as pool:
        pids = [worker.pid for worker in pool.watched]
        pool.map(die_at_3, range(1_000), chunksize=1)
    assert any(f"worker {pid} was killed by signal 9 (SIGKILL)" == str(error.value) for pid in pids)
    assert multiprocessing.active_children() == []


def test_an_initializer_that_ends_its_worker_is_an_error(start_method):
    with (
        pytest.raises(pools.WorkerDied, match="ended with exit code 7"),
        pools.worker_pool(2, kill_a_sibling, (os.getpid(),)),
    ):
        pass
    assert multiprocessing.active_children() == []


def test_processes_run_and_are_joined(start_method):
    queue = multiprocessing.SimpleQueue()
    workers = [pools.WorkerProcess(target=put, args=(queue, number)) for number in range(3)]
    with pools.running(workers):
        pools.join(workers)
    assert sorted(queue.get() for _ in workers) == [0, 1, 2]


def test_join_overlooks_no_death():
    for _ in range(20):  # the moment between the end of a process and its exit code is short
        workers = [pools.WorkerProcess(target=time.sleep, args=(5,)) for _ in range(2)]
        with pools.running(workers), pytest.raises(pools.WorkerDied, match=str(workers[0].pid)):
            os.kill(workers[0].pid, signal.SIGKILL)
            pools.join(workers)


def test_a_killed_process_is_an_error_and_ends_the_others(start_method):
    barrier = multiprocessing.Barrier(3)
    workers = [pools.WorkerProcess(target=wait_for_ever, args=(barrier,)) for _ in range(2)]
    with (
        pytest.raises(pools.WorkerDied, match=r"killed by signal 9 \(SIGKILL\)"),
        pools.running(workers),
    ):
        workers[1].kill()
        pools.join(workers)
    assert not any(worker.is_alive() for worker in workers)


def test_a_killed_manager_is_an_error_that_names_it(start_method):
    with (
        pytest.raises(pools.WorkerDied, match=r"killed by signal 9 \(SIGKILL\)") as error,
        pools.manager() as manager,
    ):
        queue = manager.Queue()
        (process,) = multiprocessing.active_children()
        process.kill()
        for _ in range(1_000_000):
            queue.put(1)
    assert str(process.pid) in str(error.value)


class DiesAtStart(multiprocessing.managers.SyncManager):
    @classmethod
    def _run_server(cls, *args, **keywords):
        os.kill(os.getpid(), signal.SIGKILL)


class InterruptedAtStart(multiprocessing.managers.SyncManager):
    def start(self, *args):
        signal.raise_signal(signal.SIGINT)
        super().start(*args)


def test_ctrl_c_while_a_manager_starts_ends_it(start_method):
    with pytest.raises(KeyboardInterrupt) as _kept, pools.manager(InterruptedAtStart):
        pass
    assert multiprocessing.active_children() == []


def test_a_manager_killed_while_it_starts_is_an_error(start_method):
    with (
        pytest.raises(pools.WorkerDied, match=r"killed by signal 9 \(SIGKILL\)"),
        pools.manager(DiesAtStart),
    ):
        pass
    assert multiprocessing.active_children() == []


def test_ctrl_c_while_a_temporary_directory_is_made_removes_it(tmp_path, monkeypatch):
    def interrupted(*args):
        folder = make(*args)
        signal.raise_signal(signal.SIGINT)
        return folder

    make = tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp", interrupted)
    with pytest.raises(KeyboardInterrupt) as _kept, pools.temporary_directory(dir=tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []

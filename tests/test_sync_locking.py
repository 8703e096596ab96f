"""Counting in files and shared values, with locks and without."""

import ast
import contextlib
import fcntl
import inspect
import multiprocessing
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
from pathlib import Path
from subprocess import PIPE

from common import cli

import fasteners
import pytest
import redis
from cases import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_servers import needs_redis, tcp_server
from support import (
    IN_NAMESPACE,
    ROOT,
    START_METHODS,
    TIMEOUT,
    Run,
    load,
    needs_mounts,
    wait_until_empty,
)

FOLDER = ROOT / "sync_locking"
THE_SAME_IN_FILES = ["ex1_nolock1", "ex1_nolock4", "ex1_lock"]
FILES = [*THE_SAME_IN_FILES, "ex1_lock_increment", "ex1_flock"]
NO_LOCK = ["ex1_nolock4", "ex2_nolock"]
LOCK = [
    "ex1_lock",
    "ex1_lock_increment",
    "ex1_flock",
    "ex2_lock",
    "ex2_lock_acquire",
    "ex2_lock_rawvalue",
    "ex2_threads",
]
NO_LOCK_NEEDED = ["ex3_merge", pytest.param("ex3_redis", marks=needs_redis)]
EVERY = {path.stem for path in FOLDER.glob("ex*.py")}
sync_check = load("sync_locking/sync_check.py")
threads = load("sync_locking/ex2_threads.py")
compare = load("sync_locking/compare.py")


def inside_folder(*arguments, code=0):
    """Run Python inside the folder; return what it prints: on stderr, if it is to fail."""
    result = subprocess.run(
        [sys.executable, *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert result.returncode == code, result.stderr
    assert result.stdout if code == 0 else result.stderr
    assert not (result.stderr if code == 0 else result.stdout)
    return result.stdout or result.stderr


@contextlib.contextmanager
def count_file(text=""):
    """Give the path of a file with ``text`` in a folder of its own, in which we are meanwhile."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        path = Path(folder, "count.txt")
        path.write_text(text)
        yield path


@pytest.fixture(scope="module")
def redis_url():
    with tcp_server() as (port, _):
        yield f"redis://127.0.0.1:{port}/0"


def test_every_script_is_one_of_a_kind():
    assert {"ex1_nolock1", *NO_LOCK, *LOCK, "ex3_merge", "ex3_redis"} == EVERY


@pytest.mark.parametrize("name", NO_LOCK)
def test_updates_are_lost_in_20_of_20_runs(name):
    count = 100 if name in FILES else 1000
    races = f"for _ in range(20): sync_check.expect_losses({name}.run_workers, 4, {count})"
    output = inside_folder("-c", f"import sync_check, {name}\n{races}")
    assert len(re.findall(r"^[\d,]+ updates were lost$", output, re.MULTILINE)) == 20


@pytest.mark.parametrize("name", LOCK + NO_LOCK_NEEDED)
def test_the_count_is_exact_in_20_of_20_runs(name, request):
    count = 20 if name in [*FILES, "ex3_redis"] else 1000
    arguments = [4, count, *([request.getfixturevalue("redis_url")] if "redis" in name else [])]
    output = inside_folder(
        "-c", f"import {name}\nfor _ in range(20): print({name}.run_workers(*{arguments}))"
    )
    assert re.findall(r"^\d+$", output, re.MULTILINE) == [str(4 * count)] * 20


@pytest.mark.parametrize("name", [*NO_LOCK, *LOCK, *NO_LOCK_NEEDED, "ex1_nolock1"])
def test_timeit_works_inside_the_folder_and_the_count_file_goes_with_its_own(name):
    method = "spawn" if name in FILES else multiprocessing.get_start_method()
    setup = f"import {name}, multiprocessing; multiprocessing.set_start_method('{method}')"
    output = inside_folder("-m", "timeit", "-n1", "-r1", "-s", setup, f"{name}.run_workers()")
    assert re.search(r"1 loops?, (best|average) of 1: .* per loop", output)
    filenames = re.findall(r"^Counting in (/.+/count\.txt)$", output, re.MULTILINE)
    assert len(filenames) == (name in FILES)
    assert not any(Path(filename).parent.exists() for filename in filenames)


def test_two_runs_at_once_do_not_count_together(tmp_path):
    arguments = ("sync_locking/ex1_lock.py", "2", "--max_count", "200")
    with Run(*arguments, TMPDIR=str(tmp_path)) as one, Run(*arguments, TMPDIR=str(tmp_path)) as two:
        assert [run.wait() for run in (one, two)] == [0, 0]
        folders = [re.search(r"Counting in (.*)/count.txt", run.stdout)[1] for run in (one, two)]
        assert all("Counted to 400\n" in run.stdout for run in (one, two))
        assert folders[0] != folders[1]
        wait_until_empty(tmp_path)


def test_a_waiter_that_is_killed_is_an_error_too():
    with Run("sync_locking/ex1_lock.py", *CASES["sync_locking/ex1_lock.py"].long) as run:
        run.wait_until_at_work(victims=True, seed="waiter")
        busy = [process.pid for process in run.busy_workers()]
        victim = next(process for process in run.workers() if process.pid not in busy)
        victim.send_signal(signal.SIGKILL)
        assert run.wait(20) == 1
        assert f"worker {victim.pid} was killed by signal 9 (SIGKILL)\n" in run.stderr
        run.assert_nothing_left()


HOLD_THE_LOCK = """
import fcntl, sys
f = open(sys.argv[1], "r+")
fcntl.flock(f, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


def test_the_kernel_takes_the_lock_from_a_process_that_is_killed():
    hold = [sys.executable, "-c", HOLD_THE_LOCK]
    work = [sys.executable, "-c", "import ex1_flock, sys; ex1_flock.work(sys.argv[1], 3)"]
    with (
        count_file() as path,
        subprocess.Popen([*hold, path], stdin=PIPE, stdout=PIPE, text=True) as holder,
    ):
        assert holder.stdout.readline() == "locked\n"
        with subprocess.Popen([*work, path], cwd=FOLDER, stdout=PIPE) as worker:
            with pytest.raises(subprocess.TimeoutExpired):
                worker.wait(0.5)
            assert path.read_text() == ""
            holder.kill()
            assert worker.wait(TIMEOUT) == 0
        assert path.read_text() == "3"


def test_flock_is_let_go_of_after_the_work():
    flock = load("sync_locking/ex1_flock.py")
    with count_file() as path:
        flock.work(str(path), 2)
        with path.open("r+") as f:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_ctrl_c_ends_processes_that_wait_for_a_lock():
    with Run("sync_locking/ex1_flock.py", "2", "--max_count", "1e9") as run:
        run.wait_until_at_work(victims=True, seed="waiting")
        filename = re.search(r"Counting in (.*)", run.stdout)[1]
        with (ROOT / filename).open("r+") as f:
            fcntl.flock(f, fcntl.LOCK_EX)  # now nobody counts
            counted = (ROOT / filename).read_text()
            time.sleep(0.1)
            assert (ROOT / filename).read_text() == counted
            os.killpg(run.process.pid, signal.SIGINT)
            assert run.wait(20) == 130
        assert run.stderr == "ex1_flock.py: interrupted\n"
        run.assert_nothing_left()


@pytest.mark.parametrize(
    ("name", "nbr_locks"), [("ex1_lock", 1), ("ex1_lock_increment", 7), ("ex1_nolock4", 0)]
)
def test_the_lock_file_beside_the_count_file_is_taken_for_all_work_or_for_each_increment(
    name, nbr_locks, monkeypatch
):
    taken = []
    acquire = fasteners.InterProcessLock.acquire
    monkeypatch.setattr(
        fasteners.InterProcessLock,
        "acquire",
        lambda lock: taken.append(Path(os.fsdecode(lock.path)).absolute()) or acquire(lock),
    )
    with count_file() as path:
        barrier = multiprocessing.Barrier(1)
        arguments = [barrier, str(path), 7, queue.SimpleQueue()]
        if name == "ex1_lock_increment":
            arguments.pop()
        load(f"sync_locking/{name}.py").start_together(*arguments)
        assert taken == [path.with_name("count.lock")] * nbr_locks
        assert int(path.read_text()) == 7


@pytest.mark.parametrize("start_method", START_METHODS)
@pytest.mark.parametrize("name", ["ex1_lock", "ex1_lock_increment"])
def test_the_count_with_a_lock_file_is_exact_and_started_from_0_once(name, start_method):
    options = ("--max_count", "50", "--start-method", start_method)
    with Run(f"sync_locking/{name}.py", "3", *options) as run:
        assert run.wait() == 0
        assert run.stdout.count("File is empty") == 1
        assert "\nCounted to 150\nDelta: " in run.stdout
        run.assert_nothing_left()


@settings(max_examples=20)
@given(max_count=st.integers(0, 100), at_once=st.integers(1, 30))
def test_a_process_sends_what_it_counted_to(max_count, at_once):
    merge = load("sync_locking/ex3_merge.py")
    sent = queue.SimpleQueue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "COUNT_AT_ONCE", at_once)
        merge.work(sent, max_count)
    assert sent.get() == max_count
    assert sent.empty()


@needs_redis
@settings(max_examples=10)
@given(start=st.integers(0, 10**12), max_count=st.integers(0, 9))
def test_work_adds_max_count_to_the_key(redis_url, start, max_count):
    counting = load("sync_locking/ex3_redis.py")
    counting.connect(redis_url)
    counting.rds.set(counting.COUNT_NAME, start)
    counting.work(max_count)
    assert int(counting.rds.getdel(counting.COUNT_NAME)) == start + max_count


@needs_redis
def test_a_count_starts_at_0_and_leaves_only_the_keys_of_others(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.mset({"sync_locking:count": 7, "of somebody else": 8})
        options = ("--max_count", "20", "--redis-url", redis_url)
        with Run("sync_locking/ex3_redis.py", "2", *options) as run:
            assert run.wait() == 0
            assert "Counted to 40\n" in run.stdout
        assert client.keys() == [b"of somebody else"]


@needs_redis
def test_ctrl_c_removes_the_key_and_a_second_run_is_refused(redis_url):
    options = ("--max_count", "1e9", "--redis-url", redis_url)
    with redis.Redis.from_url(redis_url) as client:
        with Run("sync_locking/ex3_redis.py", "2", *options) as run:
            run.wait_until_at_work(victims=True, seed="key")
            with Run("sync_locking/ex3_redis.py", "2", *options) as second:
                assert second.wait(20) == 2
                assert "another run uses the key sync_locking:count" in second.stderr
            assert int(client.get("sync_locking:count")) > 0
            os.killpg(run.process.pid, signal.SIGINT)
            assert run.wait(20) == 130
            run.assert_nothing_left()
        assert client.exists("sync_locking:count") == 0


@needs_redis
def test_a_server_that_ends_while_processes_count_is_an_error_in_one_line():
    with tcp_server() as (port, server):
        options = ("--max_count", "1e9", "--redis-url", f"redis://127.0.0.1:{port}/0")
        with Run("sync_locking/ex3_redis.py", "2", *options) as run:
            run.wait_until_at_work(victims=True, seed="server")
            server.kill()
            assert run.wait(20) == 2
            assert re.fullmatch(r"ex3_redis.py: Redis at redis://127.+\n", run.stderr)
            run.assert_nothing_left()


KILL_ONE_AT_THE_BARRIER = """
import multiprocessing, os, signal, sys, time
import ex1_nolock4
from common.processes import Process
arguments = (multiprocessing.Barrier(3), sys.argv[1], 1, multiprocessing.SimpleQueue())
processes = [Process(target=ex1_nolock4.start_together, args=arguments) for _ in range(2)]
for p in processes:
    p.start()
os.kill(processes[1].pid, signal.SIGKILL)
for p in processes:
    p.join()
"""


def test_a_worker_killed_while_others_wait_for_it_at_the_barrier_is_an_error():
    with count_file() as path:
        line = inside_folder("-c", KILL_ONE_AT_THE_BARRIER, path, code=1)
        assert re.fullmatch(r"-c: worker \d+ was killed by signal 9 \(SIGKILL\)\n", line)
        assert path.read_text() == ""


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=10)
@given(start=st.integers(0, 10**12), max_count=st.integers(0, 9))
def test_work_adds_max_count_to_the_number_in_the_file(name, start, max_count):
    with count_file(str(start)) as path:
        load(f"sync_locking/{name}.py").work(str(path), max_count)
        assert int(path.read_text()) == start + max_count


@pytest.mark.parametrize("name", FILES)
def test_an_empty_file_is_counted_from_0_and_reported_once(name, capsys):
    with count_file() as path:
        load(f"sync_locking/{name}.py").work(str(path), 3)
        assert int(path.read_text()) == 3
    assert capsys.readouterr().out.count("File is empty, starting to count from 0\n") == 1


@pytest.mark.parametrize("name", THE_SAME_IN_FILES)
def test_an_invalid_entry_is_reported_counted_and_started_from_0(name, capsys):
    with count_file("9\n3\n") as path:  # two have written, both after the file was emptied
        bad_reads = load(f"sync_locking/{name}.py").work(str(path), 3)
        assert path.read_text() == "3\n"
    assert bad_reads == {"invalid": 1}
    message = r"invalid literal for int() with base 10: '9\n3\n', starting to count from 0"
    assert capsys.readouterr().out == f"{message}\n"


SPOIL_THE_FILE = """
import collections, multiprocessing
import ex1_nolock4

def work(filename, max_count):
    with open(filename, "w") as f:
        f.write("9\\n3\\n")
    return collections.Counter(empty=max_count, invalid=1_000)

ex1_nolock4.work = work
multiprocessing.set_start_method("fork")  # so that the workers have it
print(ex1_nolock4.run_workers(2, 3))
"""


def test_bad_reads_are_added_up_and_of_an_invalid_entry_the_last_to_write_counts():
    output = inside_folder("-c", SPOIL_THE_FILE)
    assert output.endswith("\n6 empty read(s), 2,000 invalid entries\n9\n")


@pytest.mark.parametrize("name", ["ex2_lock", "ex2_lock_acquire", "ex2_lock_rawvalue"])
@pytest.mark.parametrize("max_count", [0, 1, 7])
def test_work_lets_go_of_the_lock(name, max_count):
    value, lock = multiprocessing.RawValue("i", 5), multiprocessing.Lock()
    load(f"sync_locking/{name}.py").work(value, max_count, lock)
    assert value.value == 5 + max_count
    assert lock.acquire(block=False)


@pytest.mark.parametrize("way", threads.WAYS)
@pytest.mark.parametrize("max_count", [0, 1, 7])
def test_a_thread_alone_counts_right_and_lets_go_of_the_lock(way, max_count):
    value, lock = types.SimpleNamespace(value=5), threading.Lock()
    threads.WAYS[way](value, max_count, lock)
    assert value.value == 5 + max_count
    assert lock.acquire(blocking=False)


class Slow:
    """A value that lets other threads go on between a read and a write."""

    def __init__(self, value):
        self.number = value

    @property
    def value(self):
        number = self.number
        time.sleep(0.0001)
        return number

    @value.setter
    def value(self, number):
        self.number = number


@pytest.mark.parametrize("way", threads.EXACT)
def test_threads_that_lock_or_count_apart_lose_nothing(way, monkeypatch):
    monkeypatch.setattr(threads, "types", types.SimpleNamespace(SimpleNamespace=Slow))
    assert threads.run_workers(4, 50, way) == 200


def test_threads_that_have_all_read_before_one_writes_overwrite_each_other(monkeypatch):
    have_read = threading.Barrier(3)

    def add_one(number):
        have_read.wait()
        return number + 1

    monkeypatch.setattr(threads, "add_one", add_one)
    assert threads.run_workers(3, 100, "no lock, a call") == 100


@pytest.mark.skipif(cli.has_gil(), reason="with the GIL, nothing is lost for certain")
def test_without_the_gil_updates_are_lost():
    assert threads.run_workers(4, way="no lock") < 4 * threads.MAX_COUNT_PER_THREAD


def test_the_variants_differ_only_in_the_lock():
    works = [inspect.getsource(load(f"sync_locking/{name}.py").work) for name in THE_SAME_IN_FILES]
    assert works[0] == works[1]
    assert works[2] == '@fasteners.interprocess_locked("count.lock")\n' + works[0]


@pytest.mark.parametrize("name", NO_LOCK)
def test_a_process_alone_loses_nothing(name):
    with Run(f"sync_locking/{name}.py", "1", "--max_count", "50") as run:
        assert run.wait() == 0
        assert "Counted to 50\n" in run.stdout
        assert "One process alone" in run.stdout


def test_a_race_without_losses_is_run_again_longer(capsys):
    seen = []

    def count(nbr_workers, max_count):
        seen.append(max_count)
        return nbr_workers * max_count - (max_count > 50)

    sync_check.expect_losses(count, 4, 10)
    assert seen == [10, 40, 160]
    output = capsys.readouterr().out
    assert re.findall(r"Starting 4 process\(es\) to count to (\d+)", output) == ["40", "160", "640"]
    assert "1 updates were lost" in output


def test_the_answer_is_checked():
    with pytest.raises(cli.Failure, match="no update was lost"):
        sync_check.expect_losses(lambda nbr_workers, max_count: nbr_workers * max_count, 4, 10)
    with pytest.raises(cli.Failure, match="off by 1"):
        sync_check.expect_losses(lambda nbr_workers, max_count: nbr_workers * max_count + 1, 4, 10)
    with pytest.raises(cli.Failure, match="off by -1"):
        sync_check.expect_all(lambda nbr_workers, max_count: nbr_workers * max_count - 1, 4, 10)


@pytest.mark.parametrize(
    ("lost", "answer"), [(0, "12 of 12"), (5, "7 of 12, 5 lost"), (-1, "13 of 12")]
)
def test_the_comparison_shows_the_count_and_checks_one_that_is_to_be_exact(lost, answer):
    def run_workers(nbr_workers, max_count):
        return nbr_workers * max_count - lost

    assert compare.counted(run_workers, 3, 4, exact=False)[0] == answer
    if lost == 0:
        assert compare.counted(run_workers, 3, 4, exact=True)[0] == answer
    else:
        with pytest.raises(cli.Failure, match="counted to " + answer.partition(",")[0]):
            compare.counted(run_workers, 3, 4, exact=True)


@pytest.mark.parametrize("url", [None, "redis://localhost"])
def test_the_comparison_has_every_way_and_starts_with_the_right_one(url):
    ways, beyond = compare.ways_and_beyond(4, 1000, 50_000, 60_000, url)
    names = [name.partition(":")[0] for name in ways]
    assert set(names) == EVERY - ({"ex3_redis"} if url is None else set())
    assert names.count("ex2_threads") == 3
    assert len(names) - 2 == len(set(names))
    assert names[0] == "ex1_lock"
    assert names[names.index("ex1_flock") - 1] == "ex1_lock_increment"
    assert next(name for name in names if name not in FILES) == "ex2_lock"
    assert {*compare.NOT_EXACT} <= ways.keys()
    not_exact = [name.partition(":")[0] for name in compare.NOT_EXACT]
    assert not_exact == [*NO_LOCK, "ex2_threads"]
    assert [(name.partition(":")[0], other.partition(":")[0]) for _, name, other in beyond] == [
        ("ex1_flock", "ex1_lock_increment"),
        *([] if url is None else [("ex3_redis", "ex2_lock")]),
        ("ex3_merge", "ex2_lock"),
    ]
    assert {way for _, *both in beyond for way in both} <= ways.keys()


JOBS_OF_THE_COMPARISON = """
import compare
jobs = {}
ways, beyond = compare.ways_and_beyond(2, 3, 4, 5)
for name, way in ways.items():
    for job in way():
        jobs.setdefault(job, []).append(name)
assert all({name, other} <= set(jobs[job]) for job, name, other in beyond)
print(jobs)
"""


def test_the_ways_of_every_job_start_with_the_right_one():
    jobs = ast.literal_eval(inside_folder("-c", JOBS_OF_THE_COMPARISON).splitlines()[-1])
    assert {job: names[0] for job, names in jobs.items()} == {
        "file, 3 by each": "ex1_lock: lock file",
        "file, 3 by one process": "ex1_nolock1: one process",
        "file, lock per increment": "ex1_lock_increment: lock file",
        "shared count, 3 by each": "ex2_lock: Value, Lock",
        "shared count, 4 by each": "ex2_lock: Value, Lock",
        "shared count, 10 in all": "ex2_lock: Value, Lock",
        "count in threads, 4 by each": "ex2_threads: Lock",
    }
    assert len(jobs["file, 3 by one process"]) == 1
    assert jobs["file, lock per increment"][1:] == ["ex1_flock: flock"]
    assert jobs["shared count, 10 in all"][1:] == ["ex3_merge: added at the end"]


# The disk is full soon after the count file is there. What ex1_flock once has of it, it keeps.
ON_A_DISK_THAT_FILLS_UP = """
mount -t tmpfs -o size=64k tmpfs "$TMPDIR"
(
    until ls "$TMPDIR"/run-*/*/count.txt; do sleep 0.02; done
    while ls -d "$TMPDIR"/run-*; do cat /dev/zero >>"$TMPDIR/filler"; done
) >/dev/null 2>&1 &
exec "$0" "$@"
"""
FILLS_UP = [(name, "fork") for name in FILES] + [("ex1_nolock4", m) for m in START_METHODS[1:]]


@needs_mounts
@pytest.mark.parametrize(("name", "method"), FILLS_UP)
def test_a_disk_that_fills_up_is_one_line(name, method):
    before = (*IN_NAMESPACE, ON_A_DISK_THAT_FILLS_UP, sys.executable)
    script = (f"sync_locking/{name}.py", "--max_count", "100000", "--start-method", method)
    with Run(*script, before=before) as run:
        code = run.wait()
        errors = run.stderr
        full = f"{name}.py: No space left on device: {run.tmp}\n"
        run.assert_nothing_left()
    if name != "ex1_flock" or code != 0:
        assert (code, errors) == (2, full)

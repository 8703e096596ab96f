"""Counting in files and shared values, with locks and without."""

import inspect
import multiprocessing
import re
import signal
import subprocess
import sys

import pytest
from cases import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT, TIMEOUT, Run, load

from common import cli

FOLDER = ROOT / "sync_locking"
FILES = ["ex1_nolock1", "ex1_nolock4", "ex1_lock"]
NO_LOCK = ["ex1_nolock4", "ex2_nolock"]
LOCK = ["ex1_lock", "ex2_lock", "ex2_lock_acquire", "ex2_lock_rawvalue"]
sync_check = load("sync_locking/sync_check.py")
compare = load("sync_locking/compare.py")


def inside_folder(*arguments):
    result = subprocess.run(
        [sys.executable, *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


@pytest.mark.parametrize("name", NO_LOCK)
def test_updates_are_lost_in_20_of_20_runs(name):
    count = 100 if name in FILES else 1000
    races = f"for _ in range(20): sync_check.expect_losses({name}.run_workers, 4, {count})"
    output = inside_folder("-c", f"import sync_check, {name}\n{races}")
    assert len(re.findall(r"^[\d,]+ (?:updates were lost|too many)", output, re.MULTILINE)) == 20


@pytest.mark.parametrize("name", LOCK)
def test_the_count_is_exact_in_20_of_20_runs(name):
    count = 50 if name in FILES else 1000
    output = inside_folder(
        "-c", f"import {name}\nfor _ in range(20): print({name}.run_workers(4, {count}))"
    )
    assert re.findall(r"^\d+$", output, re.MULTILINE) == [str(4 * count)] * 20


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("ex*.py")))
def test_timeit_works_inside_the_folder(name):
    setup = f"import {name}, multiprocessing; multiprocessing.set_start_method('spawn')"
    output = inside_folder("-m", "timeit", "-n2", "-r1", "-s", setup, f"{name}.run_workers()")
    assert re.search(r"2 loops, best of 1: .* per loop", output)


def test_two_runs_at_once_do_not_count_together(tmp_path):
    arguments = ("sync_locking/ex1_lock.py", "2", "--max_count", "200")
    with Run(*arguments, TMPDIR=str(tmp_path)) as one, Run(*arguments, TMPDIR=str(tmp_path)) as two:
        assert [run.wait() for run in (one, two)] == [0, 0]
        folders = [re.search(r"Counting in (.*)/count.txt", run.stdout)[1] for run in (one, two)]
        assert all("Counted to 400\n" in run.stdout for run in (one, two))
        assert folders[0] != folders[1]
    assert list(tmp_path.iterdir()) == []


def test_a_waiter_that_is_killed_is_an_error_too():
    with Run("sync_locking/ex1_lock.py", *CASES["sync_locking/ex1_lock.py"].long) as run:
        run.wait_until_at_work(victims=True, seed="waiter")
        busy = [process.pid for process in run.busy_workers()]
        victim = next(process for process in run.workers() if process.pid not in busy)
        victim.send_signal(signal.SIGKILL)
        assert run.wait(20) == 1
        assert f"worker {victim.pid} was killed by signal 9 (SIGKILL)\n" in run.stderr
        run.assert_nothing_left()


KILL_ONE_AT_THE_BARRIER = """
import multiprocessing, os, signal
import ex2_nolock, sync_check
from common import pools
value, barrier = multiprocessing.Value("i", 0), multiprocessing.Barrier(3)
arguments = (barrier, ex2_nolock.work, value, 1)
workers = [pools.WorkerProcess(target=sync_check.start_together, args=arguments) for _ in range(2)]
try:
    with pools.running(workers):
        os.kill(workers[0].pid, signal.SIGKILL)
        pools.join(workers)
except pools.WorkerDied as death:
    print(str(death).replace(str(workers[0].pid), "one"), value.value)
"""


def test_a_worker_killed_while_others_wait_for_it_at_the_barrier_is_an_error():
    output = inside_folder("-c", KILL_ONE_AT_THE_BARRIER)
    assert output == "worker one was killed by signal 9 (SIGKILL) 0\n"


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=10)
@given(start=st.integers(0, 10**12), max_count=st.integers(0, 9))
def test_work_adds_max_count_to_the_number_in_the_file(name, start, max_count):
    with sync_check.count_file("count.txt") as filename:
        (ROOT / filename).write_text(str(start))
        load(f"sync_locking/{name}.py").work(filename, max_count)
        assert (ROOT / filename).read_text() == str(start + max_count)


@pytest.mark.parametrize("name", FILES)
def test_an_empty_file_is_counted_from_0_and_reported_once(name, capsys):
    with sync_check.count_file("count.txt") as filename:
        load(f"sync_locking/{name}.py").work(filename, 3)
        assert (ROOT / filename).read_text() == "3"
    assert capsys.readouterr().out.count("File is empty, starting to count from 0\n") == 1


def test_the_count_file_goes_with_its_folder():
    with sync_check.count_file("count.txt") as filename:
        assert (ROOT / filename).read_text() == ""
    assert not (ROOT / filename).parent.exists()


@pytest.mark.parametrize("name", ["ex2_lock", "ex2_lock_acquire", "ex2_lock_rawvalue"])
@pytest.mark.parametrize("max_count", [0, 1, 7])
def test_work_lets_go_of_the_lock(name, max_count):
    value, lock = multiprocessing.RawValue("i", 5), multiprocessing.Lock()
    load(f"sync_locking/{name}.py").work(value, max_count, lock)
    assert value.value == 5 + max_count
    assert lock.acquire(block=False)


def test_the_variants_differ_only_in_the_lock():
    works = {inspect.getsource(load(f"sync_locking/{name}.py").work) for name in FILES}
    assert len(works) == 1


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
    assert "1 updates were lost" in capsys.readouterr().out


def test_the_answer_is_checked():
    with pytest.raises(cli.WrongAnswer, match="no update was lost"):
        sync_check.expect_losses(lambda nbr_workers, max_count: nbr_workers * max_count, 4, 10)
    with pytest.raises(cli.WrongAnswer, match="off by -1"):
        sync_check.expect_all(lambda nbr_workers, max_count: nbr_workers * max_count - 1, 4, 10)


@pytest.mark.parametrize(("lost", "answer"), [(0, "12 of 12"), (5, "7 of 12"), (-1, "13 of 12")])
def test_the_comparison_shows_the_count_and_checks_one_that_is_to_be_exact(lost, answer):
    def run_workers(nbr_workers, max_count):
        return nbr_workers * max_count - lost

    assert compare.counted(run_workers, 3, 4, exact=False)[0] == answer
    if lost == 0:
        assert compare.counted(run_workers, 3, 4, exact=True)[0] == answer
    else:
        with pytest.raises(cli.WrongAnswer, match=f"counted to {answer}"):
            compare.counted(run_workers, 3, 4, exact=True)


def test_the_comparison_has_every_way_and_starts_with_the_right_one():
    names = [name.partition(":")[0] for name in compare.ways(4, 1000, 50_000)]
    assert sorted(names) == sorted(path.stem for path in FOLDER.glob("ex*.py"))
    assert names[0] == "ex1_lock"
    assert next(name for name in names if name not in FILES) == "ex2_lock"
    exact = {script.__name__ for script in compare.EXACT}
    assert exact == set(names) - set(NO_LOCK)

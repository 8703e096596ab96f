"""One array, many processes: shares, counts, random rows and the memory they take."""

import collections
import ctypes
import itertools
import multiprocessing
import multiprocessing.shared_memory
import os
import pty
import re
import shutil
import subprocess
import sys

from common import cli

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from support import IN_NAMESPACE, ROOT, START_METHODS, TIMEOUT, Run, load, needs_mounts

np_check = load("numpy_shared/np_check.py")
np_shared = load("numpy_shared/np_shared.py")
serial = load("numpy_shared/np_shared_random_serial.py")
parallel = load("numpy_shared/np_shared_random_parallel.py")
threads = load("numpy_shared/np_shared_random_threads.py")
named = load("numpy_shared/np_shared_memory.py")
compare = load("numpy_shared/compare.py")
mapped = load("numpy_shared/np_shared_joblib.py")

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and /dev/shm")


@settings(max_examples=50)
@given(
    npst.arrays(
        np.float64, npst.array_shapes(min_dims=2, max_dims=2), elements=st.sampled_from([1, 2, 42])
    )
)
def test_values_are_counted_as_one_by_one(nparray):
    assert np_shared.count_values(nparray) == collections.Counter(nparray.flat)


def start_in_this_process(size_a, size_b):
    shared_array_base = multiprocessing.Array(ctypes.c_double, size_a * size_b, lock=False)
    np_shared.start_worker(shared_array_base, size_a, size_b, multiprocessing.Barrier(1))
    return np.frombuffer(shared_array_base).reshape(size_a, size_b)


def test_a_worker_overwrites_the_rows_of_the_parents_array(capsys):
    main_nparray = start_in_this_process(3, 2)
    location = f"Worker's array in PID {os.getpid()}: {np_shared.location(main_nparray)}\n"
    assert capsys.readouterr().out == location
    main_nparray.fill(42)
    assert np_shared.overwrite_share(range(2)) == (os.getpid(), 4)
    assert main_nparray.tolist() == [[os.getpid()] * 2] * 2 + [[42, 42]]
    assert re.fullmatch(
        rf"Worker with idx 0: id \d+ in PID {os.getpid()}\n", capsys.readouterr().out
    )


@pytest.mark.parametrize("column", [0, 2])
def test_a_worker_notices_a_row_that_is_not_the_parents(column):
    main_nparray = start_in_this_process(2, 3)
    main_nparray.fill(42)
    main_nparray[1, column] = 0
    np_shared.worker_fn(0)
    with pytest.raises(AssertionError, match="row 1 is not the parent's"):
        np_shared.worker_fn(1)


def test_a_worker_overwrites_the_rows_of_the_block_that_it_finds_by_its_name():
    block = multiprocessing.shared_memory.SharedMemory(create=True, size=6 * 8)
    try:
        np.ndarray(6, buffer=block.buf)[:] = [42, 42, 42, 42, 42, 0]
        named.start_worker(block.name, 3, 2, multiprocessing.Barrier(1))
        assert named.overwrite_share(range(2)) == (os.getpid(), 4)
        with pytest.raises(AssertionError, match="row 2 is not the parent's") as error:
            named.overwrite_share(range(2, 3))
        error.traceback = error._excinfo = None  # its frames look into the block
        written = np.ndarray(6, buffer=block.buf).tolist()
        named.block.close()
    finally:
        block.close()
        block.unlink()
    assert written == [os.getpid()] * 4 + [42, 0]


def run_of(tmp_path, script):
    """Run this ``script`` as one of numpy_shared/ would be."""
    path = tmp_path / "script.py"
    path.write_text(script)
    return Run(path, PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "numpy_shared")]))


COUNTS_NOTHING = """
from common import cli
import np_shared, np_shared_memory

def fail(nparray):
    raise KeyError(nparray.size)

if __name__ == "__main__":
    np_shared.count_values = fail
    cli.run(lambda: np_shared_memory.run(2, 3, 1))
"""


def test_the_block_goes_although_frames_that_failed_look_into_it(tmp_path):
    with run_of(tmp_path, COUNTS_NOTHING) as run:
        assert run.wait() == 1
        assert "\nKeyError: 3\n" in run.stderr
        run.assert_nothing_left()


@linux
def test_the_block_goes_although_the_resource_tracker_is_killed():
    script = "numpy_shared/np_shared_memory.py"
    with Run(script, 2, "--rows=3e7", "--cols=1", "--start-method=fork") as run:
        run.wait_for(lambda: "Worker with" in run.stdout, "work")
        (tracker,) = (process for process in run.services() if process.name() != "sh")
        tracker.kill()
        assert run.wait() == 1
        died = f"resource tracker {tracker.pid} was killed by signal 9 (SIGKILL)"
        assert run.stderr == f"np_shared_memory.py: {died}\n"
        run.assert_nothing_left()


@pytest.mark.parametrize(("workers", "rows"), [(5, 2), (1, 4)])
def test_joblibs_workers_overwrite_every_row(workers, rows):
    with Run("numpy_shared/np_shared_joblib.py", workers, "--rows", rows, "--cols", "3") as run:
        assert run.wait() == 0, run.stderr
        table = re.findall(r"^\| +(\d+) \| +(\d+) \|$", run.stdout, re.MULTILINE)
        parent = str(run.process.pid)
    assert sum(int(count) for _, count in table) == 3 * rows
    assert 1 <= len(table) <= min(workers, rows)
    assert (parent in dict(table)) == (workers == 1)  # then joblib works in this process


def test_a_worker_notices_a_row_of_the_file_that_is_not_the_parents():
    with pytest.raises(AssertionError, match="row 1 is not the parent's"):
        mapped.overwrite_share(np.array([[42.0, 42], [42, 0]]), range(2))


def test_counts_that_differ_from_what_the_workers_say_are_noticed():
    np_check.report_counts({42: 2, 7: 1}, {42: 2, 7: 1}, 3, 42, nbr_pids=2)
    with pytest.raises(cli.Failure, match="not one pid for each process"):
        np_check.report_counts({42: 2, 7: 1}, {42: 2, 7: 1}, 3, 42, nbr_pids=3)
    np_check.report_counts({42: 2, 7: 1, 8: 0}, {42: 2, 7: 1, 8: 0}, 3, 42)
    for counts, message in (
        (collections.Counter({7: 2, 42: 1}), "1 items are not overwritten"),
        (collections.Counter({7: 2}), "do not add up"),
        (collections.Counter({7: 1, 8: 2}), "the processes overwrote {7: 3}"),
    ):
        with pytest.raises(cli.Failure, match=message):
            np_check.report_counts(counts, {7: 3}, 3, 42)


@pytest.mark.parametrize("script", ["np_shared", "np_shared_memory"])
@pytest.mark.parametrize(
    ("workers", "rows", "counts"),
    [(1, 1, [3]), (5, 2, [3, 3]), (2, 3, [3, 6]), (4, 10, [6, 6, 9, 9])],
)
def test_every_worker_overwrites_its_share(script, workers, rows, counts):
    with Run(f"numpy_shared/{script}.py", workers, "--rows", rows, "--cols", "3") as run:
        assert run.wait() == 0, run.stderr
        table = re.findall(r"^\| +(\d+) \| +(\d+) \|$", run.stdout, re.MULTILINE)
    assert sorted(int(count) for _, count in table) == counts
    assert len({pid for pid, _ in table}) == len(counts)


KILLED_AT_THE_BARRIER = """
import ctypes, multiprocessing, os, signal
from common import cli
from common.processes import Pool
import np_shared

def main():
    base = multiprocessing.Array(ctypes.c_double, 3, lock=False)
    with Pool(2, np_shared.start_worker, (base, 3, 1, multiprocessing.Barrier(3))) as pool:
        victim = multiprocessing.active_children()[0].pid
        print(f"victim: {victim}", flush=True)
        os.kill(victim, signal.SIGKILL)
        pool.map(np_shared.overwrite_share, [range(n, n + 1) for n in range(3)], chunksize=1)

if __name__ == "__main__":
    cli.run(main)
"""


def test_a_worker_killed_while_others_wait_for_it_at_the_barrier_is_an_error(tmp_path):
    with run_of(tmp_path, KILLED_AT_THE_BARRIER) as run:
        assert run.wait(20) == 1
        victim = re.search(r"victim: (\d+)", run.stdout)[1]
        assert run.stderr == f"script.py: worker {victim} was killed by signal 9 (SIGKILL)\n"
        run.assert_nothing_left()


@linux
def test_the_block_is_in_every_process_and_once_in_the_pss():
    with Run("numpy_shared/np_shared.py", 3, "--rows=30", "--cols=1e5", "--inspect") as run:
        assert run.wait() == 0, run.stderr
        number = r" +([\d.]+) \|"
        table = re.findall(
            rf"^\| +(?:parent|worker \d) \| +\d+ \|{number * 6}$", run.stdout, re.MULTILINE
        )
    table = np.array(table, dtype=float)
    rss, pss, mapped, block_rss, block_pss, block_shared = table.T
    assert len(table) == 4
    assert (mapped >= 24).all()
    assert block_rss[0] >= 24
    assert (block_rss[1:] >= 7.9).all()  # its ten rows; reading may bring in the pages around
    assert (block_shared >= 7.9).all()
    assert 24 <= block_pss.sum() + 0.2 <= 25
    assert (rss > block_rss).all()
    assert (pss < rss).all()


@linux
@pytest.mark.parametrize("start_method", [*START_METHODS, "loky"])
def test_all_processes_name_the_same_block(start_method):
    script, *option = ("np_shared", "--start-method", start_method)
    if start_method == "loky":
        script, *option = ("np_shared_joblib",)
    size = ("--rows=9", "--cols=4")
    with Run(f"numpy_shared/{script}.py", 3, *size, *option) as run:
        assert run.wait() == 0, run.stderr
        assert "Press a key" not in run.stdout
        locations = re.findall(r"address (0x\w+), inode (\d+)", run.stdout)
        assert len(locations) == 4
        addresses, inodes = map(set, zip(*locations, strict=True))
        assert len(inodes - {"0"}) == 1
        assert start_method != "fork" or len(addresses) == 1


def test_the_location_of_a_private_array_is_told_without_a_file():
    nparray = np.zeros(3)
    address = f"address {nparray.ctypes.data:#x}"
    assert np_shared.location(nparray) in (address, f"{address}, inode 0")


def test_every_row_has_the_stream_that_spawn_gives_it():
    matrix, _ = serial.run(5, 3, seed=7)
    children = np.random.SeedSequence(7).spawn(5)
    expected = [np.random.default_rng(child).random(3) for child in children]
    assert matrix.tolist() == np.array(expected).tolist()
    assert len(np.unique(matrix)) == 15


@settings(max_examples=20)
@given(
    rows=st.integers(1, 20),
    cols=st.integers(1, 20),
    seed=st.integers(0, 2**40),
    data=st.data(),
)
def test_the_random_matrix_does_not_depend_on_the_segments(rows, cols, seed, data):
    expected, _ = serial.run(rows, cols, seed)
    base = multiprocessing.Array(ctypes.c_double, rows * cols, lock=False)
    parallel.start_worker(base, rows, cols, seed)
    cuts = data.draw(st.sets(st.integers(1, rows)))
    for segment in itertools.pairwise(sorted({0, *cuts, rows})):
        parallel.worker_fn(range(*segment))
    assert list(base) == expected.ravel().tolist()


@settings(max_examples=50)
@given(
    rows=st.integers(1, 20),
    cols=st.integers(1, 20),
    nbr_threads=st.integers(1, 25),
    seed=st.integers(0, 2**40),
)
def test_threads_fill_the_matrix_of_one_stream(rows, cols, nbr_threads, seed):
    matrix, _ = threads.run(nbr_threads, rows, cols, seed)
    assert matrix.tolist() == np.random.default_rng(seed).random((rows, cols)).tolist()


def test_serial_and_parallel_print_the_same_matrix_for_any_number_of_workers():
    results = set()
    for script, *workers in (("serial",), ("parallel", 1), ("parallel", 3)):
        name = f"numpy_shared/np_shared_random_{script}.py"
        with Run(name, *workers, "--rows", "100", "--cols", "11") as run:
            assert run.wait() == 0, run.stderr
            results.add(run.stdout[run.stdout.index("[[") : run.stdout.index("Delta")])
    assert len(results) == 1


def test_rows_that_are_not_filled_or_not_uniform_are_noticed():
    matrix, _ = serial.run(50, 40)
    np_check.report_random(matrix)
    with pytest.raises(cli.Failure, match="standard errors"):
        np_check.report_random(matrix * 0.9)
    matrix[7, 3] = np.nan
    with pytest.raises(cli.Failure, match="1 rows are not filled"):
        np_check.report_random(matrix)


@pytest.mark.parametrize("shared", [True, False])
def test_a_size_that_does_not_fit_is_refused_with_one_that_does(shared):
    with pytest.raises(cli.UserError) as refused:
        np_check.require_memory(10**12, 100, shared)
    rows = int(re.search(r"--rows ([\d,]+) would fit", str(refused.value))[1].replace(",", ""))
    np_check.require_memory(rows * 9 // 10, 100, shared)  # others take memory at the same time
    with pytest.raises(cli.UserError):
        np_check.require_memory(rows * 2, 100, shared)
    with pytest.raises(cli.UserError, match=r"--rows 1 --cols [\d,]+ would fit"):
        np_check.require_memory(1, 10**15, shared)


def in_small_file_systems(folder, shared_memory, temporary, *arguments, name="np_shared"):
    """Run a script with /dev/shm and the temporary folder of these sizes (MB)."""
    mounts = (
        f"mount -t tmpfs -o size={shared_memory}m tmpfs /dev/shm && "
        f'mount -t tmpfs -o size={temporary}m tmpfs "$TMPDIR" && exec "$0" "$@"'
    )
    script = str(ROOT / "numpy_shared" / f"{name}.py")
    return subprocess.run(
        [*IN_NAMESPACE, mounts, sys.executable, script, "2", *arguments],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


@needs_mounts
@pytest.mark.parametrize(("shared_memory", "temporary"), [(16, 8), (8, 16)])
def test_a_full_shared_memory_is_refused_before_it_kills(tmp_path, shared_memory, temporary):
    cols = ("--cols", "12500")  # ten rows are one million bytes
    run = in_small_file_systems(tmp_path, shared_memory, temporary, "--rows", "1000", *cols)
    where = "/dev/shm" if shared_memory > temporary else str(tmp_path)
    fits = 16 * 1024 * 1024 * 9 // 10 // 100_000
    assert run.stderr == (
        f"np_shared.py: 100,000,000 bytes do not fit in {where} ({16 * 1024**2:,} bytes): "
        f"--rows {fits} would fit\n"
    )
    assert run.returncode == 2
    assert "Created" not in run.stdout
    fitting = in_small_file_systems(
        tmp_path, shared_memory, temporary, "--rows", str(fits), "--inspect", *cols
    )
    assert (fitting.returncode, fitting.stderr) == (0, "")
    assert f"the block is {where}/" in fitting.stdout
    more = in_small_file_systems(tmp_path, shared_memory, temporary, "--rows", str(fits + 1), *cols)
    assert more.returncode == 2


@needs_mounts
def test_a_named_block_cannot_be_in_the_temporary_folder_and_joblibs_file_can(tmp_path):
    size = (1, 64, "--rows", "20", "--cols", "12500")
    run = in_small_file_systems(tmp_path, *size, name="np_shared_memory")
    refused = "2,000,000 bytes do not fit in /dev/shm (1,048,576 bytes): --rows 9 would fit"
    assert (run.returncode, run.stderr) == (2, f"np_shared_memory.py: {refused}\n")
    run = in_small_file_systems(tmp_path, *size, name="np_shared_joblib")
    assert (run.returncode, run.stderr) == (0, "")
    assert f"nbytes of {tmp_path}/" in run.stdout


@pytest.mark.parametrize("named_fits", [True, False])
def test_named_memory_is_compared_if_it_fits(named_fits):
    functions, beyond = compare.ways(2, 3, 4, named_fits)
    assert ("np_shared_memory, 4 workers" in functions) == named_fits
    assert {name for _, *names in beyond for name in names} <= functions.keys()


def test_pause_waits_on_a_terminal_before_workers_start_and_while_they_live():
    script = str(ROOT / "numpy_shared" / "np_shared.py")
    arguments = ["2", "--rows", "2", "--cols", "2", "--pause"]
    keyboard, terminal = pty.openpty()
    seen = {}
    with subprocess.Popen(
        [sys.executable, script, *arguments], stdin=terminal, stdout=subprocess.PIPE, text=True
    ) as process:
        commands = []
        for line in process.stdout:
            if line.startswith("    "):
                commands.append(line.split())
            if pressed := re.fullmatch(r"Press a key to (.+) \(Return\)\n", line):
                (listed,) = (words[-1] for words in commands if words[0] == "ps")
                pids = [int(pid) for pid in listed.split(",")]
                assert pids[0] == process.pid
                assert all(psutil.pid_exists(pid) for pid in pids)
                looked = [words for words in commands if words[0] in ("pmap", "vmmap")]
                assert all(str(pid) in words for pid, words in zip(pids, looked, strict=True))
                if shutil.which(looked[0][0]):
                    shown = [os.popen(" ".join(words)).read() for words in looked]
                    assert all(" rw-s- " in text or "mapped file" in text for text in shown)
                seen[pressed[1]] = len(pids)
                commands = []
                os.write(keyboard, b"\n")
    assert process.returncode == 0
    assert seen == {"start workers": 1, "end the workers": 3}
    os.close(keyboard)
    os.close(terminal)


def test_pause_waits_for_no_key_without_a_terminal():
    with Run("numpy_shared/np_shared.py", "2", "--rows", "2", "--cols", "2", "--pause") as run:
        assert run.wait() == 0
        assert run.stdout.count("No pause") == 2
        assert "Press a key" not in run.stdout

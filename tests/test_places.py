"""Machines, or containers, that lack something: /dev/shm, /proc, a folder, or room in one."""

import contextlib
import re
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from cases import CASES
from redis_servers import needs_redis
from support import IN_NAMESPACE, ROOT, START_METHODS, Run, needs_mounts, wait_until_empty

NO_SHARED_MEMORY = """
mkdir "$TMPDIR/dev" && mount -t tmpfs tmpfs "$TMPDIR/dev" && cd "$TMPDIR/dev" || exit 99
for name in null zero full random urandom tty; do touch $name && mount --bind /dev/$name $name; done
mount --rbind . /dev && cd / && umount -l "$TMPDIR/dev" && rmdir "$TMPDIR/dev" && exec "$0" "$@"
"""
LITTLE_SHARED_MEMORY = 'mount -t tmpfs -o size=1m tmpfs /dev/shm || exit 99; exec "$0" "$@"'
FILL = "cat /dev/zero 2>/dev/null >/dev/shm/.filler; exec"
FULL_SHARED_MEMORY = LITTLE_SHARED_MEMORY.replace("exec", FILL)
NO_PROC = 'mount -t tmpfs tmpfs /proc || exit 99; exec "$0" "$@"'
NEED_SHARED_MEMORY = [
    "numpy_shared/np_shared.py",
    "numpy_shared/np_shared_memory.py",
    "pi_estimation/fig_9_02_lists_speed.py",
    "pi_estimation/pi_lists_parallel.py",
    "pi_estimation/pi_lists_parallel_joblib.py",
    "prime_verification_ipc/primes_flag_shared_memory.py",
    "sync_locking/ex1_nolock4.py",
    "sync_locking/ex2_lock.py",
]
NEED_NONE = [
    "pi_estimation/fig_9_01_darts.py",
    "pi_estimation/pi_lists_series.py",
    "primes_queue/primes_queue.py",
    "primes_queue/primes_queue_jobs_feeder_thread.py",
]
NEED_PROC = [
    "numpy_shared/np_shared.py",
    "pi_estimation/fig_9_02_lists_speed.py",
    "pi_estimation/pi_lists_parallel_joblib.py",
    "pi_estimation/pi_numpy_blocked.py",
    "pi_estimation/pi_numpy_parallel.py",
    "primes_pool/compare.py",
    "primes_pool/primes_sieve.py",
]
NEED_NO_PROC = ["pi_estimation/pi_lists_parallel.py", "primes_queue/primes_queue.py"]


def run_there(script, place, *options):
    """Return the exit code, stdout and stderr of a script where the commands ``place`` were run."""
    before = (*IN_NAMESPACE, place, sys.executable)
    with Run(script, *CASES[script].args, *options, before=before) as run:
        code = run.wait()
        run.assert_nothing_left()
        return code, run.stdout, run.stderr


# It looks for room in vain: others take it when it has looked.
UNAWARE = f"""
import multiprocessing.heap, sys

from common import cli, memory

sys.path.insert(0, {str(ROOT / "numpy_shared")!r})
import np_check, {{script}}


def main():
    memory.require = lambda *_: None
    np_check.require_memory(4_000, 1_000, True)
    multiprocessing.heap.Arena._choose_dir = lambda *_: "/dev/shm"
    {{script}}.run(2, 4_000, 1_000)


if __name__ == "__main__":
    cli.run(main)
"""
IMPORTS_JOBLIB = """
import subprocess, sys

from common import cli

cli.run(lambda: subprocess.run([sys.executable, "-c", "import joblib"]))
"""
SHARES = """
import multiprocessing, sys
from multiprocessing.shared_memory import SharedMemory

from common import cli
from common.processes import Pool

SIZE = 2**23


def fill(name):
    block = SharedMemory(name)
    block.buf[:] = bytes(SIZE)


def main():
    multiprocessing.set_start_method(sys.argv[1])
    with Pool(1) as pool:
        block = SharedMemory(create=True, size=SIZE)
        try:
            pool.map(fill, [block.name])
        finally:
            block.unlink()


if __name__ == "__main__":
    cli.run(main)
"""


@needs_mounts
@pytest.mark.parametrize("script", NEED_SHARED_MEMORY)
def test_without_shared_memory_a_script_that_needs_it_says_so(script):
    refused = f"{Path(script).name}: no /dev/shm to write to: shared memory and locks need it\n"
    for method in START_METHODS if CASES[script].workers else [None]:
        options = ("--start-method", method) if method else ()
        code, _, errors = run_there(script, NO_SHARED_MEMORY, *options)
        assert (code, errors) == (2, refused), method


@needs_mounts
@pytest.mark.parametrize("script", NEED_NONE)
def test_without_shared_memory_the_others_run(script):
    code, _, errors = run_there(script, NO_SHARED_MEMORY)
    assert (code, errors) == (0, "")


@needs_mounts
@pytest.mark.parametrize("script", NEED_SHARED_MEMORY)
def test_little_shared_memory_is_enough_for_what_is_little(script):
    code, _, errors = run_there(script, LITTLE_SHARED_MEMORY)
    assert (code, errors) == (0, "")


@needs_mounts
def test_a_barrier_whose_memory_has_no_room_is_one_line():
    place = 'mount -t tmpfs -o size=13k tmpfs /dev/shm && exec "$0" "$@"'  # for its locks only
    for method in START_METHODS:
        code, _, errors = run_there("sync_locking/ex1_lock.py", place, "--start-method", method)
        assert (code, errors) == (2, "ex1_lock.py: No space left on device: /dev/shm\n"), method


@needs_mounts
@pytest.mark.parametrize(
    "script", ["sync_locking/ex2_lock.py", "pi_estimation/pi_lists_parallel.py"]
)
def test_a_full_shared_memory_is_named(script):
    for method in START_METHODS:
        code, _, errors = run_there(script, FULL_SHARED_MEMORY, "--start-method", method)
        full = f"{Path(script).name}: No space left on device: /dev/shm\n"
        assert (code, errors) == (2, full), method


@needs_mounts
def test_a_process_that_imports_joblib_where_shared_memory_is_full_says_nothing(tmp_path):
    script = tmp_path / "imports.py"
    script.write_text(IMPORTS_JOBLIB)
    with Run(script, before=(*IN_NAMESPACE, FULL_SHARED_MEMORY, sys.executable)) as run:
        assert (run.wait(), run.stderr) == (0, "")


@needs_mounts
@pytest.mark.parametrize("script", ["np_shared", "np_shared_memory"])
def test_shared_memory_that_others_have_taken_meanwhile_is_one_line(tmp_path, script):
    unaware = tmp_path / "unaware.py"
    unaware.write_text(UNAWARE.format(script=script))
    before = (*IN_NAMESPACE, LITTLE_SHARED_MEMORY, sys.executable)
    with Run(unaware, before=before) as run:
        assert run.wait() == 2
        run.assert_nothing_left()
        assert run.stderr == "unaware.py: No space left on device: /dev/shm\n"


@needs_mounts
@pytest.mark.parametrize("method", START_METHODS)
def test_a_worker_without_room_in_shared_memory_says_what_to_look_at(tmp_path, method):
    script = tmp_path / "shares.py"
    script.write_text(SHARES)
    with Run(script, method, before=(*IN_NAMESPACE, LITTLE_SHARED_MEMORY, sys.executable)) as run:
        assert run.wait() == 1
        run.assert_nothing_left()
        died = r"shares\.py: worker \d+ was killed by signal \d+ "
        why = r"\(SIGBUS: no room for what is shared, see df -h /dev/shm\)\n"
        assert re.fullmatch(died + why, run.stderr)


@needs_mounts
@pytest.mark.parametrize("signum", [None, signal.SIGINT, signal.SIGTERM])
def test_the_first_process_of_a_container_leaves_nothing_either(signum):
    script = "primes_queue/primes_queue.py"
    there = ("unshare", "--map-root-user", "--pid", "--fork", "--mount-proc")
    before = (*there, "/bin/sh", "-c", LITTLE_SHARED_MEMORY, sys.executable)
    arguments = CASES[script].long if signum else CASES[script].args
    with Run(script, *arguments, before=before) as run:
        if signum:
            run.wait_for(lambda: "Python" in run.stdout, "output")
            (process,) = psutil.Process(run.process.pid).children()
            process.send_signal(signum)
        assert run.wait() == (128 + signum if signum else 0)
        assert not [*run.tmp.iterdir()]


@needs_mounts
@pytest.mark.parametrize("script", NEED_PROC)
def test_without_proc_a_script_that_needs_it_says_so_before_it_works(script):
    code, output, errors = run_there(script, NO_PROC)
    why = "no /proc to read: what memory and CPUs are used cannot be known"
    assert (code, errors) == (2, f"{Path(script).name}: {why}\n")
    assert "Making" not in output
    assert "Took" not in output


@needs_mounts
@pytest.mark.parametrize("script", NEED_NO_PROC)
def test_without_proc_the_others_run(script):
    code, _, errors = run_there(script, NO_PROC)
    assert (code, errors) == (0, "")


@needs_redis
def test_the_temporary_folder_may_be_the_current_one(tmp_path):
    script = "prime_verification_ipc/primes_flag_redis.py"
    with Run(script, *CASES[script].args, cwd=tmp_path, TMPDIR=".", REDIS_URL="") as run:
        assert (run.wait(), run.stderr) == (0, "")
    wait_until_empty(tmp_path)


def test_a_current_folder_that_is_gone_is_one_line():
    script = "pi_estimation/pi_lists_parallel_joblib.py"
    remove = 'cd "$TMPDIR" && mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"'
    with Run(script, before=("/bin/sh", "-c", remove, sys.executable)) as run:
        assert run.wait() == 2
        name = Path(script).name
        assert run.stderr == f"{name}: the current folder is gone: cd into another one\n"
        run.assert_nothing_left()


def test_a_home_that_cannot_be_written_to_is_not_spoken_of():
    script = "pi_estimation/fig_9_01_darts.py"
    with Run(script, *CASES[script].args, HOME="/dev/null") as run:
        assert (run.wait(), run.stderr) == (0, "")
        run.assert_nothing_left()


@pytest.mark.parametrize("method", START_METHODS)
@pytest.mark.parametrize(
    "script",
    ["primes_queue/primes_queue.py", "numpy_shared/np_shared.py", "sync_locking/ex2_lock.py"],
)
def test_a_long_temporary_folder_has_room_for_sockets(tmp_path, script, method):
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with Run(script, *CASES[script].args, "--start-method", method, TMPDIR=folder) as run:
        assert (run.wait(), run.stderr) == (0, "")
        run.assert_nothing_left()
    deadline = time.monotonic() + 5  # for its guard
    while left := [*folder.iterdir(), *links_to(folder)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def links_to(folder):
    """Return which links of runs lead into ``folder``."""
    links = []
    for path in Path("/tmp").glob("run-*"):
        with contextlib.suppress(OSError):  # no link, or it has gone
            if path.readlink().is_relative_to(folder):
                links.append(path)
    return links

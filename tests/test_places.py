"""Machines, or containers, without /dev/shm, without /proc, and with a long TMPDIR."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from cases import CASES
from support import START_METHODS, Run

NO_SHARED_MEMORY = """
mkdir "$TMPDIR/dev" && mount -t tmpfs tmpfs "$TMPDIR/dev" && cd "$TMPDIR/dev" || exit 99
for name in null zero full random urandom tty; do touch $name && mount --bind /dev/$name $name; done
mount --rbind . /dev && cd / && umount -l "$TMPDIR/dev" && rmdir "$TMPDIR/dev" && exec "$0" "$@"
"""
LITTLE_SHARED_MEMORY = 'mount -t tmpfs -o size=1m tmpfs /dev/shm || exit 99; exec "$0" "$@"'
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


def can_mount():
    command = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs "$0"', tempfile.gettempdir()]
    return shutil.which("unshare") and not subprocess.run(command, capture_output=True).returncode


needs_mounts = pytest.mark.skipif(
    sys.platform != "linux" or not can_mount(), reason="needs the right to mount a file system"
)


def run_there(script, place, *options):
    """Return the exit code, stdout and stderr of a script where the commands ``place`` were run."""
    before = ("unshare", "--mount", "/bin/sh", "-c", place, sys.executable)
    with Run(script, *CASES[script].args, *options, before=before) as run:
        code = run.wait()
        run.assert_nothing_left()
        return code, run.stdout, run.stderr


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

"""A run ends in one place: exit codes, messages, signals at any moment, and what is short."""

import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from common.run import LIMITS

import pytest
from support import START_METHODS, TIMEOUT, Run, as_user

EXITS = {
    "pass": (0, ""),
    "raise cli.UserError('no cake')": (2, "-c: no cake\n"),
    "raise OSError(28, 'No space left on device', 'x')": (
        2,
        "-c: [Errno 28] No space left on device: 'x'\n",
    ),
    "raise OSError(27, 'File too large')": (2, "-c: File too large\n"),
    'raise RuntimeError("can\'t start new thread")': (2, f"-c: {LIMITS}\n"),
    "raise MemoryError": (2, "-c: Cannot allocate memory\n"),
    "cli.check(False, '3')": (1, "-c: wrong answer: 3\n"),
    "raise cli.Failure('five of six')": (1, "-c: five of six\n"),
    "os.kill(os.getpid(), signal.SIGINT)": (130, "-c: interrupted\n"),
    "os.kill(os.getpid(), signal.SIGTERM)": (143, "-c: terminated\n"),
    "os.kill(os.getpid(), signal.SIGHUP)": (129, "-c: hung up\n"),
    "sys.exit(2)": (2, ""),
}


@pytest.mark.parametrize("body", EXITS)
def test_exit_codes_and_messages(body):
    code, message = EXITS[body]
    program = f"import os, signal, sys\nfrom common import cli\ndef main():\n {body}\ncli.run(main)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (code, message)


def test_a_script_started_by_a_run_that_is_over_does_not_begin(tmp_path):
    program = "from common import cli\ncli.run(lambda: print('x'))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "COMPANION_RUN": f"{tmp_path}/gone", "TMPDIR": f"{tmp_path}"},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_the_end_does_not_wait_for_a_process_whose_end_the_lesson_has_not_noted():
    program = (
        "import subprocess, sys\nfrom common import run\nchild = subprocess.Popen(['true'])\n"
        "child.wait()\nrun.watched[child.pid] = 'worker', lambda: None\n"
        "sys.exit(not run._kill_all())"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=TIMEOUT).returncode == 0


def test_a_full_output_is_one_line():
    program = "from common import cli\ncli.run(lambda: print('x'))"
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-c", program],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert result.returncode == 2
    assert result.stderr == "-c: No space left on device\n"


@pytest.mark.parametrize("bug", ["raise ValueError('a bug')", "open('/no/such/file')"])
def test_what_is_not_foreseen_keeps_its_traceback(bug):
    program = f"from common import cli\ndef main():\n {bug}\ncli.run(main)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert re.search(r"(ValueError: a bug|FileNotFoundError: .*'/no/such/file')\n\Z", result.stderr)


def test_a_message_in_letters_that_stderr_does_not_have_is_still_one_line():
    program = "from common import cli\ndef main():\n raise cli.UserError('\u4e2d')\ncli.run(main)"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (2, "-c: \\u4e2d\n")


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "latin-1", "utf-8:strict"])
def test_letters_that_stdout_does_not_have_are_written_as_escapes(encoding):
    program = r"from common import cli; cli.run(lambda: print('\u4e2d \xe9 \udcff'))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    name = encoding.partition(":")[0]
    expected = "\u4e2d \xe9 \udcff\n".encode(name, "backslashreplace")
    assert result.stdout == expected


SWALLOWS = """
import time
from common import cli


class Slow:
    def __del__(self):
        print("in __del__", flush=True)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            pass


def main():
    Slow()
    time.sleep(60)


if __name__ == "__main__":
    cli.run(main)
"""

IMPORTED = """
import time

try:
    print("importing", flush=True)
    time.sleep(60)
except BaseException:  # as a module written in Cython does
    pass
"""

IMPORTS = """
from common import cli
import imported
"""


def interrupt(script, source, printed):
    """Run ``source``; press Ctrl-C when it has ``printed`` this."""
    script.write_text(source)
    with Run(script) as run:
        run.wait_for(lambda: printed in run.stdout, printed)
        run.send(signal.SIGINT)
        assert run.wait(20) == 130
        assert run.stderr == f"{script.name}: interrupted\n"
        run.assert_nothing_left()


@pytest.mark.skipif(platform.python_implementation() == "PyPy", reason="__del__ comes later")
def test_ctrl_c_is_not_lost_in_a_del(tmp_path):
    interrupt(tmp_path / "slow.py", SWALLOWS, "in __del__")


def test_ctrl_c_is_not_lost_in_an_import(tmp_path):
    section = tmp_path / "section"
    for folder in (section, tmp_path / "common"):  # as a section lies beside common/
        folder.mkdir()
    (section / "imported.py").write_text(IMPORTED)
    interrupt(section / "imports.py", IMPORTS, "importing")


@pytest.mark.parametrize(
    "error", ["MemoryError", "ImportError('x.so: failed to map segment from shared object')"]
)
def test_an_import_without_memory_is_one_line(tmp_path, error):
    section = tmp_path / "section"
    for folder in (section, tmp_path / "common"):
        folder.mkdir()
    (section / "imported.py").write_text(f"raise {error}")
    (section / "imports.py").write_text(IMPORTS)
    with Run(section / "imports.py") as run:
        assert run.wait(20) == 2
        assert run.stderr == "imports.py: Cannot allocate memory\n"
        run.assert_nothing_left()


@pytest.mark.parametrize("seed", range(8))
def test_ctrl_c_while_numpy_and_matplotlib_are_imported_is_one_line(seed):
    script = ("numpy_shared/fig_9_18_shared_memory.py", "pi_estimation/pi_numpy_parallel.py")
    with Run(script[seed % 2]) as run:
        run.wait_for(lambda: [*run.tmp.glob("run-*")], "the folder of a run", pause=0.001)
        time.sleep(random.Random(seed).uniform(0, 0.3))
        run.send(signal.SIGINT, to_all=True)
        assert run.wait(20) == 130
        assert re.fullmatch(r"\S+\.py: interrupted\n", run.stderr)
        run.assert_nothing_left()


def test_ctrl_c_does_not_wait_for_a_reader_that_reads_no_more(tmp_path):
    (tmp_path / "talks.py").write_text(
        "from common import cli\ndef main():\n while True: print('x' * 1000)\ncli.run(main)"
    )
    command = [sys.executable, tmp_path / "talks.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(1)  # it has begun
        time.sleep(0.5)  # and the pipe is full
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def with_limits(script, *arguments, closed="", user=(), **limits):
    """Run a script in a shell with ulimit's ``limits``; return its exit code and stderr."""
    ulimits = "".join(f"ulimit -{letter} {limit} && " for letter, limit in limits.items())
    command = [*user, "/bin/bash", "-c", f'{ulimits}exec "$@" {closed}', "bash", sys.executable]
    with Run(script, *arguments, before=command) as run:
        code = run.wait()
        run.assert_nothing_left()
        return code, run.stderr


SHORT_OF = [
    ("primes_queue/primes_queue.py", "2"),
    ("primes_pool/primes_pool.py", "2"),
    ("pi_estimation/pi_lists_parallel.py", "2", "--threads"),
    ("numpy_shared/np_shared.py", "2", "--rows", "100", "--cols", "100"),
    ("sync_locking/ex2_lock.py", "2"),
]


@pytest.mark.parametrize("script", SHORT_OF, ids=lambda script: script[0])
@pytest.mark.parametrize("limit", [16, 32])
def test_too_few_open_files_is_one_line(script, limit):
    code, stderr = with_limits(*script, n=limit)
    assert code == 2
    assert re.fullmatch(r"\S+\.py: .*open files.*\n", stderr)


NOBODY = as_user(65_534)
FEW_PROCESSES = [
    ("pi_estimation/pi_lists_parallel.py", "2", "--threads"),
    ("numpy_shared/np_shared_joblib.py", "2", "--rows", "100", "--cols", "100"),
    *(
        (*script, "--start-method", method)
        for method in START_METHODS
        for script in (
            ("primes_queue/primes_queue.py", "2"),
            ("primes_pool/primes_pool.py", "2"),
            ("numpy_shared/np_shared.py", "2", "--rows", "100", "--cols", "100"),
            ("sync_locking/ex1_lock.py", "3", "--max_count", "50"),
            ("sync_locking/ex2_lock.py", "2"),
            ("prime_verification_ipc/primes_flag_shared_memory.py", "--workers", "3", "97"),
        )
    ),
]


@pytest.mark.skipif(bool(NOBODY) and not shutil.which("setpriv"), reason="root, without setpriv")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count processes otherwise")
@pytest.mark.parametrize("limit", [1, 2, 5, 7, 9])
@pytest.mark.parametrize("script", FEW_PROCESSES, ids=" ".join)
def test_too_few_processes_is_one_line(script, limit):
    code, stderr = with_limits(*script, user=NOBODY, u=limit)
    if code == 0:  # it needed no more
        assert limit > 2
        assert stderr == ""
    else:
        assert code == 2, stderr
        assert re.fullmatch(r"\S+\.py: .+\n", stderr)


def test_a_closed_standard_output_is_one_line():
    code, stderr = with_limits("primes_pool/primes_pool.py", "2", closed=">&-")
    assert (code, stderr) == (2, "primes_pool.py: standard output is closed\n")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_another_standard_file_may_be_closed(closed):
    code, stderr = with_limits(
        "primes_queue/primes_queue.py", "2", "--nbr_numbers", "9", closed=closed
    )
    assert (code, stderr) == (0, "")

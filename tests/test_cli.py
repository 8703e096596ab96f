"""Numbers, scales and exit codes of the command line."""

import argparse
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Run

from common import cli, timing


@given(st.integers(1, cli.MAX_SIZE))
def test_whole_numbers_in_every_spelling(number):
    convert = cli.whole_number()
    for text in (str(number), f"{number:_}", f"{number:,}", f"{number}.0", f"{number}e0"):
        assert convert(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1e16", "1e400", "1e999999999", "inf", "-1e400"])
def test_sizes_out_of_range_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        cli.whole_number()(text)


@pytest.mark.parametrize("text", ["1.5", "abc", "", "nan", "1e-3", "0x10", "1 0"])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="not a whole number"):
        cli.whole_number()(text)


@pytest.mark.parametrize(("arguments", "size"), [([], 7), (["--scale", "book"], 700)])
def test_sizes_follow_the_scale(arguments, size, capsys):
    parser = cli.parser("doc")
    cli.add_size(parser, "--nbr-things", quick=7, book=700, help="things")
    assert cli.parse(parser, arguments).nbr_things == size
    assert f"nbr_things: {size} (the chapter: 700)" in capsys.readouterr().out
    assert cli.parse(parser, [*arguments, "--nbr-things", "1e2"]).nbr_things == 100


EXITS = {
    "pass": (0, ""),
    "raise cli.UserError('no cake')": (2, "-c: no cake\n"),
    "raise OSError(28, 'No space left on device', 'x')": (
        2,
        "-c: [Errno 28] No space left on device: 'x'\n",
    ),
    "cli.check(False, '3')": (1, "-c: wrong answer: 3\n"),
    "raise cli.WorkerDied(5, -9)": (1, "-c: worker 5 was killed by signal 9 (SIGKILL)\n"),
    "os.kill(os.getpid(), signal.SIGINT)": (130, "-c: interrupted\n"),
    "os.kill(os.getpid(), signal.SIGTERM)": (143, ""),
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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
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
    assert result.stderr == "-c: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("duration", "text"), [(0.0000024, "0.000002 s"), (1234.5, "1,234.500000 s")]
)
def test_durations_have_one_format(duration, text):
    assert timing.seconds(duration) == text


def test_repeated_keeps_every_duration():
    result, durations = timing.repeated(3, sum, [1, 2])
    assert result == 3
    assert len(durations) == 3
    assert min(durations) >= 0


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


def interrupt(script, source, printed):
    """Run ``source``, press Ctrl-C when it has ``printed`` this; return its whole output."""
    script.write_text(source)
    with Run(script) as run:
        run.wait_for(lambda: printed in run.stdout, printed)
        run.process.send_signal(signal.SIGINT)
        assert run.wait(20) == 130
        assert run.stderr == f"{script.name}: interrupted\n"
        return run.stdout


def test_ctrl_c_that_a_del_swallowed_is_not_lost(tmp_path):
    interrupt(tmp_path / "slow.py", SWALLOWS, "in __del__")


IMPORTED = """
import time

try:
    print("importing", flush=True)
    time.sleep(1)
except BaseException:  # as a module written in Cython does
    pass
"""

IMPORTS = """
import time
from common import cli


def main():
    import imported
    time.sleep(60)


if __name__ == "__main__":
    cli.run(main)
"""


def test_ctrl_c_that_an_import_would_swallow_is_not_lost(tmp_path):
    (tmp_path / "imported.py").write_text(IMPORTED)
    interrupt(tmp_path / "imports.py", IMPORTS, "importing")


STARTS = """
import time
from common import cli, pools


def main():
    import imported
    with pools.stop_signals_held():
        print("starting workers", flush=True)
        time.sleep(0.2)
        print("workers are up", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    cli.run(main)
"""


def test_ctrl_c_of_an_import_does_not_break_into_the_start_of_workers(tmp_path):
    (tmp_path / "imported.py").write_text(IMPORTED)
    stdout = interrupt(tmp_path / "starts.py", STARTS, "importing")
    assert ("starting workers" in stdout) == ("workers are up" in stdout)

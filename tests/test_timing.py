"""Taking turns at being measured, in silence."""

import os
import subprocess
import sys
import termios

from common import results

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT, TIMEOUT


@given(names=st.lists(st.text(), min_size=1, max_size=5, unique=True), repeat=st.integers(1, 5))
def test_ways_take_turns_and_the_warm_up_is_dropped(names, repeat):
    calls = []

    def way(name):
        def call():
            calls.append(name)
            return len(calls)

        return call

    outcomes = results.interleaved({name: way(name) for name in names}, repeat)
    assert calls == names * (repeat + 1)
    assert list(outcomes) == names
    for turn, numbers in enumerate(outcomes.values(), start=1):
        assert numbers == [turn + len(names) * number for number in range(1, repeat + 1)]


def test_an_error_of_a_way_is_not_kept_back():
    with pytest.raises(ZeroDivisionError):
        results.interleaved({"way": lambda: 1 / 0}, 1)


NOISY = """
import multiprocessing, os, sys
from common import results

def way(fails=False):
    print("printed")
    os.system("echo of a command")
    process = multiprocessing.get_context("fork").Process(target=print, args=["of a worker"])
    process.start()
    process.join()
    print("of an error", file=sys.stderr)
    if fails:
        raise ValueError

print("before")
results.interleaved({"way": way}, 1)
print("between")
try:
    results.interleaved({"way": lambda: way(fails=True)}, 1)
except ValueError:
    os.system("echo after")
"""


def test_what_ways_and_their_processes_print_is_not_seen():
    result = subprocess.run(
        [sys.executable, "-c", NOISY], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert sorted(result.stdout.split()) == ["after", "before", "between"]
    assert result.stderr == "of an error\n" * 3


def test_a_terminal_shows_the_progress():
    terminal, its_end = os.openpty()
    termios.tcsetwinsize(its_end, (24, 80))
    os.set_blocking(terminal, False)
    subprocess.run(
        [sys.executable, "-c", "from common import results; print(*results.progress('abc'))"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=its_end,
        timeout=TIMEOUT,
    )
    shown = os.read(terminal, 10_000).decode()
    os.close(its_end)
    os.close(terminal)
    assert "Measuring:   0%" in shown
    assert "0/3" in shown


def test_the_fastest_call_counts_with_its_own_answer():
    calls = iter([("a", 3.0), ("b", 1.0), ("c", 2.0), ("d", 0.5)])
    assert results.fastest(3, next, calls) == ("b", 1.0)
    assert next(calls) == ("d", 0.5)

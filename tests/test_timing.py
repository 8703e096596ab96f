"""Taking turns at being measured, in silence."""

import os
import subprocess
import sys
import termios
import threading
import time

from common import results

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT, TIMEOUT


def test_threads_of_a_way_have_ended_when_the_next_one_may_fork():
    before = threading.enumerate()

    def thread():
        threading.Thread(target=time.sleep, args=(0.1,), daemon=True).start()

    def fork():
        return [thread for thread in threading.enumerate() if thread not in before]

    outcomes = results.interleaved({"thread": thread, "fork": fork}, 2)
    assert outcomes["fork"] == [[], []]


@given(names=st.lists(st.text(), min_size=1, max_size=5, unique=True), repeat=st.integers(1, 5))
@settings(max_examples=30)
def test_ways_take_turns_and_the_warm_up_is_dropped(names, repeat):
    calls = []

    def way(name):
        def call():
            calls.append(name)
            return len(calls)

        return call

    outcomes = results.interleaved({name: way(name) for name in names}, repeat)
    rounds = [calls[n : n + len(names)] for n in range(0, len(calls), len(names))]
    assert len(rounds) == 1 + repeat
    for n, turns in enumerate(rounds):  # each round begins with the next way
        first = n % len(names)
        assert turns == names[first:] + names[:first]
    assert list(outcomes) == names
    for name, numbers in outcomes.items():
        of_way = [n for n, called in enumerate(calls, start=1) if called == name]
        assert numbers == of_way[1:]


def test_the_second_call_counts():
    calls = []
    assert results.second(lambda number: calls.append(number) or len(calls), 7) == 2
    assert calls == [7, 7]


BURNER = """
import os, time
if not os.fork():  # its parent ends: it is no process of ours
    print(os.getpid(), flush=True)
    os.close(1)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass
"""


def test_what_other_programs_use_is_noticed():
    with results.load() as used:
        start = time.monotonic()
        told = subprocess.check_output([sys.executable, "-c", BURNER], text=True, timeout=TIMEOUT)
        burner = psutil.Process(int(told))
        while sum(burner.cpu_times()[:2]) < 1:
            time.sleep(0.05)
        elapsed = time.monotonic() - start
    burner.kill()
    assert used["other_cpus"] * elapsed > 0.7


@pytest.mark.parametrize(
    ("used", "told"),
    [
        ({}, ""),
        ({"other_cpus": 0.1, "stolen": 0}, ""),
        ({"other_cpus": 1.42, "stolen": 0.03}, "; other programs used 1.4 CPUs overall"),
        ({"other_cpus": 0, "stolen": 0.5}, "; the host withheld 0.5 CPUs overall"),
    ],
)
def test_a_busy_machine_is_told(used, told):
    assert results.busy(used) == told


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

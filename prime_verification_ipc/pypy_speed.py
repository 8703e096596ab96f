"""Time primes_serial.py under this Python and under the pypy3 on PATH, if there is one.

Chapter: text on PyPy
Run:     python prime_verification_ipc/pypy_speed.py
         python prime_verification_ipc/pypy_speed.py --repeat 10
See:     PyPy compiles the loop to machine code while it runs, with nothing changed or installed;
         the chapter says about 7 times as fast. What is left is the division itself. Where there is
         no pypy3, it says so and measures nothing.
"""

import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from common import cli, results
from common import run as this_run

import prime_check

SCRIPT = Path(__file__).with_name("primes_serial.py")
PYPY = "pypy3"
CALLS = 2  # in each process; the faster one counts


def verify(python, n):
    """Return which Python verified ``n`` with primes_serial.py, and the best of its seconds."""
    command = [python, f"{SCRIPT}", "--repeat", f"{CALLS}", f"{n}"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True}
    with this_run.process_starts():  # in a session of its own, Ctrl-C is for us alone
        process = subprocess.Popen(command, **pipes, start_new_session=True)
        this_run.watched[process.pid] = python, process.poll
        this_run.tell_guard(process.pid)
    output = process.communicate()[0]
    version = re.search(r"(?m)^\w+ \d+\.[\d.]+", output)
    duration = re.search(r"(?m) ([\d.]+) s +prime$", output)
    cli.check(version and duration, f"{python} says {output!r}")
    return version[0], float(duration[1])


def run(pythons, n, repeat):
    """Return each of ``pythons`` (paths) as a dict of its ``version`` and ``seconds`` by round."""
    ways = {python: lambda python=python: verify(python, n) for python in pythons}
    rounds = results.interleaved(ways, repeat, warm_up=False)
    return [
        {"version": of_one[0][0], "seconds": [duration for _, duration in of_one]}
        for of_one in rounds.values()
    ]


def main():
    parser = cli.parser(__doc__)
    cli.add_size(parser, "--repeat", 3, 20, "rounds to measure", in_chapter=False)
    results.add_output(parser)
    args = cli.parse(parser)
    n = prime_check.SAMPLES[args.scale]["prime 1"]
    pypy = shutil.which(PYPY)
    with results.load() as used:
        runs = run([sys.executable, pypy], n, args.repeat) if pypy else []
    results.store(args, {**used, "runs": runs})
    if not pypy:
        print(f"Left out: there is no {PYPY} on PATH")
    for one in runs:
        best, median = (of(one["seconds"]) for of in (min, statistics.median))
        print(f"{one['version']:<20}{best:>8.3f} s for {n:,} (median {median:.3f} s)")


if __name__ == "__main__":
    cli.run(main)

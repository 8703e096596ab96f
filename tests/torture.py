"""Random faults of every kind, at random moments, in every script that starts processes.

``make torture`` injects 1,000 (FAULTS=..., SEED=...) and prints what came of them; the suite
injects fewer, in the same way. The same number and seed is the same fault at the same moment.
"""

import collections
import concurrent.futures
import contextlib
import functools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from common import redis_server, run

import prettytable
import psutil
from cases import CASES, RUNNABLE
from support import (
    IN_NAMESPACE,
    ROOT,
    SHARED_MEMORY,
    START_METHODS,
    Run,
    as_user,
    busyness,
    can_mount,
    control_group,
    missing_output,
    output,
    top_group,
)

COLUMNS = ("hangs", "wrong answers", "tracebacks", "leftovers")
HANG_SECONDS = 20
END_SECONDS = 2
STOPPED_END_SECONDS = 3
SLOW_SECONDS = 10  # from here on, compared with the undisturbed run
TIMES_AS_LONG = 10

SIGNALS = {  # name -> signal, how often, whether to the whole group
    "Ctrl-C": (signal.SIGINT, 1, True),
    "SIGINT to the parent": (signal.SIGINT, 1, False),
    "Ctrl-C three times": (signal.SIGINT, 3, True),
    "SIGTERM to the parent": (signal.SIGTERM, 1, False),
    "SIGTERM to all": (signal.SIGTERM, 1, True),
    "SIGHUP to all": (signal.SIGHUP, 1, True),
}
SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
KILLS = {  # name -> part of its command line, if it has one of its own
    "SIGKILL of a worker": None,
    "SIGKILL of a manager": None,
    "SIGKILL of the forkserver": "forkserver import",
    "SIGKILL of the resource tracker": "resource_tracker import",
    "SIGKILL of Redis": "-server ",  # it is valkey's, or Redis's own
    "SIGKILL of the guard": "guard.sh",
}
METHODS = {  # under which there is one
    "SIGKILL of the forkserver": ("forkserver",),
    "SIGKILL of the resource tracker": ("forkserver", "spawn"),
}
LIMITS = {  # name -> option of ulimit (None: a control group's), from, to
    "RLIMIT_AS": ("v", 300_000, 2_000_000),  # KB; with less, OpenBLAS has a last word
    "RLIMIT_NOFILE": ("n", 8, 128),
    "RLIMIT_FSIZE": ("f", 1, 1_000),  # KB
    "RLIMIT_NPROC": ("u", 1, 40),
    "pids.max": (None, 1, 40),
}
SMALL = {"small /dev/shm": "shm", "small TMPDIR": "tmp", "small results/": "results"}
FULL = {"/dev/shm fills up": "/dev/shm", "TMPDIR fills up": "tmp"}
KILLED, STOPPED = "SIGKILL of the parent", "SIGSTOP of a process, then Ctrl-C"
PAUSED = "SIGSTOP of all, then SIGCONT"
SHORT = (PAUSED, *LIMITS, *SMALL)  # in runs that come to their end
FAULTS = (*SIGNALS, *KILLS, KILLED, STOPPED, *SHORT, *FULL)
SCRIPTS = [script for script in RUNNABLE if CASES[script].long]
WITH_MANAGER = [
    script for script in SCRIPTS if re.search(r"import .*Manager", (ROOT / script).read_text())
]
# Nothing is done about a signal while numpy is at work on a large array in the main thread.
IN_ONE_CALL = ("pi_numpy_serial.py", "numpy_line_costs.py", "np_shared_random_serial.py")
# In file systems of its own, which are empty in the end; ls shows no .filler.
IN_SMALL_PLACES = r"""
mkdir "$TMPDIR/../results" || exit 99
for place in /dev/shm "$TMPDIR" "$TMPDIR/../results"; do
    size=400m
    [ "${place##*/}" != "$SMALL" ] || size=$SIZE
    mount -t tmpfs -o size=$size tmpfs "$place" || exit 99
done
trap : INT
"$0" "$@"
code=$?
for i in 1 2 3 4 5 6 7 8 9 10; do
    left=$(ls -d /dev/shm/* "$TMPDIR"/* 2>/dev/null | grep -v '/sem\.......$') || exit $code
    sleep 0.5
done
echo left: $left >&2
exit 98
"""


class Broken(Exception):  # noqa: N818
    """A promise is broken: the column of the table, and what has happened."""


@contextlib.contextmanager
def no(column):
    """Raise Broken with this column if the block does not end, or a check in it fails."""
    try:
        yield
    except (AssertionError, subprocess.TimeoutExpired) as error:
        raise Broken(column, str(error)[-2000:]) from error


def suits(fault, script):
    """Return whether a script has what this fault is about."""
    case = CASES[script]
    if fault == "SIGKILL of a worker":
        return case.victims
    if fault == "SIGKILL of a manager":
        return script in WITH_MANAGER
    if fault in METHODS:
        return case.workers and "mmap" not in script
    if fault == "SIGKILL of Redis":
        return case.redis
    if fault in ("RLIMIT_NPROC", "pids.max"):
        return "_cluster" not in script  # dask waits for a thread that it cannot start
    return fault != "small results/" or bool(output(script, ""))


NBR_SUITED = {fault: sum(suits(fault, script) for script in SCRIPTS) for fault in FAULTS}


def choose(number, seed=0):
    """Return script, start method, fault and random moments of fault ``number``.

    A fault that suits few scripts is chosen the more often there, so that each is as frequent.
    """
    chance = random.Random(f"{seed} {number}")
    script = SCRIPTS[number % len(SCRIPTS)]
    faults = [fault for fault in FAULTS if suits(fault, script)]
    (fault,) = chance.choices(faults, [1 / NBR_SUITED[fault] for fault in faults])
    return script, chance.choice(METHODS.get(fault, START_METHODS)), fault, chance


@functools.cache
def left_out(fault, script):
    """Return why this machine does not allow a fault, or None."""
    if fault == "SIGKILL of Redis" and not redis_server._problem(redis_server.LOCAL_URL):
        return "the scripts use the server on localhost"
    if CASES[script].redis and not redis_server.find_binaries():
        return "no Redis server"
    if fault in (*SMALL, *FULL) and not can_mount():
        return "no right to mount a file system"
    if fault == "RLIMIT_NPROC" and os.getuid() == 0 and not shutil.which("setpriv"):
        return "root is not bound, and there is no setpriv"
    if fault == "pids.max":
        try:
            with control_group(top_group("pids")) as group:
                (group / "pids.max").write_text("9")
        except OSError as error:
            return f"no control group can be made: {error}"
    return None


@contextlib.contextmanager
def surroundings(fault, number, chance):
    """Give what begins the command, and the environment, of a run that lacks something."""
    if fault in LIMITS:
        option, low, high = LIMITS[fault]
        limit = round(low * (high / low) ** chance.random())
        if option:
            user = as_user(60_000 + number % 5_000) if fault == "RLIMIT_NPROC" else ()
            yield (*user, "/bin/bash", "-c", f'ulimit -{option} {limit} && exec "$0" "$@"'), {}
        else:
            with control_group(top_group("pids")) as group:
                (group / fault).write_text(f"{limit}")
                enter = f'echo $$ >{group}/cgroup.procs && exec "$0" "$@"'
                yield ("/bin/sh", "-c", enter), {}
    elif fault in (*SMALL, *FULL):
        size = f"{round(4 * 250 ** chance.random())}k"
        yield (*IN_NAMESPACE, IN_SMALL_PLACES), {"SMALL": SMALL.get(fault, ""), "SIZE": size}
    else:
        yield (), {}


def inject(number, seed=0):
    """Inject fault ``number``; raise Broken if it was not survived."""
    script, method, fault, chance = choose(number, seed)
    case = CASES[script]
    arguments = case.args if fault in SHORT else case.long
    if case.workers:
        arguments += ("--start-method", method)
    with surroundings(fault, number, chance) as (before, environment):
        environment = {"REDIS_URL": "", **environment}
        with Run(script, *arguments, before=(*before, sys.executable), **environment) as run:
            try:
                if fault in SHORT:
                    check_short(run, fault, chance, script, arguments)
                else:
                    check_long(run, fault, chance)
            except Broken as broken:
                column, why = broken.args
                around = before[-1:] if fault in LIMITS else environment
                what = f"{number}: {script} {' '.join(arguments)}: {fault}, {around}"
                said = f"{run.stdout[-500:]}\n{run.stderr[-2000:]}"
                raise Broken(column, f"{what}: {why}\n{said}") from broken


def check_short(run, fault, chance, script, arguments):
    """Check that a run gives the right answer or says in one line why it does not."""
    start = time.monotonic()
    if fault == PAUSED:
        time.sleep(chance.uniform(0, 1.5))
        run.send(signal.SIGSTOP, to_all=True)
        time.sleep(0.5)
        run.send(signal.SIGCONT, to_all=True)
    with no("hangs"):
        code = run.wait()
        seconds = time.monotonic() - start
        if seconds > SLOW_SECONDS:
            assert seconds < TIMES_AS_LONG * undisturbed(script, *arguments)
    check_nothing_left(run, code)
    check_said(run, code, () if fault == PAUSED else (1, 2), ".+")
    with no("wrong answers"):
        assert "wrong answer" not in run.stderr
        if not code and "left out: all of it" not in run.stderr:
            assert not (missing := missing_output(CASES[script], run.stdout)), missing


@functools.cache
def undisturbed(script, *arguments):
    """Return the seconds that a run takes."""
    start = time.monotonic()
    with Run(script, *arguments) as run:
        run.wait()
    return time.monotonic() - start


def check_long(run, fault, chance):
    """Check what a fault does at a random moment of a run that takes long."""

    def has_ended():  # it was shorter than that
        return run.process.poll() == 0

    with no("hangs"):
        run.wait_for(lambda: has_ended() or [*seen(run, run.tmp).glob("run-*")], "a run")
        time.sleep(chance.uniform(0, chance.choice((0.05, 0.3, 1.5))))
        victims = fault not in KILLS or run.wait_for(
            lambda: has_ended() or find_victims(run, fault), "a process to kill"
        )
    if has_ended():
        return
    if fault in SIGNALS:
        check_signal(run, *SIGNALS[fault])
    elif fault in KILLS:
        check_kill(run, chance.choice(victims))
    elif fault == KILLED:
        run.process.kill()
        run.wait()
        with no("leftovers"):
            run.assert_nothing_left()
    elif fault == STOPPED:
        check_stopped(run, chance)
    else:
        check_full(run, seen(run, run.tmp if FULL[fault] == "tmp" else Path(FULL[fault])))


def seen(run, path):
    """Return the path of what is there for the run, which may have file systems of its own."""
    return Path(f"/proc/{run.process.pid}/root", *path.parts[1:])


def check_signal(run, signum, times, to_all, seconds=END_SECONDS, others=()):
    """Send a signal; check how the run ends: by it, or before with one of the ``others``' codes."""
    with busyness() as busy, no("hangs"):
        for _ in range(times):
            run.send(signum, to_all)
            time.sleep(0.1 if times > 1 else 0)
        code = run.wait(HANG_SECONDS)
    expected, line = (code, ".+") if code in others else (128 + signum, SAID[signum])
    check_end(run, code, expected, line, busy, seconds)


def check_stopped(run, chance):
    with no("hangs"):
        processes = run.wait_for(lambda: grown(run.processes()), "a process")
    with contextlib.suppress(psutil.NoSuchProcess):
        victim = chance.choice(processes)
        victim.send_signal(signal.SIGSTOP)
        if psutil.Process(run.process.pid).status() == psutil.STATUS_DISK_SLEEP:
            victim.send_signal(signal.SIGCONT)  # it has not become a program, which vfork awaits
    time.sleep(chance.uniform(0, 0.2))
    check_signal(run, *SIGNALS["Ctrl-C"], seconds=STOPPED_END_SECONDS)


def check_full(run, place):
    """Fill up a file system; check that the run says so in one line, or can do without."""
    with contextlib.suppress(FileNotFoundError):  # it has ended
        assert place.stat().st_dev not in (run.tmp.stat().st_dev, SHARED_MEMORY.stat().st_dev)
        with contextlib.suppress(OSError), (place / ".filler").open("wb") as filler:
            while True:
                filler.write(bytes(2**20))
    try:
        code = run.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        check_signal(run, *SIGNALS["Ctrl-C"], others=(1, 2))
    else:
        check_nothing_left(run, code)
        check_said(run, code, (1, 2), ".+")


def find_victims(run, fault):
    """Return which processes to kill; not those that are about to become another program."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(run.process.pid)
        children, own = parent.children(), parent.cmdline()
        if part := KILLS[fault]:
            return [child for child in grown(children) if part in " ".join(child.cmdline())]
        workers = grown(run.workers())
        if "joblib" in run.name:
            return [p for p in workers if "LokyProcess" in " ".join(p.cmdline())]
        if own[-1] in ("spawn", "forkserver") and "mmap" not in run.name:  # that one forks
            workers = [process for process in workers if process.cmdline() != own]
        is_manager = fault == "SIGKILL of a manager"
        return [process for process in workers if listens(process) == is_manager]
    return []


def grown(processes):
    return [process for process in processes if time.time() - process.create_time() > 0.15]


def listens(process):
    """Return whether a process has a socket with an address, as managers have."""
    return any(socket.laddr for socket in process.net_connections("unix"))


def check_kill(run, victim):
    with busyness() as busy, no("hangs"):
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
        code = run.wait(HANG_SECONDS)
    named = rf".*\b{victim.pid} was killed by signal 9 \(SIGKILL\).*"
    named = rf"(?:{named}|(?:a worker|the forkserver) died while .* started.*)"
    check_end(run, code, 1, named, busy, END_SECONDS)


def check_nothing_left(run, code):
    with no("leftovers"):
        assert code != 98
        run.assert_nothing_left()


def check_said(run, code, codes, line):
    with no("tracebacks"):
        assert code == 0 or code in codes, f"exit code {code}"
        expected = rf"{re.escape(run.name)}: {line}\n" if code else ""
        said = re.sub(r"^\S+: left out: .*\n", "", run.stderr, flags=re.MULTILINE)
        assert re.fullmatch(expected, said), "not one line"


def check_end(run, code, expected, line, busy, seconds):
    """Check how it ended, and that it was soon; it may have come to its end first."""
    check_nothing_left(run, code)
    check_said(run, code, (expected,), line)
    with no("hangs"):
        if code and run.name not in IN_ONE_CALL:
            assert busy.seconds < seconds * busy.slowness, f"{busy.seconds} s, {busy.slowness}"


def kill_children():
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if not any(word.endswith("guard.sh") for word in process.cmdline()):  # they clean up
                process.kill()


def main(nbr_faults, seed=1):
    """Inject faults, two at a time, and print a table of what came of them."""
    print(f"Seed: {seed}", flush=True)
    os.environ.pop(run.MARK, None)  # this one is no script's, and theirs are not of its run
    run.at_end.append(kill_children)
    counts = {fault: collections.Counter() for fault in FAULTS}
    reasons = set()
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        futures = {}
        for number in range(nbr_faults):
            script, _, fault, _ = choose(number, seed)
            if why := left_out(fault, script):
                reasons.add(f"left out: {fault}: {why}")
            else:
                futures[executor.submit(inject, number, seed)] = counts[fault]
        for future in concurrent.futures.as_completed(futures):
            futures[future]["faults"] += 1
            try:
                future.result()
            except Broken as broken:
                column, what = broken.args
                futures[future][column] += 1
                print(f"FAILED {column}: {what}", flush=True)
    table = prettytable.PrettyTable(["fault", "faults", *COLUMNS], align="r")
    table.align["fault"] = "l"
    for fault, of_fault in counts.items():
        table.add_row([fault, of_fault["faults"], *(of_fault[column] for column in COLUMNS)])
    total = sum(counts.values(), collections.Counter())
    table.add_divider()
    table.add_row(["sum", total["faults"], *(total[column] for column in COLUMNS)])
    print(table)
    print(*sorted(reasons), f"seed {seed}, load {os.getloadavg()}", sep="\n")
    return any(total[column] for column in COLUMNS)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

"""Random faults: signals and kills at random moments of every script that starts processes.

``make torture`` injects 1,000 (FAULTS=..., SEED=...) and prints what came of them; the suite
injects fewer, in the same way. The same number and seed is the same fault at the same moment.
"""

import collections
import concurrent.futures
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time

import psutil
from cases import CASES, RUNNABLE
from support import START_METHODS, Run, busyness

PARENT_KILLED_SECONDS = 5
END_SECONDS = 2
STOPPED_END_SECONDS = 3

SIGNALS = {  # name -> signal, how often, whether to the whole group
    "Ctrl-C": (signal.SIGINT, 1, True),
    "SIGINT to the parent": (signal.SIGINT, 1, False),
    "Ctrl-C three times": (signal.SIGINT, 3, True),
    "SIGTERM to the parent": (signal.SIGTERM, 1, False),
    "SIGTERM to all": (signal.SIGTERM, 1, True),
    "SIGHUP to all": (signal.SIGHUP, 1, True),
}
SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
KILLS = ("SIGKILL of a worker", "SIGKILL of the parent", "SIGKILL of a service")
STOPPED = "SIGSTOP of a process, then Ctrl-C"
OTHERS = (KILLS[2], STOPPED)
FAULTS = (*SIGNALS, *KILLS, STOPPED)
SCRIPTS = [script for script in RUNNABLE if CASES[script].long]
# Nothing is done about a signal while numpy is at work on a large array in the main thread.
IN_ONE_CALL = ("pi_numpy_serial.py", "numpy_line_costs.py", "np_shared_random_serial.py")
# They go on with a new worker, or with the others.
GO_ON = ("primes_queue_redis.py", "pi_cluster.py", "primes_cluster.py")


def choose(number, seed=0):
    """Return script, arguments, fault and random moments of fault ``number``.

    One round through all scripts is of signals, one of workers killed, one of parents killed.
    """
    chance = random.Random(f"{seed} {number}")
    nth_round, nth = divmod(number, len(SCRIPTS))
    script, case = SCRIPTS[nth], CASES[SCRIPTS[nth]]
    faults = ([*SIGNALS], KILLS[:1], KILLS[1:2], FAULTS)[nth_round % 4]
    if faults == KILLS[:1] and not case.victims:
        faults = OTHERS
    fault = faults[(number + nth_round // 4) % len(faults)]
    if fault == KILLS[0] and not case.victims:
        fault = STOPPED
    arguments = case.long
    if case.workers:
        arguments += ("--start-method", chance.choice(START_METHODS))
    return script, arguments, fault, chance


def inject(number, seed=0):
    """Inject fault ``number``; return what it was. Raises AssertionError if it was not survived."""
    script, arguments, fault, chance = choose(number, seed)
    what = f"{number}: {script} {' '.join(arguments)}: {fault}"
    with Run(script, *arguments) as run:
        run.wait_for(lambda: [*run.tmp.glob("run-*")], f"run of {what}")
        time.sleep(chance.uniform(0, chance.choice((0.05, 0.3, 1.5))))
        if run.process.poll() == 0:  # it was shorter than that
            return script, fault
        try:
            if fault in SIGNALS:
                check_signal(run, *SIGNALS[fault])
            elif fault == "SIGKILL of the parent":
                run.process.kill()
                run.wait(20)
                run.assert_nothing_left(seconds=PARENT_KILLED_SECONDS)
            elif fault == STOPPED:
                check_stopped(run, chance)
            else:
                check_kill(run, fault, chance)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            raise AssertionError(f"{what}: {error}\n{run.stdout[-500:]}\n{run.stderr}") from error
    return script, fault


def check_signal(run, signum, times, to_all):
    with busyness() as busy:
        for _ in range(times):
            run.send(signum, to_all)
            time.sleep(0.1 if times > 1 else 0)
        code = run.wait(20)
    check_end(run, code, 128 + signum, rf"{SAID[signum]}", busy, END_SECONDS)


def check_stopped(run, chance):
    processes = run.wait_for(run.processes, "a process")
    with contextlib.suppress(psutil.NoSuchProcess):
        chance.choice(processes).send_signal(signal.SIGSTOP)
    with busyness() as busy:
        time.sleep(chance.uniform(0, 0.2))
        run.send(signal.SIGINT, to_all=True)
        code = run.wait(20)
    check_end(run, code, 130, "interrupted", busy, STOPPED_END_SECONDS)


def find_victims(run, is_worker):
    """Return which processes to kill; not those that are about to become another program."""
    found = run.workers() if is_worker else run.services()
    found = [process for process in found if time.time() - process.create_time() > 0.15]
    with contextlib.suppress(psutil.NoSuchProcess):
        own = psutil.Process(run.process.pid).cmdline()
        commands = {process: process.cmdline() for process in found}
        if "joblib" in run.name and is_worker:
            found = [p for p, command in commands.items() if "LokyProcess" in " ".join(command)]
        elif own[-1] in ("spawn", "forkserver") and "mmap" not in run.name:  # that one forks
            found = [process for process, command in commands.items() if command != own]
    return found


def check_kill(run, fault, chance):
    is_worker = fault == "SIGKILL of a worker"
    victims = run.wait_for(lambda: find_victims(run, is_worker), "a process to kill")
    victim = chance.choice(victims)
    may_go_on = run.name in GO_ON or not is_worker  # it may have no need of a resource tracker
    code = None
    with busyness() as busy, contextlib.suppress(psutil.NoSuchProcess):
        victim.kill()
        try:
            code = run.wait(2 if may_go_on else 20)
        except subprocess.TimeoutExpired:
            assert may_go_on
    if code is None:
        check_signal(run, *SIGNALS["Ctrl-C"])
    else:
        named = rf".*\b{victim.pid} was killed by signal 9 \(SIGKILL\).*"
        named = rf"(?:{named}|(?:a worker|the forkserver) died while .* started.*)"
        check_end(run, code, 1, named, busy, END_SECONDS)


def check_end(run, code, expected, line, busy, seconds):
    run.assert_nothing_left()
    if code == 0:  # it had come to its end first
        assert run.stderr == ""
        return
    assert code == expected, f"exit code {code}, not {expected}"
    assert re.fullmatch(rf"{re.escape(run.name)}: {line}\n", run.stderr), "not one line"
    if run.name not in IN_ONE_CALL:
        assert busy.seconds < seconds * busy.slowness, f"{busy.seconds} s, {busy.slowness}"


def main(nbr_faults, seed=1):
    """Inject faults, two at a time, and print a table of what came of them."""
    counts, failures = collections.Counter(), []
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        futures = [executor.submit(inject, number, seed) for number in range(nbr_faults)]
        for future in concurrent.futures.as_completed(futures):
            try:
                counts[future.result()[1]] += 1
            except BaseException as error:
                failures.append(error)
                print(f"FAILED {error}", flush=True)
    for fault, count in counts.items():
        print(f"{fault:<36}{count:>6}")
    print(f"{len(failures)} of {nbr_faults} failed; seed {seed}; load {os.getloadavg()}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

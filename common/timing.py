"""Timing: one clock, one format for durations, one way to take turns at being measured."""

import contextlib
import itertools
import operator
import os
import sys
import threading
import time


def seconds(duration):
    """Return ``duration`` (seconds) as text, in the one format used everywhere."""
    return f"{duration:,.6f} s"


def timed(function, *args):
    """Call ``function(*args)``; return its result and the wall-clock seconds it took."""
    start = time.perf_counter()
    result = function(*args)
    return result, time.perf_counter() - start


def repeated(repeat, function, *args):
    """Call ``function(*args)`` ``repeat`` times; return the last result and every duration.

    The minimum is the number to look at: what is slower was slowed by something else
    (see the documentation of the standard library's timeit).
    """
    durations = []
    for _ in range(repeat):
        result, duration = timed(function, *args)
        durations.append(duration)
    return result, durations


def fastest(calls, function, *args):
    """Call ``function(*args)`` ``calls`` times; return the fastest (answer, seconds) of it.

    For what ends within milliseconds: its first call finds other things in the processor's caches.
    """
    return min((function(*args) for _ in range(calls)), key=operator.itemgetter(1))


def interleaved(ways, repeat, warm_up=True):
    """Call each of ``ways`` (a dict, name -> function) in turn, ``repeat`` times over.

    Return a dict, name -> list of what every call returned. Each function times its own work and
    returns the seconds, so that its preparations do not count. A first round, not in the result,
    warms up, unless ``warm_up`` is false. By turns (A B C A B C), whatever else keeps the machine
    busy hits all ways alike. Nothing the ways print is seen.
    """
    outcomes = {name: [] for name in ways}
    rounds = [False] * warm_up + [True] * repeat
    turns = list(itertools.product(rounds, ways))
    with silenced():
        for counts, name in progress(turns):
            outcome = ways[name]()
            if counts:
                outcomes[name].append(outcome)
    return outcomes


def progress(turns):
    """Yield each of ``turns``; show on a terminal how many are done and how long the rest takes."""
    from tqdm import tqdm  # imported here: most scripts run on the standard library

    tqdm.monitor_interval = 0  # its thread would be alive when workers are forked,
    tqdm.set_lock(threading.RLock())  # and its semaphore left in /dev/shm if we are killed
    with tqdm(turns, disable=None, unit="run", desc="Measuring", leave=False) as bar:
        yield from bar


@contextlib.contextmanager
def silenced():
    """Turn standard output away, also that of processes which are started meanwhile."""
    sys.stdout.flush()
    output = os.dup(1)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(output, 1)
        os.close(output)

"""Timing: one clock and one format for durations."""

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

"""One clock, and one format for durations."""

import time


def seconds(duration):
    """Return ``duration`` (seconds) as text, in the one format used everywhere."""
    return f"{duration:,.6f} s"


def timed(function, *args):
    """Call ``function(*args)``; return its result and the wall-clock seconds it took."""
    start = time.perf_counter()
    result = function(*args)
    return result, time.perf_counter() - start

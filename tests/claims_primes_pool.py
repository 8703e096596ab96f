"""Results with which each claim on finding primes holds, and results with which it differs."""

import math

from support import in_pythons


def rounds(seconds):
    return [seconds, 1.2 * seconds, 1.1 * seconds]


def costs(power=0.5, spread=0.0, even=0.1):
    """Return a measurement of Figure 9-9: every third number is "prime", the others are even."""
    primes = range(10_003, 1_000_000, 10_002)
    times = {n: n**power * (1 + spread * (-1) ** (n // 10_002)) for n in primes}
    times |= {n + 1: even for n in primes}
    return {
        "fig_9_09": {
            "numbers": [*times],
            "primes": [*primes],
            "nanoseconds": [[1_000 * time, 1_200 * time] for time in times.values()],
        }
    }


def by_chunksize(name, times, workers=4, nbr_numbers=100_000, order="ordered", **more):
    """Return a measurement by Pool.map; ``times`` is a dict, chunksize -> seconds."""
    kind = {"workers": workers, "order": order}
    runs = [{**kind, "chunksize": size, "seconds": rounds(times[size])} for size in times]
    runs.append({"workers": workers, "order": "serial", "chunksize": None, "seconds": [1.0]})
    return {name: {"sizes": {"nbr_numbers": nbr_numbers}, "runs": runs, **more}}


def small(**times):
    """Return a measurement of Figure 9-10; ``times`` such as ``of_2=0.5``."""
    seconds = {1: 4.0, 2: 2.1, 8: 1.2, 64: 1.0}
    return by_chunksize("fig_9_10", seconds | {int(key[3:]): times[key] for key in times})


def large(chunks=16, **times):
    """Return a measurement of Figure 9-11; ``chunks``: how many were sent by default."""
    seconds = {1: 9.0, 6_250: 1.0, 10_000: 1.2, 25_000: 1.0, 50_000: 2.0}
    seconds |= {int(key[3:]): times[key] for key in times}
    return by_chunksize("fig_9_11", seconds, defaults=[{"workers": 4, "chunks": chunks}])


def shuffled(seconds):
    measured = by_chunksize("fig_9_12", {1: 2.0, 6_250: 1.0, 50_000: 3.0})
    mixed = by_chunksize(
        "fig_9_12", {1: 2.0, 6_250: seconds, 50_000: 3 * seconds}, order="shuffled"
    )
    measured["fig_9_12"]["runs"] += mixed["fig_9_12"]["runs"]
    return measured


def chunks(**times):
    """Return a measurement of Figure 9-13, as predicted but for ``times`` such as ``in_5=0.5``."""
    seconds = {k: math.ceil(k / 4) / k for k in range(1, 33)}
    seconds |= {int(key[3:]): times[key] for key in times}
    by_size = {math.ceil(100_000 / k): seconds[k] for k in seconds}
    return by_chunksize("fig_9_13", by_size, order="even")


def compared(alike):
    times = {"pool of 4, default: 4 a worker": 1.0, "pool of 4, 1 chunk a worker": alike}
    ways = [{"job": "100 numbers", "name": name, "seconds": rounds(times[name])} for name in times]
    return {"compare_primes_pool": {"workers": 4, "ways": ways}}


# What a claim says -> results with which it holds, results with which it differs.
CASES = {
    "what a prime costs grows as its square root": (costs(power=0.5), costs(power=1.0)),
    "primes lie in one dense band": (costs(spread=0.1), costs(spread=0.4)),
    "an even number is tested at once": (costs(even=0.1), costs(even=100)),
    "a chunksize of 2 instead of 1 saves much of the time": (small(of_2=2.1), small(of_2=3.9)),
    "doubling the chunksize further gains less and less": (small(of_64=0.9), small(of_64=0.2)),
    "half as many chunks as processes leave half of the CPUs idle": (
        large(of_50000=2.0),
        large(of_50000=1.1),
    ),
    "of large chunks, the largest are the worst": (large(of_10000=1.2), large(of_10000=2.5)),
    "ten chunks for four processes leave two idle in the last round": (
        chunks(in_10=0.3),
        chunks(in_10=0.2),
    ),
    "the default chunksize is the best one, or near it": (
        large(of_6250=1.1),
        large(of_6250=1.9),
    ),
    "the default chunksize is the number of jobs divided by that of CPUs": (
        large(chunks=4),
        large(chunks=16),
    ),
    "shuffling the numbers hardly helps": (shuffled(0.98), shuffled(0.7)),
    "one chunk alone is the slowest": (chunks(), chunks(in_7=1.2)),
    "numbers of chunks that are multiples of the processes are the best": (
        chunks(),
        chunks(**{f"in_{k}": 0.4 for k in range(4, 33, 4)}),
    ),
    "one chunk more than there are processes costs a jump in time": (chunks(), chunks(in_5=0.24)),
    "29 chunks take hardly longer than 32": (chunks(), chunks(in_29=0.35)),
    "as many jobs as CPUs are a good choice, too": (compared(1.05), compared(1.6)),
    "it is the GIL that keeps threads from finding primes faster": (
        in_pythons("primes_pool", GIL={"threads": 1.0}, FREE={"threads": 0.5}),
        in_pythons("primes_pool", GIL={"threads": 1.0}, FREE={"threads": 1.0}),
    ),
}

"""Results with which each claim on verifying primes holds, and results with which it differs."""

from support import in_pythons

SMALL = 438_564_591_785
NON_PRIMES = (391_052_536_673_221, 391_051_921_804_697)
PRIMES = (391_051_172_379_299, 391_051_172_379_551)
JOBS = {
    "small": ("small non-prime, 438,564,591,785",),
    "non_primes": (
        "large non-prime 1, 391,052,536,673,221",
        "large non-prime 2, 391,051,921,804,697",
    ),
    "primes": ("prime 1, 391,051,172,379,299", "prime 2, 391,051,172,379,551"),
}
DECOY = {"job": "prime 1, 100,109,100,129,100,151", "name": "mmap redux", "seconds": [99.0, 99.0]}


def rounds(seconds):
    return [seconds, 1.2 * seconds]


def compared(**ways):
    """Return what compare.py stores; of each way the seconds for (small, non-primes, primes).

    The last two are those of both numbers together.
    """
    rows = [
        {"job": job, "name": name, "seconds": rounds(seconds / len(jobs))}
        for name, of_kinds in ways.items()
        for seconds, jobs in zip(of_kinds, JOBS.values(), strict=True)
        for job in jobs
    ]
    measured = {"scale": "quick", "workers": 2, "ways": [*rows, DECOY]}
    return {"compare_prime_verification_ipc": measured}


def verified(name, **ways):
    """Return a measurement of Figure 9-16 or 9-17; of each way the seconds for non-primes, primes.

    They are those of both numbers of a kind together.
    """
    numbers = [SMALL, *NON_PRIMES, *PRIMES]
    runs = []
    for way, (of_non_primes, of_primes) in {"less_naive_pool": (2.0, 2.0), **ways}.items():
        seconds = [rounds(half / 2) for half in (of_non_primes,) * 2 + (of_primes,) * 2]
        run = {"way": way.replace("_", " "), "workers": 2, "seconds": [[1e-6] * 10, *seconds]}
        runs.append({**run, "is_prime": [False] * 3 + [True] * 2})
    return {name: {"numbers": numbers, "runs": runs}}


def slower(**ways):
    return verified("fig_9_16", **ways)


def faster(**ways):
    return verified("fig_9_17", **ways)


def counted(*reads):
    loops = ("countdown (9-18 to 9-24)", "lookahead (9-25)", "redux (9-26)")
    return {"count_flag_checks": {"by_formula": dict(zip(loops, reads, strict=True))}}


def factors(below_21=88, divides=(50, 33, 25)):
    smallest = [[2, below_21 - 8], [19, 8], [23, 100 - below_21]]
    measured = {"sizes": {"limit": 100}, "nbr_non_primes": 100, "smallest": smallest}
    return {"fig_9_15": {**measured, "divides": [*divides]}}


def divided(off):
    return factors(divides=[(1 - off) * 100 / d for d in range(2, 10)])


def sockets(unix):
    return {"redis_sockets": {"seconds": {"TCP": rounds(1.0), "Unix socket": rounds(unix)}}}


def serially(pypy):
    free = {"serial": 9.0}
    return in_pythons("prime_verification_ipc", FREE=free, GIL={}, PYPY={"serial": pypy})


def by_threads(seconds):
    return in_pythons("prime_verification_ipc", GIL={"threads": 1.0}, FREE={"threads": seconds})


# What a claim says -> results with which it holds, results with which it differs.
CASES = {
    "in one process, the small non-prime takes microseconds": (
        compared(serial=(2e-6, 1, 1)),
        compared(serial=(2e-4, 1, 1)),
    ),
    "in the naive pool, the small non-prime takes a tenth of a second": (
        compared(**{"naive pool": (0.008, 1, 1)}),
        compared(**{"naive pool": (0.5, 1, 1)}),
    ),
    "that tenth of a second is the pool's overhead": (
        compared(**{"naive pool": (0.1, 1, 1)}),
        compared(**{"naive pool": (0.016, 1, 1)}),
    ),
    "a serial check first settles the small non-prime in microseconds": (
        compared(**{"less naive pool": (2e-6, 1, 1)}),
        compared(**{"less naive pool": (2e-4, 1, 1)}),
    ),
    "small factors dominate": (factors(), factors(below_21=50)),
    "there is no other pattern among the factors": (divided(0.001), divided(0.01)),
    "a large number takes the pool the same time, prime or not": (
        slower(less_naive_pool=(1.9, 2.0)),
        slower(less_naive_pool=(1.0, 2.0)),
    ),
    "with a flag in a Manager, primes take longer than without one": (
        slower(Manager_flag=(1.0, 4.0)),
        slower(Manager_flag=(1.0, 1.8)),
    ),
    "with a flag in Redis, primes take longer than without one": (
        slower(Redis_flag=(1.0, 4.0)),
        slower(Redis_flag=(1.0, 1.8)),
    ),
    "a flag in a Manager still pays for large non-primes": (
        slower(Manager_flag=(1.0, 4.0)),
        slower(Manager_flag=(3.0, 4.0)),
    ),
    "a flag in Redis still pays for large non-primes": (
        slower(Redis_flag=(1.0, 4.0)),
        slower(Redis_flag=(3.0, 4.0)),
    ),
    "four workers read the flag 316,405 times for a large prime, in every example": (
        counted(316_404, 316_405, 316_406),
        counted(158_200, 316_404, 316_404),
    ),
    "Redis answers faster through a Unix socket than through TCP": (sockets(0.8), sockets(1.2)),
    "a RawValue and an mmap are about as fast": (
        faster(RawValue_flag=(1.0, 2.0), mmap_flag=(1.1, 2.0)),
        faster(RawValue_flag=(1.0, 2.0), mmap_flag=(2.0, 3.0)),
    ),
    "mmap redux beats the pool on large non-primes": (
        faster(mmap_redux=(1.0, 2.0)),
        faster(mmap_redux=(2.5, 2.0)),
    ),
    "mmap redux nearly ties with the pool on primes": (
        faster(mmap_redux=(1.0, 2.1)),
        faster(mmap_redux=(1.0, 3.0)),
    ),
    "comparing with the next check saves a little of the countdown": (
        compared(**{"mmap flag": (1e-6, 1, 1.2), "mmap lookahead": (1e-6, 1, 1.0)}),
        compared(**{"mmap flag": (1e-6, 1, 1.2), "mmap lookahead": (1e-6, 1, 1.5)}),
    ),
    "the loop of mmap redux reads the flag 316,405 times": (
        counted(158_200, 316_400, 316_404),
        counted(158_200, 316_400, 158_200),
    ),
    "mmap redux is the fastest of all": (
        compared(**{"mmap redux": (1, 1, 1), "serial": (1, 2, 2), "mmap flag": (1, 1, 1.2)}),
        compared(**{"mmap redux": (1, 1, 1), "serial": (1, 2, 2), "mmap flag": (1, 0.5, 0.9)}),
    ),
    "PyPy runs these scripts about 7 times as fast": (serially(0.15), serially(0.5)),
    "it is the GIL that keeps threads from verifying a prime faster": (
        by_threads(0.5),
        by_threads(1.0),
    ),
}

"""Judge what the chapter says about verifying primes, from measurements stored before.

Chapter: all claims of the section on verifying primes with interprocess communication
Run:     python prime_verification_ipc/claims.py
See:     each claim holds, differs (with the likely reason) or cannot be told here (with what is
         missing: often a command that measures it). make report measures everything first and shows
         claims and figures on one page. A flag spares the others the rest of their shares,
         which depends on the number of workers: whether the slow flags pay is judged with four, as
         in the chapter, each on a CPU.
Differs: nothing is measured here, so --scale has no effect.
"""

import functools
import math
import statistics

from common import claims, cli, results
from common.claims import Claim

import factors
import prime_check
import redis_sockets
import verification_speed as speed
from count_flag_checks import CHAPTER_READS, CHECK_EVERY, SERIAL_CHECK_CUTOFF

NAIVE_POOL, LOOKAHEAD = "naive pool", "mmap lookahead"
IN_CHAPTER = [name for name in speed.SCRIPTS if name not in speed.BEYOND]
LABELS = {True: ("prime 1", "prime 2"), False: ("large non-prime 1", "large non-prime 2")}
SMALL = "small non-prime"
MICROSECONDS = 1e6
NO_REDIS = "", claims.CANNOT_TELL, "needs a Redis server"


def number_of(compare, label):
    """Return the number which compare.py has verified under the chapter's name ``label``."""
    return prime_check.SAMPLES[compare["scale"]][label]


def compared(compare, way, *labels):
    """Return each round's seconds of ``way`` for the numbers ``labels`` together."""
    jobs = [f"{label}, {number_of(compare, label):,}" for label in labels]
    seconds = {row["job"]: row["seconds"] for row in compare["ways"] if row["name"] == way}
    return speed.together(seconds, jobs)


def in_pool(figure, way, *are_prime):
    """Return each round's seconds of ``way`` for the figure's numbers that reach the pool.

    ``are_prime``: of primes (True), of non-primes (False) or of both.
    """
    seconds = speed.seconds_by_way(figure, speed.workers_of_finding(figure))[way]
    numbers = [n for n in figure["numbers"] if not factors.is_settled_early(n)]
    return speed.together(seconds, [n for n in numbers if prime_check.is_prime(n) in are_prime])


def times(figure, slow, fast, *are_prime):
    return results.speed_up(*(in_pool(figure, way, *are_prime) for way in (slow, fast)))


def positions(figure):
    nbr_workers = speed.workers_of_finding(figure)
    shares = speed.positions(figure, nbr_workers)
    return f"with {speed.on_cpus(figure, nbr_workers)}, the factors lie {shares} into their shares"


def microseconds(way, compare):
    found = MICROSECONDS * statistics.median(compared(compare, way, SMALL))
    why = "the first call, with cold caches, or a slow clock"
    return claims.number(found, "{:.1f} microseconds", high=50, zone=1, why=why)


def naive_pool(compare):
    seconds = statistics.median(compared(compare, NAIVE_POOL, SMALL))
    chapter, ours = prime_check.SAMPLES["book"][SMALL], number_of(compare, SMALL)
    factor = math.sqrt(chapter / ours) * compare["workers"] / speed.CHAPTER_WORKERS
    text = f"{seconds:.3f} s; scaled {{:.2f}} s"
    why = "the time is not that of the search, which grows with the root of the number"
    return claims.number(factor * seconds, text, low=0.02, high=0.4, zone=0.5, why=why)


def pool_overhead(compare):
    if compare["workers"] < 2:
        return "", claims.CANNOT_TELL, "needs 2 workers or more, of which one has no factor to find"
    prime = LABELS[True][0]
    shorter = math.sqrt(number_of(compare, SMALL) / number_of(compare, prime))
    searches = (compared(compare, NAIVE_POOL, label) for label in (prime, SMALL))
    share = min(100 * shorter * results.speed_up(*searches), 100)  # more is noise
    text = "the search explains {:.0f} %"
    why = "the factor 5 ends one share; the others are searched to their ends"
    return claims.number(share, text, high=40, zone=0.25, why=why)


def prime_or_not(figure):
    """Judge how many times as fast as primes the pool is on non-primes."""
    found = results.speed_up(*(in_pool(figure, speed.POOL, kind) for kind in (True, False)))
    why = "a share that ends early leaves the rest of its core, or a faster clock, to the others"
    return claims.number(found, claims.TIMES_AS_FAST, low=0.75, high=1.33, why=why)


def cost_of_read(figure, flag):
    """Return how many candidates take as long as a read of ``flag``, by its cost on primes."""
    return max(0, times(figure, flag, speed.POOL, True) - 1) * CHECK_EVERY


def flag_loses(flag, figure):
    if flag not in {run["way"] for run in figure["runs"]}:
        return NO_REDIS
    found = times(figure, speed.POOL, flag, True)
    why = "reading the flag takes hardly longer than the candidates between two reads"
    return claims.number(found, claims.TIMES_AS_FAST, high=0.95, zone=0.1, why=why)


def flag_wins(flag, figure):
    if flag not in {run["way"] for run in figure["runs"]}:
        return NO_REDIS
    found = times(figure, speed.POOL, flag, False)
    cost = cost_of_read(figure, flag)
    why = f"{positions(figure)}, and a read of the flag costs as much as {cost:,.0f} candidates"
    return claims.number(found, claims.TIMES_AS_FAST, low=1.05, zone=0.15, why=why)


def are_alike(figure):
    found = times(figure, speed.RAWVALUE, speed.MMAP, True, False)
    why = f"{figure['machine']['python']} reads one of them faster than the other"
    return claims.number(found, claims.TIMES_AS_FAST, low=0.75, high=1.33, zone=0.1, why=why)


def lookahead_saves(compare):
    found = (compared(compare, way, *LABELS[True]) for way in (speed.MMAP, LOOKAHEAD))
    why = f"{compare['machine']['python']} counts down and compares at other speeds than 3.7 did"
    return claims.number(
        results.speed_up(*found), claims.TIMES_AS_FAST, low=1, high=1.5, zone=0.1, why=why
    )


def redux_wins(figure):
    found = times(figure, speed.POOL, speed.REDUX, False)
    return claims.number(found, claims.TIMES_AS_FAST, low=1.05, zone=0.1, why=positions(figure))


def redux_ties(figure):
    found = times(figure, speed.POOL, speed.REDUX, True)
    why = f"{figure['machine']['python']} starts the inner loops at another speed than 3.7 did"
    return claims.number(found, claims.TIMES_AS_FAST, low=0.75, high=1.33, zone=0.1, why=why)


def redux_is_fastest(compare):
    labels = (*LABELS[True], *LABELS[False])
    redux = compared(compare, speed.REDUX, *labels)
    others = {row["name"] for row in compare["ways"]} & {*IN_CHAPTER} - {speed.REDUX}
    found = {way: results.speed_up(compared(compare, way, *labels), redux) for way in others}
    next_best = min(found, key=found.get)
    text = f"{claims.TIMES_AS_FAST} as fast as the next, {next_best}"
    why = f"{compare['machine']['python']} is better at {next_best}, or the CPUs share cores"
    return claims.number(found[next_best], text, low=0.95, zone=0.1, why=why)


def reads_everywhere(counted):
    reads = counted["by_formula"]
    why = "a countdown counts candidates, which are odd; the others count integers"
    is_so = all(abs(number - CHAPTER_READS) <= 1 for number in reads.values())
    return claims.fact(is_so, "; ".join(f"{loop}: {n:,}" for loop, n in reads.items()), why)


def reads_of_redux(counted):
    (reads,) = (n for loop, n in counted["by_formula"].items() if loop.startswith("redux"))
    why = "another CHECK_EVERY or SERIAL_CHECK_CUTOFF"
    return claims.fact(abs(reads - CHAPTER_READS) <= 1, f"{reads:,}", why)


def unix_socket_wins(sockets):
    seconds = sockets["seconds"]
    if redis_sockets.UNIX not in seconds:
        return "", claims.CANNOT_TELL, "needs a Redis server with a Unix socket"
    found = results.speed_up(*(seconds[name] for name in (redis_sockets.TCP, redis_sockets.UNIX)))
    why = "the sockets differ by little beside the client's own work, in Python"
    return claims.number(found, claims.TIMES_AS_FAST, low=1, why=why)


def low_factors(figure):
    early = sum(n for factor, n in figure["smallest"] if factor < SERIAL_CHECK_CUTOFF)
    text = f"{{:.1f}} % have a factor below {SERIAL_CHECK_CUTOFF}"
    share = 100 * early / figure["nbr_non_primes"]
    return claims.number(share, text, low=80, why="a factor was counted that is not the smallest")


def no_other_pattern(figure):
    limit = figure["sizes"]["limit"]
    off = max(abs(1 - n * factor / limit) for factor, n in enumerate(figure["divides"], 2))
    text = "{:.2f} % off at most"
    return claims.number(100 * off, text, high=0.5, why="a pattern beside 1 / d")


def pypy_times(pythons):
    names = [python["name"] for python in pythons["pythons"] if python["gil"]]
    compiled = [name for name in names if name.startswith("PyPy")]
    others = [name for name in names if name not in compiled]
    if not compiled or not others:
        return "", claims.CANNOT_TELL, "needs a CPython, and a pypy3 on PATH"
    times = (results.seconds(pythons, "serial", name) for name in (others[0], compiled[0]))
    found = results.speed_up(*times)
    why = f"{compiled[0]} against {others[0]}: both have become faster since"
    return claims.number(found, claims.TIMES_AS_FAST, low=3.5, high=14, zone=0.1, why=why)


COMPARE, SLOWER, FASTER = ("compare_prime_verification_ipc",), ("fig_9_16",), ("fig_9_17",)
FACTORS, READS = ("fig_9_15",), ("count_flag_checks",)
PYTHONS = ("compare_pythons_prime_verification_ipc",)

CLAIMS = (
    Claim(
        "Example 9-14",
        "in one process, the small non-prime takes microseconds",
        "0.000002 s",
        COMPARE,
        "at most 50 microseconds",
        functools.partial(microseconds, speed.SERIAL),
    ),
    Claim(
        "Example 9-16",
        "in the naive pool, the small non-prime takes a tenth of a second",
        "0.1 s",
        COMPARE,
        "0.02 to 0.4 s, scaled to the chapter's number and four workers",
        naive_pool,
        cpus=2,
    ),
    Claim(
        "Example 9-16",
        "that tenth of a second is the pool's overhead",
        "0.1 s",
        COMPARE,
        "the search of a share without a factor explains at most 40 %",
        pool_overhead,
        cpus=2,
    ),
    Claim(
        "Example 9-17",
        "a serial check first settles the small non-prime in microseconds",
        "like Example 9-14",
        COMPARE,
        "at most 50 microseconds",
        functools.partial(microseconds, speed.POOL),
    ),
    Claim(
        "Figure 9-15",
        "small factors dominate",
        "far ahead",
        FACTORS,
        f"at least 80 % of the non-primes have one below {SERIAL_CHECK_CUTOFF}",
        low_factors,
        timed=False,
    ),
    Claim(
        "Figure 9-15",
        "there is no other pattern among the factors",
        "none",
        FACTORS,
        "each d divides one number in d, within 0.5 %",
        no_other_pattern,
        timed=False,
    ),
    Claim(
        "Figure 9-16",
        "a large number takes the pool the same time, prime or not",
        "the same",
        SLOWER,
        "large non-primes 0.75x to 1.33x as fast as primes",
        prime_or_not,
        cpus=2,
    ),
    Claim(
        "Figure 9-16",
        "with a flag in a Manager, primes take longer than without one",
        "slower",
        SLOWER,
        "at most 0.95x as fast as the pool",
        functools.partial(flag_loses, speed.MANAGER),
        cpus=2,
    ),
    Claim(
        "Figure 9-16",
        "with a flag in Redis, primes take longer than without one",
        "slower",
        SLOWER,
        "at most 0.95x as fast as the pool",
        functools.partial(flag_loses, speed.REDIS),
        cpus=2,
    ),
    Claim(
        "Figure 9-16",
        "a flag in a Manager still pays for large non-primes",
        "faster",
        SLOWER,
        "both together at least 1.05x as fast as in the pool",
        functools.partial(flag_wins, speed.MANAGER),
        cpus=4,
    ),
    Claim(
        "Figure 9-16",
        "a flag in Redis still pays for large non-primes",
        "faster",
        SLOWER,
        "both together at least 1.05x as fast as in the pool",
        functools.partial(flag_wins, speed.REDIS),
        cpus=4,
    ),
    Claim(
        "Text",
        "four workers read the flag 316,405 times for a large prime, in every example",
        "316,405",
        READS,
        "each loop within 1 read",
        reads_everywhere,
        timed=False,
    ),
    Claim(
        "Text",
        "Redis answers faster through a Unix socket than through TCP",
        "up to 50 % faster",
        ("redis_sockets",),
        "faster",
        unix_socket_wins,
    ),
    Claim(
        "Figure 9-17",
        "a RawValue and an mmap are about as fast",
        "alike",
        FASTER,
        "mmap 0.75x to 1.33x as fast as RawValue",
        are_alike,
    ),
    Claim(
        "Figure 9-17",
        "mmap redux beats the pool on large non-primes",
        "faster",
        FASTER,
        "both together at least 1.05x as fast",
        redux_wins,
        cpus=2,
    ),
    Claim(
        "Figure 9-17",
        "mmap redux nearly ties with the pool on primes",
        "within 0.1 s",
        FASTER,
        "0.75x to 1.33x as fast: seconds depend on the numbers",
        redux_ties,
        cpus=2,
    ),
    Claim(
        "Example 9-25",
        "comparing with the next check saves a little of the countdown",
        "a little",
        COMPARE,
        "on primes, 1x to 1.5x as fast as the countdown",
        lookahead_saves,
    ),
    Claim(
        "Example 9-26",
        "the loop of mmap redux reads the flag 316,405 times",
        "316,405",
        READS,
        "within 1 read",
        reads_of_redux,
        timed=False,
    ),
    Claim(
        "Example 9-26",
        "mmap redux is the fastest of all",
        "fastest",
        COMPARE,
        "over both primes and both large non-primes, at least 0.95x as fast as any other",
        redux_is_fastest,
        cpus=2,
    ),
    Claim(
        "Text",
        "PyPy runs these scripts about 7 times as fast",
        "7x",
        PYTHONS,
        "3.5x to 14x, by the serial script",
        pypy_times,
    ),
    Claim(
        "Text",
        "it is the GIL that keeps threads from verifying a prime faster",
        "the GIL",
        PYTHONS,
        "in each Python without it, at least 1.5x as fast as the serial script",
        claims.threads_without_gil,
        cpus=2,
    ),
)

if __name__ == "__main__":
    cli.run(lambda: claims.main(__doc__, CLAIMS))

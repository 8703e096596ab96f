"""How the suite runs the scripts of prime_verification_ipc/."""

from support import Case, with_pythons

FOLDER = "prime_verification_ipc/"
SECONDS = r" +\d+\.\d{6} s +"

# The largest prime that the scripts take: minutes of work.
LARGEST_PRIME = 99_999_999_999_999_999_989
# 6,600,000,067 x 14,849,999,849. With three workers the smaller factor is found at once, at the
# start of the third share; without a flag the other two shares would be minutes of work.
EARLY_EXIT = 98_009_999_998_349_989_883
# numpy's largest: 2 s of work for a CPU
LARGEST_PRIME_OF_64_BITS = 18_446_744_073_709_551_557
# The smallest primes of 101 and of 1,000 digits.
LONG_PRIME, TITANIC_PRIME = 10**100 + 267, 10**999 + 7
# The smallest non-prime that passes the Miller-Rabin test with the first 13 primes as bases.
STRONG_PSEUDOPRIME = 3_317_044_064_679_887_385_961_981
NUMBERS = {0: False, 1: False, 2: True, 9: False, 25: False, 97: True, 1_042_441: False}

FORKED = "workers are forked, whatever --start-method says, to inherit the mmap"

BAD_FIGURE = (("--workers", "1,x"), ("--workers", ""), ("--repeat", "0"), ("--from", "/nowhere"))
# settled before the pool, a prime, and a square of a prime
FEW = ("97", "1_000_000_007", "1_018_081")


def line(n, is_prime):
    answer = ("probably " if n > STRONG_PSEUDOPRIME else "") + "prime" if is_prime else "not prime"
    return rf"(?m)^{n:,}{SECONDS}{answer}$"


def case(
    numbers,
    before=(),
    after=(),
    workers=True,
    long=(LARGEST_PRIME,),
    too_large=10**20 + 1,
    bad=(),
    redis=False,
):
    option = ("--workers", "3") if workers else ()
    lines = [line(n, is_prime) for n, is_prime in numbers.items()]
    return Case(
        args=("--repeat", "2", *option, *map(str, numbers)),
        output=("repeat: 2 \\(the chapter: 20\\)", *before, *lines, *after),
        workers=workers,
        long=(*(("--workers", "2") if workers else ()), *map(str, long)),
        victims=workers,
        bad=(("abc",), (str(too_large),), ("--repeat", "0"), *bad),
        redis=redis,
    )


WITH_FLAG = NUMBERS | {EARLY_EXIT: False}

CASES = {
    FOLDER + "primes_serial.py": case(
        NUMBERS, workers=False, bad=(("-5",), ("1.5",), ("1e400",), ("--repeat", "1e400"))
    ),
    FOLDER + "primes_pool_naive.py": case(NUMBERS),
    FOLDER + "primes_pool_less_naive.py": case(NUMBERS),
    FOLDER + "primes_flag_manager.py": case(WITH_FLAG),
    FOLDER + "primes_flag_redis.py": case(
        WITH_FLAG,
        before=(r"Redis: (redis|unix)://",),
        after=(r"GET redis_primes_flag: b'1'",),
        bad=(("--redis-url", "nonsense://"),),
        redis=True,
    ),
    FOLDER + "primes_flag_rawvalue.py": case(WITH_FLAG),
    FOLDER + "primes_flag_mmap.py": case(WITH_FLAG, before=(FORKED,)),
    FOLDER + "primes_flag_mmap_lookahead.py": case(WITH_FLAG, before=(FORKED,)),
    FOLDER + "primes_flag_mmap_redux.py": case(WITH_FLAG, before=(FORKED,)),
    FOLDER + "primes_flag_shared_memory.py": case(WITH_FLAG),
    FOLDER + "primes_ascending_blocks.py": case(NUMBERS),
    FOLDER + "primes_numpy.py": case(
        NUMBERS | {2**64 - 1: False, 1_000_003 * 18_446_688_733_531: False},
        long=("--repeat", "1000", LARGEST_PRIME_OF_64_BITS),
        too_large=2**64,
    ),
    FOLDER + "primes_miller_rabin.py": case(
        NUMBERS | {LARGEST_PRIME: True, STRONG_PSEUDOPRIME: False, LONG_PRIME: True},
        workers=False,
        long=("--repeat", "1e6", TITANIC_PRIME),
        too_large="1e1000",
    ),
    FOLDER + "count_flag_checks.py": Case(
        args=("--workers", "3", str(10**9 + 7), "97", "15"),
        output=(
            r"(?m)^1,000,000,007 in 3 share\(s\):$",
            r"countdown \(9-18 to 9-24\) +15 reads  prime",
            r"lookahead \(9-25\) +30 reads  prime",
            r"redux \(9-26\) +33 reads  prime",
            r"(?m)^97 in 3 share\(s\):$",
            r"redux \(9-26\) +0 reads  prime",
            r"(?m)^15 in 3 share\(s\):$",
            r"redux \(9-26\) +0 reads  not prime",
            r"By formula, for 100,109,100,129,100,151 in 4 shares, as in the chapter:",
            r"countdown \(9-18 to 9-24\) +158,200 reads  \(the chapter: 316,405\)",
            r"lookahead \(9-25\) +316,400 reads  \(the chapter: 316,405\)",
            r"redux \(9-26\) +316,404 reads  \(the chapter: 316,405\)",
        ),
        workers=False,
        long=(str(LARGEST_PRIME),),
        victims=False,
        bad=(("abc",), ("--workers", "0"), ("--workers", "1e9")),
    ),
    FOLDER + "fig_9_15_factor_frequency.py": Case(
        args=("--limit", "10_000"),
        output=(
            r"limit: 10,000 \(the chapter: 10,000,000\)",
            r"(?s)\b8,770\b.*?\b2\b.*?\b57\.0\s%.*?\b1,229\b",
            r"/fig_9_15\.png\n",
        ),
        workers=False,
        long=("--limit", "1e10"),
        victims=False,
        bad=(("--limit", "99"), ("--limit", "1e11"), *BAD_FIGURE),
        figures={"fig_9_15": 2},
    ),
    FOLDER + "fig_9_16_slower_ipc.py": Case(
        args=("--repeat", "1", "--workers", "2", *FEW),
        output=(
            r"Redis: (redis|unix)://",
            r"\?\n",
            r"(?s)2\sworkers[^)]*\).*?Manager.*?\d+\.\d\dx.*?\d+\.\d\dx",
            r"not\sthe\schapter's",
            r"/fig_9_16\.png\n",
        ),
        long=("--workers", "2", str(LARGEST_PRIME)),
        bad=(("abc",), *BAD_FIGURE),
        redis=True,
        figures={"fig_9_16": 4},
    ),
    FOLDER + "fig_9_17_faster_ipc.py": Case(
        args=("--repeat", "1", "--workers", "2", *FEW),
        output=(
            r"\?\n",
            r"(?s)2\sworkers[^)]*\).*?RawValue(.*?\d+\.\d\dx){3}",
            r"(?s)redux\stakes\s[+-]\d\.\d\d\ss\slonger\sthan\sthe\spool,\swhose\sown\smedian\sis\s"
            r"\d\.\d\d\ss\sabove\sits\sbest.*\(the\schapter:\swithin\s0\.1\ss\)",
            r"/fig_9_17\.png\n",
        ),
        long=("--workers", "2", str(LARGEST_PRIME)),
        bad=(("abc",), *BAD_FIGURE),
        figures={"fig_9_17": 4},
    ),
    FOLDER + "compare.py": Case(
        args=("--repeat", "1", "--workers", "2", *FEW),
        output=(
            r"Way +\| +Best \(s\) \| +Median \(s\) \| +Times as fast \(by round\) \| Answer",
            r"97:",
            r"serial +\| +\d+\.\d{6,9} \| +\d+\.\d{6,9} \| +1\.00 \| prime",
            r"1,000,000,007:",
            *(
                rf"{name} +\| +\d+\.\d{{6,9}} \|.*\| prime"
                for name in (
                    "serial",
                    "naive pool",
                    "less naive pool",
                    "Manager flag",
                    "Redis flag",
                    "RawValue flag",
                    "mmap flag",
                    "mmap lookahead",
                    "mmap redux",
                    "ascending blocks",
                    "numpy blocks",
                    "shared_memory flag",
                    "Miller-Rabin",
                )
            ),
            r"1,018,081:",
            r"mmap redux .*\| not prime",
            r"Beyond the chapter +\| Against +\| +Best \| +By round",
            *(
                rf"{name} +\| mmap redux \| +[\d,.]+ \|"
                for name in (
                    "ascending blocks",
                    "numpy blocks",
                    "shared_memory flag",
                    "Miller-Rabin",
                )
                * len(FEW)
            ),
            r"Every repeat: .*/compare_prime_verification_ipc\.json\n",
        ),
        long=("--workers", "2", str(LARGEST_PRIME)),
        victims=False,  # serial comes first
        bad=(("abc",),),
        redis=True,
    ),
    FOLDER + "redis_sockets.py": Case(
        args=("--reads", "50", "--repeat", "1"),
        output=(r"Redis: (redis|unix)://", r"(TCP|Unix socket) +\d+\.\d microseconds a read "),
        workers=False,
        long=("--reads", "1e9"),
        victims=False,
        bad=(("--reads", "0"), ("--repeat", "1.5"), ("--redis-url", "nonsense://")),
        redis=True,
    ),
    FOLDER + "compare_pythons.py": with_pythons(
        "prime_verification_ipc", "--number", 10**9 + 7, LARGEST_PRIME, 10**20 + 1, ("prime",) * 3
    ),
    FOLDER + "claims.py": Case(
        args=("--from", "/nowhere"),
        output=(
            r"place +\| +the chapter says \(holds if\) +\| +its number +\| +yours +\| +verdict",
            r"(?s)Figure 9-17 +\| +a RawValue .*\| +cannot tell .*"
            r"prime_verification_ipc/fig_9_17_faster_ipc\.py",
            r"\d+ claims: 0 hold, 0 differ, \d+ cannot tell here\n",
            r"/claims_prime_verification_ipc\.json\n",
        ),
        workers=False,
        victims=False,
    ),
}

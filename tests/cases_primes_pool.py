"""How the suite runs the scripts of primes_pool/."""

from support import Case, with_pythons

ANSWER = (
    r"nbr_numbers: 1,000 \(the chapter: 100,000\)",
    r"Number of primes from 100,000,000 to 100,000,999: 54\n",
    r"Took: \d+\.\d{6} s",
)
BAD_SIZES = (
    ("--nbr_numbers", "0"),
    ("--nbr_numbers", "-5"),
    ("--nbr_numbers", "1e400"),
    ("--nbr_numbers", "1e12"),
)
BAD_FIGURE = (("--workers", "1,x"), ("--repeat", "0"), ("--from", "/nowhere"))

BAD_RANGES = (
    ("--lower", "-1"),
    ("--lower", "6", "--upper", "5"),
    ("--upper", "1e15", "--lower", "1.5"),
    ("--upper", "1_000_000_000_000_001"),
    ("--upper", "1e400"),
)
SIEVED = (
    r"lower: 100,000,000\n",
    r"upper: 200,000,000\n",
    r"Number of primes from 100,000,000 on, below 200,000,000: 5,317,482\n",
    r"Took: \d+\.\d{6} s",
)
SIEVED_RANGE = ("--lower", "1e8", "--upper", "2e8")

CASES: dict[str, Case] = {
    "primes_pool/primes_serial.py": Case(
        args=("--nbr_numbers", "1_000"),
        output=ANSWER,
        workers=False,
        long=("--nbr_numbers", "5e6"),
        victims=False,
        bad=BAD_SIZES,
    ),
    "primes_pool/primes_pool.py": Case(
        args=("4", "--nbr_numbers", "1_000", "--chunksize", "99", "--shuffle"),
        output=(
            ANSWER[0],
            r"Chunksize: 99\n",
            r"Chunks: 11 \(numbers in the last one: 10\)",
            r"If all take equally long: 2 round\(s\) of 4 and 1 round of 3 chunk\(s\) at once; "
            r"in the last round, 1 of 4 worker\(s\) idle",
            *ANSWER[1:],
        ),
        long=("2", "--nbr_numbers", "5e6"),
        bad=(*BAD_SIZES, ("--chunksize", "0"), ("--chunksize", "-1"), ("--chunksize", "1.5")),
    ),
    "primes_pool/primes_threads.py": Case(
        args=("2", "--nbr_numbers", "1_000"),
        output=(
            *ANSWER,
            r"Chunksize +2 processes +2 threads\n",
            r" 1 +\d+\.\d{6} s +\d+\.\d{6} s\n",
            r" 64 +\d+\.\d{6} s +\d+\.\d{6} s\n",
            r" 125 +\d+\.\d{6} s +\d+\.\d{6} s\n",
            r"With(out)? the GIL, 2 thread\(s\) .* \d+\.\d\dx .* 125, .* \d+\.\d times\n",
        ),
        long=("2", "--nbr_numbers", "1e6"),
        bad=BAD_SIZES,
    ),
    "primes_pool/primes_sieve.py": Case(
        args=("3", *SIEVED_RANGE),
        output=(*SIEVED[:2], r"Peak memory \(RSS\) of a worker: \d+\.\d MB", *SIEVED[2:]),
        long=("2", "--upper", "1e13"),
        bad=tuple(("2", *sizes) for sizes in BAD_RANGES),
    ),
    "primes_pool/primes_cluster.py": Case(
        args=("1", *SIEVED_RANGE),
        output=(*SIEVED[:2], r"Cluster: tcp://127\.0\.0\.1:\d+, 1 thread\(s\)", *SIEVED[2:]),
        workers=False,
        long=("1", "--upper", "1e13"),
        victims=False,  # a killed worker's jobs go to another: see test_cluster.py
        bad=(("0",), ("2", "--scheduler", "nonsense"), *(("2", *size) for size in BAD_RANGES)),
    ),
    "primes_pool/fig_9_09_prime_cost.py": Case(
        args=("--nbr_numbers", "1_000", "--repeat", "2"),
        output=(
            r"\?\n",
            r"(?s)\d+\.\d\sµs.*?\b10,000\b.*?\d+\.\d\sµs.*?\b1,000,000\b",
            r"/fig_9_09\.png\n",
        ),
        workers=False,
        long=("--repeat", "100_000"),
        victims=False,
        bad=(
            *BAD_FIGURE,
            ("--workers", "0"),
            ("--nbr_numbers", "999"),
            ("--nbr_numbers", "1_000_000"),
        ),
        figures={"fig_9_09": 3},
    ),
    "primes_pool/fig_9_10_chunksize.py": Case(
        args=("--nbr_numbers", "200", "--repeat", "1", "--workers", "2"),
        output=(
            r"\?\n",
            r"(?s)2\sworkers.*?\d+\.\d{3}\ss\b.*?\bchunksize\s1\b",
            r"/fig_9_10\.png\n",
            r"\?\n",
            r"(?s)2\sworkers.*?\b25\b.*?\d+\.\d{3}\ss\b",
            r"/fig_9_11\.png\n",
            r"\?\n",
            r"(?s)2\sworkers.*?\d+\.\d\s%\s(less|more)\b",
            r"/fig_9_12\.png\n",
        ),
        long=("--nbr_numbers", "2e6", "--workers", "2"),
        bad=(*BAD_FIGURE, ("--nbr_numbers", "99"), ("--output", "one.png")),
        figures={"fig_9_10": 2, "fig_9_11": 3, "fig_9_12": 3},
    ),
    "primes_pool/fig_9_13_nbr_chunks.py": Case(
        args=("--nbr_numbers", "962", "--repeat", "1", "--workers", "2"),
        output=(
            r"\?\n",
            r"(?s)2\sworkers.*?[+-]\d+\s%\sfrom\s2\sto\s3\schunks",
            r"/fig_9_13\.png\n",
        ),
        long=("--nbr_numbers", "3e5", "--workers", "2"),
        bad=(*BAD_FIGURE, ("--nbr_numbers", "961")),
        figures={"fig_9_13": 2},
    ),
    "primes_pool/compare.py": Case(
        args=("2", "--nbr_numbers=1_000", "--nbr_in_range=2_000", "--upper=1e6", "--repeat=1"),
        output=(
            r"Way +\| +Best \(s\) \| +Median \(s\) \| +Times as fast \(by round\) \| Answer",
            r"1,000 numbers from 100,000,000 on:",
            r"one process, no pool +\| +\d+\.\d{6,9} \| +\d+\.\d{6,9} \| +1\.00 \| 54",
            r"pool of 2, 1 chunk alone +\| +\d+\.\d{6,9} \|.*\| 54",
            r"the section's 2,000 numbers:",
            r"sieve +\| +\d+\.\d{6,9} \|.*\| 110, \d+ MB",
            r"primes below 1,000,000:",
            r"sieve, pool of 2 +\| +\d+\.\d{6,9} \|.*\| 78,498, \d+ MB",
            r"sieve +\| pool of 2, default +\| +[\d,]+\.\d{2,5} \|",
            r"sieve, pool of 2 +\| sieve, one worker +\| +[\d,]+\.\d{2,5} \|",
            r"Every repeat: .*/compare_primes_pool\.json\n",
        ),
        long=("2", "--nbr_numbers", "5e6"),
        victims=False,
        bad=(("2", "--repeat", "0"), *BAD_SIZES),
    ),
    "primes_pool/compare_pythons.py": with_pythons(
        "primes_pool", "--nbr_numbers", 1_000, 5 * 10**6, 0, ("54",) * 3
    ),
    "primes_pool/claims.py": Case(
        args=("--from", "/nowhere"),
        output=(
            r"place +\| +the chapter says \(holds if\) +\| +its number +\| +yours +\| +verdict",
            r"(?s)Figure 9-10 +\| +a chunksize .*\| +cannot tell \| .*"
            r"python\s.*primes_pool/fig_9_10_chunksize\.py",
            r"\d+ claims: 0 hold, 0 differ, \d+ cannot tell here\n",
            r"/claims_primes_pool\.json\n",
        ),
        workers=False,
        victims=False,
    ),
}

"""How the suite runs the scripts of primes_queue/."""

import dataclasses

from support import Case

ANSWER = (
    r"nbr_numbers: 1,000 \(the chapter: 1,000,000\)",
    r"Took: \d+\.\d{6} s",
    r"Number of primes from 100,000,000 to 100,000,999: 54\n",
    r"First ten: 100000007 (\d{9} ){8}100000213\n",
    r"Last ten:  100000801 (\d{9} ){8}100000969\n",
)
BAD_SIZES = (
    ("--nbr_numbers", "0"),
    ("--nbr_numbers", "-5"),
    ("--nbr_numbers", "1e400"),
    ("--nbr_numbers", "1e12"),
)
WITH_A_QUEUE = Case(
    args=("3", "--nbr_numbers", "1_000"),
    output=ANSWER,
    long=("2", "--scale", "book"),
    bad=tuple(("2", *sizes) for sizes in BAD_SIZES),
)
IN_BATCHES = (*BAD_SIZES, ("--batch", "0"), ("--batch", "1.5"), ("--batch", "1e9"))

CASES: dict[str, Case] = {
    "primes_queue/primes_serial.py": Case(
        args=("--nbr_numbers", "1_000"),
        output=ANSWER,
        workers=False,
        long=("--nbr_numbers", "5e6"),
        victims=False,
        bad=BAD_SIZES,
    ),
    "primes_queue/primes_queue.py": WITH_A_QUEUE,
    "primes_queue/primes_queue_less_work.py": WITH_A_QUEUE,
    "primes_queue/primes_queue_jobs_feeder_thread.py": dataclasses.replace(
        WITH_A_QUEUE,
        output=(*ANSWER, r"Collected while numbers still went in: \d+ of 54 primes\n"),
    ),
    "primes_queue/primes_queue_batched.py": Case(
        args=("3", "--nbr_numbers", "1_000", "--batch", "99"),
        output=(ANSWER[0], r"batch: 99\n", *ANSWER[1:]),
        long=("2", "--scale", "book"),
        bad=tuple(("2", *sizes) for sizes in IN_BATCHES),
    ),
    "primes_queue/primes_queue_redis.py": Case(
        redis=True,
        args=("3", "--nbr_numbers", "1_000", "--batch", "99"),
        output=(
            ANSWER[0],
            r"batch: 99\n",
            r"Redis: (redis|unix)://",
            r"Watch: redis-cli .* XINFO GROUPS primes_queue:jobs\n",
            *ANSWER[1:],
        ),
        long=("2", "--scale", "book"),
        victims=False,  # it goes on without them: see test_primes_queue_redis.py
        bad=(*(("2", *sizes) for sizes in IN_BATCHES), ("--redis-url", "nonsense://")),
    ),
    "primes_queue/fig_9_14_queue_cost.py": Case(
        args=("--nbr_numbers", "300", "--repeat", "1", "--workers", "1,2"),
        output=(
            r"\?\n",
            r"(?s)\b4\sruns.*?\d+\sµs.*?\d+\sµs",
            r"nbr_numbers 300; ",
            r"/fig_9_14\.png\n",
        ),
        long=("--scale", "book", "--workers", "2"),
        bad=(
            ("--workers", "1,x"),
            ("--workers", ""),
            ("--repeat", "0"),
            ("--nbr_numbers", "0"),
            ("--from", "/nowhere"),
        ),
        figures={"fig_9_14": 3},
    ),
    "primes_queue/compare.py": Case(
        redis=True,
        args=("2", "--nbr_numbers", "1_000", "--repeat", "1", "--batch", "250"),
        output=(
            r"primes among 1,000 numbers from 100,000,000:",
            r"serial, no queue +\| +\d+\.\d{6,9} \| +\d+\.\d{6,9} \| +1\.00 \| 54 ",
            r"queue, 2 workers +\|.* 54 ",
            r"queue of odd numbers, 2 workers +\|.* 54 ",
            r"queue fed by a thread, 2 workers +\|.* 54 ",
            r"batches of 10, 2 workers +\|.* 54 ",
            r"batches of 100, 2 workers +\|.* 54 ",
            r"batches of 250, 2 workers +\|.* 54 ",
            r"Redis stream of batches, 2 workers +\|.* 54 ",
            r"primes among 6,000 numbers from 100,000,000:",
            r"one process, no queue +\| .* +1\.00 \| 340 ",
            r"batches of 250, 2 workers +\|.* 340 ",
            r"Redis stream of batches, 2 workers +\|.* 340 ",
            r"batches of 250, 2 workers +\| queue, 2 workers +\| +\d+\.\d{2,5} ",
            r"Redis stream of batches, 2 workers +\| queue, 2 workers +\|",
            r"batches of 250, 2 workers +\| one process, no queue +\| +\d+\.\d{2,5} ",
            r"Redis stream of batches, 2 workers +\| one process, no queue +\|",
            r"Every repeat: .*/compare_primes_queue\.json\n",
        ),
        long=("2", "--nbr_numbers", "2e6"),
        victims=False,  # it starts with the serial way
        bad=tuple(("2", *sizes) for sizes in IN_BATCHES),
    ),
    "primes_queue/claims.py": Case(
        args=("--from", "/nowhere"),
        output=(
            r"place +\| +the chapter says \(holds if\) +\| +its number +\| +yours +\| +verdict",
            r"(?s)Figure 9-14 +\| +one process .*\| +cannot tell \| .*"
            r"python\s.*primes_queue/fig_9_14_queue_cost\.py",
            r"\d+ claims: 0 hold, 0 differ, \d+ cannot tell here\n",
            r"/claims_primes_queue\.json\n",
        ),
        workers=False,
        victims=False,
    ),
}

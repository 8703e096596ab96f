"""How the suite runs the scripts of primes_pool/."""

from support import Case

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
            r"Chunks: 11 \(the last one of 10 numbers\)",
            r"Rounds at best: 2 x 4 \+ 3 chunk\(s\), 1 of 4 worker\(s\) idle in the last",
            *ANSWER[1:],
        ),
        long=("2", "--nbr_numbers", "5e6"),
        bad=(*BAD_SIZES, ("--chunksize", "0"), ("--chunksize", "-1"), ("--chunksize", "1.5")),
    ),
}

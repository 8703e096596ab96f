"""Count how often the workers read the flag while they verify a large prime.

Chapter: text on how often the flag is read, with four processes
Run:     python prime_verification_ipc/count_flag_checks.py
         python prime_verification_ipc/count_flag_checks.py --workers 8
See:     CHECK_EVERY is 1000 in all scripts, but 1000 what? The countdown of Examples 9-18 to 9-24
         counts candidates, which are odd; the loops of Examples 9-25 and 9-26 count integers and so
         read the flag about twice as often, 9-26 once more at the start of each share. A non-prime
         needs fewer reads, as the work ends early; how many fewer depends on the order of the
         shares, which are tried here one after the other.
Differs: the chapter gives 316,405 reads for all its examples, and one of them, 9-26, comes to that,
         with one read while the small factors are tried. Ours reads 316,404 times: it tries these
         without reading the flag.
"""

import math
import multiprocessing.dummy

from common import cli, create_range, results

import prime_check
import primes_flag_mmap_lookahead
import primes_flag_mmap_redux
import primes_flag_rawvalue
from primes_flag_mmap_redux import CHECK_EVERY, SERIAL_CHECK_CUTOFF

CHAPTER_PRIME = prime_check.SAMPLES["book"]["prime 1"]
CHAPTER_SHARES, CHAPTER_READS = 4, 316_405


class CountingFlag:
    """A flag that counts its reads, with the interface of RawValue, mmap and SharedMemory."""

    def __init__(self):
        self.flag = 0
        self.nbr_reads = 0

    @property
    def value(self):
        self.nbr_reads += 1
        return self.flag

    @value.setter
    def value(self, flag):
        self.flag = flag

    def seek(self, position):
        pass

    def read_byte(self):
        return self.value

    def write_byte(self, flag):
        self.value = flag

    @property
    def buf(self):
        return self

    def __getitem__(self, position):
        return self.value

    def __setitem__(self, position, flag):
        self.value = flag


def reads_of_countdown(from_i, to_i):
    """Return how often the countdown reads the flag in a prime's share [from_i, to_i)."""
    return len(range(from_i, to_i, 2)) // CHECK_EVERY


def reads_of_lookahead(from_i, to_i):
    """Return the same for the comparison with check_next."""
    return (to_i - 1 - from_i) // CHECK_EVERY


def reads_of_redux(from_i, to_i):
    """Return the same for the loop within a loop."""
    return len(range(from_i, to_i, CHECK_EVERY))


LOOPS = {
    "countdown (9-18 to 9-24)": (primes_flag_rawvalue, reads_of_countdown),
    "lookahead (9-25)": (primes_flag_mmap_lookahead, reads_of_lookahead),
    "redux (9-26)": (primes_flag_mmap_redux, reads_of_redux),
}


def by_formula(reads_of_share, n, nbr_shares):
    """Return how often the flag is read for a prime ``n``, the sum over its shares."""
    shares = create_range.create(SERIAL_CHECK_CUTOFF, math.isqrt(n) + 1, nbr_shares)
    return sum(reads_of_share(from_i, to_i) for from_i, to_i in shares)


def run(script, n, nbr_shares):
    """Return whether ``script`` calls ``n`` prime, and how often it read the flag."""
    flag = CountingFlag()
    script.share_flag(flag)
    with multiprocessing.dummy.Pool(1) as pool:  # a thread: the flag is in this process
        return script.check_prime(n, pool, nbr_shares), flag.nbr_reads


def main():
    parser = cli.parser(__doc__)
    prime_check.add_numbers(parser, default="prime 1, or a smaller stand-in at quick scale")
    cli.add_workers(parser, "--workers", default=CHAPTER_SHARES, start_method=False)
    results.add_output(parser)
    args = prime_check.parse(parser, labels=["prime 1"])
    counted = {loop: [] for loop in LOOPS}
    for n in args.numbers:
        print(f"{n:,} in {args.workers} share(s):", flush=True)
        for loop, (script, reads_of_share) in LOOPS.items():
            is_prime, nbr_reads = run(script, n, args.workers)
            counted[loop].append(nbr_reads)
            answer = prime_check.in_words(is_prime)
            print(f"  {loop:<26}{nbr_reads:>9,} reads  {answer}", flush=True)
            cli.check(is_prime == prime_check.is_prime(n), f"{n:,} is called {answer}")
            most = by_formula(reads_of_share, n, args.workers)
            cli.check(nbr_reads == most or (nbr_reads < most and not is_prime), f"not {most:,}")
    print(f"By formula, for {CHAPTER_PRIME:,} in {CHAPTER_SHARES} shares, as in the chapter:")
    reads = {
        loop: by_formula(reads_of_share, CHAPTER_PRIME, CHAPTER_SHARES)
        for loop, (_, reads_of_share) in LOOPS.items()
    }
    for loop, most in reads.items():
        print(f"  {loop:<26}{most:>9,} reads  (the chapter: {CHAPTER_READS:,})")
    results.store(args, {"numbers": args.numbers, "counted": counted, "by_formula": reads})


if __name__ == "__main__":
    cli.run(main)

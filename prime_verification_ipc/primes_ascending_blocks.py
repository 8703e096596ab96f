"""Verify a large prime with a pool that stops early without a flag: work comes in rounds.
Beyond the chapter

Chapter: text on early exit; answers Example 9-17, Example 9-26
Run:     python prime_verification_ipc/primes_ascending_blocks.py --workers 2
         python prime_verification_ipc/primes_ascending_blocks.py --workers 4
         python prime_verification_ipc/primes_ascending_blocks.py 100109100129100151 97
See:     large non-primes end early though nothing is shared: in each round every worker gets one
         block of candidates, and a round that finds a factor is the last. How early depends on the
         number of workers: the factor of large non-prime 1 lies 60 % of the way into the first of
         two shares, but 21 % of the way into the second of four. Primes are faster too, because
         multiples of 3 and 5 are left out: one pass of the loop tries the eight candidates among 30
         numbers. The blocks ascend within each worker's share. Over the whole range, they
         would find most factors sooner, since most are small; a large non-prime's is not. Not for
         workers that differ much in speed: every round waits for the slowest.
"""

import math

from common import create_range
from common.processes import Pool

import prime_check

SERIAL_CHECK_CUTOFF = 21
WHEEL = 30
FIRST = 11  # of the 30 numbers from FIRST + k * WHEEL on, 8 have no factor 2, 3 or 5
NBR_ROUNDS = 25
MIN_BLOCK = 15_000  # integers, 4,000 of them candidates: in smaller blocks, messages take longer


def check_prime_in_range(n_from_i_to_i):
    """Return whether no candidate of [from_i, to_i) divides n, given (n, (from_i, to_i)).

    Of every 30 numbers, the candidates are the eight that are not multiples of 2, 3 or 5.
    ``from_i`` must be FIRST plus a multiple of WHEEL.
    """
    n, (from_i, to_i) = n_from_i_to_i
    for i in range(from_i, to_i, WHEEL):
        if not (
            n % i
            and n % (i + 2)
            and n % (i + 6)
            and n % (i + 8)
            and n % (i + 12)
            and n % (i + 18)
            and n % (i + 20)
            and n % (i + 26)
        ):
            return False
    return True


def aligned(i):
    """Return the smallest FIRST + k * WHEEL from ``i`` on."""
    return i + (FIRST - i) % WHEEL


def create_rounds(to_i, nbr_processes):
    """Yield, for each round, a list of blocks: the next one of each share, shares ascending.

    Blocks are (from_i, to_i) for check_prime_in_range. Together they cover each candidate from
    FIRST to to_i - 1 once, and perhaps a few more, up to to_i + 25.
    """
    shares = [
        (aligned(share_from), aligned(share_to))
        for share_from, share_to in create_range.create(FIRST, to_i, nbr_processes)
    ]
    longest = max((share_to - share_from for share_from, share_to in shares), default=0)
    block = max(MIN_BLOCK, longest // NBR_ROUNDS) // WHEEL * WHEEL
    for done in range(0, longest, block):
        yield [
            (share_from + done, min(share_from + done + block, share_to))
            for share_from, share_to in shares
            if share_from + done < share_to
        ]


def check_prime(n, pool, nbr_processes):
    """Return whether ``n`` is prime, in rounds of one block per process.

    The candidates below SERIAL_CHECK_CUTOFF, where most numbers have a factor, are tried first.
    """
    if n < 3 or n % 2 == 0:
        return n == 2
    to_i = math.isqrt(n) + 1
    for i in range(3, min(to_i, SERIAL_CHECK_CUTOFF), 2):
        if n % i == 0:
            return False
    for blocks in create_rounds(to_i, nbr_processes):
        if not all(pool.map(check_prime_in_range, [(n, block) for block in blocks], chunksize=1)):
            return False
    return True


def run(numbers, nbr_workers):
    """Yield each of ``numbers`` and whether it is prime."""
    with Pool(nbr_workers) as pool:
        for n in numbers:
            yield n, check_prime(n, pool, nbr_workers)


if __name__ == "__main__":
    prime_check.main(__doc__, run)

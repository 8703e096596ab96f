"""Verify a large prime with the Miller-Rabin test, which needs neither factors nor a pool.
Beyond the chapter

Chapter: text on trial division; answers Example 9-14, Example 9-26
Run:     python prime_verification_ipc/primes_miller_rabin.py
         python prime_verification_ipc/primes_miller_rabin.py 100109100129100151 97
See:     one process takes microseconds for what takes the others a full trial division: a better
         method beats more workers. Its time grows with the number of digits, not with the square
         root, so numbers may have up to a thousand digits. But it finds no factor. A number is
         tested with as many of the first primes as are proven to be enough for its size. Above the
         last of these bounds, no number of bases is; the bases are drawn at random and what passes
         is called `probably prime`. Answers are checked with a Lucas test.
Sources: bounds: Jaeschke, "On strong pseudoprimes to several bases", Mathematics of Computation 61,
         1993; Jiang and Deng, "Strong pseudoprimes to the first eight prime bases", Mathematics of
         Computation 83, 2014; Sorenson and Webster, "Strong pseudoprimes to twelve prime bases",
         Mathematics of Computation 86, 2017. Random bases: Rabin, "Probabilistic algorithm for
         testing primality", Journal of Number Theory 12, 1980: a base passes a non-prime with a
         probability of at most 1/4.
"""

import random

import prime_check

BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
# Number of bases -> the smallest non-prime that passes them; 8, 10, 11 are no better than 7, 9.
BOUNDS = {
    1: 2_047,
    2: 1_373_653,
    3: 25_326_001,
    4: 3_215_031_751,
    5: 2_152_302_898_747,
    6: 3_474_749_660_383,
    7: 341_550_071_728_321,
    9: 3_825_123_056_546_413_051,
    12: 318_665_857_834_031_151_167_461,
    13: 3_317_044_064_679_887_385_961_981,
}
PROVEN_BELOW = BOUNDS[13]
NBR_RANDOM_BASES = 24
MAX_NUMBER = 10**1000 - 1


def choose_bases(n):
    """Return the bases with which to test ``n``, which give a proof below PROVEN_BELOW."""
    for nbr_bases, bound in BOUNDS.items():
        if n < bound:
            return BASES[:nbr_bases]
    return [random.randrange(2, n - 1) for _ in range(NBR_RANDOM_BASES)]


def passes(n, base):
    """Return whether ``n``, odd, is prime or a strong pseudoprime to ``base``.

    With n - 1 = 2**twos * odd: modulo a prime n, the powers base**odd, base**(2 * odd), ... are 1
    from the start, or n - 1 comes before the first 1.
    """
    twos = ((n - 1) & (1 - n)).bit_length() - 1  # x & -x is the lowest 1 in the bits of x
    power = pow(base, (n - 1) >> twos, n)
    if power in (1, n - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % n
        if power == n - 1:
            return True
    return False


def check_prime(n):
    """Return whether ``n`` is prime; from PROVEN_BELOW on, whether it is probably prime."""
    if n < 2:
        return False
    for base in BASES:
        if n % base == 0:
            return n == base
    return all(passes(n, base) for base in choose_bases(n))


def run(numbers):
    """Yield each of ``numbers`` and whether it is prime."""
    for n in numbers:
        yield n, check_prime(n)


if __name__ == "__main__":
    prime_check.main(__doc__, run, workers=False, maximum=MAX_NUMBER)

"""Where the factors of a number lie, which decides how much time a flag can save."""

import itertools
import math

from common import create_range

import prime_check
from primes_pool_less_naive import SERIAL_CHECK_CUTOFF


def is_settled_early(n):
    """Return whether ``n`` never reaches the pool.

    Either it has a factor below SERIAL_CHECK_CUTOFF, or it is below the square of that, so that no
    candidates are left for the pool.
    """
    return n < SERIAL_CHECK_CUTOFF**2 or any(n % d == 0 for d in range(2, SERIAL_CHECK_CUTOFF))


def prime_factors(n):
    """Return the prime factors of ``n`` with multiplicity, ascending.

    ``n`` must have none below SERIAL_CHECK_CUTOFF. Pollard's rho method: it iterates
    x -> x * x + c until two values are equal modulo a factor (J. M. Pollard, "A Monte Carlo method
    for factorization", BIT 15, 1975).
    """
    if n == 1 or prime_check.is_prime(n):
        return [n][: n > 1]
    for c in itertools.count(1):
        slow = fast = 2
        factor = 1
        while factor == 1:
            slow = (slow * slow + c) % n
            fast = (fast * fast + c) % n
            fast = (fast * fast + c) % n
            factor = math.gcd(fast - slow, n)
        if factor != n:
            return sorted(prime_factors(factor) + prime_factors(n // factor))
    raise AssertionError("count never ends")


def position_in_share(n, nbr_shares):
    """Return how far into its share (0 to 1) the factor lies that is found first; None for a prime.

    All shares are tried at the same time, so the factor nearest to the start of its share is found
    first. ``n`` must not be settled early.
    """
    divisors = {1}
    for prime in prime_factors(n):
        divisors |= {prime * divisor for divisor in divisors}
    shares = create_range.create(SERIAL_CHECK_CUTOFF, math.isqrt(n) + 1, nbr_shares)
    positions = [
        (divisor - from_i) / (to_i - from_i)
        for divisor in divisors
        for from_i, to_i in shares
        if from_i <= divisor < to_i
    ]
    return min(positions, default=None)

"""Which primes there are: found by another method than the scripts use, to check them."""

import math


def are_prime(lower, upper):
    """Return for each n with lower <= n < upper whether it is prime, as a bytearray of 0 and 1.

    A segmented sieve of Eratosthenes, in upper - lower + sqrt(upper) bytes: composites are struck
    out as multiples of the primes up to sqrt(upper), and nothing is divided.

    >>> list(are_prime(2, 8))
    [1, 1, 0, 1, 0, 1]

    Raises ValueError unless 0 <= lower <= upper.
    """
    if not 0 <= lower <= upper:
        raise ValueError(f"need 0 <= lower <= upper, not {lower} and {upper}")
    root = math.isqrt(upper)
    is_factor = bytearray(b"\1") * (root + 1)
    is_prime = bytearray(b"\1") * (upper - lower)
    is_prime[: max(0, 2 - lower)] = bytes(len(range(lower, min(2, upper))))
    for factor in range(2, root + 1):
        if is_factor[factor]:
            square = factor * factor
            is_factor[square::factor] = bytes(len(range(square, root + 1, factor)))
            first = max(square, -(-lower // factor) * factor)
            is_prime[first - lower :: factor] = bytes(len(range(first, upper, factor)))
    return is_prime


def count_primes(lower, upper):
    """Return how many primes p there are with lower <= p < upper (see are_prime).

    >>> count_primes(0, 100)
    25
    >>> count_primes(100_000_000, 101_000_000)
    54208
    """
    return sum(are_prime(lower, upper))

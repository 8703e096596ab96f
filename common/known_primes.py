"""Which primes there are: found by another method than the scripts use, to check them."""

import itertools
import math


def are_prime(lower, upper):
    """Return whether each n with lower <= n < upper is prime, as a bytearray of 0 and 1.

    A segmented sieve of Eratosthenes. Raises ValueError unless 0 <= lower <= upper.

    >>> list(are_prime(2, 8))
    [1, 1, 0, 1, 0, 1]
    >>> sum(are_prime(0, 100))
    25
    >>> sum(are_prime(100_000_000, 101_000_000))
    54208
    """
    if not 0 <= lower <= upper:
        raise ValueError(f"need 0 <= lower <= upper, not {lower} and {upper}")
    root = math.isqrt(upper)
    factors = itertools.compress(range(root + 1), are_prime(0, root + 1)) if root > 1 else ()
    is_prime = bytearray(b"\1") * (upper - lower)
    is_prime[: max(0, 2 - lower)] = bytes(len(range(lower, min(2, upper))))
    for factor in factors:
        first = max(factor * factor, -(-lower // factor) * factor)
        is_prime[first - lower :: factor] = bytes(len(range(first, upper, factor)))
    return is_prime

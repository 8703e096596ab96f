"""The count that the scripts are checked against is right."""

import doctest

from common import known_primes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def is_prime(n):
    """Tell it by its definition: no divisor but 1 and itself."""
    return n >= 2 and all(n % divisor for divisor in range(2, n))


def test_the_examples_of_the_docstring():
    result = doctest.testmod(known_primes)
    assert result.attempted == 3
    assert result.failed == 0


@given(st.integers(0, 600), st.integers(0, 60))
def test_the_sieve_agrees_with_trial_division(lower, length):
    expected = sum(map(is_prime, range(lower, lower + length)))
    assert sum(known_primes.are_prime(lower, lower + length)) == expected


@settings(max_examples=20)
@given(st.integers(0, 10**10), st.integers(0, 5_000), st.integers(0, 5_000))
def test_two_parts_of_a_range_have_as_many_primes_as_the_whole(lower, length, more):
    middle, upper = lower + length, lower + length + more
    parts = sum(known_primes.are_prime(lower, middle)), sum(known_primes.are_prime(middle, upper))
    assert sum(parts) == sum(known_primes.are_prime(lower, upper))


def test_the_ends_of_a_range_are_its_first_number_and_the_one_after_its_last():
    assert sum(known_primes.are_prime(0, 0)) == 0
    assert sum(known_primes.are_prime(0, 2)) == 0
    assert sum(known_primes.are_prime(2, 3)) == 1
    assert sum(known_primes.are_prime(7, 7)) == 0
    assert sum(known_primes.are_prime(9, 11)) == 0
    assert sum(known_primes.are_prime(9, 12)) == 1


@pytest.mark.parametrize(("lower", "upper"), [(-1, 5), (5, 4), (-3, -2)])
def test_a_range_that_is_none_is_refused(lower, upper):
    with pytest.raises(ValueError, match="0 <= lower <= upper"):
        sum(known_primes.are_prime(lower, upper))

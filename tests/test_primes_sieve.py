"""The sieve counts every prime once, in any range and by any number of workers."""

from common import cli, known_primes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Run, load

SIEVE = load("primes_pool/primes_sieve.py")
sieve_check = SIEVE.sieve_check
IS_PRIME = known_primes.are_prime(0, 20_000)


def count_primes(lower, upper):
    return SIEVE.count_primes((lower, upper, 0, 1))


def test_every_range_below_130_holds_the_primes_that_it_holds():
    for upper in range(130):
        for lower in range(upper + 1):
            assert count_primes(lower, upper) == sum(IS_PRIME[lower:upper]), (lower, upper)


@settings(max_examples=50)
@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_any_range_agrees_with_another_sieve(one, other):
    lower, upper = sorted((one, other))
    assert count_primes(lower, upper) == sum(IS_PRIME[lower:upper])


@settings(max_examples=10)
@given(st.integers(0, 10**12), st.integers(0, 3_000))
def test_a_range_far_up_agrees_with_another_sieve(lower, length):
    assert count_primes(lower, lower + length) == sum(known_primes.are_prime(lower, lower + length))


@pytest.mark.parametrize("prime", [7, 11, 13, 17, 19, 9_973, 31_607])
def test_a_square_of_a_prime_is_struck_out_at_the_edges_of_a_range(prime):
    square = prime * prime
    for lower, upper in ((square, square + 1), (square - 1, square + 1), (square, square + 2)):
        assert count_primes(lower, upper) == sum(known_primes.are_prime(lower, upper))


@settings(max_examples=20)
@given(lower=st.integers(0, 3_000), length=st.integers(0, 3_000), step=st.integers(1, 5))
def test_shares_of_segments_add_up(lower, length, step):
    rows, SIEVE.ROWS = SIEVE.ROWS, 4  # segments of 120 numbers
    try:
        counts = [SIEVE.count_primes((lower, lower + length, n, step)) for n in range(step)]
    finally:
        SIEVE.ROWS = rows
    assert sum(counts) == sum(IS_PRIME[lower : lower + length])


@pytest.mark.parametrize("limit", [0, 1, 18, 19, 22, 23, 24, 361, 10_000])
def test_the_primes_to_strike_out_with_are_all_from_19_on(limit):
    expected = [n for n in range(19, limit + 1) if IS_PRIME[n]]
    assert SIEVE.find_primes(limit).tolist() == expected


def test_the_end_of_the_range_of_the_sieve():
    lower, upper = 10**15 - 1_000, 10**15
    probable = [n for n in range(lower, upper) if pow(2, n - 1, n) == pow(3, n - 1, n) == 1]
    assert count_primes(lower, upper) == len(probable)  # Fermat's test, twice


@settings(max_examples=100)
@given(st.integers(0, 19_999))
def test_legendre_counts_the_primes_too(n):
    assert sieve_check.count_primes_up_to(n) == sum(IS_PRIME[: n + 1])


def test_legendre_knows_the_primes_below_powers_of_ten():
    counts = [sieve_check.count_primes_up_to(10**power) for power in range(1, 10)]
    assert counts == [4, 25, 168, 1_229, 9_592, 78_498, 664_579, 5_761_455, 50_847_534]


@pytest.mark.parametrize("upper", ["1", "2", "31", "62_914_561"])
def test_there_may_be_more_workers_than_segments(upper):
    with Run("primes_pool/primes_sieve.py", "3", "--upper", upper) as run:
        assert run.wait() == 0, run.stderr


def test_a_wrong_number_of_primes_is_an_error():
    sieve_check.check(25, 0, 100, SIEVE.count_primes)
    with pytest.raises(cli.Failure, match=r"\b24\b.*\b0 to 100\b.*\b25\b"):
        sieve_check.check(24, 0, 100, SIEVE.count_primes)


def test_of_a_range_too_long_to_count_again_the_end_is():
    upper = sieve_check.MAX_COUNTED + 10**7
    seen = []

    def one_short(lower_upper_first_step):
        seen.append(lower_upper_first_step)
        return SIEVE.count_primes(lower_upper_first_step) - 1

    with pytest.raises(cli.Failure):
        sieve_check.check(0, 0, upper, one_short)
    assert seen == [(upper - sieve_check.SHORT, upper, 0, 1)]

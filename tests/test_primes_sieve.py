"""The sieve counts every prime once, in any range and by any number of workers."""

import math
import shutil

from common import cli, known_primes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Run, load

SIEVE = load("primes_pool/primes_sieve.py")
sieve_check = SIEVE.sieve_check
IS_PRIME = known_primes.are_prime(0, 20_000)


def count_primes(lower, upper):
    return SIEVE.count_primes((lower, upper, 0, 1))


WHEELS = [SIEVE.SHORT_RANGE, SIEVE.LONG_RANGE]


@pytest.fixture(params=WHEELS, ids=["as a short range", "as a long range"])
def any_wheel(request, monkeypatch):
    """Have ranges sieved as the short ones are, then as the long ones are."""
    monkeypatch.setattr(SIEVE, "SHORT_RANGE", request.param)


def test_every_range_below_130_holds_the_primes_that_it_holds():
    for upper in range(130):
        for lower in range(upper + 1):
            assert count_primes(lower, upper) == sum(IS_PRIME[lower:upper]), (lower, upper)


@settings(max_examples=50)
@given(st.integers(0, 20_000), st.integers(0, 20_000), st.sampled_from(WHEELS))
def test_any_range_agrees_with_another_sieve(one, other, wheel):
    lower, upper = sorted((one, other))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SIEVE, "SHORT_RANGE", wheel)
        assert count_primes(lower, upper) == sum(IS_PRIME[lower:upper])


def test_the_end_of_a_range_and_the_start_of_the_next_meet(any_wheel):
    for number in (*range(10), *range(205, 216), *range(289, 312), 529, 630, 86_849, 94_249):
        assert count_primes(number, number + 1) == known_primes.are_prime(number, number + 1)[0]


@settings(max_examples=10)
@given(st.integers(0, 10**12), st.integers(0, 3_000))
def test_a_range_far_up_agrees_with_another_sieve(lower, length):
    assert count_primes(lower, lower + length) == sum(known_primes.are_prime(lower, lower + length))


@pytest.mark.parametrize("prime", [7, 11, 13, 17, 19, 293, 307, 9_973, 31_607])
def test_a_square_of_a_prime_is_struck_out_at_the_edges_of_a_range(any_wheel, prime):
    square = prime * prime
    for lower, upper in ((square, square + 1), (square - 1, square + 1), (square, square + 2)):
        assert count_primes(lower, upper) == sum(known_primes.are_prime(lower, upper))


@settings(max_examples=30)
@given(
    lower=st.integers(0, 3_000),
    length=st.integers(0, 10_000),
    step=st.integers(1, 5),
    constants=st.fixed_dictionaries(
        {
            "SHORT_RANGE": st.sampled_from(WHEELS),
            "ROWS": st.integers(1, 30),
            "MANY_MULTIPLES": st.integers(1, 4),
            "FEW_PRIMES": st.integers(0, 20),
            "NBR_PRIMES": st.integers(1, 4),
        }
    ),
)
def test_shares_of_segments_add_up(lower, length, step, constants):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in constants.items():
            patch.setattr(SIEVE, name, value)
        counts = [SIEVE.count_primes((lower, lower + length, n, step)) for n in range(step)]
    assert sum(counts) == sum(IS_PRIME[lower : lower + length])


@pytest.mark.parametrize("nbr_rows", [1, 7, 8, 9, 1_000])
def test_patterns_leave_what_none_of_their_primes_divides(nbr_rows):
    primes = [n for n in range(11, 300) if IS_PRIME[n]]
    patterns = SIEVE.make_patterns(primes, nbr_rows)
    assert math.prod(period for period, _ in patterns) == math.prod(primes)
    for period, pattern in patterns:
        assert period <= SIEVE.PERIOD
        assert len(pattern) >= period - 1 + -(-nbr_rows // 8)
        bits = np.unpackbits(pattern)
        assert (bits == (np.gcd(np.arange(len(bits)), period) == 1)).all()


def test_a_long_range_has_the_primes_that_its_shares_have():
    lower, upper = 10**9, 10**9 + SIEVE.SHORT + 1  # the last number makes it long
    shares = [SIEVE.count_primes((lower, upper, n, 7)) for n in range(7)]
    halves = [(lower, lower + SIEVE.SHORT // 2), (lower + SIEVE.SHORT // 2, upper)]
    assert sum(shares) == sum(count_primes(*half) for half in halves)


@pytest.mark.parametrize("limit", [2, 3, 4, 5, 9, 22, 23, 24, 361, 10_000])
def test_the_primes_to_strike_out_with_are_all_primes(limit):
    expected = [n for n in range(2, limit + 1) if IS_PRIME[n]]
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


@pytest.mark.skipif(not shutil.which("primesieve"), reason="no primesieve on PATH")
@pytest.mark.parametrize("upper", [1, 2, 3, 98, 1_000_000])
def test_primesieve_counts_the_same_primes(upper):
    nbr_primes, seconds = load("primes_pool/compare.py").primesieve(upper)
    assert nbr_primes == count_primes(0, upper)
    assert seconds > 0

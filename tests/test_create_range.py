"""Shares are disjoint, complete and odd-started; totals add up."""

import doctest

from common import create_range

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_examples_of_the_docstrings():
    result = doctest.testmod(create_range)
    assert result.attempted >= 4
    assert result.failed == 0


def test_shares_of_the_factor_space_match_the_chapter():
    assert create_range.create(3, 316_400_222, 4) == [
        (3, 79_100_057),
        (79_100_057, 158_200_111),
        (158_200_111, 237_300_165),
        (237_300_165, 316_400_222),
    ]


@given(st.integers(0, 3_000), st.integers(-5, 3_000), st.integers(1, 60))
def test_shares_are_disjoint_complete_and_odd_started(from_i, length, nbr_processes):
    to_i = from_i + length
    shares = create_range.create(from_i, to_i, nbr_processes)
    assert len(shares) <= nbr_processes
    assert all(lower % 2 == 1 and lower < upper for lower, upper in shares)
    candidates = [i for lower, upper in shares for i in range(lower, upper, 2)]
    assert candidates == [i for i in range(from_i, to_i) if i % 2 == 1]


@given(st.integers(0, 10**18).map(lambda half: 2 * half + 1), st.integers(1, 10**18))
def test_shares_of_large_ranges_follow_one_another(from_i, length):
    shares = create_range.create(from_i, from_i + length, 7)
    assert shares[0][0] == from_i
    assert shares[-1][1] == from_i + length
    sizes = [(upper - lower + 1) // 2 for lower, upper in shares]
    assert [upper for _, upper in shares[:-1]] == [lower for lower, _ in shares[1:]]
    assert max(sizes) - min(sizes) < len(shares)


@given(st.integers(0, 10**18), st.integers(1, 500))
def test_totals_add_up_exactly(total, nbr_shares):
    shares = create_range.split_total(total, nbr_shares)
    assert len(shares) == nbr_shares
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


def test_no_processes_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        create_range.create(3, 9, 0)
    with pytest.raises(ValueError, match="0 shares"):
        create_range.split_total(3, 0)
    with pytest.raises(ValueError, match="-1"):
        create_range.split_total(-1, 3)

"""check_prime is exact, and the chunks are those that Pool.map makes."""

import multiprocessing.pool

from common import cli, known_primes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Run, load

SERIAL = load("primes_pool/primes_serial.py")
POOL = load("primes_pool/primes_pool.py")
pool_report = POOL.pool_report
KERNELS = pytest.mark.parametrize("check_prime", [SERIAL.check_prime, POOL.check_prime])
FACTORS = st.sampled_from([2, 3, 5, 7, 97, 101, 9_973, 10_007, 999_983])


@KERNELS
def test_check_prime_agrees_with_a_sieve_up_to_10_000(check_prime):
    for n in range(10_001):
        assert check_prime(n) is (known_primes.count_primes(n, n + 1) == 1), n


@KERNELS
def test_check_prime_knows_semiprimes_and_squares_of_primes(check_prime):
    @settings(max_examples=30)
    @given(FACTORS, FACTORS)
    def product_is_not_prime(factor, other):
        assert check_prime(factor)
        assert not check_prime(factor * other)

    product_is_not_prime()


@pytest.mark.parametrize("nbr_workers", range(1, 6))
def test_the_default_chunksize_is_the_one_of_pool_map(nbr_workers):
    with multiprocessing.pool.ThreadPool(nbr_workers) as pool:

        @settings(max_examples=20)
        @given(st.integers(1, 300))
        def agrees(nbr_jobs):
            result = pool.map_async(abs, range(nbr_jobs))
            assert result._chunksize == POOL.default_chunksize(nbr_jobs, nbr_workers)

        agrees()


def test_100_000_jobs_for_four_processes_are_16_chunks_of_6_250_by_default():
    assert POOL.default_chunksize(100_000, 4) == 6_250
    assert pool_report.describe_chunks(100_000, 6_250, 4) == (
        "Chunks: 16 (the last one of 6,250 numbers)\n"
        "Rounds at best: 4 x 4 chunk(s), 0 of 4 worker(s) idle in the last"
    )


def test_ten_chunks_for_four_processes_are_4_and_4_and_2():
    assert pool_report.describe_chunks(100_000, 10_000, 4) == (
        "Chunks: 10 (the last one of 10,000 numbers)\n"
        "Rounds at best: 2 x 4 + 2 chunk(s), 2 of 4 worker(s) idle in the last"
    )


def test_two_chunks_leave_two_of_four_processes_idle():
    assert pool_report.describe_chunks(100_000, 50_000, 4) == (
        "Chunks: 2 (the last one of 50,000 numbers)\n"
        "Rounds at best: 2 chunk(s), 2 of 4 worker(s) idle in the last"
    )


def test_a_chunk_may_be_larger_than_the_work():
    assert pool_report.describe_chunks(7, 1_000, 3) == (
        "Chunks: 1 (the last one of 7 numbers)\n"
        "Rounds at best: 1 chunk(s), 2 of 3 worker(s) idle in the last"
    )


@pytest.mark.parametrize("sizes", [("5", "1"), ("3", "8"), ("2", "1_001", "--chunksize", "1e9")])
def test_any_number_of_numbers_is_shared_out(sizes):
    nbr_workers, nbr_numbers, *chunksize = sizes
    with Run(
        "primes_pool/primes_pool.py", nbr_workers, "--nbr_numbers", nbr_numbers, *chunksize
    ) as run:
        assert run.wait() == 0, run.stderr


def test_a_wrong_number_of_primes_is_an_error():
    pool_report.report(54, 1_000, 1.0)
    with pytest.raises(cli.Failure, match="53 primes, a sieve finds 54"):
        pool_report.report(53, 1_000, 1.0)

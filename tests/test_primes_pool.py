"""check_prime is exact, and the chunks are those that Pool.map makes."""

import multiprocessing.pool

from common import cli, known_primes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Run, load, numbers_in

SERIAL = load("primes_pool/primes_serial.py")
POOL = load("primes_pool/primes_pool.py")
THREADS = load("primes_pool/primes_threads.py")
pool_check = POOL.pool_check
KERNELS = pytest.mark.parametrize(
    "check_prime", [SERIAL.check_prime, POOL.check_prime, THREADS.check_prime]
)
FACTORS = st.sampled_from([2, 3, 5, 7, 97, 101, 9_973, 10_007, 999_983])


@KERNELS
def test_check_prime_agrees_with_a_sieve_up_to_10_000(check_prime):
    for n, is_prime in enumerate(known_primes.are_prime(0, 10_001)):
        assert check_prime(n) is (is_prime == 1), n


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


@pytest.mark.parametrize("threads", [True, False])
def test_threads_and_processes_find_as_many_primes_in_chunks_of_any_size(threads, forked):
    outcomes = THREADS.run(1_000, 3, [None, 1, 7, 1_000], threads)
    assert [nbr_primes for nbr_primes, _ in outcomes] == [54] * 4


def described(*sizes):
    """Return the numbers that describe chunks of these sizes."""
    return numbers_in(pool_check.describe_chunks(*sizes))


def test_100_000_jobs_for_four_processes_are_16_chunks_of_6_250_by_default():
    assert POOL.default_chunksize(100_000, 4) == 6_250
    chunks, rounds, idle = ["16", "6,250"], ["4", "4"], ["0", "4"]
    assert described(100_000, 6_250, 4) == chunks + rounds + idle


def test_ten_chunks_for_four_processes_are_4_and_4_and_2():
    chunks, rounds, idle = ["10", "10,000"], ["2", "4", "1", "2"], ["2", "4"]
    assert described(100_000, 10_000, 4) == chunks + rounds + idle


def test_two_chunks_leave_two_of_four_processes_idle():
    chunks, rounds, idle = ["2", "50,000"], ["1", "2"], ["2", "4"]
    assert described(100_000, 50_000, 4) == chunks + rounds + idle


def test_a_chunk_may_be_larger_than_the_work():
    chunks, rounds, idle = ["1", "7"], ["1", "1"], ["2", "3"]
    assert described(7, 1_000, 3) == chunks + rounds + idle


@pytest.mark.parametrize("sizes", [("5", "1"), ("3", "8"), ("2", "1_001", "--chunksize", "1e9")])
def test_any_number_of_numbers_is_shared_out(sizes):
    nbr_workers, nbr_numbers, *chunksize = sizes
    with Run(
        "primes_pool/primes_pool.py", nbr_workers, "--nbr_numbers", nbr_numbers, *chunksize
    ) as run:
        assert run.wait() == 0, run.stderr


def test_a_wrong_number_of_primes_is_an_error():
    pool_check.report(54, 1_000, 1.0)
    with pytest.raises(cli.Failure, match=r"\b53\b.*\b54\b"):
        pool_check.report(53, 1_000, 1.0)

"""Verifying primes: exact for every number, split without a gap, and ended early by a flag."""

import itertools
import math
import multiprocessing.dummy
import re

import pytest
import redis
from cases_prime_verification_ipc import EARLY_EXIT, LARGEST_PRIME
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_servers import needs_redis, tcp_server
from support import START_METHODS, Run, load, scripts

from common import create_range

FOLDER = "prime_verification_ipc/"
VERIFIERS = [script for script in scripts() if script.startswith(FOLDER + "primes_")]
FLAGGED = [script for script in VERIFIERS if "flag" in script]
IN_MEMORY = [script for script in FLAGGED if "redis" not in script]
POOLED = [script for script in VERIFIERS if "serial" not in script]

prime_check = load(FOLDER + "prime_check.py", "prime_check")
count_flag_checks = load(FOLDER + "count_flag_checks.py")

CHAPTER = {
    112_272_535_095_295: False,
    100_109_100_129_100_369: False,
    100_109_100_129_101_027: False,
    100_109_100_129_100_151: True,
    100_109_100_129_162_907: True,
}
PRIME = 4_000_000_000_039
FORMULAS = {
    "primes_flag_manager.py": count_flag_checks.reads_of_countdown,
    "primes_flag_redis.py": count_flag_checks.reads_of_countdown,
    "primes_flag_rawvalue.py": count_flag_checks.reads_of_countdown,
    "primes_flag_mmap.py": count_flag_checks.reads_of_countdown,
    "primes_flag_mmap_lookahead.py": count_flag_checks.reads_of_lookahead,
    "primes_flag_mmap_redux.py": count_flag_checks.reads_of_redux,
}


def sieve(limit):
    """Return a list that says of each n below ``limit`` whether it is prime."""
    is_prime = [False, False] + [True] * (limit - 2)
    for i in range(2, math.isqrt(limit) + 1):
        if is_prime[i]:
            is_prime[i * i :: i] = [False] * len(range(i * i, limit, i))
    return is_prime


def answers(stdout):
    """Return what a run says of each number, in its order."""
    found = re.findall(r"^([\d,]+) +[\d.]+ s +(prime|not prime)$", stdout, re.MULTILINE)
    return [(int(n.replace(",", "")), answer == "prime") for n, answer in found]


@pytest.fixture(scope="module")
def redis_url():
    with tcp_server() as (port, _):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
def module(request, script):
    """The module of ``script``, with a flag that this process alone uses, clear."""
    module = load(script)
    if script in IN_MEMORY:
        module.share_flag(count_flag_checks.CountingFlag())
    elif script in FLAGGED:
        module.connect(request.getfixturevalue("redis_url"))
    set_flag(module, "FLAG_CLEAR")
    return module


def set_flag(module, name):
    """Set the flag of ``module``, if it has one, to its constant ``name``."""
    if hasattr(module, "rds"):
        module.rds.set(module.FLAG_NAME, getattr(module, name))
    elif hasattr(module, "share_flag"):
        in_memory(module).flag = getattr(module, name)


def in_memory(module):
    return module.sh_mem if hasattr(module, "sh_mem") else module.value


def nbr_reads(module):
    """Return how often the flag of ``module`` has been read so far."""
    return redis_reads(module.rds) if hasattr(module, "rds") else in_memory(module).nbr_reads


def redis_reads(client):
    return client.info("commandstats").get("cmdstat_get", {"calls": 0})["calls"]


def test_there_are_nine_scripts_that_verify_and_six_with_a_flag():
    assert len(VERIFIERS) == 9
    assert len(FLAGGED) == 6


@pytest.mark.parametrize("script", VERIFIERS)
def test_every_number_up_to_10_000_agrees_with_a_sieve(script):
    workers = ("--workers", 3) if script in POOLED else ()
    with Run(script, "--repeat", 1, *workers, *range(10_001)) as run:
        assert run.wait() == 0, run.stderr
        assert answers(run.stdout) == list(enumerate(sieve(10_001)))


def test_the_check_of_the_answers_agrees_with_a_sieve_and_with_the_chapter():
    assert [prime_check.is_prime(n) for n in range(100_000)] == sieve(100_000)
    assert {n: prime_check.is_prime(n) for n in CHAPTER} == CHAPTER
    assert prime_check.is_prime(LARGEST_PRIME)
    # products that are strong pseudoprimes to the first 9 and the first 12 prime bases
    assert not prime_check.is_prime(3_825_123_056_546_413_051)
    assert not prime_check.is_prime(318_665_857_834_031_151_167_461)
    with pytest.raises(ValueError):
        prime_check.is_prime(3_317_044_064_679_887_385_961_981)


def test_the_samples_are_what_their_labels_say():
    assert list(prime_check.SAMPLES["book"].values()) == list(CHAPTER)
    for samples in prime_check.SAMPLES.values():
        for label, n in samples.items():
            assert prime_check.is_prime(n) == (not label.count("non-prime"))
            assert (n % 5 == 0) == label.startswith("small")


def test_the_stand_ins_have_their_factors_where_the_chapter_has_them():
    for label, factor, book_factor in (
        ("large non-prime 1", 5_960_203, 95_362_951),
        ("large non-prime 2", 10_728_577, 171_656_941),
    ):
        n, book = (prime_check.SAMPLES[scale][label] for scale in ("quick", "book"))
        assert (
            n % factor == 0 and prime_check.is_prime(factor) and prime_check.is_prime(n // factor)
        )
        assert book % book_factor == 0
        assert factor / math.isqrt(n) == pytest.approx(book_factor / math.isqrt(book), rel=1e-4)


def semiprime_at_edge(from_i, nbr_shares, share, is_last, root):
    """Return a semiprime above root**2 and its smaller factor, an edge of the share ``share``.

    That is its first or its last candidate, when the factors from ``from_i`` on are shared out.
    """
    for nbr_candidates in itertools.count(root // (2 * nbr_shares)):
        factor = from_i + 2 * nbr_candidates * (share + is_last) - 2 * is_last
        # the square roots for which every share but the last has nbr_candidates
        lowest = from_i + 2 * nbr_candidates * nbr_shares - 2
        highest = lowest + 2 * (nbr_shares if share + is_last < nbr_shares else 1) - 1
        cofactors = range(max(factor, -(-(lowest**2) // factor)), (highest + 1) ** 2 // factor)
        primes = [cofactor for cofactor in cofactors[:500] if prime_check.is_prime(cofactor)]
        if prime_check.is_prime(factor) and primes:
            return factor * primes[0], factor
    raise AssertionError("count never ends")


SEMIPRIMES = [
    (
        from_i,
        nbr_shares,
        share,
        is_last,
        *semiprime_at_edge(from_i, nbr_shares, share, is_last, root),
    )
    for from_i in (3, 21)
    for nbr_shares in (1, 2, 3, 4, 7)
    for share, is_last in itertools.product(range(nbr_shares), (False, True))
    if is_last or math.gcd(from_i, share) == 1 or (from_i, share) == (3, 0)  # else never prime
    for root in ((300, 20_000) if nbr_shares < 7 else (990_000,))
]


def test_no_semiprime_at_an_edge_is_above_10_to_the_12():
    assert 9 * 10**11 < max(n for *_, n, _ in SEMIPRIMES) <= 10**12


@pytest.mark.parametrize("script", POOLED)
def test_a_factor_at_the_edge_of_a_share_is_found_by_that_share_alone(module):
    cutoff = getattr(module, "SERIAL_CHECK_CUTOFF", 3)
    for from_i, nbr_shares, owner, is_last, n, factor in SEMIPRIMES:
        if from_i != cutoff:
            continue
        shares = create_range.create(from_i, math.isqrt(n) + 1, nbr_shares)
        assert range(*shares[owner], 2)[-1 if is_last else 0] == factor
        for share in shares:
            set_flag(module, "FLAG_CLEAR")
            assert module.check_prime_in_range((n, share)) == (share != shares[owner])


@pytest.mark.parametrize("script", VERIFIERS)
def test_semiprimes_with_a_factor_at_an_edge_are_not_prime(module):
    with multiprocessing.dummy.Pool(1) as pool:
        for _, nbr_shares, _, _, n, _ in SEMIPRIMES:
            assert not module.check_prime(
                n, *([pool, nbr_shares] if hasattr(module, "pools") else [])
            )


@pytest.mark.parametrize("script", FLAGGED)
def test_a_flag_that_is_set_ends_the_largest_share_after_one_read(script, module):
    set_flag(module, "FLAG_SET")
    before = nbr_reads(module)
    assert not module.check_prime_in_range((LARGEST_PRIME, (21, 10**10)))
    assert nbr_reads(module) - before == 1


@pytest.mark.parametrize("script", FLAGGED)
def test_a_factor_sets_the_flag_and_the_next_number_clears_it(module):
    with multiprocessing.dummy.Pool(1) as pool:
        for n in (23 * 10_007, 10_007):
            assert module.check_prime(n, pool, 2) == (n == 10_007)


@pytest.mark.parametrize("script", FLAGGED)
def test_the_flag_is_read_as_often_as_the_formula_says(script, module):
    formula = FORMULAS[script.removeprefix(FOLDER)]
    for to_i in (24, 1022, 1023, 1024, 2021, 2022, 2023, 2024, 4023, 9999):
        before = nbr_reads(module)
        assert module.check_prime_in_range((LARGEST_PRIME, (23, to_i)))
        assert nbr_reads(module) - before == formula(23, to_i)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 10**6), st.integers(1, 7000))
def test_the_flag_is_read_as_often_as_the_formula_says_in_any_share(half, length):
    from_i = 2 * half + 1
    for script in IN_MEMORY:
        module = load(script)
        module.share_flag(count_flag_checks.CountingFlag())
        assert module.check_prime_in_range((LARGEST_PRIME, (from_i, from_i + length)))
        formula = FORMULAS[script.removeprefix(FOLDER)]
        assert nbr_reads(module) == formula(from_i, from_i + length)


def test_the_formula_for_redux_is_one_below_the_number_of_the_chapter():
    n = count_flag_checks.CHAPTER_PRIME
    assert count_flag_checks.by_formula(count_flag_checks.reads_of_redux, n, 4) == 316_405 - 1


@needs_redis
@pytest.mark.parametrize("start_method", START_METHODS)
def test_a_factor_ends_the_work_of_the_other_processes(redis_url, start_method):
    script = FOLDER + "primes_flag_redis.py"
    options = ("--workers", 3, "--repeat", 1, "--redis-url", redis_url)
    reads = {}
    with redis.Redis.from_url(redis_url) as client:
        for n, is_prime in ((PRIME, True), (EARLY_EXIT, False)):
            before = redis_reads(client)
            with Run(script, *options, "--start-method", start_method, n) as run:
                assert run.wait() == 0, run.stderr
                assert answers(run.stdout) == [(n, is_prime)]
            reads[n] = redis_reads(client) - before - 1  # one shows the flag at the end
        assert client.get("redis_primes_flag") == b"1"
    all_reads = {
        n: count_flag_checks.by_formula(count_flag_checks.reads_of_countdown, n, 3) for n in reads
    }
    assert reads[PRIME] == all_reads[PRIME]
    assert reads[EARLY_EXIT] < all_reads[EARLY_EXIT] / 100

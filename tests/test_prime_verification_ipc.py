"""Verifying primes: exact for every number, split without a gap, and ended early by a flag."""

import itertools
import math
import multiprocessing.dummy
import re

from common import cli, create_range

import numpy as np
import pytest
import redis
from cases_prime_verification_ipc import (
    CASES,
    EARLY_EXIT,
    LARGEST_PRIME,
    LARGEST_PRIME_OF_64_BITS,
    LONG_PRIME,
    STRONG_PSEUDOPRIME,
    TITANIC_PRIME,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_servers import needs_redis, tcp_server
from support import START_METHODS, Run, load, scripts

FOLDER = "prime_verification_ipc/"
VERIFIERS = [script for script in scripts() if script.startswith(FOLDER + "primes_")]
FLAGGED = [script for script in VERIFIERS if "flag" in script]
IN_MEMORY = [script for script in FLAGGED if "redis" not in script]
POOLED = [script for script in VERIFIERS if CASES[script].workers]
ASCENDING = FOLDER + "primes_ascending_blocks.py"
NUMPY = FOLDER + "primes_numpy.py"
MILLER_RABIN = FOLDER + "primes_miller_rabin.py"
BY_SHARES = [script for script in POOLED if script not in (ASCENDING, NUMPY)]

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
    "primes_flag_shared_memory.py": count_flag_checks.reads_of_redux,
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
    if hasattr(module, "share_flag"):
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


def test_there_are_thirteen_scripts_that_verify_and_seven_with_a_flag():
    assert len(VERIFIERS) == 13
    assert len(POOLED) == 11
    assert len(FLAGGED) == 7


@pytest.mark.parametrize("script", VERIFIERS)
def test_every_number_up_to_3_000_agrees_with_a_sieve(script):
    workers = ("--workers", 3) if script in POOLED else ()
    with Run(script, "--repeat", 1, *workers, *range(3_001)) as run:
        assert run.wait() == 0, run.stderr
        assert answers(run.stdout) == list(enumerate(sieve(3_001)))


def test_the_check_of_the_answers_agrees_with_a_sieve_and_with_the_chapter():
    assert [prime_check.is_prime(n) for n in range(100_000)] == sieve(100_000)
    assert {n: prime_check.is_prime(n) for n in CHAPTER} == CHAPTER
    assert prime_check.is_prime(LARGEST_PRIME)
    # products that are strong pseudoprimes to the first 9 and the first 12 prime bases
    assert not prime_check.is_prime(3_825_123_056_546_413_051)
    assert not prime_check.is_prime(318_665_857_834_031_151_167_461)
    with pytest.raises(ValueError):
        prime_check.is_prime(STRONG_PSEUDOPRIME)


@pytest.mark.parametrize("n", [97, 323, 341, 561, LARGEST_PRIME, STRONG_PSEUDOPRIME, LONG_PRIME])
def test_an_answer_agrees_with_the_checks_or_is_wrong(n):
    is_prime = n in (97, LARGEST_PRIME, LONG_PRIME)
    assert prime_check.agrees(n, is_prime)
    assert not prime_check.agrees(n, not is_prime)


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


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets: a list whose last item is the time."""
    clock = [0]
    monkeypatch.setattr(prime_check.time, "perf_counter", lambda: clock[-1])
    return clock


def test_the_time_of_a_number_is_from_the_moment_it_is_taken_to_its_answer(clock):
    def run(numbers, seconds):
        clock.append(clock[-1] + 1_000)  # a pool is made
        for n in numbers:
            clock.append(clock[-1] + n)
            yield n, n == 7
            clock.append(clock[-1] + seconds)
        clock.append(clock[-1] + 1_000)

    verified = list(prime_check.timed(run, [7, 9, 7], 2, 100))
    assert verified == [(7, True, [7, 7]), (9, False, [9, 9]), (7, True, [7, 7])]


def test_a_wrong_answer_is_an_error_and_ends_the_run():
    def run(numbers):
        try:
            for n in numbers:
                taken.append(n)
                yield n, n != 9
        finally:
            taken.append("closed")

    taken = []
    with pytest.raises(cli.Failure, match=r"check_prime\(10\) says prime"):
        list(prime_check.timed(run, [7, 9, 10, 11], 2))
    assert taken == [7, 7, 9, 9, 10, "closed"]


def test_a_run_is_closed_when_nobody_asks_for_the_rest():
    def run(numbers):
        try:
            for n in numbers:
                yield n, True
        finally:
            closed.append(True)

    closed = []
    verified = prime_check.timed(run, [7, 11], 1)
    assert next(verified)[:2] == (7, True)
    assert not closed
    verified.close()
    assert closed


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
        if prime_check.is_prime(factor):
            for cofactor in filter(prime_check.is_prime, cofactors[:500]):
                return factor * cofactor, factor
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


@pytest.mark.parametrize("script", BY_SHARES)
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
def test_semiprimes_with_a_factor_at_an_edge_are_not_prime(script, module):
    with multiprocessing.dummy.Pool(1) as pool:
        for _, nbr_shares, _, _, n, _ in SEMIPRIMES:
            assert not module.check_prime(n, *([pool, nbr_shares] if script in POOLED else []))


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


@settings(max_examples=50)
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


def candidates_of(rounds):
    """Return all candidates of ``rounds`` of blocks, round by round."""
    return [
        candidate
        for blocks in rounds
        for from_i, to_i in blocks
        for i in range(from_i, to_i, 30)
        for candidate in (i, i + 2, i + 6, i + 8, i + 12, i + 18, i + 20, i + 26)
    ]


@settings(max_examples=30)
@given(st.integers(0, 300_000), st.integers(1, 9))
def test_rounds_meet_every_candidate_once(to_i, nbr_processes):
    met = sorted(candidates_of(load(ASCENDING).create_rounds(to_i, nbr_processes)))
    expected = [i for i in range(11, to_i) if math.gcd(i, 30) == 1]
    assert met[: len(expected)] == expected
    assert all(to_i <= i <= to_i + 25 for i in met[len(expected) :])
    assert len(set(met)) == len(met)


@given(st.integers(21, 10**10), st.integers(1, 9))
def test_rounds_are_few_and_blocks_ascend_within_their_share(to_i, nbr_processes):
    rounds = list(load(ASCENDING).create_rounds(to_i, nbr_processes))
    assert len(rounds) <= 27
    assert all(len(blocks) <= nbr_processes for blocks in rounds)
    for blocks, following in itertools.pairwise(rounds):
        assert all(block_to - block_from >= 15_000 for block_from, block_to in blocks[:1])
        assert {block_from for block_from, _ in following} <= {block_to for _, block_to in blocks}


class CountedMaps(list):
    """A pool that does the jobs itself and keeps them, by call of ``map``."""

    def map(self, function, jobs, chunksize):
        self.append(list(jobs))
        return [function(job) for job in self[-1]]


@pytest.mark.parametrize(
    ("factor", "nbr_rounds"),
    [(23, 1), (29_989, 1), (30_011, 2), (60_013, 3), (760_007, 1), (1_499_977, 25)],
)
def test_no_round_follows_the_one_with_the_factor(factor, nbr_rounds):
    cofactors = itertools.count(1_500_000**2 // factor)
    n = factor * next(cofactor for cofactor in cofactors if prime_check.is_prime(cofactor))
    pool = CountedMaps()
    assert prime_check.is_prime(factor)
    assert not load(ASCENDING).check_prime(n, pool, 2)
    assert len(pool) == nbr_rounds


@settings(max_examples=30)
@given(st.integers(0, 2**32 // 30_030))
def test_a_block_of_candidates_leaves_out_the_multiples_of_primes_up_to_13(turn):
    from_i = 17 + 30_030 * turn
    block = load(NUMPY).create_block(from_i)
    to_i = from_i + load(NUMPY).BLOCK
    assert block.dtype == np.float64
    assert len(block) == 5_760 * (to_i - from_i) // 30_030
    numbers = np.arange(from_i, to_i)
    assert (block == numbers[np.gcd(numbers, 30_030) == 1]).all()


def has_divisor(n, candidates):
    candidates = np.array(sorted(candidates), dtype=np.float64)
    return load(NUMPY).has_divisor(n, candidates, *np.empty((2, len(candidates))))


EDGES = [2**power + offset for power in range(2, 64) for offset in (-3, -1, 0, 1, 3)]
EDGES_OF_CANDIDATES = [edge for edge in EDGES if 17 <= edge < 2**33]
CANDIDATES = st.one_of(st.sampled_from(EDGES_OF_CANDIDATES), st.integers(17, 2**33))
FACTORS = st.one_of(st.sampled_from(EDGES), st.integers(1, 2**64))


@settings(max_examples=500)
@given(CANDIDATES, FACTORS, st.integers(-2, 2), st.sets(CANDIDATES, max_size=5))
def test_division_by_floats_agrees_with_integers(candidate, factor, remainder, others):
    factor = min(factor, (2**64 - 1) // candidate)
    n = min(factor * candidate + remainder, 2**64 - 1)
    candidates = {candidate, *others}
    assert has_divisor(n, candidates) == any(n % i == 0 and n != i for i in candidates)


def test_division_by_floats_agrees_with_integers_at_every_edge():
    for candidate, factor in itertools.product(EDGES_OF_CANDIDATES, EDGES):
        multiple = factor * candidate
        for n in range(multiple - 1, min(multiple + 2, 2**64)):
            assert has_divisor(n, {candidate}) == (n == multiple != candidate)


@pytest.mark.parametrize("bits", [51, 53, 54, 63, 64])
def test_division_by_floats_finds_the_last_multiples_below_a_power_of_2(bits):
    for candidate in EDGES_OF_CANDIDATES:
        multiple = (2**bits - 1) // candidate * candidate
        for n in range(multiple - 5 * candidate, multiple + 1, candidate):
            assert has_divisor(n, {candidate, 2**40})
            assert not has_divisor(n - 1, {candidate})


@settings(max_examples=50)
@given(st.integers(30, 400_000), st.integers(1, 9))
def test_every_block_up_to_the_root_is_the_job_of_one_worker(to_i, nbr_processes):
    numpy_script = load(NUMPY)
    pool = CountedMaps()
    squares = range((to_i - 1) ** 2, to_i**2)
    n = next(n for n in squares if all(n % i for i in range(2, 21)))
    numpy_script.share_flag(count_flag_checks.CountingFlag())
    numpy_script.check_prime(n, pool, nbr_processes)
    ((*jobs,),) = pool
    starts = [start for _, job in jobs for start in range(*job)]
    assert sorted(starts) == list(range(17, to_i, numpy_script.BLOCK))
    assert len(jobs) <= nbr_processes


EDGES_OF_BLOCKS = [
    factor
    for edge in (17, *(17 + turns * 4 * 30_030 for turns in (1, 2, 3, 4)))
    for factor in range(max(edge - 40, 23), edge + 60)
    if prime_check.is_prime(factor)
]


@pytest.mark.parametrize("script", [NUMPY, ASCENDING])
def test_a_square_of_a_prime_has_its_factor_in_the_last_candidate(module):
    with multiprocessing.dummy.Pool(1) as pool:
        for factor, nbr_processes in itertools.product(EDGES_OF_BLOCKS, (1, 2, 3, 5)):
            assert not module.check_prime(factor**2, pool, nbr_processes)
            assert module.check_prime(factor, pool, nbr_processes)


@settings(max_examples=100)
@given(st.integers(0, 2 * 10**10), st.integers(1, 5))
def test_blocks_and_rounds_agree_with_the_check_for_any_number(n, nbr_processes):
    load(NUMPY).share_flag(count_flag_checks.CountingFlag())
    for script in (NUMPY, ASCENDING):
        assert load(script).check_prime(n, CountedMaps(), nbr_processes) == prime_check.is_prime(n)


@pytest.mark.parametrize("n", [2**64 - 1, (2**32 - 5) * (2**32 - 17), (2**32 - 5) ** 2])
def test_numbers_below_2_to_the_64_are_divided_exactly(n):
    numpy_script = load(NUMPY)
    numpy_script.share_flag(count_flag_checks.CountingFlag())
    block = numpy_script.BLOCK
    to_i = math.isqrt(n) + 1
    last = 17 + (to_i - 17) // block * block
    job = (n, (last - 3 * block, to_i, block))
    candidates = [i for i in range(job[1][0], last + block) if math.gcd(i, 30_030) == 1]
    assert numpy_script.check_prime_in_blocks(job) == all(n % i for i in candidates)
    numpy_script.value.flag = numpy_script.FLAG_CLEAR
    assert numpy_script.check_prime_in_blocks((LARGEST_PRIME_OF_64_BITS, job[1]))


def test_a_flag_that_is_set_ends_the_blocks_after_one_read():
    numpy_script = load(NUMPY)
    flag = count_flag_checks.CountingFlag()
    numpy_script.share_flag(flag)
    assert numpy_script.check_prime_in_blocks((10**19 + 51, (17, 10**6, numpy_script.BLOCK)))
    assert flag.nbr_reads == len(range(17, 10**6, numpy_script.BLOCK))
    flag.flag = numpy_script.FLAG_SET
    assert not numpy_script.check_prime_in_blocks((10**19 + 51, (17, 2**32, numpy_script.BLOCK)))
    assert flag.nbr_reads == len(range(17, 10**6, numpy_script.BLOCK)) + 1


def test_no_fewer_of_the_first_primes_are_enough_bases():
    script = load(MILLER_RABIN)
    for nbr_bases, bound in script.BOUNDS.items():
        assert not prime_check.is_lucas_probable_prime(bound)
        assert all(script.passes(bound, base) for base in script.BASES[:nbr_bases])
        assert len(script.choose_bases(bound - 1)) == nbr_bases
        assert len(script.choose_bases(bound)) > nbr_bases
        assert not script.check_prime(bound)


@given(st.one_of(st.integers(0, 10**20), st.integers(0, 10**60)), st.integers(0, 60))
def test_miller_rabin_agrees_with_the_lucas_test(n, zeros):
    n <<= zeros
    for number in (n, n + 1):
        answer = load(MILLER_RABIN).check_prime(number)
        assert prime_check.agrees_with_lucas_test(number, answer)
        assert not prime_check.agrees_with_lucas_test(number, not answer)


def test_miller_rabin_takes_numbers_of_a_thousand_digits():
    script = load(MILLER_RABIN)
    assert len(f"{TITANIC_PRIME}") == 1000
    assert script.passes(TITANIC_PRIME, 2)
    assert not script.passes(TITANIC_PRIME + 2, 2)
    assert not script.check_prime(STRONG_PSEUDOPRIME)


def test_the_lucas_test_agrees_with_a_sieve_but_for_its_pseudoprimes():
    is_prime = sieve(20_000)
    passing = [n for n in range(20_000) if prime_check.is_lucas_probable_prime(n)]
    # https://oeis.org/A217120
    pseudoprimes = [323, 377, 1159, 1829, 3827, 5459, 5777, 9071, 9179, 10877]
    pseudoprimes += [11419, 11663, 13919, 14839, 16109, 16211, 18407, 18971, 19043]
    assert [n for n in passing if not is_prime[n]] == pseudoprimes
    assert set(passing) >= {n for n in range(20_000) if is_prime[n]}
    for n in range(20_000):
        assert prime_check.agrees_with_lucas_test(n, is_prime[n])
        assert not prime_check.agrees_with_lucas_test(n, not is_prime[n])

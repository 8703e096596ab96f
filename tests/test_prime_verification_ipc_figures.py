"""What the figures on verifying primes count and say."""

import argparse
import itertools
import math
import re

from common import create_range, redis_server, results

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT, load, numbers_in

FOLDER = "prime_verification_ipc/"
FREQUENCY = load(FOLDER + "fig_9_15_factor_frequency.py")
SLOWER = load(FOLDER + "fig_9_16_slower_ipc.py")
FASTER = load(FOLDER + "fig_9_17_faster_ipc.py")
COMPARE = load(FOLDER + "compare.py")
SPEED = SLOWER.speed
FACTORS = SPEED.factors
BLOCKS = FOLDER + "primes_ascending_blocks.py"
POOLED = load(FOLDER + "primes_pool_less_naive.py")
QUICK = SPEED.prime_check.SAMPLES["quick"]
BOOK = SPEED.prime_check.SAMPLES["book"]

PRIMES = [p for p in range(23, 1000) if all(p % d for d in range(2, p))]


@given(st.integers(2, 3000), st.integers(1, 500), st.integers(0, 20))
@settings(max_examples=30)
def test_counts_of_factors_are_those_of_trial_division(lower, length, more):
    upper = lower + length
    root = math.isqrt(upper - 1) + more
    smallest, divides = ([0] * (root + 1) for _ in range(2))
    for n in range(lower, upper):
        factors = [d for d in range(2, n) if n % d == 0]
        for d in factors:
            if d <= root:
                divides[d] += 1
        if factors:
            smallest[factors[0]] += 1
    counted = FREQUENCY.count_factors(lower, upper, root)
    assert [counts.tolist() for counts in counted] == [smallest, divides]


def test_segments_add_up_to_the_whole(monkeypatch):
    args = argparse.Namespace(limit=10_000)
    whole = FREQUENCY.measure(args)["fig_9_15"]
    monkeypatch.setattr(FREQUENCY, "SEGMENT", 997)
    assert FREQUENCY.measure(args)["fig_9_15"] == whole
    assert whole["nbr_primes"] == 1_229
    assert whole["nbr_non_primes"] == 9_999 - 1_229
    assert whole["smallest"][:2] == [[2, 4_999], [3, 1_666]]
    assert len(whole["divides"]) == 99
    assert whole["divides"][:3] == [4_999, 3_332, 2_499]


def test_the_finding_of_figure_9_15_names_the_shares_of_small_factors():
    counted = FREQUENCY.measure(argparse.Namespace(limit=100))["fig_9_15"]
    early = sum(any(n % d == 0 for d in range(2, min(n, 21))) for n in range(4, 101))
    assert early == 74 == counted["nbr_non_primes"]
    said = numbers_in(FREQUENCY.finding(counted))
    assert said == ["74", "2", "66.2", "3", "21.6", "5", "8.1", "21", "100.0", "25"]


class Jobs:
    """A pool that does the jobs itself and keeps them."""

    def __init__(self):
        self.jobs = []

    def map(self, function, jobs):
        self.jobs += jobs
        return [function(job) for job in jobs]


def test_numbers_that_are_settled_early_give_the_pool_no_job():
    for n in range(2_000):
        pool = Jobs()
        POOLED.check_prime(n, pool, 2)
        assert FACTORS.is_settled_early(n) == (not pool.jobs), n


@given(st.lists(st.sampled_from(PRIMES), min_size=0, max_size=5))
def test_a_product_of_primes_has_these_prime_factors(primes):
    assert FACTORS.prime_factors(math.prod(primes)) == sorted(primes)


def test_the_square_of_every_small_prime_is_factored():
    assert all(FACTORS.prime_factors(p * p) == [p, p] for p in PRIMES)


@given(st.lists(st.sampled_from(PRIMES), min_size=1, max_size=3), st.integers(1, 5))
def test_the_place_of_a_factor_is_that_of_the_first_one_met_in_any_share(primes, nbr_shares):
    n = math.prod(primes)
    places = []
    for from_i, to_i in create_range.create(21, math.isqrt(n) + 1, nbr_shares):
        places += [(i - from_i) / (to_i - from_i) for i in range(from_i, to_i, 2) if n % i == 0]
    assert FACTORS.position_in_share(n, nbr_shares) == min(places, default=None)


def test_the_factors_of_the_chapters_numbers_lie_where_their_stand_ins_have_them():
    for samples, nbr_shares in itertools.product((QUICK, BOOK), (2, 4)):
        places = [
            FACTORS.position_in_share(samples[f"large non-prime {i}"], nbr_shares) for i in (1, 2)
        ]
        expected = {2: [0.603, 0.085], 4: [0.206, 0.170]}[nbr_shares]
        assert places == pytest.approx(expected, abs=0.002)
        assert FACTORS.position_in_share(samples["prime 1"], nbr_shares) is None


STOPPING_EARLY = [*sorted((ROOT / FOLDER).glob("primes_flag_*.py")), ROOT / BLOCKS]


@pytest.mark.parametrize("script", STOPPING_EARLY, ids=lambda path: path.name)
@pytest.mark.parametrize("samples", [QUICK, BOOK], ids=["quick", "book"])
def test_every_script_that_stops_early_says_how_far_into_a_share_the_factor_lies(script, samples):
    n = samples["large non-prime 1"]
    (factor, _), root = FACTORS.prime_factors(n), math.isqrt(n)
    said = " ".join(script.read_text().split('"""')[1].split())
    for nbr_shares, which in ((2, "first of two"), (4, "second of four")):
        shares = create_range.create(FACTORS.SERIAL_CHECK_CUTOFF, root + 1, nbr_shares)
        (place,) = [i for i, (from_i, to_i) in enumerate(shares) if from_i <= factor < to_i]
        assert which.startswith(("first", "second")[place])
        percent = 100 * FACTORS.position_in_share(n, nbr_shares)
        assert re.search(rf"\b{percent:.0f} % of the way into the {which}\b", said)
    assert f"{script.relative_to(ROOT)} --workers 2" in said
    assert f"{script.relative_to(ROOT)} --workers 4" in said


def words(said):
    """Return what ways with a flag are called, in the order of the sentence."""
    return re.findall("(?:is|are) (slower|as fast|faster)", said)


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ([0.5, 0.94], "a (0.50x) and b (0.94x) are slower"),
        ([0.96, 1.04], "a (0.96x) and b (1.04x) are as fast"),
        ([1.06, 12], "a (1.06x) and b (12.00x) are faster"),
        ([0.5, 1], "a (0.50x) is slower, b (1.00x) is as fast"),
        ([2, 1, 3], "a (2.00x) and c (3.00x) are faster, b (1.00x) is as fast"),
        ([1], "a (1.00x) is as fast"),
    ],
)
def test_a_gain_is_called_what_it_is(gains, expected):
    assert SPEED.in_words(dict(zip(("a flag", "b", "c"), gains, strict=False))) == expected


def measured(numbers, seconds, workers=(2,), usable_cpus=2):
    """Return a measurement in which each of ``numbers`` takes ``seconds[way]`` at best.

    In each other round all ways take twice as long.
    """
    runs = [
        {"way": way, "workers": n, "seconds": [[2 * best, best, best] for best in bests]}
        for way, bests in seconds.items()
        for n in workers
    ]
    return {"numbers": numbers, "runs": runs, "machine": {"usable_cpus": usable_cpus}}


SECONDS = {
    SPEED.POOL: [1e-6, 0.4, 0.4, 0.4],
    SPEED.MANAGER: [1e-6, 0.4, 0.1, 0.5],
    SPEED.REDIS: [1e-6, 0.5, 0.05, 0.8],
    SPEED.SERIAL: [1e-6, 0.2, 0.3, 0.8],
}
LABELS = ("small non-prime", "large non-prime 1", "large non-prime 2", "prime 1")


def test_figure_9_16_says_what_each_flag_costs_and_saves():
    data = measured([QUICK[label] for label in LABELS], SECONDS)
    said = SLOWER.finding(data)
    non_primes, primes = ["1", "1.00", "0.80", "2", "4.00", "8.00"], ["0.80", "0.50"]
    positions = ["60", "9", "4", "21", "17"]  # of two shares, of four
    assert numbers_in(said) == ["2", *non_primes, *primes, *positions, "1", "256", "16"]
    assert words(said) == ["as fast", "slower", "faster", "slower"]
    assert re.findall("Manager|Redis", said) == 3 * ["Manager", "Redis"]


def test_figure_9_16_without_redis_says_so():
    seconds = {way: bests for way, bests in SECONDS.items() if way != SPEED.REDIS}
    said = SLOWER.finding(measured([BOOK[label] for label in LABELS], seconds))
    assert numbers_in(said) == ["2", "1", "1.00", "2", "4.00", "0.80", "60", "9", "4", "21", "17"]
    assert re.findall("Manager|Redis was left out|Redis", said) == [
        *3 * ["Manager"], "Redis was left out"
    ]  # fmt: skip


def test_figure_9_17_says_how_close_redux_is_on_primes():
    seconds = {way: [0.4, 0.3] for way in (SPEED.POOL, SPEED.RAWVALUE, SPEED.MMAP)}
    data = measured([10**9 + 7, 10**9 + 9], seconds | {SPEED.REDUX: [0.41, 0.25]})
    said = FASTER.finding(data)
    assert numbers_in(said) == ["2", "1.00", "1.00", "1.06", "-0.02", "0.00", "0.1"]
    assert words(said) == ["as fast", "faster"]
    assert "not the chapter's" in said
    data["runs"][0]["seconds"] = [[0.8, 0.5, 0.4], [0.6, 0.4, 0.3]]  # the pool's
    assert numbers_in(FASTER.finding(data))[-3:] == ["-0.04", "0.10", "0.1"]


def test_one_worker_has_no_other_to_stop():
    said = SLOWER.finding(measured([QUICK[label] for label in LABELS], SECONDS, (1, 4), 1))
    assert "(1 worker;" in said
    assert "One worker" in said


def test_more_workers_than_cpus_are_named_as_such():
    data = measured([QUICK[label] for label in LABELS], SECONDS, (4, 8))
    assert "4 workers on 2 CPUs" in SLOWER.finding(data)
    assert "With 8 workers on 2 CPUs" in SLOWER.finding(data)
    data = measured([QUICK[label] for label in LABELS], SECONDS, (2, 4), 4)
    assert "the time that a flag costs" not in SLOWER.finding(data)


def test_numbers_that_are_settled_early_leave_a_flag_nothing_to_save():
    data = measured([97, 15], {way: [1e-6, 1e-6] for way in SECONDS})
    for said in (SLOWER.finding(data), FASTER.finding(data)):
        assert numbers_in(said) == words(said) == []


def test_a_number_is_named_by_the_chapters_name_or_in_short_lines():
    for n, nbr_workers, name, factor in (
        (QUICK["small non-prime"], 2, "small non-prime", []),
        (BOOK["prime 2"], 4, "prime 2", []),
        (BOOK["large non-prime 1"], 4, "large non-prime 1", ["21"]),
        (100_000_007 * 3, 2, "300,000,021", []),
        (10**18 + 9, 2, "1,000,000, 000,000, 000,009", []),
    ):
        lines = SPEED.tick(n, nbr_workers).split("\n")
        assert max(map(len, lines)) <= 13
        assert " ".join(lines).startswith(name)
        assert numbers_in(" ".join(lines).removeprefix(name)) == factor
        assert ("no factor" in " ".join(lines)) == (n in (BOOK["prime 2"], 10**18 + 9))


@pytest.mark.parametrize("nbr_numbers", [1, 5, 12])
def test_there_is_a_row_for_each_number_of_workers(monkeypatch, nbr_numbers):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    numbers = [10**9 + 7, 97, 10**9 + 9, 15, *range(25, 41)][:nbr_numbers]
    data = measured(numbers, {way: [0.1] * nbr_numbers for way in SECONDS}, (1, 2, 4))
    data |= {"name": "fig_9_16", "sizes": {"repeat": 2}, "machine": results.machine()}
    figure = SLOWER.draw(data)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert [title.partition(" ")[0] for title in titles] == ["1", "2", "4"]
    assert len(figure.axes) == (3 if nbr_numbers == 1 else 6)
    (legend,) = figure.legends
    assert {text.get_text() for text in legend.get_texts()} == set(SECONDS)


def test_without_a_redis_server_the_rest_is_measured(monkeypatch, capsys):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(redis_server, "LOCAL_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(redis_server, "find_binaries", list)
    with SPEED.redis_if_any(None) as url:
        assert url is None
    (line,) = capsys.readouterr().err.splitlines()
    assert "left out: Redis flag: no Redis server" in line
    assert list(COMPARE.ways([97], 2, None)) == [way for way in SPEED.SCRIPTS if "Redis" not in way]

"""What the figures of primes_pool/ make of their measurements, and the arithmetic of chunks."""

import heapq
import itertools
import math
import multiprocessing.pool
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import load, numbers_in

PRIME_COST = load("primes_pool/fig_9_09_prime_cost.py")
CHUNKSIZE = load("primes_pool/fig_9_10_chunksize.py")
NBR_CHUNKS = load("primes_pool/fig_9_13_nbr_chunks.py")
SPEED = NBR_CHUNKS.pool_speed
POOL = SPEED.primes_pool
REPORT = SPEED.pool_check
CLAIMS = load("primes_pool/claims.py")


def simulate(nbr_chunks, nbr_workers):
    """Let whichever worker is free take the next chunk, each of one second; return their ends."""
    ends = [0] * nbr_workers
    for _ in range(nbr_chunks):
        heapq.heapreplace(ends, ends[0] + 1)
    return ends


@given(st.integers(1, 300), st.integers(1, 40))
def test_rounds_and_idle_workers_are_those_of_a_simulation(nbr_chunks, nbr_workers):
    ends = simulate(nbr_chunks, nbr_workers)
    assert REPORT.count_rounds(nbr_chunks, nbr_workers) == max(ends)
    assert REPORT.count_idle(nbr_chunks, nbr_workers) == sum(end < max(ends) for end in ends)
    assert NBR_CHUNKS.busiest_share(nbr_chunks, nbr_workers) == pytest.approx(
        max(ends) / nbr_chunks
    )


@given(st.integers(1, 300), st.integers(1, 40))
def test_the_rounds_in_words_add_up_to_the_chunks(nbr_chunks, nbr_workers):
    said = REPORT.describe_rounds(nbr_chunks, nbr_workers)
    rounds = [math.prod(map(int, part.split(" x "))) for part in said.split(" + ")]
    assert sum(rounds) == nbr_chunks
    last = int(said.split(" + ")[-1].split(" x ")[-1])
    assert nbr_workers - last == REPORT.count_idle(nbr_chunks, nbr_workers)


def pool_chunks(nbr_jobs, chunksize):
    """Return the chunks that Pool.map itself cuts."""
    return [
        chunk for _, chunk in multiprocessing.pool.Pool._get_tasks(abs, range(nbr_jobs), chunksize)
    ]


@given(st.integers(1, 2_000), st.integers(1, 2_500))
def test_chunks_are_counted_as_pool_map_cuts_them(nbr_jobs, chunksize):
    assert REPORT.count_chunks(nbr_jobs, chunksize) == len(pool_chunks(nbr_jobs, chunksize))


@pytest.mark.parametrize("nbr_workers", [1, 2, 3])
@pytest.mark.parametrize("nbr_jobs", [1, 7, 16, 100, 1_000])
def test_as_many_chunks_are_sent_by_default_as_the_default_chunksize_makes(nbr_jobs, nbr_workers):
    chunksize = POOL.default_chunksize(nbr_jobs, nbr_workers)
    expected = len(pool_chunks(nbr_jobs, chunksize))
    assert SPEED.count_default_chunks(nbr_jobs, nbr_workers) == expected


@given(st.integers(NBR_CHUNKS.FEWEST_NUMBERS, 20_000), st.integers(1, NBR_CHUNKS.MOST_CHUNKS))
def test_figure_9_13_gets_every_number_of_chunks(nbr_numbers, nbr_chunks):
    chunksize = NBR_CHUNKS.chunksize_for(nbr_numbers, nbr_chunks)
    assert len(pool_chunks(nbr_numbers, chunksize)) == nbr_chunks


def test_one_number_less_is_too_few_for_32_chunks():
    nbr_numbers = NBR_CHUNKS.FEWEST_NUMBERS - 1
    assert len(pool_chunks(nbr_numbers, NBR_CHUNKS.chunksize_for(nbr_numbers, 32))) < 32


def test_most_chunks_of_the_quick_size_of_figure_9_13_are_equal():
    for nbr_chunks in range(1, 33):
        sizes = [len(c) for c in pool_chunks(5_040, NBR_CHUNKS.chunksize_for(5_040, nbr_chunks))]
        assert sizes[-1] > 0.85 * sizes[0], nbr_chunks


def test_the_primes_are_spread_so_that_chunks_hold_equally_many():
    numbers = range(10**8, 10**8 + 5_040)
    spread = SPEED.spread_evenly(numbers)
    assert sorted(spread) == list(numbers)
    is_prime = {n: POOL.check_prime(n) for n in numbers}
    for nbr_chunks in range(1, 33):
        chunks = pool_chunks(5_040, NBR_CHUNKS.chunksize_for(5_040, nbr_chunks))
        full = [[spread[i] for i in chunk] for chunk in chunks if len(chunk) == len(chunks[0])]
        primes = [sum(is_prime[n] for n in chunk) for chunk in full]
        assert max(primes) - min(primes) <= 1


@given(st.integers(100, 200_000), st.integers(1, 64))
def test_the_chunksizes_to_measure_are_ordered_and_end_with_half_the_workers(nbr_numbers, workers):
    sizes = CHUNKSIZE.chunksizes(nbr_numbers, workers)
    assert sizes == sorted(set(sizes))
    assert set(CHUNKSIZE.SMALL) <= set(sizes)
    assert POOL.default_chunksize(nbr_numbers, workers) in sizes
    if nbr_numbers >= 64 * workers:
        assert REPORT.count_chunks(nbr_numbers, sizes[-1]) == max(1, workers // 2)


def test_the_chapters_numbers_give_the_chapters_chunksizes():
    sizes = CHUNKSIZE.chunksizes(100_000, 4)
    assert sizes[:7] == [1, 2, 4, 8, 16, 32, 64]
    assert sizes[-1] == 50_000
    assert {6_250, 10_000} <= set(sizes)


@given(st.floats(0, 10), st.floats(0.001, 1))
def test_the_curve_of_figure_9_09_finds_what_grows_as_sqrt_n(intercept, slope):
    times = {n: intercept + slope * math.sqrt(n) for n in range(10_000, 1_000_000, 10_007)}
    assert PRIME_COST.fit(times) == pytest.approx((intercept, slope), abs=1e-6)


@given(st.integers(1_000, 20_000))
def test_the_numbers_of_figure_9_09_are_spread_and_the_same_every_time(nbr_numbers):
    numbers = PRIME_COST.choose_numbers(nbr_numbers)
    assert numbers == PRIME_COST.choose_numbers(nbr_numbers)
    assert len(numbers) == nbr_numbers
    assert numbers[0] >= PRIME_COST.LOWER
    assert numbers[-1] < PRIME_COST.UPPER
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    assert min(steps) >= 1
    assert max(steps) <= 2 * 990_000 / nbr_numbers + 1


def test_the_finding_of_figure_9_09():
    primes = {n: 0.02 * math.sqrt(n) for n in (10_007, 250_007, 999_983)}
    composites = {n: n / 100_000 for n in (20_000, 30_000, 40_000)}
    said = PRIME_COST.finding(primes, composites)
    low, high = ["10.0", "10,000"], ["10.0", "1,000,000"]
    assert numbers_in(said) == [*low, *high, "100", "3", "10", "3", "0.30"]
    assert "0.30 µs" in said


def test_figure_9_10_says_what_doubling_gains():
    seconds = {1: [5.0, 4.0, 4.0], 2: [3.0, 2.0, 2.0], 64: [1.0, 1.0, 1.0]}
    said = CHUNKSIZE.small_finding(seconds, 2.0, "4 workers")
    assert numbers_in(said) == ["4", "4.000", "1", "2.0", "2", "50", "64", "25"]


def test_figure_9_11_says_how_good_the_default_is():
    seconds = {1: [4.0, 5.0, 5.0], 6_250: [1.0, 3.0, 1.0], 50_000: [2.0, 6.0, 2.0]}
    said = CHUNKSIZE.large_finding(seconds, 100_000, 4, "4 workers")
    default, largest = ["6,250", "1.000"], ["2", "50,000", "2", "4", "2.00"]
    assert numbers_in(said) == ["4", *default, "3", *largest]
    assert re.findall("least|more", said) == ["least"]
    seconds[1] = [0.8, 2.4, 0.8]
    said = CHUNKSIZE.large_finding(seconds, 100_000, 4, "4 workers")
    assert numbers_in(said) == ["4", *default, "25", "1", "3", *largest]
    assert re.findall("least|more", said) == ["more"]


@pytest.mark.parametrize(
    ("shuffled", "noise", "words", "percent"),
    [
        (0.9, 1.0, ["less", "less", "more"], "0.0"),
        (1.1, 1.0, ["more", "less", "more"], "0.0"),
        (0.9, 1.5, ["less", "less", "less"], "50.0"),
        (1.1, 1.5, ["more", "less", "less"], "50.0"),
    ],
)
def test_figure_9_12_says_what_shuffling_gains(shuffled, noise, words, percent):
    ordered = {chunksize: [1.0, noise, noise] for chunksize in (1, 2, 4)}
    mixed = {k: [shuffled * n for n in rounds] for k, rounds in ordered.items()}
    said = CHUNKSIZE.shuffled_finding(ordered, mixed, "4 workers")
    assert numbers_in(said) == ["4", "10.0", "2", percent]
    assert re.findall("less|more", said) == words  # than ordered, in the chapter, than the noise


def sawtooth(nbr_workers, nbr_chunks=range(1, 33)):
    return {k: [0.0, NBR_CHUNKS.busiest_share(k, nbr_workers), 2.0] for k in nbr_chunks}


def test_figure_9_13_finds_the_teeth_at_the_multiples_of_the_workers():
    said = NBR_CHUNKS.finding(sawtooth(4), 4, 4, "4 workers", 2_520)
    teeth = ["4", "+60", "4", "5", "+10.3", "28", "29", "7", "7"]
    assert numbers_in(said) == [
        "4",
        *teeth,
        "29",
        "32",
        "+25.9",
        "2,520",
        "+30",
        "4",
        "100,000",
        "+0.8",
    ]


def test_figure_9_13_says_that_noise_hides_teeth():
    flat = {nbr_chunks: [1.0, 1.3, 1.7] for nbr_chunks in range(1, 33)}
    said = NBR_CHUNKS.finding(flat, 4, 4, "4 workers", 2_520)
    assert numbers_in(said)[-12:-5] == ["29", "0", "7", "5", "29", "32", "+0.0"]
    assert "lost" in said


@given(st.integers(2, 31))
def test_one_chunk_more_than_a_multiple_always_costs_time_by_arithmetic(nbr_workers):
    costs = NBR_CHUNKS.jumps(NBR_CHUNKS.medians(sawtooth(nbr_workers)), nbr_workers)
    assert list(costs) == [k for k in range(1, 32) if k % nbr_workers == 0]
    assert min(costs.values()) > 0


@pytest.mark.parametrize(
    ("nbr_workers", "usable", "expected", "words"),
    [
        (1, 2, [], ["no sawtooth"]),
        (64, 64, ["32"], ["no teeth"]),
        (20, 32, ["20", "+90", "20", "21"], []),
        (4, 2, ["4", "+60", "4", "5", "+10.3", "28", "29", "7", "7"], ["blur"]),
    ],
)
def test_figure_9_13_says_when_it_cannot_show_its_point(nbr_workers, usable, expected, words):
    said = NBR_CHUNKS.finding(sawtooth(nbr_workers), nbr_workers, usable, "some workers", 2_520)
    assert "some workers" in said
    assert numbers_in(said)[:-8] == expected
    assert numbers_in(said)[-8:-6] == ["29", "32"]
    assert re.findall("no sawtooth|no teeth|blur", said) == words


@pytest.mark.parametrize(
    ("nbr_workers", "usable", "expected", "words"),
    [
        (1, 1, ["1"], ["worker"]),
        (2, 2, ["2"], ["workers"]),
        (2, 1, ["2", "1"], ["workers", "CPU"]),
        (4, 2, ["4", "2"], ["workers", "CPUs"]),
    ],
)
def test_workers_that_share_cpus_are_named_so(nbr_workers, usable, expected, words):
    said = SPEED.describe_workers({"machine": {"usable_cpus": usable}}, nbr_workers)
    assert numbers_in(said) == expected
    assert re.findall("workers?|CPUs?", said) == words


def test_the_best_run_of_one_process_is_found():
    runs = [
        {"workers": 1, "order": "ordered", "chunksize": 9, "seconds": [0.1]},
        {"workers": 1, "order": "serial", "chunksize": None, "seconds": [3.0, 2.0]},
        {"workers": 2, "order": "ordered", "chunksize": 7, "seconds": [0.2]},
        {"workers": 2, "order": "ordered", "chunksize": 3, "seconds": [0.3]},
        {"workers": 2, "order": "serial", "chunksize": None, "seconds": [2.5, 4.0]},
    ]
    assert SPEED.serial(runs) == 2.0
    assert SPEED.workers(runs) == [1, 2]
    assert list(SPEED.seconds(runs, 2, SPEED.ORDERED).items()) == [(3, [0.3]), (7, [0.2])]


@pytest.mark.parametrize(
    ("draw", "nbr_panels"),
    [(CHUNKSIZE.draw_small, 1), (CHUNKSIZE.draw_large, 3), (CHUNKSIZE.draw_shuffled, 6)],
)
def test_several_numbers_of_workers_are_drawn_side_by_side(draw, nbr_panels, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runs = [
        {"workers": n, "order": order, "chunksize": chunksize, "seconds": [1.0 / n, 2.0]}
        for n in (1, 4, 8)
        for order in (SPEED.ORDERED, SPEED.SHUFFLED)
        for chunksize in CHUNKSIZE.chunksizes(5_000, n)
    ]
    runs.append({"workers": 1, "order": SPEED.SERIAL, "chunksize": None, "seconds": [1.0]})
    machine = {"cpu": "", "usable_cpus": 4, "python": "", "gil": True, "start_method": "fork"}
    figure = draw(
        {"name": "fig_9_10", "runs": runs, "sizes": {"nbr_numbers": 5_000}, "machine": machine}
    )
    assert len(figure.axes) == nbr_panels
    said = figure.texts[1].get_text().replace("\n", " ")
    data = {"machine": machine}
    assert all(SPEED.describe_workers(data, nbr_workers) in said for nbr_workers in (1, 4, 8))


@pytest.mark.parametrize(
    ("measured", "usable_cpus", "judged"),
    [([2], 2, 2), ([1, 2, 4, 8], 4, 4), ([2, 4, 16, 32], 64, 4), ([1, 2, 4], 3, 2)],
)
def test_claims_are_judged_with_the_most_workers_that_have_a_cpu_each(
    measured, usable_cpus, judged
):
    figure = {"machine": {"usable_cpus": usable_cpus}, "runs": [{"workers": n} for n in measured]}
    assert CLAIMS.for_workers(2, 12)(lambda figure, nbr_workers: nbr_workers)(figure) == judged


@pytest.mark.parametrize(("measured", "usable_cpus"), [([1], 8), ([4], 2), ([64], 64)])
def test_claims_on_a_pool_need_workers_with_a_cpu_each(measured, usable_cpus):
    figure = {"machine": {"usable_cpus": usable_cpus}, "runs": [{"workers": n} for n in measured]}
    _, verdict, reason = CLAIMS.for_workers(2, 12)(lambda *_: pytest.fail("judged"))(figure)
    assert verdict == "cannot tell here"
    assert numbers_in(reason) == ["2", "12", f"{min(4, usable_cpus)}"]

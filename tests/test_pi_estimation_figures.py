"""The figures on pi: Amdahl's law, what they say, and the samples of busy CPUs."""

import collections
import itertools
import re
import sys

from common import cli

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Run, load, numbers_in

darts = load("pi_estimation/fig_9_01_darts.py")
speed_figures = {
    "fig_9_02": load("pi_estimation/fig_9_02_lists_speed.py"),
    "fig_9_08": load("pi_estimation/fig_9_08_numpy_speed.py"),
}
cpu_usage = load("pi_estimation/fig_9_03_cpu_usage.py")
pi_speed = sys.modules["pi_speed"]
amdahl = sys.modules["amdahl"]

SHARES = st.floats(0, 1)
NUMBERS = st.sets(st.integers(1, 64), min_size=2, max_size=6)
DURATIONS = st.integers(1, 5).map(
    lambda nbr_rounds: st.lists(st.floats(0.001, 100), min_size=nbr_rounds, max_size=nbr_rounds)
)


def times(share, numbers, one=2.0):
    return {n: one / amdahl.speed_up(share, n) for n in numbers}


@given(SHARES, NUMBERS, st.floats(0.001, 1000))
def test_exact_times_give_the_serial_share(share, numbers, one):
    seconds = {n: [t, 3 * t, t] for n, t in times(share, numbers, one).items()}
    fitted, found = amdahl.fit(seconds)
    assert found == pytest.approx(share, abs=1e-6)
    assert fitted == pytest.approx(one, rel=1e-6)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("numbers", [(1, 2), (1, 2, 4, 8), (2, 4, 16)])
def test_the_serial_share_is_found_in_spite_of_noise(share, numbers):
    within = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        seconds = {
            n: list(t * (1 + rng.exponential(0.02, 15))) for n, t in times(share, numbers).items()
        }
        assert amdahl.fit(seconds)[1] == pytest.approx(share, abs=0.03)
        low, high = amdahl.interval(seconds)
        within.append(low <= share <= high)
    assert np.mean(within) > 0.6


@given(DURATIONS.flatmap(lambda d: st.dictionaries(st.integers(1, 64), d, min_size=2, max_size=5)))
@settings(max_examples=10)
def test_whatever_was_measured_the_share_is_one_and_within_its_interval(seconds):
    one, share = amdahl.fit(seconds)
    low, high = amdahl.interval(seconds)
    assert one > 0
    assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize(
    ("best", "share"),
    [
        ({1: 1.0, 2: 0.4}, 0.0),  # more than twice as fast
        ({1: 1.0, 2: 0.5, 4: 0.1}, 0.0),
        ({1: 1.0, 2: 1.0}, 1.0),
        ({1: 1.0, 2: 1.5}, 1.0),  # slower
        ({2: 1.0, 4: 3.0}, 1.0),  # a + b would be negative
    ],
)
def test_a_share_below_0_is_0_and_above_1_is_1(best, share):
    assert amdahl.fit({n: [t] for n, t in best.items()})[1] == pytest.approx(share)


def test_what_amdahls_law_foretells():
    assert amdahl.speed_up(0, 64) == 64
    assert amdahl.speed_up(1, 64) == 1
    assert amdahl.speed_up(0.05, 16) == pytest.approx(1 / (0.05 + 0.95 / 16))


def speed_finding(processes, threads, usable, serial=1.0):
    seconds = {
        "serial": {1: [serial]},
        "processes": {n: [t] for n, t in processes.items()},
        "threads": {n: [t] for n, t in threads.items()},
    }
    law = pi_speed.fitted_law(seconds["processes"], usable)
    return pi_speed.finding(seconds, usable, law)


FINDINGS = [
    (
        {1: 1.0, 2: 0.55, 4: 0.6},
        {1: 1.0, 2: 1.25, 4: 1.3},
        2,
        "2 1.82 2 0.80 4 1.67 0.77, 1 2 2 1.82 1, 10.0 95 10.0 10.0, "
        "6.4 6.4 6.4 16, 8.8 8.8 8.8 64",
        ["exactly"],
    ),
    (
        {1: 1.0, 2: 2.0},
        {1: 1.0, 2: 0.5},
        2,
        "2 0.50 2 2.00",
        ["no gain"],
    ),
    (
        {1: 1.0, 2: 0.5, 4: 0.25},
        {1: 1.0, 2: 0.5, 4: 0.25},
        8,
        "4 4.00 4 4.00, 3 1 4, 0.0 95 0.0 0.0, 16.0 16.0 16.0 16, 64.0 64.0 64.0 64",
        [],
    ),
    (
        {1: 1.0, 2: 1.1},
        {1: 1.0, 2: 1.0},
        1,
        "1, 2 0.91 2 1.00",
        ["no gain"],
    ),
    (
        {1: 1.25},
        {1: 1.0},
        2,
        "1 0.80 1 1.00, 2",
        ["needs"],
    ),
    (
        {4: 0.5, 8: 0.5},
        {4: 1.0, 8: 1.0},
        2,
        "8 2.00 8 1.00, 2, 2",
        ["needs"],
    ),
]


@pytest.mark.parametrize(("processes", "threads", "usable", "expected", "words"), FINDINGS)
def test_what_is_said_of_threads_and_processes(processes, threads, usable, expected, words):
    said = speed_finding(processes, threads, usable)
    assert numbers_in(said) == expected.replace(",", "").split()
    assert re.findall("no gain|needs|exactly", said) == words


def test_where_there_is_no_gain_amdahls_law_is_not_drawn(speeds):
    for run in speeds["runs"]:
        run["seconds"] = [1.0, 1.1]
    figure = speed_figures["fig_9_08"].draw({**speeds, "name": "fig_9_08"})
    (legend,) = figure.legends
    assert "no gain" in figure.finding
    assert not [text for text in legend.get_texts() if "Amdahl" in text.get_text()]


def test_amdahls_law_is_not_to_be_relied_on_if_other_programs_used_the_cpus(speeds):
    for busy, doubt in (
        ({}, ""),
        ({"other_cpus": 0.9}, "do not rely on it; other programs used 0.9 CPUs overall"),
        ({"stolen": 0.5}, "do not rely on it; the host withheld 0.5 CPUs overall"),
    ):
        finding = speed_figures["fig_9_08"].draw({**speeds, "name": "fig_9_08", **busy}).finding
        assert doubt in finding
        assert ("do not rely on it" in finding) == bool(doubt)


MACHINE = {"cpu": "CPU", "usable_cpus": 2, "python": "P", "gil": True, "start_method": "fork"}


@pytest.fixture
def speeds(monkeypatch):
    """Return what a figure of speeds stores."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runs = [
        {"kind": kind, "workers": n, "seconds": [1 / n, 1.1 / n]}
        for kind, numbers in {"serial": [1], "processes": [1, 2], "threads": [1, 2]}.items()
        for n in numbers
    ]
    return {"runs": runs, "sizes": {"repeat": 2}, "machine": MACHINE}


def test_the_band_of_amdahls_law_is_in_the_legend(speeds):
    figure = speed_figures["fig_9_08"].draw({**speeds, "name": "fig_9_08"})
    (legend,) = figure.legends
    assert "95 % interval of the fit" in [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("name", ["fig_9_02", "fig_9_08"])
def test_a_figure_says_on_which_build_it_was_measured_and_what_threads_waited_for(name, speeds):
    for gil, words in (
        (True, "With the GIL"),
        (False, "Without the GIL, .* wait for .* [Rr]andom"),
    ):
        data = {**speeds, "name": name, "machine": MACHINE | {"gil": gil}}
        assert re.search(words, speed_figures[name].draw(data).finding)


def test_what_is_said_of_darts():
    said = darts.finding(3.1, [3.0, 3.2, 3.1415927], 10_000)
    assert numbers_in(said) == ["10,000", "3.1000", "3", "3.0000", "3.2000", "0.0584"]
    assert numbers_in(darts.finding(4.0, [0.0], 1)) == ["1", "4.0000", "0.0000"]


Cpu = collections.namedtuple("Cpu", "user nice system idle iowait guest")


def test_busy_is_what_is_neither_idle_nor_waiting():
    assert cpu_usage.busy_and_total(Cpu(5.0, 1.0, 2.0, 30.0, 4.0, 3.0)) == (8.0, 42.0)


def test_samples_become_percentages_and_the_examples_own_seconds():
    taken = [
        (9.9, [(5.0, 50.0), (5.0, 50.0)], {}),
        (10.1, [(5.1, 50.1), (5.0, 50.1)], {7: 0.05}),
        (10.2, [(5.15, 50.2), (5.0, 50.1)], {7: 0.05, 8: 0.1}),
        (10.3, [(5.15, 50.3), (5.2, 50.2)], {7: 0.06}),  # 8 has ended
        (10.4, [(5.15, 50.4), (5.1, 50.3)], {}),  # times that went backwards
    ]
    assert cpu_usage.summary(10.0, 10.35, taken) == {
        "seconds": pytest.approx(0.35),
        "times": pytest.approx([-0.1, 0.1, 0.2, 0.3, 0.4]),
        "percent": [[100, 0], [50, 0], [0, 100], [0, 0]],
        "own": [0, 0.05, 0.15, 0.16, 0.16],
    }


RUN = {
    "seconds": 0.35,
    "times": [-0.1, 0.1, 0.2, 0.3, 0.4],
    "percent": [[50, 0], [100, 50], [100, 0], [0, 100]],
    "own": [0, 0.05, 0.2, 0.27, 0.27],
}
TOOK = [{"workers": "1 process", "seconds": 2.0}, {"workers": "2 processes", "seconds": 1.0}]


def test_the_examples_share_is_told_apart_from_that_of_other_programs():
    own, every, averages = cpu_usage.usage(RUN)
    assert own == pytest.approx(0.9)
    assert averages == pytest.approx([250 / 3, 50 / 3])
    assert every == pytest.approx(1.0)
    shares, took = ["0.90", "2", "0.10", "83", "17"], ["1", "2.00", "2", "1.00"]
    assert numbers_in(cpu_usage.finding(RUN, 2, TOOK)) == shares + took
    assert numbers_in(cpu_usage.finding(RUN, 2, [])) == shares
    assert cpu_usage.finding(RUN, 2, []).startswith("During the run shown, ")


def test_each_figure_tells_the_times_of_all_runs():
    data = {"sizes": {}, "machine": MACHINE, "nbr_workers": 2, "threads": False, "runs": [RUN]}
    for name in (*cpu_usage.FIGURES.values(), cpu_usage.THREADS_FIGURE):
        figure = cpu_usage.draw({**data, "name": name, "took": TOOK})
        assert "From start to end, start-up included, 1 process took 2.00 s" in figure.finding


@pytest.mark.parametrize(
    ("threads", "gil", "words"),
    [
        (True, True, "With the GIL, one thread at a time"),
        (True, False, "Without the GIL, .* wait for one lock"),
        (False, True, "Each process has a GIL of its own"),
        (False, False, "There is no GIL"),
    ],
)
def test_a_figure_of_cpus_says_on_which_build_it_was_measured(threads, gil, words):
    data = {"sizes": {}, "nbr_workers": 4, "threads": threads, "runs": [RUN], "took": []}
    data |= {"name": "fig_9_07", "machine": MACHINE | {"gil": gil}}
    assert re.search(words, cpu_usage.draw(data).finding)


def test_an_example_that_nobody_has_seen_has_no_share():
    run = {**RUN, "seconds": 0.05}
    assert cpu_usage.usage(run) is None
    assert numbers_in(cpu_usage.finding(run, 2, TOOK[:1])) == ["1", "2.00"]


def test_the_example_is_looked_at_while_it_runs():
    run = cpu_usage.sample(2, False, 1_000_000)
    assert run["times"] == sorted(run["times"])
    assert run["times"][0] < 0 < run["seconds"] < run["times"][-1]
    assert len(run["own"]) == len(run["times"]) == len(run["percent"]) + 1
    assert all(0 <= percent <= 100 for percents in run["percent"] for percent in percents)
    assert run["own"][0] == 0 < run["own"][-1]
    assert all(before <= now for before, now in itertools.pairwise(run["own"]))


@pytest.mark.parametrize(
    ("returncode", "errors", "error", "message"),
    [
        (-9, "", cli.Failure, "process 5 was killed by signal 9 (SIGKILL)"),
        (1, "pi_lists_parallel.py: worker 7 was\n", cli.Failure, "worker 7 was"),
        (1, "Traceback\n  line\nKeyError: 3\n", cli.Failure, "KeyError: 3"),
        (1, "", cli.Failure, "pi_lists_parallel.py ended with exit code 1"),
        (2, "pi_lists_parallel.py: no room\n", cli.UserError, "no room"),
    ],
)
def test_an_error_of_the_example_is_ours(returncode, errors, error, message):
    with pytest.raises(error, match=re.escape(message) + "$"):
        cpu_usage.explain(5, returncode, errors)


def test_an_error_of_the_example_in_another_encoding_is_ours():
    code = "import os, sys; os.write(2, '\u4e2d'.encode('gbk')); sys.exit(1)"
    with (
        pytest.raises(cli.Failure, match=r"^\\xd6\\xd0$"),
        cpu_usage.example([sys.executable, "-c", code]) as process,
    ):
        process.wait()


def test_an_example_that_refuses_its_arguments_is_an_error():
    with pytest.raises(cli.UserError, match="must be from 1 to"):
        cpu_usage.sample(2, False, 0)


def test_sigterm_ends_the_example_too():
    arguments = ("--nbr_samples_in_total", "1e9", "--repeat", "1", "--workers", "2")
    with Run("pi_estimation/fig_9_03_cpu_usage.py", *arguments) as run:
        run.wait_until_at_work(victims=True, seed="term")
        run.process.terminate()
        assert run.wait(20) == 143
        assert run.stderr == "fig_9_03_cpu_usage.py: terminated\n"
        assert not list(run.results.glob("*"))
        run.assert_nothing_left()

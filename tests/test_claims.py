"""Each claim holds, differs or cannot be told by the results, and never without them."""

import importlib
import itertools
import json
import math

from common import claims, results

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT, SECTIONS, call, load

MACHINE = {
    "cpu": "a CPU",
    "usable_cpus": 8,
    "physical_cores": 4,
    "python": "CPython 3.11.7",
    "gil": True,
    "start_method": "fork",
}
WITH_CLAIMS = [section for section in SECTIONS if (ROOT / section / "claims.py").exists()]
CLAIMS = [
    (section, claim) for section in WITH_CLAIMS for claim in load(f"{section}/claims.py").CLAIMS
]
CASES = {
    says: case
    for section in WITH_CLAIMS
    for says, case in importlib.import_module(f"claims_{section}").CASES.items()
}
BUSY = {"other_cpus": 1.4}

every_claim = pytest.mark.parametrize(
    ("section", "claim"), CLAIMS, ids=[claim.says for _, claim in CLAIMS]
)


def judged(section, claim, measured, folder, **more):
    """Return yours, verdict and reason of ``claim`` if results/ held ``measured``."""
    for name, data in measured.items():
        machine = MACHINE | data.get("machine", {}) | more.get("machine", {})
        data = {"format": results.FORMAT, "name": name, **data, **more, "machine": machine}
        results.write(folder / f"{name}.json", data)
    return claims.judge(claim, ROOT / section, folder)


def test_every_claim_has_a_case_and_every_case_a_claim():
    assert sorted(claim.says for _, claim in CLAIMS) == sorted(CASES)


@every_claim
def test_a_claim_is_plain_text_and_says_what_it_tolerates(section, claim):
    for text in (claim.place, claim.says, claim.chapter, claim.tolerance):
        assert text.strip()
    assert claim.results


@every_claim
def test_it_holds_on_one_side_of_its_tolerance_and_differs_on_the_other(section, claim, tmp_path):
    holds, differs = CASES[claim.says]
    assert holds.keys() == differs.keys() == {*claim.results}
    yours, verdict, reason = judged(section, claim, holds, tmp_path)
    assert (verdict, reason) == (claims.HOLDS, "")
    other_yours, verdict, reason = judged(section, claim, differs, tmp_path)
    assert verdict == claims.DIFFERS
    assert reason
    assert yours != other_yours


@every_claim
def test_without_a_result_it_says_what_measures_it(section, claim, tmp_path):
    for missing in claim.results:
        for case in CASES[claim.says]:
            judged(section, claim, case, tmp_path)
            (tmp_path / f"{missing}.json").unlink()
            yours, verdict, reason = claims.judge(claim, ROOT / section, tmp_path)
            assert (yours, verdict) == ("", claims.CANNOT_TELL)
            script = reason.partition("python ")[2].split()[0]
            assert missing in claims.outputs(ROOT / script)


@every_claim
def test_what_is_not_a_measurement_is_none(section, claim, tmp_path):
    judged(section, claim, CASES[claim.says][0], tmp_path)
    broken = claim.results[-1]
    for text in ("", "{", "[]", "{}", '"x"', "\0", "[" * 100_000):
        (tmp_path / f"{broken}.json").write_text(text)
        _, verdict, reason = claims.judge(claim, ROOT / section, tmp_path)
        assert verdict == claims.CANNOT_TELL, text
        assert f"{broken}.json" in reason
        assert "python " in reason


@every_claim
def test_missing_keys_and_wrong_types_cost_a_claim_no_more_than_its_verdict(
    section, claim, tmp_path
):
    holds = CASES[claim.says][0]
    wrongs = (None, "x", [], {}, 0, [None], ["x"])
    for (name, data), wrong in itertools.product(holds.items(), wrongs):
        verdicts = []
        for key in data:
            for damaged in ({**data, key: wrong}, {k: v for k, v in data.items() if k != key}):
                _, verdict, reason = judged(section, claim, {**holds, name: damaged}, tmp_path)
                assert verdict == claims.HOLDS or reason
                verdicts.append(verdict)
        assert claims.CANNOT_TELL in verdicts, wrong


HELPED_BY_LOAD = "four threads keep no CPU fully busy: together they use about one"


@every_claim
def test_a_busy_machine_refutes_nothing(section, claim, tmp_path):
    holds, differs = CASES[claim.says]
    _, verdict, reason = judged(section, claim, holds, tmp_path, **BUSY)
    assert verdict == (claims.CANNOT_TELL if claim.says == HELPED_BY_LOAD else claims.HOLDS)
    assert ("1.4 CPUs" in reason) == claim.timed
    yours, verdict, reason = judged(section, claim, differs, tmp_path, **BUSY)
    assert verdict == (claims.CANNOT_TELL if claim.timed else claims.DIFFERS)
    assert ("1.4 CPUs" in reason) == claim.timed
    assert yours
    _, verdict, _ = judged(section, claim, differs, tmp_path, stolen=0.1, other_cpus=0.1)
    assert verdict == claims.DIFFERS


@every_claim
def test_with_one_cpu_it_says_how_many_it_needs(section, claim, tmp_path):
    holds, _ = CASES[claim.says]
    _, verdict, reason = judged(section, claim, holds, tmp_path, machine={"usable_cpus": 1})
    if claim.cpus > 1:
        assert (verdict, reason) == (
            claims.CANNOT_TELL,
            f"needs {claim.cpus} CPUs; 1 usable",
        )


positive = st.floats(0.001, 1000)


@given(positive, positive, positive, st.floats(0, 0.5))
def test_a_number_holds_within_differs_outside_and_is_too_close_between(value, one, other, zone):
    low, high = sorted((one, other))
    yours, verdict, reason = claims.number(value, "{:.3f}", low, high, zone, "why")
    assert yours == f"{value:.3f}"
    assert (verdict == claims.HOLDS) == (low <= value <= high)
    assert (verdict == claims.DIFFERS) == (value < low * (1 - zone) or value > high * (1 + zone))
    assert reason == {claims.HOLDS: "", claims.DIFFERS: "why"}.get(verdict, "too close to call")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (1.5, claims.HOLDS),
        (1.4, claims.CANNOT_TELL),
        (1.3, claims.DIFFERS),
        (math.nan, claims.CANNOT_TELL),
    ],
)
def test_a_number_just_outside_is_too_close_to_call(value, verdict):
    assert claims.number(value, "{}", low=1.5, zone=0.1, why="why")[1] == verdict


def test_how_many_times_as_fast_is_the_median_of_the_rounds():
    assert results.speed_up([2.0, 9.0, 8.0], [1.0, 3.0, 2.0]) == 3.0


def test_the_seconds_of_a_way_are_those_of_the_job_asked_for():
    ways = [
        {"job": "small job", "name": "a way", "seconds": [1]},
        {"job": "large job", "name": "a way", "seconds": [2]},
    ]
    assert results.seconds({"ways": ways}, "a way") == [1]
    assert results.seconds({"ways": ways}, "a way", "large") == [2]
    with pytest.raises(KeyError, match="another"):
        results.seconds({"ways": ways}, "another")


def test_the_figures_have_one_script_each():
    stored = [
        name
        for section in SECTIONS
        for path in (ROOT / section).glob("*.py")
        for name in claims.outputs(path)
    ]
    assert sorted(set(stored)) == sorted(stored)
    figures = {name for name in stored if name.startswith("fig_")}
    assert figures == {f"fig_9_{number:02}" for number in range(1, 19)}
    assert {f"compare_{section}" for section in SECTIONS} <= {*stored}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("fig_9_05", "python pi_estimation/fig_9_03_cpu_usage.py"),
        ("compare_pi_estimation", "python pi_estimation/compare.py"),
        ("random_streams", "python pi_estimation/random_streams.py --output results"),
    ],
)
def test_the_command_that_measures(name, command):
    assert claims.how_to_measure(ROOT / "pi_estimation", name) == command


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ([], "0 hold, 0 differ, 0 cannot tell here"),
        ([claims.HOLDS, claims.DIFFERS], "1 holds, 1 differs, 0 cannot tell here"),
        ([claims.HOLDS] * 2 + [claims.CANNOT_TELL], "2 hold, 0 differ, 1 cannot tell here"),
    ],
)
def test_the_summary_counts_verdicts(verdicts, text):
    assert claims.summary([{"verdict": verdict} for verdict in verdicts]) == text


def test_judged_claims_are_stored_as_they_are_printed(tmp_path, capsys):
    assert call("pi_estimation/claims.py", "--from", tmp_path, "--output", tmp_path) == 0
    data = json.loads((tmp_path / "claims_pi_estimation.json").read_text())
    assert [one["says"] for one in data["claims"]] == [
        claim.says for section, claim in CLAIMS if section == "pi_estimation"
    ]
    assert {one["verdict"] for one in data["claims"]} == {claims.CANNOT_TELL}
    printed = capsys.readouterr().out
    assert f"{len(data['claims'])} claims: 0 hold, 0 differ" in printed


def test_what_can_be_judged_is_printed_first(tmp_path, capsys):
    section, claim = [one for one in CLAIMS if one[0] == "pi_estimation"][-1]
    judged(section, claim, CASES[claim.says][0], tmp_path)
    assert call("pi_estimation/claims.py", "--from", tmp_path, "--output", tmp_path) == 0
    printed = capsys.readouterr().out
    assert printed.index(f"| {claims.HOLDS} ") < printed.index(claims.NOT_YET)

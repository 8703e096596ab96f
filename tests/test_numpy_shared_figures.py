"""What Figure 9-18 makes of samples of memory, and what its processes do when something fails."""

import multiprocessing
import re
import signal
import subprocess
import sys
import time

from common import cli

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import START_METHODS, load, numbers_in

figure = load("numpy_shared/fig_9_18_shared_memory.py")

GB = 10**9
BYTES = st.integers(0, 10**12)


def a_run(workers, parent, *of_workers, pss=True):
    """Return a run whose processes have these amounts of RSS (GB) at each sample."""
    memory = []
    for column in (parent, *of_workers):
        rss = [int(amount * GB) for amount in column]
        part = [nbytes // 2 if pss else 0 for nbytes in rss]
        memory.append({"rss": rss, "pss": part, "shared": part})
    times = [float(moment) for moment in range(len(parent))]
    events = {"start": 1.0, "end": 2.0}
    return {"workers": workers, "seconds": 0.5, "events": events, "times": times, "memory": memory}


def a_measurement(*runs, rows=1000, cols=125_000):
    numbers = {run["workers"] for run in runs}
    return {
        "sizes": {"repeat": len(runs) // len(numbers), "rows": rows, "cols": cols},
        "runs": list(runs),
        "unwatched": [{"workers": n, "seconds": 0.25} for n in sorted(numbers)],
    }


ONE_ARRAY = a_run(2, [0, 1, 1, 1, 1], [0, 0, 0.5, 0.5, 0], [0, 0, 0.25, 0.5, 0])


def test_what_all_processes_hold_is_added_up_for_each_sample():
    assert figure.total(ONE_ARRAY, "rss") == [0, GB, 1.75 * GB, 2 * GB, GB]
    assert figure.total(ONE_ARRAY, "pss") == [0, GB // 2, 0.875 * GB, GB, GB // 2]
    assert figure.samples_of_workers(ONE_ARRAY) == 2
    assert figure.peak(ONE_ARRAY) == 3


def test_the_peak_is_in_the_middle_of_the_plateau():
    assert figure.peak(a_run(1, [0, 1, 2, 2, 2, 1])) == 3
    assert figure.peak(a_run(1, [0, 1, 1.999, 2, 1.985, 1])) == 3


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["parent", 11, 12, 13]), st.tuples(BYTES, BYTES, BYTES)),
        min_size=1,
    )
)
def test_samples_are_the_same_by_process(samples):
    result = figure.by_process(list(enumerate(samples)))
    assert result["times"] == list(range(len(samples)))
    pids = list(dict.fromkeys(pid for memory in samples for pid in memory))
    assert len(result["memory"]) == len(pids)
    for pid, memory in zip(pids, result["memory"], strict=True):
        again = zip(memory["rss"], memory["pss"], memory["shared"], strict=True)
        assert list(again) == [sample.get(pid, (0, 0, 0)) for sample in samples]


def test_the_run_drawn_has_the_most_workers_and_then_the_most_samples_of_them():
    few, more = a_run(4, [1, 1], [0, 1]), a_run(4, [1, 1], [1, 1])
    often = a_run(2, [1, 1, 1, 1], [1, 1, 1, 1])
    assert figure.choose(a_measurement(few, often, more, often)) is more


def test_the_finding_says_what_rss_and_pss_add_up_to():
    said = figure.finding(a_measurement(ONE_ARRAY, ONE_ARRAY))
    workers_and_array, rss, pss = ["2", "1.00"], ["2.00", "2.00"], ["1.00", "1.00"]
    copies, chapter = ["3", "3.00"], ["1.25"]
    samples, seconds = ["2", "2"], ["0.50", "0.25"]
    assert numbers_in(said) == [
        *workers_and_array, *rss, *pss, *copies, *chapter, *samples, *seconds
    ]  # fmt: skip
    assert re.findall("RSS|PSS|[GM]B", said) == ["GB", "RSS", "GB", "PSS", "GB", "GB"]


def test_the_finding_tells_of_the_other_numbers_of_workers():
    others = a_run(1, [1, 1], [0, 0.5]), a_run(1, [1, 1], [0, 0.75])
    said = figure.finding(a_measurement(ONE_ARRAY, *others, ONE_ARRAY))
    assert numbers_in(said)[0] == "2"
    assert numbers_in(said)[9:11] == ["1", "1.75"]


def test_the_finding_says_where_the_system_does_not_tell():
    run = a_run(1, [0, 1, 1, 1, 1], [0, 0, 0.5, 1, 0], pss=False)
    said = figure.finding(a_measurement(run))
    assert numbers_in(said)[:6] == ["1", "1.00", "2.00", "2.00", "2", "2.00"]
    assert "neither PSS" in said
    assert "more rows" not in said


@pytest.mark.parametrize("pss", [True, False])
def test_the_finding_says_when_the_array_is_too_small(pss):
    run = a_run(1, [0.04, 0.04], [0, 0.04], pss=pss)
    said = figure.finding(a_measurement(run, rows=10, cols=100_000))
    assert "8.0 MB" in said
    assert "more rows" in said


def test_more_workers_than_rows_make_no_more_copies():
    run = a_run(8, [1, 1], [0, 1])
    assert figure.copies(a_measurement(run, rows=3), run) == 4
    assert figure.copies(a_measurement(run, rows=9), run) == 9


@pytest.mark.parametrize(
    ("code", "errors", "kind", "message"),
    [
        (2, "np_shared.py: does not fit", cli.UserError, "does not fit"),
        (1, "np_shared.py: wrong answer: 3", cli.Failure, "wrong answer: 3"),
        (1, "Traceback\n  line\nKeyError: 3", cli.Failure, "KeyError: 3"),
        (143, "", cli.Failure, "np_shared.py ended with exit code 143"),
        (-9, "leaked", cli.Failure, "process 7 was killed by signal 9 (SIGKILL)"),
    ],
)
def test_an_error_of_the_run_is_one_of_ours(code, errors, kind, message):
    error = figure.error_of(7, code, errors)
    assert (type(error), str(error)) == (kind, message)


def test_a_size_that_np_shared_refuses_is_refused_in_its_words():
    with pytest.raises(cli.UserError, match=r"bytes do not fit in .*: --rows .* would fit"):
        figure.run(2, 10**12, 100)


def test_an_error_of_the_run_in_another_encoding_is_ours(tmp_path, monkeypatch):
    script = tmp_path / "np_shared.py"
    script.write_text("import os, sys; os.write(2, b'np_shared.py: \\xd6\\xd0'); sys.exit(1)")
    monkeypatch.setattr(figure, "SCRIPT", script)
    with pytest.raises(cli.Failure, match=r"^\\xd6\\xd0$"):
        figure.run(2, 10, 10, watched=False)


def test_a_run_ends_with_the_block_that_started_it():
    with pytest.raises(ZeroDivisionError), figure.started(2, 10**7, 1) as (process, lines):
        while not lines:
            time.sleep(0.01)
        raise ZeroDivisionError
    assert process.returncode == -signal.SIGKILL


def test_memory_of_a_process_that_has_ended_is_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    ended = psutil.Process(process.pid)
    process.wait()
    assert figure.memory_of(ended) == (0, 0, 0)


@pytest.mark.skipif(not figure.HAS_SMAPS_ROLLUP, reason="needs /proc/PID/smaps_rollup")
def test_memory_is_what_psutil_reads():
    code = "import time; print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(0.1)
        info = psutil.Process(process.pid).memory_full_info()
        rss, pss, shared = figure.memory_of(psutil.Process(process.pid))
        process.kill()
    assert abs(rss - info.rss) < 1e6  # the kernel rounds one of the two
    assert abs(pss - info.pss) < 1e6  # others come and go, who share the interpreter
    assert abs(shared - (info.rss - info.uss)) < 2e6
    assert 0 < pss < rss


@pytest.fixture
def method(request):
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)


@pytest.mark.parametrize("method", START_METHODS, indirect=True)
def test_a_run_shows_the_parent_and_its_workers_and_nobody_else(method):
    seen = figure.run(2, 1000, 4_000)
    assert len(seen["memory"]) == 3
    assert figure.total(seen, "rss")[figure.peak(seen)] > 2 * 32e6
    assert 0 < seen["events"]["start"] < seen["events"]["end"] < seen["times"][-1]
    assert 0 < seen["seconds"] < seen["events"]["end"] - seen["events"]["start"]


def test_nobody_looks_at_an_unwatched_run():
    seen = figure.run(1, 1, 1, watched=False)
    assert seen["seconds"] > 0
    assert seen["times"] == seen["memory"] == []

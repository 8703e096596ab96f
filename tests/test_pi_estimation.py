"""The estimates of pi: kernels, the cache, random streams, and deaths in runs that are short."""

import inspect
import multiprocessing
import random
import re
import signal
import subprocess
import sys

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import HAS_INTERPRETERS, IN_NAMESPACE, ROOT, TIMEOUT, Run, call, load, needs_mounts

INTERPRETERS_SCRIPT = "pi_estimation/pi_lists_interpreters.py"
interpreters = load(INTERPRETERS_SCRIPT)
threads = load("pi_estimation/pi_lists_threads.py")
LISTS = [
    load(f"pi_estimation/{name}.py").estimate_nbr_points_in_quarter_circle
    for name in (
        "pi_lists_series",
        "pi_lists_parallel",
        "pi_lists_parallel_joblib",
        "pi_lists_parallel_joblib_cache",
    )
]
LISTS += [interpreters.estimate_nbr_points_in_quarter_circle, threads.estimate_with_shared]
NUMPY = [
    load(f"pi_estimation/{name}.py").estimate_nbr_points_in_quarter_circle
    for name in ("pi_numpy_serial", "pi_numpy_parallel")
]
CACHE_SCRIPT = "pi_estimation/pi_lists_parallel_joblib_cache.py"
line_costs = load("pi_estimation/numpy_line_costs.py")
random_streams = load("pi_estimation/random_streams.py")
worker_memory = load("pi_estimation/worker_memory.py")
pi_check, cache_check = sys.modules["pi_check"], sys.modules["cache_check"]

WITH_IDX = load(CACHE_SCRIPT).estimate_nbr_points_in_quarter_circle_with_idx
WITHOUT_IDX = "estimate_nbr_points_in_quarter_circle"


@pytest.mark.parametrize("kernel", [*LISTS, lambda n: WITH_IDX(n, 0)])
@given(nbr_estimates=st.integers(0, 200), seed=st.integers(0, 2**32))
@settings(max_examples=10)
def test_lists_kernels_count_the_darts_inside(kernel, nbr_estimates, seed):
    random.seed(seed)
    darts = [(random.random(), random.random()) for _ in range(nbr_estimates)]
    random.seed(seed)
    assert kernel(nbr_estimates) == sum(x * x + y * y <= 1 for x, y in darts)


OWN = [threads.estimate_with_own]


@pytest.mark.parametrize("kernel", [*LISTS, *OWN, *NUMPY, lambda n: WITH_IDX(n, 0)])
def test_kernels_estimate_pi(kernel):
    pi_check.report(kernel(100_000), 100_000)  # raises Failure
    assert kernel(0) == 0


def test_a_thread_with_a_random_of_its_own_leaves_the_shared_one_alone():
    random.seed(42)
    before = random.getstate()
    threads.estimate_with_own(10)
    assert random.getstate() == before
    threads.estimate_with_shared(10)
    assert random.getstate() != before


@pytest.mark.parametrize("own", [False, True])
def test_threads_throw_all_darts(own, monkeypatch):
    monkeypatch.setattr(threads, "estimate_nbr_points_in_quarter_circle", lambda n, generator: n)
    assert threads.run(10_001, 3, own)[0] == 10_001


def test_what_an_import_says():
    assert interpreters.try_import("json") == "it loads"
    assert interpreters.try_import("no_such_module") == "No module named 'no_such_module'"


@pytest.mark.skipif(HAS_INTERPRETERS, reason="this Python has a pool of interpreters")
def test_without_a_pool_of_interpreters_one_line_says_what_is_needed(capsys):
    assert call(INTERPRETERS_SCRIPT, "2") == 2
    line = "pi_lists_interpreters.py: InterpreterPoolExecutor needs CPython 3.14 or newer\n"
    assert capsys.readouterr().err == line


@given(nbr_samples=st.integers(0, 200), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_numpy_kernels_lines_count_the_darts_inside(nbr_samples, seed):
    np.random.seed(seed)
    xs, ys = np.random.uniform(size=nbr_samples), np.random.uniform(size=nbr_samples)
    names = {"np": np, "nbr_samples": nbr_samples}
    np.random.seed(seed)
    exec("\n".join(line_costs.LINES[1:]), names)  # all but the kernel's own seeding
    assert names["nbr_in_quarter_circle"] == sum(
        x * x + y * y <= 1 for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
    )


@pytest.mark.parametrize("kernel", NUMPY)
def test_numpy_kernels_seed_themselves_in_each_call(kernel):
    draws = []
    for _ in range(2):
        np.random.seed(42)
        kernel(1)
        draws.append(np.random.random())
    assert draws[0] != draws[1]


def test_line_costs_times_the_lines_of_the_numpy_kernel():
    for kernel in NUMPY:
        source = [
            line.partition("  #")[0].strip() for line in inspect.getsource(kernel).split("\n")
        ]
        *lines, count = line_costs.LINES
        assert source[2:-1] == [*lines, count.replace("nbr_in_quarter_circle =", "return")]


def test_line_costs_prefixes_end_with_the_count():
    counts = [line_costs.prefix(nbr_lines)(1000) for nbr_lines in range(1, 6)]
    assert counts[:4] == [None] * 4
    pi_check.report(counts[4], 1000)


def test_the_seconds_are_printed_with_the_darts_per_second(capsys):
    pi_check.report_delta(0.5, 1_000_000)
    assert capsys.readouterr().out == "Delta: 0.500000 s (2,000,000 darts per second)\n"
    pi_check.report_delta(0.5, 0)
    assert capsys.readouterr().out == "Delta: 0.500000 s\n"


def test_a_wrong_estimate_is_refused():
    with pytest.raises(pi_check.cli.Failure):
        pi_check.report(790_000, 1_000_000)
    pi_check.report(790_000, 1_000_000, nbr_independent_samples=10_000)


@given(st.integers(1, 10**12), st.integers(1, 100))
def test_blocks_of_one_draw_are_worth_one_block(nbr_in_block, nbr_blocks):
    independent = cache_check.nbr_independent_samples([nbr_in_block] * nbr_blocks)
    assert independent == pytest.approx(nbr_in_block)


@given(st.sets(st.integers(1, 10**6), min_size=1, max_size=20))
def test_blocks_of_different_draws_are_worth_all_their_darts(sizes):
    assert cache_check.nbr_independent_samples(list(sizes)) == pytest.approx(sum(sizes))


def run_cached(folder, *arguments, cwd=ROOT):
    """Return what a run computes, its estimates, and how many blocks it says were there before."""
    arguments = ("2", "--nbr_samples_in_total", "10_001", "--cache", folder, *arguments)
    with Run(CACHE_SCRIPT, *arguments, cwd=cwd) as run:
        assert (run.wait(), run.stderr) == (0, "")
        executed = re.findall(r"Executing.* (?:for block (\d)|without (idx)) on pid", run.stdout)
        is_idle = re.search(r"^Delta: \d+\.\d{6} s$", run.stdout, re.MULTILINE) is not None
        assert is_idle == (not executed) == ("darts per second" not in run.stdout)
        cached = re.findall(r"(\d of \d) block\(s\) are in the cache", run.stdout)
        return ["".join(pair) for pair in executed], re.findall("Estimated.*", run.stdout), cached


def test_a_run_executes_only_what_is_not_in_the_cache_and_says_what_is(tmp_path):
    folder = tmp_path / "a cache"  # of one block of 1,251 darts and seven of 1,250
    executed, estimates, cached = run_cached(folder)
    assert (sorted(executed), cached) == ([*"01234567", "idx", "idx"], [])
    assert run_cached(folder, cwd=tmp_path) == ([], estimates, ["8 of 8"])
    executed, _, cached = run_cached(folder, "--nbr_samples_in_total", "10_000")
    assert (executed, cached) == (["0"], ["7 of 8"])
    executed, _, cached = run_cached(folder, "--clear", "--nbr_parallel_blocks", "9")
    assert (sorted(executed), cached) == ([*"012345678", "idx", "idx"], [])


def test_two_runs_may_share_a_cache(tmp_path):
    arguments = ("2", "--nbr_samples_in_total", "10_001", "--cache", tmp_path)
    with Run(CACHE_SCRIPT, *arguments) as one, Run(CACHE_SCRIPT, *arguments) as other:
        for run in (one, other):
            assert run.wait() == 0, run.stderr
            assert run.stderr == ""


ON_A_SMALL_DISK = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


@needs_mounts
@pytest.mark.parametrize("size", ["4k", "24k"])
def test_a_full_disk_is_one_line(tmp_path, size):
    script = [sys.executable, ROOT / CACHE_SCRIPT, "2", "--nbr_samples_in_total", "10_001"]
    script += ["--cache", tmp_path / "cache"]
    result = subprocess.run(
        [*IN_NAMESPACE, ON_A_SMALL_DISK, "sh", size, tmp_path, *script],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert result.returncode == 2, result.stdout
    assert re.fullmatch(r"\S+\.py: (?:no|cannot) .*No space left on device.*\n", result.stderr)


def make_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-3]),
    "empty": lambda path: path.write_bytes(b""),
    "no pickle": lambda path: path.write_bytes(bytes(range(256))),
    "text": lambda path: joblib.dump("800", path),
    "float": lambda path: joblib.dump(800.5, path),
    "true": lambda path: joblib.dump(True, path),
    "too many": lambda path: joblib.dump(1_252, path),
    "negative": lambda path: joblib.dump(-1, path),
    "of a class that is gone": lambda path: path.write_bytes(b"\x80\x04cno_module\nNo\n)\x81."),
    "folder": make_folder,
}


def run_again(folder):
    """Run with blocks of 1,250 darts; return how many it computes, and what it says is broken."""
    size = ("1", "--nbr_samples_in_total", 12_500, "--nbr_parallel_blocks", 10)
    with Run(CACHE_SCRIPT, *size, "--cache", folder) as run:
        assert (run.wait(), run.stderr) == (0, "")
        broken = re.findall(r"Broken in the cache, so computed again: (.*)", run.stdout)
        return run.stdout.count("Executing"), broken


def test_broken_results_in_the_cache_are_computed_again_with_one_line(tmp_path):
    assert run_again(tmp_path) == (11, [])
    for name, damages in ((WITH_IDX.__name__, [*DAMAGES.values()]), (WITHOUT_IDX, [make_folder])):
        results = tmp_path.glob(f"**/{name}/*/output.pkl")
        for path, damage in zip([*results], damages, strict=True):
            damage(path)
    assert run_again(tmp_path) == (11, ["11 result(s)"])
    assert run_again(tmp_path) == (0, [])


def test_broken_code_in_the_cache_is_written_again_with_one_line(tmp_path):
    run_again(tmp_path)
    broken = {WITH_IDX.__name__: b"\xff\xfe\x00", WITHOUT_IDX: b"# first line: none\n"}
    for name, code in broken.items():
        (path,) = tmp_path.glob(f"**/{name}/func_code.py")
        path.write_bytes(code)
    assert run_again(tmp_path) == (11, [f"all of {name}" for name in broken])
    assert run_again(tmp_path) == (0, [])


@pytest.mark.parametrize("name", ["lock", "joblib"])
def test_a_cache_in_which_something_is_in_the_way_is_refused(tmp_path, name):
    wrong = tmp_path / name
    wrong.mkdir() if name == "lock" else wrong.touch()
    with Run(CACHE_SCRIPT, "2", "--cache", tmp_path) as run:
        assert run.wait() == 2
        assert re.fullmatch(r"\S+\.py: no cache in .+: (Is|Not) a directory\n", run.stderr)


def test_a_worker_writes_its_own_row_of_draws():
    draws = multiprocessing.RawArray("d", 12)
    for idx in (0, 2):
        random_streams.draw(idx, np.random.SeedSequence(1), draws)
    assert draws[4:8] == [0.0] * 4
    assert draws[3] == draws[11] == np.random.default_rng(np.random.SeedSequence(1)).random()
    assert len(set(draws[:3]) | set(draws[8:11])) == 6


@pytest.mark.parametrize(
    ("start_method", "nbr_different", "message"),
    [(None, 1, "repeat each other"), ("spawn", 5, "No two workers drew the same")],
)
def test_only_forked_workers_repeat_each_other(start_method, nbr_different, message):
    option = ("--start-method", start_method) if start_method else ()
    with Run("pi_estimation/random_streams.py", "5", *option) as run:
        assert run.wait() == 0, run.stderr
        last_row = re.search(r"different.*", run.stdout)[0]
        assert re.findall(r"(\d) of 5", last_row) == ["5", str(nbr_different), "5", "5"]
        assert message in run.stdout


def test_data_are_written_to():
    data = worker_memory.data_worker()
    assert data.nbytes == worker_memory.NBR_DATA_BYTES
    assert (data == 42).all()


def test_that_workers_lack_numpy_is_said_before_they_start(monkeypatch, capsys):
    monkeypatch.setattr(worker_memory.importlib.util, "find_spec", lambda name: None)
    assert call("pi_estimation/worker_memory.py", 2) == 2
    assert capsys.readouterr().err == "worker_memory.py: No module named 'numpy'\n"


def test_memory_that_is_not_known_is_shown_as_such():
    assert worker_memory.megabytes([1_000_000, 2_000_000]) == "1.5 MB"
    assert worker_memory.megabytes([1_000_000, None]) == "-"


IMPORTS = """
import runpy, sys
sys.argv[:] = sys.argv[1:]
sys.path.insert(0, "pi_estimation")
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    print(end.code, sorted({"numpy", "joblib", "psutil", "matplotlib"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("script", "arguments", "imported"),
    [
        ("pi_lists_series", ("--nbr_samples_in_total", "1000"), []),
        ("pi_lists_parallel", ("2", "--nbr_samples_in_total", "1000"), []),
        ("worker_memory", ("1",), ["psutil"]),
    ],
)
def test_scripts_that_do_without_numpy(script, arguments, imported):
    result = subprocess.run(
        [sys.executable, "-c", IMPORTS, f"pi_estimation/{script}.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert result.stdout.endswith(f"\n0 {imported}\n"), result.stderr


SHORT = (
    ("pi_estimation/pi_numpy_parallel.py", ("2", "--nbr_samples_in_total", "1e7")),
    ("pi_estimation/random_streams.py", ("20",)),
    ("pi_estimation/worker_memory.py", ("10",)),
)


def first_spawned_worker(run):
    """Return a worker as soon as it has been spawned, stopped so that it cannot end by itself."""

    def spawned():
        return [w for w in run.workers() if "--multiprocessing-fork" in w.cmdline()]

    worker = run.wait_for(spawned, "workers")[0]
    worker.suspend()
    return worker


@pytest.mark.parametrize(("script", "arguments"), SHORT)
def test_a_killed_worker_is_an_error_in_short_runs_too(script, arguments):
    with Run(script, *arguments, "--start-method", "spawn") as run:
        worker = first_spawned_worker(run)
        worker.kill()
        assert run.wait(20) == 1
        assert re.fullmatch(
            rf"\S+\.py: worker {worker.pid} was killed by signal 9 \(SIGKILL\)\n", run.stderr
        )
        run.assert_nothing_left()


@pytest.mark.parametrize(("script", "arguments"), SHORT)
def test_workers_end_with_their_parent_in_short_runs_too(script, arguments):
    with Run(script, *arguments, "--start-method", "spawn") as run:
        worker = first_spawned_worker(run)
        run.process.send_signal(signal.SIGKILL)
        run.wait(20)
        worker.resume()
        run.assert_nothing_left()

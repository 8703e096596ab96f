"""Scripts under a profiler, and at Python's prompt."""

import itertools
import re
import signal
import subprocess
import sys

import pytest
from cases import CASES
from support import ROOT, START_METHODS, TIMEOUT, Run

POOLS = {  # one of each section, and each kind of process; two for each start method
    "numpy_shared": "np_shared.py",
    "pi_estimation": "pi_lists_parallel.py",
    "prime_verification_ipc": "primes_flag_manager.py",
    "primes_pool": "primes_pool.py",
    "primes_queue": "primes_queue.py",
    "sync_locking": "ex2_lock.py",
}
OTHERS = [
    "pi_lists_parallel_joblib.py",
    "pi_lists_parallel_joblib_cache.py",
    "fig_9_02_lists_speed.py",
]
PROFILED = [
    *(
        (f"{section}/{name}", ("--start-method", method))
        for (section, name), method in zip(POOLS.items(), itertools.cycle(START_METHODS))
    ),
    *((f"pi_estimation/{name}", ()) for name in OTHERS),
]


@pytest.mark.parametrize(("script", "method"), PROFILED)
def test_a_script_runs_under_a_profiler(script, method, tmp_path):
    stats = tmp_path / "stats"
    profiler = (sys.executable, "-m", "cProfile", "-o", str(stats))
    with Run(script, *CASES[script].args, *method, before=profiler) as run:
        assert run.wait() == 0
        assert run.stderr == ""
        for pattern in CASES[script].output:
            assert re.search(pattern, run.stdout), pattern
        assert stats.stat().st_size > 0
        run.assert_nothing_left()


@pytest.mark.parametrize("method", START_METHODS)
def test_after_a_script_its_names_and_pools_work_at_the_prompt(method):
    script = ROOT / "pi_estimation" / "pi_lists_parallel.py"
    sizes = ("2", "--nbr_samples_in_total", "1000", "--start-method", method)
    result = subprocess.run(
        [sys.executable, "-i", script, *sizes],
        input="print('inside:', run(3_000, 2)[0])\n",
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert result.returncode == 0
    assert result.stderr.replace(">>>", "").split() == []
    assert result.stdout.count("Executing") == 4
    assert re.search(r"inside: 2\d\d\d\n", result.stdout)


def test_ctrl_c_leaves_the_prompt_open():
    script = ROOT / "pi_estimation" / "pi_lists_parallel.py"
    with subprocess.Popen(
        [sys.executable, "-i", script, "2", "--nbr_samples_in_total", "1000"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdin.write("import time; print('at the prompt', flush=True); time.sleep(60)\n")
        process.stdin.flush()
        while "at the prompt" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate("print('still there')\n", timeout=TIMEOUT)
    assert process.returncode in (0, -signal.SIGINT)  # as Python 3.14 ends after a Ctrl-C
    assert "KeyboardInterrupt" in errors
    assert "interrupted" not in errors
    assert out.removesuffix(">>>> ").endswith("still there\n")  # that is PyPy's prompt

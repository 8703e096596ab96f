"""The cluster's scripts against a real scheduler with two workers, one of them killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import distributed
import pytest
from redis_servers import free_port
from support import Run

SCRIPTS = {
    "pi_estimation/pi_cluster.py": (
        ("--nbr_samples_in_total", "1.5e8", "--seed", "5"),
        "pi_estimation/pi_numpy_blocked.py",
        r"Estimated pi (\S+) ",
    ),
    "primes_pool/primes_cluster.py": (
        ("--upper", "1e9"),
        "primes_pool/primes_sieve.py",
        r"Number of primes .*: (.*)",
    ),
}


@contextlib.contextmanager
def started(*command, folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]],
        cwd=folder,  # none of the project's files lie here
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def cluster():
    """Give the address of a scheduler with two worker processes, and these."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        address = f"tcp://127.0.0.1:{free_port()}"
        port = address.rpartition(":")[2]
        scheduler = (
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            port,
            "--dashboard-address",
            "127.0.0.1:0",
        )
        stack.enter_context(started(*scheduler, folder=folder))
        worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        workers = [stack.enter_context(started(*worker, folder=folder)) for _ in range(2)]
        with distributed.Client(address, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            yield client, workers


def answer(pattern, *arguments):
    with Run(*arguments) as run:
        assert run.wait() == 0, run.stderr
        assert run.stderr == ""
        return re.search(pattern, run.stdout)[1]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_worker_killed_in_mid_run_does_not_change_the_answer(cluster, script):
    client, workers = cluster
    arguments, of_pool, pattern = SCRIPTS[script]
    expected = answer(pattern, of_pool, "2", *arguments)
    address = client.scheduler.address
    with Run(script, *arguments, "--scheduler", address) as run:
        run.wait_for(lambda: any(client.processing().values()), "jobs on the workers")
        time.sleep(0.3)
        workers[0].kill()
        assert run.wait() == 0, run.stderr
        assert "2 thread(s)" in run.stdout
        assert re.search(pattern, run.stdout)[1] == expected
    assert len(client.nthreads()) == 1


def test_a_cluster_that_is_not_there_is_one_line():
    scheduler = f"tcp://127.0.0.1:{free_port()}"
    with Run("pi_estimation/pi_cluster.py", "--scheduler", scheduler) as run:
        assert run.wait() == 2
        assert re.fullmatch(r"\S+\.py: no dask cluster at tcp://.*\n", run.stderr)


WITHOUT_DASK = """
import runpy, sys
sys.modules["distributed"] = None
sys.argv[:] = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_dask_one_line_says_what_to_install(script):
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_DASK, script, "2"], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert re.fullmatch(r"\S+\.py: .* pip install -r requirements-cluster.txt\n", result.stderr)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_cluster_on_this_machine_ends_with_its_parent(script):
    size = ("--upper", "1e13") if "primes" in script else ("--nbr_samples_in_total", "1e12")
    with Run(script, "1", *size) as run:
        run.wait_for(lambda: "Cluster:" in run.stdout, "a cluster")
        run.process.send_signal(signal.SIGKILL)
        run.wait(20)
        run.assert_nothing_left()

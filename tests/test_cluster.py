"""The cluster's scripts against a real scheduler with two workers, one of them killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import psutil
import pytest
from redis_servers import free_port
from support import Run, skip_if_missing

skip_if_missing("distributed", "joblib")

SCRIPTS = {
    "pi_estimation/pi_cluster.py": (
        ("--nbr_samples_in_total", "1e8", "--seed", "5"),
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
def started(*command, folder, before=(), **environment):
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]],
        cwd=folder,  # none of the project's files lie here
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        | {"TMPDIR": str(folder)}
        | environment,
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


@contextlib.contextmanager
def cluster_of(nbr_workers, **environment):
    """Give a client of a scheduler with so many workers, the scheduler's process and theirs."""
    import distributed  # imported here: it takes long, and few of pytest's processes need it

    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        port = free_port()
        address = f"tcp://127.0.0.1:{port}"
        where = ("--host", "127.0.0.1", "--port", str(port), "--dashboard-address", "127.0.0.1:0")
        scheduler = stack.enter_context(started("scheduler", *where, folder=folder))
        worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        workers = [
            stack.enter_context(started(*worker, folder=folder, **environment))
            for _ in range(nbr_workers)
        ]
        with distributed.Client(address, timeout=60) as client:
            client.wait_for_workers(nbr_workers, timeout=60)
            yield client, scheduler, workers


def answer(pattern, *arguments):
    with Run(*arguments) as run:
        assert run.wait() == 0, run.stderr
        assert run.stderr == ""
        return re.search(pattern, run.stdout)[1]


def test_a_worker_killed_in_mid_run_changes_no_answer_and_the_last_one_does_the_work():
    with cluster_of(3) as (client, _, workers):
        where = ("--scheduler", client.scheduler.address)
        for script, (arguments, of_pool, pattern) in SCRIPTS.items():
            expected = answer(pattern, of_pool, "2", *arguments)
            with Run(script, *arguments, *where) as run:
                run.wait_for(lambda: any(client.processing().values()), "jobs on the workers")
                time.sleep(0.2)
                workers.pop().kill()
                assert run.wait() == 0, run.stderr
                assert f"{len(workers) + 1} thread(s)" in run.stdout
                assert re.search(pattern, run.stdout)[1] == expected
            assert len(client.nthreads()) == len(workers)
        (last,) = workers
        before = psutil.Process(last.pid).cpu_times().user
        assert answer(pattern, script, *arguments, *where) == expected
        assert psutil.Process(last.pid).cpu_times().user - before > 0.5  # seconds


def signal_all(signum):
    return lambda scheduler, workers: [worker.send_signal(signum) for worker in workers]


LOST = {
    "all workers killed": (signal_all(signal.SIGKILL), "no sign of life from any worker for 2 s"),
    "all workers stopped": (signal_all(signal.SIGSTOP), "no sign of life from any worker for 2 s"),
    "scheduler killed": (lambda scheduler, _: scheduler.kill(), "(?:failed|no sign of life)"),
}


@pytest.mark.parametrize("lost", LOST)
def test_a_cluster_that_is_lost_is_an_error_in_one_line(lost):
    lose, expected = LOST[lost]
    sizes = ("--nbr_samples_in_total", "1e12", "--timeout", "2")
    with cluster_of(2) as (client, scheduler, workers):
        address = client.scheduler.address
        with Run("pi_estimation/pi_cluster.py", *sizes, "--scheduler", address) as run:
            run.wait_for(lambda: any(client.processing().values()), "jobs on the workers")
            lose(scheduler, workers)
            assert run.wait() == 1
            line = rf"pi_cluster\.py: the cluster at {address}\b.*{expected}.*\n"
            assert re.fullmatch(line, run.stderr), run.stderr


def test_a_cluster_goes_on_after_ctrl_z():
    sizes = ("--nbr_samples_in_total", "5e7", "--timeout", "1")
    with Run("pi_estimation/pi_cluster.py", "1", *sizes) as run:
        run.wait_for(lambda: "Cluster:" in run.stdout, "a cluster")
        run.send(signal.SIGSTOP, to_all=True)  # what Ctrl-Z does where there is a terminal
        time.sleep(2.5)
        run.send(signal.SIGCONT, to_all=True)
        assert run.wait() == 0, run.stderr
        run.assert_nothing_left()


def test_workers_without_numpy_are_an_error_in_one_line(tmp_path):
    script = "primes_pool/primes_cluster.py"
    (tmp_path / "numpy.py").write_text("raise ImportError('no numpy here')")
    (tmp_path / "numpy-0.1.dist-info").mkdir()
    (tmp_path / "numpy-0.1.dist-info/METADATA").write_text("Name: numpy\nVersion: 0.1\n")
    arguments, _, _ = SCRIPTS[script]
    with cluster_of(1, PYTHONPATH=str(tmp_path)) as (client, _, _):
        address = client.scheduler.address
        with Run(script, *arguments, "--scheduler", address, "--timeout", "5") as run:
            assert run.wait() == 1
            assert re.fullmatch(rf"\S+\.py: the cluster at {address}.*\n", run.stderr), run.stderr
            assert "Differs there: numpy 0.1, here " in run.stdout


@pytest.mark.parametrize(
    ("scheduler", "configuration"),
    [("tls://127.0.0.1:3333", ""), ("nowhere", ""), ("tcp://127.0.0.1:1", "a: [b")],
)
def test_what_dask_refuses_is_one_line(tmp_path, scheduler, configuration):
    (tmp_path / "dask.yaml").write_text(configuration)
    environment = {"DASK_CONFIG": str(tmp_path)}
    with Run("pi_estimation/pi_cluster.py", "--scheduler", scheduler, **environment) as run:
        assert run.wait() == 2
        assert re.fullmatch(r"\S+\.py: .+\n", run.stderr)


def test_a_cluster_that_is_not_there_is_one_line():
    scheduler = f"tcp://127.0.0.1:{free_port()}"
    with Run("pi_estimation/pi_cluster.py", "--scheduler", scheduler) as run:
        assert run.wait() == 2
        assert re.fullmatch(r"\S+\.py: the cluster at tcp://\S+ cannot be used: .*\n", run.stderr)


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
    assert re.fullmatch(r"\S+\.py: .* cd .+ && make setup-cluster\n", result.stderr)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_cluster_on_this_machine_ends_with_its_parent(script):
    size = ("--upper", "1e13") if "primes" in script else ("--nbr_samples_in_total", "1e12")
    with Run(script, "1", *size) as run:
        run.wait_for(lambda: "Cluster:" in run.stdout, "a cluster")
        run.process.send_signal(signal.SIGKILL)
        run.wait(20)
        run.assert_nothing_left()


class TwoHosts:
    """Two network namespaces joined by a cable; each has a worker, the first the scheduler."""

    def __init__(self, stack):
        self.names = [f"companion-{os.getpid()}-{host}" for host in (1, 2)]
        self.cables = [f"c{os.getpid()}-{host}" for host in (1, 2)]
        for name in self.names:
            self.ip("netns", "add", name)
            stack.callback(self.ip, "netns", "del", name)
        first, second = self.cables
        self.ip("link", "add", first, "type", "veth", "peer", "name", second)
        for host, (name, cable) in enumerate(zip(self.names, self.cables, strict=True), start=1):
            self.ip("link", "set", cable, "netns", name)
            self.ip("-n", name, "address", "add", f"10.99.0.{host}/24", "dev", cable)
            self.ip("-n", name, "link", "set", cable, "up")
            self.ip("-n", name, "link", "set", "lo", "up")
        self.scheduler = "tcp://10.99.0.1:8786"
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        where = ("--host", "10.99.0.1", "--port", "8786", "--dashboard-address", "127.0.0.1:0")
        worker = ("worker", self.scheduler, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        for host, command in ((0, ("scheduler", *where)), (0, worker), (1, worker)):
            stack.enter_context(started(*command, folder=folder, before=self.on(host)))
        wait = "import distributed, sys; distributed.Client(sys.argv[1]).wait_for_workers(2, 60)"
        command = [*self.on(1), sys.executable, "-c", wait, self.scheduler]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    @staticmethod
    def ip(*arguments):
        subprocess.run(["ip", *arguments], check=True, capture_output=True)

    def on(self, host):
        return ("ip", "netns", "exec", self.names[host])

    def cut(self, up_or_down="down"):
        self.ip("-n", self.names[0], "link", "set", self.cables[0], up_or_down)

    def run(self, *arguments):
        script = ("pi_estimation/pi_cluster.py", "--scheduler", self.scheduler, "--seed", "5")
        return Run(*script, *arguments, before=(*self.on(1), sys.executable))


def test_two_hosts_give_the_estimate_of_one_and_survive_a_cut_of_five_seconds_but_no_longer_one():
    sizes = ("--nbr_samples_in_total", "1e8")
    pattern = r"Estimated pi (\S+) "
    of_one = ("pi_estimation/pi_numpy_blocked.py", "2", *sizes, "--seed", "5")
    with contextlib.ExitStack() as stack:
        try:
            hosts = TwoHosts(stack)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no network namespaces here: {error}")
        with hosts.run(*sizes) as run:
            run.wait_for(lambda: "2 thread(s)" in run.stdout, "a cluster")
            hosts.cut()
            time.sleep(5)
            hosts.cut("up")
            assert run.wait() == 0, run.stderr
            assert run.stderr == ""
            assert re.search(pattern, run.stdout)[1] == answer(pattern, *of_one)
        with hosts.run("--nbr_samples_in_total", "1e12", "--timeout", "3") as run:
            run.wait_for(lambda: "2 thread(s)" in run.stdout, "a cluster")
            hosts.cut()
            assert run.wait() == 1
            assert re.fullmatch(r"pi_cluster\.py: the cluster at .*\n", run.stderr), run.stderr

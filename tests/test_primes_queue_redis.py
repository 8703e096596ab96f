"""The queue in Redis loses no job and counts none twice, whatever is killed in the middle."""

import itertools
import json
import os
import random
import re
import signal
import time

from common import cli, known_primes

import psutil
import pytest
import redis
from redis_servers import free_port, needs_redis, restartable_server, tcp_server
from support import Run, load

NAME = "primes_queue/primes_queue_redis.py"
SCRIPT = load(NAME)
JOBS, GROUP, RESULTS, RUN = SCRIPT.JOBS, SCRIPT.GROUP, SCRIPT.RESULTS, SCRIPT.RUN
LOWER = SCRIPT.LOWER
NBR_NUMBERS, BATCH = 80_000, 250  # about two seconds of computing
NBR_JOBS = NBR_NUMBERS // BATCH
FEWER = 25_000
SMALL = {"from_i": 0, "to_i": 1_000, "batch": 100}
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")

pytestmark = needs_redis


@pytest.fixture(scope="module")
def server():
    with tcp_server() as (port, _):
        yield port


@pytest.fixture
def rds(server):
    with redis.Redis(port=server) as client:
        client.flushall()
        yield client


def url_of(port):
    return f"redis://127.0.0.1:{port}/0"


def started(port, nbr_workers=2, *options, nbr_numbers=NBR_NUMBERS):
    sizes = ("--nbr_numbers", nbr_numbers, "--batch", BATCH)
    return Run(NAME, nbr_workers, "--redis-url", url_of(port), *sizes, *options)


def wait_until_done(run, client, nbr_jobs):
    run.wait_for(lambda: client.hlen(RESULTS) >= nbr_jobs, f"{nbr_jobs} results")


def check_end(run, client, nbr_numbers=NBR_NUMBERS):
    """Check that ``run`` finds all primes, each once, and leaves nothing."""
    assert run.wait() == 0, run.stderr
    assert run.stderr == ""
    are_prime = known_primes.are_prime(LOWER, LOWER + nbr_numbers)
    primes = [LOWER + i for i, is_prime in enumerate(are_prime) if is_prime]
    assert f"Number of primes from {LOWER:,} to {LOWER + nbr_numbers - 1:,}: {len(primes):,}\n" in (
        run.stdout
    )
    assert re.findall(r"^(?:First|Last) ten: *(.*)$", run.stdout, re.MULTILINE) == [
        " ".join(map(str, some)) for some in (primes[:10], primes[-10:])
    ]
    assert client.keys() == []
    run.assert_nothing_left()


def moments(seed, how_many):
    """Return ascending numbers of results, far enough from the end, to wait for."""
    return sorted(random.Random(seed).sample(range(1, NBR_JOBS // 2), how_many))


def pause(seed):
    time.sleep(random.Random(seed).uniform(0, 0.02))


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_workers_are_replaced_and_nothing_is_lost(rds, server, seed):
    with started(server, 3) as run:
        killed = set()
        for moment in moments(seed, 4):
            wait_until_done(run, rds, moment)
            pause(moment)
            victim = random.Random(moment).choice(run.wait_for(run.workers, "workers"))
            victim.kill()
            killed.add(victim.pid)
        check_end(run, rds)
        said = re.findall(
            r"^worker (\d+) was killed by signal 9 \(SIGKILL\): a new worker-[123]$",
            run.stdout,
            re.MULTILINE,
        )
        assert killed <= set(map(int, said))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_whose_coordinator_was_killed_is_resumed(rds, server, seed):
    options = ()
    for moment in moments(seed, 2):
        with started(server, 2, *options) as run:
            wait_until_done(run, rds, moment)
            pause(moment)
            run.process.kill()
            run.wait()
            run.assert_nothing_left()  # the workers, too, have ended
            assert rds.hlen(RESULTS) >= moment
        options = ("--resume",)
    nbr_done = rds.hlen(RESULTS)
    with Run(NAME, 3, "--redis-url", url_of(server), "--resume") as run:
        check_end(run, rds)
        line = f"Resumed: {NBR_NUMBERS:,} numbers, {BATCH} in a job, {nbr_done} jobs done\n"
        assert line in run.stdout


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_outlives_a_server_that_comes_back(signum, seed):
    with (
        restartable_server(*DURABLE) as (port, restart),
        redis.Redis(port=port) as client,
        started(port) as run,
    ):
        for moment in moments(seed, 2):
            wait_until_done(run, client, moment)
            pause(moment)
            restart(signum, random.Random(moment).uniform(0, 0.5))
            assert client.hlen(RESULTS) >= moment
        check_end(run, client)
        assert "Put again" not in run.stdout


def test_a_run_outlives_a_server_that_forgets_everything():
    with (
        restartable_server() as (port, restart),
        redis.Redis(port=port) as client,
        started(port, nbr_numbers=FEWER) as run,
    ):
        wait_until_done(run, client, 20)
        restart(signal.SIGKILL, 0.1)
        check_end(run, client, FEWER)
        assert f"Put again: {FEWER // BATCH} jobs\n" in run.stdout


def test_keys_that_are_deleted_from_outside_are_made_again(rds, server):
    with started(server, nbr_numbers=FEWER) as run:
        for number, key in enumerate((JOBS, RUN, RESULTS)):
            wait_until_done(run, rds, 10 * (number + 1))
            rds.delete(key)
        check_end(run, rds, FEWER)


def test_a_job_that_kills_its_workers_does_not_go_round_for_ever(rds, server):
    with started(server, 1) as run:
        wait_until_done(run, rds, 1)
        while run.process.poll() is None:
            for worker in run.workers():
                try:
                    worker.kill()
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.005)
        assert run.wait() == 1
        assert re.fullmatch(
            r"primes_queue_redis\.py: worker \d+ was killed by signal 9 \(SIGKILL\)\n", run.stderr
        )
        assert run.stdout.count(": a new worker-1\n") == SCRIPT.MAX_KILLED
        run.assert_nothing_left()


@pytest.mark.parametrize("options", [("--resume",), ("--batch", 70)])
def test_what_ctrl_c_leaves_can_be_resumed_or_started_afresh(rds, server, options):
    with started(server, nbr_numbers=FEWER) as run:
        wait_until_done(run, rds, 5)
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.wait(20) == 130
        assert run.stderr == "primes_queue_redis.py: interrupted\n"
        assert "To finish a stopped run on a server of your own: --resume" in run.stdout
        run.assert_nothing_left()
    assert {key.decode() for key in rds.scan_iter()} == {JOBS, RESULTS, RUN}
    with started(server, 2, *options, nbr_numbers=FEWER) as run:
        check_end(run, rds, FEWER)
        assert ("Resumed" in run.stdout) == ("--resume" in options)


def test_a_second_run_on_a_server_stops_and_spoils_nothing(rds, server):
    with started(server) as first:
        wait_until_done(first, rds, 5)
        for options in ((), ("--resume",)):
            with started(server, 2, *options) as second:
                assert second.wait() == 2
                assert re.fullmatch(
                    rf"primes_queue_redis\.py: another run uses the key {JOBS} .+\n", second.stderr
                )
        check_end(first, rds)


def test_nothing_to_resume_is_one_line(rds, server):
    with started(server, 2, "--resume") as run:
        assert run.wait() == 2
        assert re.fullmatch(r"primes_queue_redis\.py: nothing to resume on .+\n", run.stderr)
        run.assert_nothing_left()


def test_a_server_that_is_away_for_too_long_is_an_error(monkeypatch):
    monkeypatch.setattr(SCRIPT, "LOST_SECONDS", 0.2)
    client = redis.Redis(port=free_port(), retry=SCRIPT.NO_RETRY)
    with pytest.raises(redis.ConnectionError):
        SCRIPT.patiently(client.ping)


def jobs_on(rds):
    """Return the jobs of the stream."""
    entries = [json.loads(fields[b"job"]) for _, fields in rds.xrange(JOBS)]
    return [(job["from_i"], job["to_i"]) for job in entries]


def results_on(rds):
    return {int(from_i): json.loads(primes) for from_i, primes in rds.hgetall(RESULTS).items()}


def test_jobs_are_readable_and_cover_the_range(rds):
    assert SCRIPT.put_missing_jobs(rds, SMALL) == 10
    assert jobs_on(rds) == list(SCRIPT.batches(**SMALL))
    assert rds.xrange(JOBS, count=1)[0][1] == {b"job": b'{"from_i": 0, "to_i": 100}'}


def test_more_jobs_than_are_put_at_once(rds):
    assert SCRIPT.put_missing_jobs(rds, {**SMALL, "to_i": 2_500, "batch": 1}) == 2_500
    assert jobs_on(rds) == [(n, n + 1) for n in range(2_500)]


def test_a_job_that_is_finished_twice_counts_once(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    entry, from_i, to_i = next(SCRIPT.take_jobs(rds, "worker-1"))
    assert (from_i, to_i) == (0, 100)
    SCRIPT.finish(rds, entry, from_i, [2, 3])
    assert (rds.xlen(JOBS), rds.xpending(JOBS, GROUP)["pending"]) == (9, 0)
    SCRIPT.finish(rds, entry, from_i, [2, 3, 5])
    assert results_on(rds) == {0: [2, 3]}
    assert rds.xlen(JOBS) == 9


def test_a_result_of_a_queue_that_is_gone_does_not_count(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    entry, from_i, _ = next(SCRIPT.take_jobs(rds, "worker-1"))
    SCRIPT.put_missing_jobs(rds, SMALL)
    SCRIPT.finish(rds, entry, from_i, [2])
    assert results_on(rds) == {}
    rds.delete(JOBS, RESULTS, RUN)
    SCRIPT.finish(rds, entry, from_i, [2])
    assert rds.keys() == []


def test_a_new_worker_begins_with_what_its_predecessor_left(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    left = next(SCRIPT.take_jobs(rds, "worker-1"))
    other = next(SCRIPT.take_jobs(rds, "worker-2"))
    assert [job[1] for job in itertools.islice(SCRIPT.take_jobs(rds, "worker-1"), 2)] == [0, 200]
    assert (left[1], other[1]) == (0, 100)


def test_an_idle_worker_takes_over_what_another_has_held_for_too_long(rds, monkeypatch):
    monkeypatch.setattr(SCRIPT, "BLOCK_MILLISECONDS", 10)
    monkeypatch.setattr(SCRIPT, "IDLE_MILLISECONDS", 1)
    SCRIPT.put_missing_jobs(rds, {**SMALL, "to_i": 100})
    stuck = next(SCRIPT.take_jobs(rds, "worker-1"))
    assert next(SCRIPT.take_jobs(rds, "worker-2")) == stuck
    SCRIPT.finish(rds, stuck[0], 0, [2, 3])  # whoever is first
    assert results_on(rds) == {0: [2, 3]}


def test_only_jobs_without_a_result_are_put_again(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    for entry, from_i, _ in itertools.islice(SCRIPT.take_jobs(rds, "worker-1"), 3):
        SCRIPT.finish(rds, entry, from_i, [])
    next(SCRIPT.take_jobs(rds, "worker-2"))
    assert SCRIPT.put_missing_jobs(rds, SMALL) == 7
    assert jobs_on(rds) == list(SCRIPT.batches(300, 1_000, 100))
    assert results_on(rds) == {0: [], 100: [], 200: []}


def test_results_of_another_run_are_not_kept(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    entry, from_i, _ = next(SCRIPT.take_jobs(rds, "worker-1"))
    SCRIPT.finish(rds, entry, from_i, [2])
    assert SCRIPT.put_missing_jobs(rds, {**SMALL, "batch": 50}) == 20
    assert results_on(rds) == {}


def test_a_queue_is_lost_when_it_is_empty_or_of_another_run(rds):
    assert SCRIPT.is_lost(rds, SMALL)
    SCRIPT.put_missing_jobs(rds, SMALL)
    assert not SCRIPT.is_lost(rds, SMALL)
    assert SCRIPT.is_lost(rds, {**SMALL, "batch": 50})
    rds.xgroup_destroy(JOBS, GROUP)
    assert SCRIPT.is_lost(rds, SMALL)
    SCRIPT.make_queue(rds, SMALL)
    assert SCRIPT.is_lost(rds, SMALL)


def test_the_sizes_of_an_unfinished_run_are_those_to_resume(rds, server):
    with pytest.raises(cli.UserError):
        SCRIPT.unfinished(url_of(server))
    SCRIPT.make_queue(rds, {"from_i": LOWER, "to_i": LOWER + 123, "batch": 7})
    assert SCRIPT.unfinished(url_of(server)) == (123, 7)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("redis://", "-h localhost -p 6379 -n 0"),
        ("redis://host:7000/2", "-h host -p 7000 -n 2"),
        ("rediss://:s3cret@host/0", "-h host -p 6379 -n 0 --tls --askpass"),
        ("unix:///a%20b/redis.sock?db=1", "-s '/a b/redis.sock' -n 1"),
    ],
)
def test_the_commands_to_watch_lead_to_the_server_and_show_no_password(url, options, capsys):
    SCRIPT.print_commands(url)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Watch: redis-cli {options} XINFO GROUPS {JOBS}"
    assert all("s3cret" not in line for line in lines)


@pytest.mark.parametrize(("nbr_workers", "nbr_numbers"), [(5, 1), (1, 9), (4, 501)])
def test_there_may_be_more_workers_than_jobs(rds, server, nbr_workers, nbr_numbers):
    with started(server, nbr_workers, nbr_numbers=nbr_numbers) as run:
        check_end(run, rds, nbr_numbers)

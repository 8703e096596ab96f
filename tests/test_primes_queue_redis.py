"""The queue in Redis loses no job and counts none twice, whatever is killed in the middle."""

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
from redis_servers import OLD_CLIENTS, free_port, needs_redis, restartable_server, tcp_server
from support import ROOT, Run, call, load

NAME = "primes_queue/primes_queue_redis.py"
SCRIPT = load(NAME)
JOBS, GROUP, RESULTS, RUN = SCRIPT.JOBS, SCRIPT.GROUP, SCRIPT.RESULTS, SCRIPT.RUN
LOWER = SCRIPT.LOWER
NBR_NUMBERS, BATCH = 40_000, 125  # about a second of computing
NBR_JOBS = NBR_NUMBERS // BATCH
MORE, FEWER = 80_000, 20_000
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
        sizes = f"{NBR_NUMBERS:,} numbers, {BATCH} in a job, {nbr_done} jobs done"
        assert f"Resumed, whatever sizes are above: {sizes}\n" in run.stdout


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
    with started(server, nbr_numbers=MORE) as first:
        wait_until_done(first, rds, 5)
        for options in ((), ("--resume",)):
            with started(server, 2, *options) as second:
                assert second.wait() == 2
                assert re.fullmatch(
                    rf"primes_queue_redis\.py: another run uses the key {JOBS} .+\n", second.stderr
                )
        check_end(first, rds, MORE)


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


def take_job(rds, name="worker-1", sizes=SMALL):
    """Return the one job that the worker takes."""
    (job,) = SCRIPT.take_jobs(rds, name, sizes)
    return job


def test_a_job_that_is_finished_twice_counts_once(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    entry, from_i, to_i = take_job(rds)
    assert (from_i, to_i) == (0, 100)
    SCRIPT.finish(rds, entry, from_i, [2, 3])
    assert (rds.xlen(JOBS), rds.xpending(JOBS, GROUP)["pending"]) == (9, 0)
    SCRIPT.finish(rds, entry, from_i, [2, 3, 5])
    assert results_on(rds) == {0: [2, 3]}
    assert rds.xlen(JOBS) == 9


def test_a_result_of_a_queue_that_is_gone_does_not_count(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    entry, from_i, _ = take_job(rds)
    SCRIPT.put_missing_jobs(rds, SMALL)
    SCRIPT.finish(rds, entry, from_i, [2])
    assert results_on(rds) == {}
    rds.delete(JOBS, RESULTS, RUN)
    SCRIPT.finish(rds, entry, from_i, [2])
    assert rds.keys() == []


def test_a_new_worker_begins_with_what_its_predecessor_left(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    left = take_job(rds)
    other = take_job(rds, "worker-2")
    assert (left[1], other[1]) == (0, 100)
    assert take_job(rds) == left
    SCRIPT.finish(rds, left[0], 0, [])
    assert take_job(rds)[1] == 200


def test_a_job_that_was_deleted_while_a_worker_held_it_is_left_alone(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    rds.xdel(JOBS, take_job(rds)[0])
    assert take_job(rds)[1] == 100


def test_an_idle_worker_takes_over_what_another_has_held_for_too_long(rds, monkeypatch):
    monkeypatch.setattr(SCRIPT, "BLOCK_MILLISECONDS", 10)
    monkeypatch.setattr(SCRIPT, "IDLE_MILLISECONDS", 1)
    sizes = {**SMALL, "to_i": 100}
    SCRIPT.put_missing_jobs(rds, sizes)
    stuck = take_job(rds, sizes=sizes)
    assert take_job(rds, "worker-2", sizes) == stuck
    SCRIPT.finish(rds, stuck[0], 0, [2, 3])  # whoever is first
    assert results_on(rds) == {0: [2, 3]}


def test_only_jobs_without_a_result_are_put_again(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    for _ in range(3):
        entry, from_i, _ = take_job(rds)
        SCRIPT.finish(rds, entry, from_i, [])
    take_job(rds, "worker-2")
    assert SCRIPT.put_missing_jobs(rds, SMALL) == 7
    assert jobs_on(rds) == list(SCRIPT.batches(300, 1_000, 100))
    assert results_on(rds) == {0: [], 100: [], 200: []}


def test_results_of_another_run_are_not_kept(rds):
    SCRIPT.put_missing_jobs(rds, SMALL)
    entry, from_i, _ = take_job(rds)
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


def test_a_queue_is_lost_when_its_jobs_will_be_given_to_no_worker(rds):
    sizes = {**SMALL, "to_i": 200}
    SCRIPT.put_missing_jobs(rds, sizes)
    first, second = (take_job(rds, name, sizes)[0] for name in ("worker-1", "worker-2"))
    assert not SCRIPT.is_lost(rds, sizes)
    rds.xack(JOBS, GROUP, first)
    assert not SCRIPT.is_lost(rds, sizes)
    rds.xack(JOBS, GROUP, second)
    assert SCRIPT.is_lost(rds, sizes)
    SCRIPT.put_missing_jobs(rds, sizes)
    rds.xgroup_setid(JOBS, GROUP, "$")
    assert SCRIPT.is_lost(rds, sizes)
    rds.xgroup_create(JOBS, "of others", id="0")
    assert SCRIPT.is_lost(rds, sizes)


NO_SIZES = {
    "a field is missing": {"from_i": LOWER, "to_i": LOWER + 100},
    "a field too many": {"from_i": LOWER, "to_i": LOWER + 100, "batch": 5, "more": 1},
    "no batch": {"from_i": LOWER, "to_i": LOWER + 100, "batch": 0},
    "a negative batch": {"from_i": LOWER, "to_i": LOWER + 100, "batch": -5},
    "no numbers": {"from_i": LOWER, "to_i": LOWER, "batch": 5},
    "numbers backwards": {"from_i": LOWER, "to_i": 0, "batch": 5},
    "a word": {"from_i": LOWER, "to_i": LOWER + 100, "batch": "many"},
    "a text": {"from_i": LOWER, "to_i": LOWER + 100, "batch": '"5"'},
    "a fraction": {"from_i": LOWER, "to_i": LOWER + 100, "batch": 2.5},
    "no UTF-8": {b"\xff": 1},
    "another range": {"from_i": 0, "to_i": 1_000, "batch": 5},
    "too many numbers": {"from_i": LOWER, "to_i": 10**30, "batch": 5},
}


@pytest.mark.parametrize("sizes", NO_SIZES.values(), ids=NO_SIZES)
def test_sizes_that_are_no_runs_are_one_line(rds, server, sizes, capsys):
    rds.hset(RUN, mapping=sizes)
    assert call(NAME, 1, "--redis-url", url_of(server), "--resume") == 2
    line = rf"primes_queue_redis\.py: Redis at {url_of(server)}: {RUN} holds something .+\n"
    assert re.fullmatch(line, capsys.readouterr().err)
    assert rds.hlen(RUN) == len(sizes)


NO_RESULTS = {
    "no number": ("word", "[]"),
    "no job of the run": (LOWER + 1, "[]"),
    "before the run": (0, "[]"),
    "after the run": (LOWER + FEWER, "[]"),
    "a fraction": (f"{LOWER}.0", "[]"),
    "no UTF-8": (b"\xff", "[]"),
    "a list": ("[1]", "[]"),
    "no JSON": (LOWER, "garbage"),
    "bytes": (LOWER, b"\xff\xfe"),
    "no list": (LOWER, "7"),
    "nothing": (LOWER, "null"),
    "an object": (LOWER, f'{{"{LOWER + 7}": 1}}'),
    "words": (LOWER, '["prime"]'),
    "fractions": (LOWER, f"[{LOWER + 7}.0]"),
    "other numbers": (LOWER, "[2, 3]"),
    "numbers of another job": (LOWER, f"[{LOWER + BATCH}]"),
    "an abyss": (LOWER, "[" * 100_000),
}
IN_FEWER = {"from_i": LOWER, "to_i": LOWER + FEWER, "batch": BATCH}


@pytest.mark.parametrize("result", NO_RESULTS.values(), ids=NO_RESULTS)
def test_a_result_that_is_not_of_the_run_is_an_error(rds, result):
    SCRIPT.make_queue(rds, IN_FEWER)
    assert SCRIPT.stored_primes(rds, IN_FEWER) == {}
    rds.hset(RESULTS, *result)
    for function in (SCRIPT.stored_primes, SCRIPT.put_missing_jobs):
        with pytest.raises(redis.DataError, match=f"^{RESULTS} holds something"):
            function(rds, IN_FEWER)


NO_JOBS = {
    "other fields": {"work": "1"},
    "no JSON": {"job": "garbage"},
    "no object": {"job": "[1, 2]"},
    "no from_i": {"job": '{"to_i": 1}'},
    "a word": {"job": '{"from_i": "word", "to_i": 1}'},
    "a fraction": {"job": f'{{"from_i": {LOWER}.0, "to_i": {LOWER + BATCH}}}'},
    "no job of the run": {"job": f'{{"from_i": {LOWER + 1}, "to_i": {10**30}}}'},
    "nothing": {"job": "null"},
}


@pytest.mark.parametrize("job", NO_JOBS.values(), ids=NO_JOBS)
def test_a_job_that_is_not_of_the_run_is_an_error(rds, job):
    SCRIPT.make_queue(rds, IN_FEWER)
    rds.xadd(JOBS, job)
    for _ in ("when it is new", "when it is left by a killed worker"):
        with pytest.raises(redis.DataError, match=f"^{JOBS} holds something"):
            SCRIPT.take_jobs(rds, "worker-1", IN_FEWER)


def test_the_end_of_a_job_is_that_of_the_run_whatever_is_stored(rds):
    SCRIPT.make_queue(rds, IN_FEWER)
    rds.xadd(JOBS, {"job": f'{{"from_i": {LOWER}, "to_i": {10**30}}}'})
    assert take_job(rds, sizes=IN_FEWER)[1:] == (LOWER, LOWER + BATCH)


def change_type(key):
    def change(rds):
        with rds.pipeline() as together:
            together.delete(key).set(key, "word").execute()

    return change


def put_instead(job):
    def change(rds):
        with rds.pipeline() as together:
            together.delete(JOBS).xgroup_create(JOBS, GROUP, id="0", mkstream=True)
            together.xadd(JOBS, {"job": job}).execute()

    return change


# What others do in mid-run, and what the one line says of it.
DONE_BY_OTHERS = {
    "a result of another job": (lambda rds: rds.hset(RESULTS, "7", "[]"), f"{RESULTS} holds"),
    "a job of another run": (put_instead('{"from_i": 7, "to_i": 9}'), f"{JOBS} holds"),
    "garbage": (put_instead("garbage"), f"{JOBS} holds"),
    "jobs of another type": (change_type(JOBS), "WRONGTYPE"),
    "results of another type": (change_type(RESULTS), "WRONGTYPE"),
    "no right to EVAL": (lambda rds: acl(rds, "-eval"), "(no|has no) permissions"),
    "no right to XREADGROUP": (lambda rds: acl(rds, "-xreadgroup"), "(no|has no) permissions"),
    "no right to HLEN": (lambda rds: acl(rds, "-hlen"), "(no|has no) permissions"),
    "a replica": (lambda rds: rds.replicaof("127.0.0.1", 1), "read only replica"),
}


def acl(rds, rule):
    rds.execute_command("ACL", "SETUSER", "default", rule)


@pytest.mark.parametrize("what", DONE_BY_OTHERS)
def test_what_others_do_in_mid_run_is_one_line(what):
    do, words = DONE_BY_OTHERS[what]
    with (
        tcp_server() as (port, _),
        redis.Redis(port=port) as client,
        started(port, nbr_numbers=FEWER) as run,
    ):
        wait_until_done(run, client, 3)
        do(client)
        assert run.wait() == 2, run.stderr
        line = rf"primes_queue_redis\.py: Redis at {url_of(port)}: .*{words}.*\n"
        assert re.fullmatch(line, run.stderr)
        run.assert_nothing_left()


@pytest.mark.parametrize("rule", ["-eval", "-xreadgroup", "-xgroup", "-hlen"])
def test_a_user_without_a_right_that_is_needed_is_told_so(rule):
    with tcp_server() as (port, _), redis.Redis(port=port) as client:
        acl(client, rule)
        with started(port, nbr_numbers=FEWER) as run:
            assert run.wait() == 2, run.stderr
            line = rf"primes_queue_redis\.py: Redis at {url_of(port)}: .*permissions.*\n"
            assert re.fullmatch(line, run.stderr)
            run.assert_nothing_left()


# A run that is less patient.
HASTY = f"""{OLD_CLIENTS}
import sys

from common import cli

sys.path.insert(0, {str(ROOT / "primes_queue")!r})
import primes_queue_redis

primes_queue_redis.LOST_SECONDS = 1
if __name__ == "__main__":
    cli.run(primes_queue_redis.main)
"""


def let_in_two(rds):
    """Let nobody in but us and the owner of the queue."""
    rds.config_set("maxclients", 2)
    for client in rds.client_list():
        if not client["name"].startswith("owner:") and int(client["id"]) != rds.client_id():
            rds.client_kill_filter(_id=client["id"])


NO_ANSWERS = {
    "too few connections": (let_in_two, "max number of clients reached"),
    "no answer to a writer": (lambda rds: rds.client_pause(60_000, all=False), "[Tt]imeout"),
}


@pytest.mark.parametrize("why", NO_ANSWERS)
def test_workers_without_an_answer_are_one_line_though_the_server_answers(tmp_path, why):
    do, words = NO_ANSWERS[why]
    script = tmp_path / "hasty.py"
    script.write_text(HASTY)
    with tcp_server() as (port, _), redis.Redis(port=port) as client:
        sizes = ("--nbr_numbers", NBR_NUMBERS, "--batch", BATCH)
        with Run(script, 2, "--redis-url", url_of(port), *sizes) as run:
            wait_until_done(run, client, 3)
            do(client)
            assert run.wait() == 2, run.stderr
            line = rf"hasty\.py: Redis at {url_of(port)}: .*{words}.*\n"
            assert re.fullmatch(line, run.stderr)
            run.assert_nothing_left()


def test_a_result_that_others_have_falsified_is_a_wrong_answer(rds, server):
    SCRIPT.make_queue(rds, IN_FEWER)
    is_prime = known_primes.are_prime(LOWER, LOWER + BATCH)
    primes = [n for n, prime in enumerate(is_prime, LOWER) if prime]
    primes[0] += 1  # as many as there are
    rds.hset(RESULTS, LOWER, json.dumps(primes))
    with started(server, 2, "--resume", nbr_numbers=FEWER) as run:
        assert run.wait() == 1
        assert re.fullmatch(r"primes_queue_redis\.py: wrong answer: .*, 1 wrong; .*\n", run.stderr)
        run.assert_nothing_left()


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

"""What scripts store for claims alone, and what claims say where it cannot be had."""

import copy
import tempfile

from common import claims, results

import claims_numpy_shared
import claims_pi_estimation
import claims_prime_verification_ipc
import claims_sync_locking
import pytest
import redis
from redis_servers import needs_redis, restartable_server, tcp_server
from support import call, load
from test_claims import judged

figure_9_18 = load("numpy_shared/fig_9_18_shared_memory.py")
redis_sockets = load("prime_verification_ipc/redis_sockets.py")
count_flag_checks = load("prime_verification_ipc/count_flag_checks.py")

PRINTED = """Shared array: id 1 in PID 10, address 0x7f00, inode 31
Worker's array in PID 11: address 0x7f00, inode 31Worker's array in PID 12: address 0x7f00, inode 31
Memory in MB; the block is /dev/shm/pym-1, 1,280.0 MB:
+----------+-----+---------+---------+--------------+-----------+-----------+--------------+
|  Process | PID |     RSS |     PSS | Block mapped | Block RSS | Block PSS | Block shared |
+----------+-----+---------+---------+--------------+-----------+-----------+--------------+
|   parent |  10 | 1,300.0 |   660.0 |      1,280.0 |   1,280.0 |     640.0 |      1,280.0 |
| worker 1 |  11 |   655.0 |   333.0 |      1,280.0 |     640.0 |     320.0 |        640.0 |
| worker 2 |  12 |   655.0 |   333.0 |      1,280.0 |     640.0 |     320.0 |        640.0 |
+----------+-----+---------+---------+--------------+-----------+-----------+--------------+
|      sum |     | 2,610.0 | 1,326.0 |      3,840.0 |   2,560.0 |   1,280.0 |      2,560.0 |
+----------+-----+---------+---------+--------------+-----------+-----------+--------------+
Verification, counting the values of 160,000,000 items:
+-----+------------+
| PID |      Count |
+-----+------------+
|  11 | 80,000,000 |
|  12 | 80,000,000 |
+-----+------------+
"""
ELSEWHERE = """Shared array: id 1 in PID 10, address 0x7f00
|  Process | PID | RSS (MB) |
|   parent |  10 |  1,300.0 |
| worker 1 |  11 |    655.0 |
| PID | Count |
|  11 |     6 |
"""


def claim_of(section, says):
    return next(one for one in load(f"{section}/claims.py").CLAIMS if one.says == says)


def test_figure_9_18_stores_what_np_shared_prints_of_the_block_and_the_pids():
    assert figure_9_18.printed(PRINTED.splitlines(keepends=True)) == {
        "inodes": [31, 31, 31],
        "mapped": [1280.0, 1280.0, 1280.0],
        "block_pss": [640.0, 320.0, 320.0],
        "counts": {"11": 80_000_000, "12": 80_000_000},
    }


def test_a_system_that_does_not_tell_which_block_is_mapped_leaves_it_out():
    assert figure_9_18.printed(ELSEWHERE.splitlines(keepends=True)) == {
        "inodes": [],
        "mapped": [],
        "block_pss": [],
        "counts": {"11": 6},
    }


@pytest.mark.parametrize(
    ("says", "empty"),
    [
        ("every process maps the same block, all of the array", {"inodes": []}),
        (
            "all processes together take the memory of one array",
            {"memory": [{"rss": [1, 2], "pss": [0, 0]}]},
        ),
    ],
)
def test_without_linux_the_array_may_be_shared_or_not(says, empty, tmp_path):
    measured = copy.deepcopy(claims_numpy_shared.CASES[says][0])
    measured["fig_9_18"]["runs"][0] |= empty
    found = judged("numpy_shared", claim_of("numpy_shared", says), measured, tmp_path)
    assert found[:2] == ("", claims.CANNOT_TELL)
    assert "Linux" in found[2]


@pytest.mark.parametrize(
    "says",
    [
        "with a flag in Redis, primes take longer than without one",
        "a flag in Redis still pays for large non-primes",
    ],
)
def test_without_a_redis_server_the_claims_on_redis_say_so(says, tmp_path):
    section = "prime_verification_ipc"
    measured = copy.deepcopy(claims_prime_verification_ipc.CASES[says][0])
    runs = measured["fig_9_16"]["runs"]
    runs[:] = [run for run in runs if run["way"] != "Redis flag"]
    found = judged(section, claim_of(section, says), measured, tmp_path)
    assert found == ("", claims.CANNOT_TELL, "needs a Redis server")


@pytest.mark.parametrize(
    ("says", "name", "nothing", "missing"),
    [
        (
            "Redis answers faster through a Unix socket than through TCP",
            "redis_sockets",
            {"seconds": {"TCP": [1.0]}},
            "Unix socket",
        ),
        (
            "Redis answers faster through a Unix socket than through TCP",
            "redis_sockets",
            {"seconds": {}},
            "Redis server",
        ),
        (
            "PyPy runs these scripts about 7 times as fast",
            "compare_pythons_prime_verification_ipc",
            {"pythons": [{"name": "CPython 3.11.7 with the GIL", "gil": True}]},
            "pypy3",
        ),
        (
            "it is the GIL that keeps threads from verifying a prime faster",
            "compare_pythons_prime_verification_ipc",
            {"pythons": [{"name": "CPython 3.11.7 with the GIL", "gil": True}]},
            "without the GIL",
        ),
    ],
)
def test_what_was_left_out_is_named(says, name, nothing, missing, tmp_path):
    section = "prime_verification_ipc"
    found = judged(section, claim_of(section, says), {name: nothing}, tmp_path)
    assert found[:2] == ("", claims.CANNOT_TELL)
    assert missing in found[2]


@pytest.mark.parametrize(
    "says",
    [
        "threads do not speed up a Python loop",
        "four threads keep no CPU fully busy: together they use about one",
        "with numpy, threads do gain something",
    ],
)
def test_without_the_gil_a_claim_on_threads_says_what_they_wait_for(says, tmp_path):
    claim = claim_of("pi_estimation", says)
    holds, differs = claims_pi_estimation.CASES[says]
    for gil, said in ((True, ""), (False, "no GIL")):
        found = judged("pi_estimation", claim, holds, tmp_path, machine={"gil": gil})
        assert found[1] == claims.HOLDS
        assert found[2].startswith(said)
        assert bool(found[2]) == bool(said)
    with_gil, without = (
        judged("pi_estimation", claim, differs, tmp_path, machine={"gil": gil})
        for gil in (True, False)
    )
    assert with_gil[1] == without[1] == claims.DIFFERS
    assert ("no GIL" in without[2]) == ("numpy" not in says)
    assert "no GIL" not in with_gil[2]


def test_a_claim_on_locks_names_the_build_on_which_it_differs(tmp_path):
    says = "acquire() and release() are a little faster than a with block"
    differs = claims_sync_locking.CASES[says][1]
    claim = claim_of("sync_locking", says)
    for gil in (True, False):
        found = judged("sync_locking", claim, differs, tmp_path, machine={"gil": gil})
        assert found[1] == claims.DIFFERS
        assert ("without the GIL" in found[2]) != gil


def test_one_worker_alone_says_nothing_of_lost_updates_or_of_overhead(tmp_path):
    for section, says, cases in (
        (
            "sync_locking",
            "four processes without a lock on the file lose counts",
            claims_sync_locking.CASES,
        ),
        (
            "prime_verification_ipc",
            "that tenth of a second is the pool's overhead",
            claims_prime_verification_ipc.CASES,
        ),
    ):
        for measured in copy.deepcopy(cases[says]):
            (data,) = measured.values()
            data["workers"] = 1
            found = judged(section, claim_of(section, says), measured, tmp_path)
            assert found[1] == claims.CANNOT_TELL
            assert "2 workers" in found[2]


def test_the_flag_is_counted_for_the_claims(tmp_path):
    script = "prime_verification_ipc/count_flag_checks.py"
    assert call(script, "--workers", "3", 10**9 + 7, "--output", tmp_path) == 0
    name = "count_flag_checks"
    data = results.read(tmp_path / f"{name}.json", [name])
    assert list(data["counted"].values()) == [[15], [30], [33]]
    assert list(data["by_formula"].values()) == [158_200, 316_400, 316_404]
    assert data["by_formula"].keys() == count_flag_checks.LOOPS.keys()


@needs_redis
def test_a_server_is_read_by_the_ways_it_has():
    with tcp_server(password="secret") as (port, _):
        url = f"redis://:secret@127.0.0.1:{port}/3?socket_timeout=7"
        with redis.Redis.from_url(url) as client:
            clients = redis_sockets.connections(client, True)
        assert clients.keys() == {redis_sockets.TCP}
        options = clients[redis_sockets.TCP].get_connection_kwargs()
        assert (options["db"], options["socket_timeout"]) == (3, 7)
        assert clients[redis_sockets.TCP].ping()
        clients[redis_sockets.TCP].close()


@needs_redis
@pytest.mark.parametrize("may_listen", [True, False])
def test_a_server_on_a_unix_socket_listens_by_tcp_only_if_it_may(may_listen):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"{folder}/redis.sock"
        with (
            restartable_server("--unixsocket", path),
            redis.Redis.from_url(f"unix://{path}?db=2") as client,
        ):
            client.config_set("port", 0)
            clients = redis_sockets.connections(client, may_listen)
            expected = {redis_sockets.UNIX, redis_sockets.TCP} if may_listen else {"Unix socket"}
            assert clients.keys() == expected
            client.set(redis_sockets.FLAG_NAME, redis_sockets.FLAG_CLEAR)
            for one in clients.values():
                assert redis_sockets.read(one, 7) == 7
                one.close()
            assert bool(int(client.config_get("port")["port"])) == may_listen


@needs_redis
def test_reads_through_both_sockets_are_stored(tmp_path):
    script, name = "prime_verification_ipc/redis_sockets.py", "redis_sockets"
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"{folder}/redis.sock"
        options = ("--reads", "20", "--repeat", "3", "--redis-url", f"unix://{path}")
        with restartable_server("--unixsocket", path):
            assert call(script, *options, "--output", tmp_path) == 0
    data = results.read(tmp_path / f"{name}.json", [name])
    assert {way: len(seconds) for way, seconds in data["seconds"].items()} == {
        "TCP": 3,
        "Unix socket": 3,
    }
    assert {"other_cpus", "stolen"} <= data.keys()

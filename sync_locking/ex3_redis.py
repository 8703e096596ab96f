"""Count in Redis with four processes: INCR adds 1 in the server, and no lock is needed.
Beyond the chapter

Chapter: text on an external store such as Redis, whose state can be seen; answers Example 9-43
Run:     python sync_locking/ex3_redis.py 4
         python sync_locking/ex3_redis.py --redis-url redis://localhost:6379/0 4
         cd sync_locking
         python -m timeit -s "import ex3_redis" "ex3_redis.run_workers()"
See:     the count is exact without a lock: the server executes one command after the other. GET,
         add 1 and SET would lose updates, as ex2_nolock.py does. Each INCR is a message to the
         server and back, so this is slower than shared memory on one machine. It is for counters
         that several machines share, or that others are to see: with a server of your own,
         redis-cli GET sync_locking:count shows the count grow. The key goes with the run.
"""

import functools

from common import redis_server
from common.processes import Pool
from common.run import at_end

import redis
import sync_check

MAX_COUNT_PER_PROCESS = 1000
COUNT_NAME = "sync_locking:count"

rds = None


def connect(redis_url):
    """Give this process ``rds``, a connection of its own: the initializer of every worker."""
    global rds
    rds = redis.Redis.from_url(redis_url)


def work(max_count):
    """Add 1 to the key COUNT_NAME, ``max_count`` times."""
    for _ in range(max_count):
        rds.incr(COUNT_NAME)


def run(nbr_workers, max_count, redis_url):
    """Let ``nbr_workers`` processes add 1, ``max_count`` times each; return the count."""
    connect(redis_url)
    rds.set(COUNT_NAME, 0)
    with Pool(nbr_workers, connect, (redis_url,)) as pool:
        pool.map(work, [max_count] * nbr_workers, chunksize=1)
    return rds.incr(COUNT_NAME, 0)  # not GET: others may have removed the key, or set it to a word


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS, redis_url=None):
    """Call ``run`` while we own the key; without ``redis_url``, find or start a server.

    Raises UserError if there is no server, or if another run uses the key.
    """
    with redis_server.server(redis_url) as url, redis_server.own(url, COUNT_NAME):
        remove = functools.partial(redis.Redis.from_url(url).delete, COUNT_NAME)
        at_end.append(remove)  # Ctrl-C ends the run without raising anything here
        try:
            return run(nbr_workers, max_count, url)
        finally:
            at_end.remove(remove)
            remove()


if __name__ == "__main__":
    sync_check.main(__doc__, run_workers, redis=True)

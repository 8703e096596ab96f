"""Count in Redis with four processes: INCR adds 1 in the server, and no lock is needed.
Beyond the chapter

Chapter: Redis's atomic INCR; answers Example 9-43
Run:     python sync_locking/ex3_redis.py 4
         python sync_locking/ex3_redis.py --redis-url redis://localhost:6379/0 4
         cd sync_locking
         python -m timeit -s "import ex3_redis" "ex3_redis.run_workers()"
See:     the count is exact without a lock: the server carries out one command after the other.
         GET, add 1 and SET would lose updates, as ex2_nolock.py does. Each INCR is a message to
         the server and back, so this is slower than shared memory on one machine. It is for
         counters that several machines share, or that are to outlive the program.
"""

import redis
import sync_check

from common import cli, pools, redis_server

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


def run_workers(nbr_workers=4, max_count=MAX_COUNT_PER_PROCESS, redis_url=None):
    """Let ``nbr_workers`` processes count to ``max_count`` each; return what they counted to.

    Without ``redis_url`` a server is found, or else started for this run (see redis_server.py).
    """
    with redis_server.server(redis_url) as url, redis_server.own(url, COUNT_NAME) as owner:
        owner.set(COUNT_NAME, 0)
        try:
            with pools.worker_pool(nbr_workers, connect, (url,)) as pool:
                pool.map(work, [max_count] * nbr_workers, chunksize=1)
            return int(owner.get(COUNT_NAME))
        finally:
            owner.delete(COUNT_NAME)


def main():
    args = sync_check.parse(__doc__, cli.add_redis_url)

    def run(nbr_workers, max_count):
        return run_workers(nbr_workers, max_count, args.redis_url)

    sync_check.expect_all(run, args.nbr_workers, args.max_count)


if __name__ == "__main__":
    cli.run(main)

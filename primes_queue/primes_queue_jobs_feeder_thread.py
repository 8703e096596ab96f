"""Feed the queue of numbers from a thread, while the main thread collects the primes.

Chapter: Examples 9-12, 9-13
Run:     python primes_queue/primes_queue_jobs_feeder_thread.py 2
See:     primes are collected from the start, so that neither queue grows long. It is no faster
         than primes_queue.py: communication through the Manager still takes most of the time.
Differs: a worker that dies before it has answered its pill is an error, not an endless wait.
"""

import contextlib
import math
import queue
import threading
import time

import queue_report

from common import cli, pools

FLAG_ALL_DONE = b"WORK_FINISHED"
FLAG_WORKER_FINISHED_PROCESSING = b"WORKER_FINISHED_PROCESSING"
ANSWER_SECONDS = 0.5


def check_prime(possible_primes_queue, definite_primes_queue):
    """Take numbers off a queue, put the primes on another; answer the poison pill and end."""
    while True:
        n = possible_primes_queue.get()
        if n == FLAG_ALL_DONE:
            definite_primes_queue.put(FLAG_WORKER_FINISHED_PROCESSING)
            break
        if (n % 2 == 0 and n != 2) or n < 2:
            continue
        for i in range(3, math.isqrt(n) + 1, 2):
            if n % i == 0:
                break
        else:
            definite_primes_queue.put(n)


def feed_new_jobs(number_range, possible_primes_queue, nbr_poison_pills):
    """Put the numbers on the queue, then a pill for each worker; end if the Manager has ended."""
    with contextlib.suppress(EOFError, OSError):  # the main thread says why
        for possible_prime in number_range:
            possible_primes_queue.put(possible_prime)
        for _ in range(nbr_poison_pills):
            possible_primes_queue.put(FLAG_ALL_DONE)


def collect_primes(definite_primes_queue, nbr_poison_pills, workers):
    """Return the primes once every pill has been answered; WorkerDied if a worker has died."""
    primes = []
    nbr_answers = 0
    while nbr_answers < nbr_poison_pills:
        try:
            result = definite_primes_queue.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            pools.check(workers)
            continue
        if result == FLAG_WORKER_FINISHED_PROCESSING:
            nbr_answers += 1
        else:
            primes.append(result)
            if len(primes) % 100 == 0:  # the others may keep the queue busy for minutes
                pools.check(workers)
    return primes


def run(nbr_numbers, nbr_workers):
    """Return the primes and the seconds it took to feed the queue and to collect them."""
    number_range = range(queue_report.LOWER, queue_report.LOWER + nbr_numbers)
    with pools.manager() as manager:
        possible_primes_queue = manager.Queue()
        definite_primes_queue = manager.Queue()
        arguments = (possible_primes_queue, definite_primes_queue)
        workers = [
            pools.WorkerProcess(target=check_prime, args=arguments) for _ in range(nbr_workers)
        ]
        with pools.running(workers) as watched:  # before the thread starts: it must not be forked
            start = time.perf_counter()
            jobs = (number_range, possible_primes_queue, nbr_workers)
            thrd = threading.Thread(target=feed_new_jobs, args=jobs, daemon=True)
            thrd.start()
            primes = collect_primes(definite_primes_queue, nbr_workers, watched)
            duration = time.perf_counter() - start
            pools.join(workers)
    return primes, duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    queue_report.add_nbr_numbers(parser)
    args = cli.parse(parser)
    primes, duration = run(args.nbr_numbers, args.nbr_workers)
    queue_report.report(primes, args.nbr_numbers, duration)


if __name__ == "__main__":
    cli.run(main)

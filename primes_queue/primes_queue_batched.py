"""Find the primes of a range with workers that take ranges off a queue, not single numbers.
Beyond the chapter

Chapter: answers Example 9-9
Run:     python primes_queue/primes_queue_batched.py 2
         python primes_queue/primes_queue_batched.py 2 --batch 1
See:     the queue and the primality test are those of primes_queue.py, but all numbers of a job
         share the cost of one message: the workers compute, and more of them help. `--batch 1`
         brings the cost back. Batches are too large when they are too few to keep all workers busy
         until the end. Not for jobs that each take long anyway: in batches, they only make the
         other workers wait for the last one.
"""

import math
import time

from common.processes import Manager, Process

import queue_check

LOWER = 100_000_000
FLAG_ALL_DONE = b"WORK_FINISHED"
FLAG_WORKER_FINISHED_PROCESSING = b"WORKER_FINISHED_PROCESSING"


def check_prime(n):
    """Return whether ``n`` (at least 0) is prime, by trial division up to its square root."""
    if n % 2 == 0:
        return n == 2
    for i in range(3, math.isqrt(n) + 1, 2):
        if n % i == 0:
            return False
    return n > 1


def check_ranges(ranges_queue, primes_queue):
    """Take ranges off a queue, put the primes of each on another as a list; stop at the pill."""
    while True:
        job = ranges_queue.get()
        if job == FLAG_ALL_DONE:
            primes_queue.put(FLAG_WORKER_FINISHED_PROCESSING)
            break
        from_i, to_i = job
        primes_queue.put([n for n in range(from_i, to_i) if check_prime(n)])


def run(nbr_numbers, nbr_workers, batch):
    """Return the primes, and the seconds it took to feed the queue and collect them."""
    from_i, to_i = LOWER, LOWER + nbr_numbers
    with Manager() as manager:
        ranges_queue = manager.Queue()
        primes_queue = manager.Queue()
        processes = []
        for _ in range(nbr_workers):
            p = Process(target=check_ranges, args=(ranges_queue, primes_queue))
            processes.append(p)
            p.start()
        start = time.perf_counter()
        for i in range(from_i, to_i, batch):
            ranges_queue.put((i, min(i + batch, to_i)))
        for _ in range(nbr_workers):
            ranges_queue.put(FLAG_ALL_DONE)
        primes = []
        nbr_answers = 0
        while nbr_answers < nbr_workers:
            result = primes_queue.get()
            if result == FLAG_WORKER_FINISHED_PROCESSING:
                nbr_answers += 1
            else:
                primes += result
        duration = time.perf_counter() - start
        for p in processes:
            p.join()
    return primes, duration


if __name__ == "__main__":
    queue_check.main(__doc__, run, batch=True)

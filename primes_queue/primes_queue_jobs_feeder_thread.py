"""Feed the queue of numbers from a thread, while the main thread collects the primes.

Chapter: Example 9-12, Example 9-13
Run:     python primes_queue/primes_queue_jobs_feeder_thread.py 2
See:     primes are collected while numbers still go in. With two workers or more that is mostly
         nearly all of them, as the workers keep up with the thread; with one, thousands of numbers
         may pile up, and their primes come later. In primes_queue.py, all primes that are found
         while numbers go in wait in their queue. This one is about as fast, because communication
         through the Manager still takes most of the time. (Single runs may differ by a third;
         compare.py shows both by turns.) Feed from a thread when results are wanted early, or when
         a queue may hold only so many jobs, as manager.Queue(MAXSIZE), whose put then waits.
Differs: if a worker dies, the run ends (common/processes.py); with multiprocessing's own Process it
         would wait forever for the answer to the pill, unless get(timeout=SECONDS) raised
         queue.Empty, as the chapter proposes.
"""

import math
import threading
import time

from common.processes import Manager, Process

import queue_check

LOWER = 100_000_000
FLAG_ALL_DONE = b"WORK_FINISHED"
FLAG_WORKER_FINISHED_PROCESSING = b"WORKER_FINISHED_PROCESSING"


def check_prime(possible_primes_queue, definite_primes_queue):
    """Take numbers off a queue, put the primes on another; answer the poison pill and stop."""
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
    """Put the numbers on the queue, then one poison pill for each worker."""
    for possible_prime in number_range:
        possible_primes_queue.put(possible_prime)
    for _ in range(nbr_poison_pills):
        possible_primes_queue.put(FLAG_ALL_DONE)


def run(nbr_numbers, nbr_workers):
    """Return the primes, the seconds it took, and how many came while numbers still went in."""
    number_range = range(LOWER, LOWER + nbr_numbers)
    with Manager() as manager:
        possible_primes_queue = manager.Queue()
        definite_primes_queue = manager.Queue()
        processes = []
        for _ in range(nbr_workers):
            p = Process(target=check_prime, args=(possible_primes_queue, definite_primes_queue))
            processes.append(p)
            p.start()
        start = time.perf_counter()
        jobs = (number_range, possible_primes_queue, nbr_workers)
        thrd = threading.Thread(target=feed_new_jobs, args=jobs, daemon=True)
        thrd.start()  # after the workers: to fork beside a running thread is unsafe
        primes = []
        nbr_answers = nbr_early = 0
        while nbr_answers < nbr_workers:
            result = definite_primes_queue.get()
            if result == FLAG_WORKER_FINISHED_PROCESSING:
                nbr_answers += 1
            else:
                primes.append(result)
                nbr_early += thrd.is_alive()
        duration = time.perf_counter() - start
        for p in processes:
            p.join()
    return primes, duration, nbr_early


if __name__ == "__main__":
    queue_check.main(__doc__, run)

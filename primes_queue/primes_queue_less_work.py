"""Find the primes of a range through a queue without the even numbers: half the jobs.

Chapter: text on dropping the even half of the jobs
Run:     python primes_queue/primes_queue_less_work.py 2
See:     it takes little more than half the time of primes_queue.py with as many workers, because
         half the messages are saved; primes_serial.py is still faster. check_prime is that of
         primes_queue.py, unchanged.
Differs: if a worker dies, the run ends (common/processes.py); with multiprocessing's own Process it
         would wait forever for the answer to the pill, unless get(timeout=SECONDS) raised
         queue.Empty, as the chapter proposes.
"""

import math
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


def run(nbr_numbers, nbr_workers):
    """Return the primes, and the seconds it took to feed the queue and collect them."""
    number_range = range(LOWER + 1, LOWER + nbr_numbers, 2)  # LOWER is even
    with Manager() as manager:
        possible_primes_queue = manager.Queue()
        definite_primes_queue = manager.Queue()
        processes = []
        for _ in range(nbr_workers):
            p = Process(target=check_prime, args=(possible_primes_queue, definite_primes_queue))
            processes.append(p)
            p.start()
        start = time.perf_counter()
        for possible_prime in number_range:
            possible_primes_queue.put(possible_prime)
        for _ in range(nbr_workers):
            possible_primes_queue.put(FLAG_ALL_DONE)
        primes = []
        nbr_answers = 0
        while nbr_answers < nbr_workers:
            result = definite_primes_queue.get()
            if result == FLAG_WORKER_FINISHED_PROCESSING:
                nbr_answers += 1
            else:
                primes.append(result)
        duration = time.perf_counter() - start
        for p in processes:
            p.join()
    return primes, duration


if __name__ == "__main__":
    queue_check.main(__doc__, run)

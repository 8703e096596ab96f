"""Count the primes of any range on a cluster: primes_sieve.py under joblib's dask backend.
Beyond the chapter

Chapter: answers Example 9-8
Run:     python primes_pool/primes_cluster.py 2
         python primes_pool/primes_cluster.py --scheduler tcp://127.0.0.1:8786 --upper 1e11
See:     each job sieves its own segments and sends back one number, so hardly anything crosses the
         network: the functions, once, and four numbers per job. When a worker is lost, dask gives
         its jobs to another and the number of primes stays the same. Not worth it while one machine
         is enough: a job costs milliseconds more than in a pool.
"""

import time

from common import cluster

import joblib
import primes_sieve
import sieve_check
from primes_sieve import count_primes

NBR_JOBS_PER_THREAD = 8  # little is lost with a worker, and fast workers take more


def count_in_segments(job):
    """Return how many primes a job's segments hold; sent to the workers by value."""
    return count_primes(job)


def run(lower, upper, nbr_workers, scheduler=None, timeout=30):
    """Return the number of primes and the seconds Parallel took.

    A local cluster is up before the clock starts.
    """
    with cluster.workers(scheduler, nbr_workers, primes_sieve, timeout=timeout) as nbr_threads:
        nbr_jobs = NBR_JOBS_PER_THREAD * nbr_threads
        jobs = [(lower, upper, first, nbr_jobs) for first in range(nbr_jobs)]
        start = time.perf_counter()
        counts = joblib.Parallel(batch_size=1)(
            joblib.delayed(count_in_segments)(job) for job in jobs
        )
        duration = time.perf_counter() - start
    return sum(counts), duration


if __name__ == "__main__":
    sieve_check.main(__doc__, run, count_primes, cluster.add_scheduler)

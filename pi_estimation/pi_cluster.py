"""Estimate pi on a cluster: the kernel of pi_numpy_blocked.py under joblib's dask backend.
Beyond the chapter

Chapter: answers Example 9-3, Example 9-7
Run:     python pi_estimation/pi_cluster.py 2 --seed 42
         python pi_estimation/pi_cluster.py --scheduler tcp://127.0.0.1:8786 --seed 42
See:     the estimate is that of pi_numpy_blocked.py for the same seed: the darts of a share depend
         on the seed and the number of the share, not on the machine that throws them. When a worker
         is lost, dask gives its jobs to another and the estimate stays the same. What crosses the
         network is the function, once, and a few numbers per job. Not worth it while one machine is
         enough: a job costs milliseconds more than in a pool. `make setup-cluster` installs dask.
"""

import time

from common import cli, cluster

import joblib
import pi_check
import pi_numpy_blocked
from pi_numpy_blocked import estimate_nbr_points_in_quarter_circle

NBR_JOBS_PER_THREAD = 8  # little is lost with a worker, and fast workers take more


def count_in_shares(job):
    """Return how many darts of a job's shares fall inside; sent to the workers by value."""
    return estimate_nbr_points_in_quarter_circle(job)


def run(nbr_samples_in_total, nbr_workers, seed, scheduler=None, timeout=30):
    """Return the number of darts inside the quarter circle and the seconds Parallel took.

    A local cluster is up before the clock starts.
    """
    with cluster.workers(scheduler, nbr_workers, pi_numpy_blocked, timeout=timeout) as nbr_threads:
        nbr_jobs = NBR_JOBS_PER_THREAD * nbr_threads
        jobs = [(seed, nbr_samples_in_total, first, nbr_jobs) for first in range(nbr_jobs)]
        start = time.perf_counter()
        nbr_in_quarter_circle = joblib.Parallel(batch_size=1)(
            joblib.delayed(count_in_shares)(job) for job in jobs
        )
        duration = time.perf_counter() - start
    return sum(nbr_in_quarter_circle), duration


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, start_method=False)
    cluster.add_scheduler(parser)
    pi_check.add_size(parser, quick=100_000_000)
    pi_check.add_seed(parser)
    args = cli.parse(parser)
    where = (args.scheduler, args.timeout)
    nbr_in_quarter_circle, duration = run(
        args.nbr_samples_in_total, args.nbr_workers, pi_check.seed(args), *where
    )
    pi_check.report(nbr_in_quarter_circle, args.nbr_samples_in_total)
    pi_check.report_delta(duration, args.nbr_samples_in_total)


if __name__ == "__main__":
    cli.run(main)

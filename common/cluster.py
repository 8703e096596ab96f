"""Workers of a dask cluster for joblib: those of a scheduler, or of one on this machine."""

import contextlib
import logging

import joblib

from common import cli

WAIT_SECONDS = 10


def add_scheduler(parser):
    """Add ``--scheduler``."""
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a dask scheduler that has workers (default: a cluster on this machine)",
    )


@contextlib.contextmanager
def workers(scheduler, nbr_workers, *modules):
    """Have each ``joblib.Parallel`` of the block work on a cluster; give its number of threads.

    ``scheduler`` is the address of one, or None for a cluster of ``nbr_workers`` processes on this
    machine, which ends with the block. What ``modules`` define goes to the workers as it is, so
    that they need not have these files: they need Python, numpy, joblib and dask.distributed.
    Raises UserError where dask is missing, there is no scheduler at that address, or no worker.
    """
    try:
        import cloudpickle  # imported here: only the scripts for a cluster need them
        import distributed
    except ImportError:
        raise cli.UserError("dask is missing: pip install -r requirements-cluster.txt") from None
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # deaths are told in other words
    with contextlib.ExitStack() as stack:
        cluster = scheduler
        if cluster is None:
            cluster = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=nbr_workers, threads_per_worker=1, dashboard_address=None
                )
            )
        try:
            client = stack.enter_context(distributed.Client(cluster, timeout=WAIT_SECONDS))
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            raise cli.UserError(f"no dask cluster at {cluster}: {error}") from error
        nbr_threads = sum(client.nthreads().values())
        print(f"Cluster: {client.scheduler.address}, {nbr_threads} thread(s)", flush=True)
        with joblib.parallel_config("dask", wait_for_workers_timeout=WAIT_SECONDS):
            yield nbr_threads

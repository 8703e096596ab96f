"""Workers of a dask cluster for joblib: those of a scheduler, or of one on this machine."""

import contextlib
import logging
import multiprocessing.resource_tracker

import joblib

from common import cli, pools

WAIT_SECONDS = 5


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
    machine, which ends with the block. Functions of the running script and of ``modules`` go to the
    workers as they are, not as names: workers need numpy, joblib and dask, but not these files.
    Raises UserError where dask is missing, there is no scheduler at that address, or no worker.
    """
    try:
        import cloudpickle  # imported here: only the scripts for a cluster need them
        import dask
        import distributed
    except ImportError:
        raise cli.UserError("dask is missing: pip install -r requirements-cluster.txt") from None
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    for name in ("distributed", "tornado.application"):  # deaths and Ctrl-C are told in other words
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(pools.temporary_directory(prefix="dask-"))
        settings = {
            "temporary-directory": folder,
            "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
        }
        stack.enter_context(dask.config.set(settings))
        multiprocessing.resource_tracker.ensure_running()  # else it lets the signals go
        with pools.stop_signals_held():  # the workers inherit it: Ctrl-C is for this process
            if scheduler is None:
                cluster = distributed.LocalCluster(
                    n_workers=nbr_workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # any free port
                )
                stack.enter_context(cluster)
        try:
            client = distributed.Client(scheduler or cluster, timeout=WAIT_SECONDS)
            stack.enter_context(client)
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            where = f"at {scheduler}" if scheduler else "on this machine"
            raise cli.UserError(f"no dask cluster {where}: {error}") from error
        nbr_threads = sum(client.nthreads().values())
        print(f"Cluster: {client.scheduler.address}, {nbr_threads} thread(s)", flush=True)
        with joblib.parallel_config("dask", wait_for_workers_timeout=WAIT_SECONDS):
            yield nbr_threads

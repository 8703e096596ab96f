"""Workers for joblib.Parallel: processes of this machine (loky's), or those of a dask cluster."""

import contextlib
import functools
import logging
import multiprocessing
import os
import time

from common import cli, processes, run

import joblib
from joblib.externals import loky

WAIT_SECONDS = 5


@contextlib.contextmanager
def loky_workers(nbr_workers, initializer=None):
    """Have the workers of each ``joblib.Parallel(n_jobs=nbr_workers)`` up in the block; end them.

    With one worker joblib starts no process: the work is done in this one.
    """
    processes.start_tracker()
    with run.process_starts():
        loky.backend.resource_tracker.ensure_running()  # another one, of loky's own
    run.watch_child(loky.backend.resource_tracker._resource_tracker._pid, "resource tracker")
    setup = functools.partial(_set_up, os.getpid(), initializer)
    answers = [joblib.delayed(_answer)() for _ in range(nbr_workers)]
    with joblib.parallel_config("loky", initializer=setup):
        others = set(multiprocessing.active_children())
        with run.process_starts():
            pids = joblib.Parallel(nbr_workers, batch_size=1, return_as="generator")(answers)
            workers = set(multiprocessing.active_children()) - others
            if len(workers) == nbr_workers:  # else one has died, and joblib ends the others
                for worker in workers:
                    run.watched[worker.pid] = "joblib's worker", lambda w=worker: w.exitcode
        up = set(pids)
        while len(up) < len(workers):  # a worker that is up may have answered for another
            up.update(joblib.Parallel(nbr_workers, batch_size=1)(answers))
        yield
        if workers:
            loky.get_reusable_executor().shutdown(kill_workers=True)


def _answer():
    time.sleep(0.01)  # leaves the next task to another worker
    return os.getpid()


def _set_up(parent_pid, initializer):
    processes.settle(parent_pid)
    if initializer is not None:
        initializer()


def add_scheduler(parser):
    """Add ``--scheduler``."""
    what = "a dask scheduler that has workers (default: a cluster on this machine)"
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help=what)


@contextlib.contextmanager
def workers(scheduler, nbr_workers, *modules):
    """Have each ``joblib.Parallel`` of the block work on a cluster; give its number of threads.

    ``scheduler`` is the address of one, or None for a cluster of ``nbr_workers`` processes on this
    machine, which ends with the block. Functions of the running script and of ``modules`` go to the
    workers as they are, not as names: workers need numpy, joblib and dask, but not these files.
    Raises UserError where dask is missing, there is no scheduler at that address, or no worker.
    """
    os.environ["DASK_LOGGING__DISTRIBUTED"] = "critical"  # deaths and Ctrl-C are told by the run
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
    try:
        import cloudpickle  # imported here: only the scripts for a cluster need them
        import distributed
    except ImportError:
        raise cli.UserError("dask is missing: pip install -r requirements-cluster.txt") from None
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    processes.start_tracker()
    where = {"n_workers": nbr_workers, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    if scheduler:
        where = {"address": scheduler}
    loop = distributed.utils.LoopRunner()
    with run.process_starts():  # the workers that its thread starts inherit what is held
        loop.start()
    with contextlib.ExitStack() as stack:
        stack.callback(loop.stop)
        try:
            client = distributed.Client(loop=loop.loop, timeout=WAIT_SECONDS, **where)
            stack.enter_context(client)
            for child in multiprocessing.active_children():  # each has semaphores of its own
                run.tell_guard(f"+{child.pid}")
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            place = f"at {scheduler}" if scheduler else "on this machine"
            raise cli.UserError(f"no dask cluster {place}: {error}") from error
        nbr_threads = sum(client.nthreads().values())
        print(f"Cluster: {client.scheduler.address}, {nbr_threads} thread(s)", flush=True)
        with joblib.parallel_config("dask", wait_for_workers_timeout=WAIT_SECONDS):
            yield nbr_threads

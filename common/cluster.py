"""Workers for joblib.Parallel: processes of this machine (loky's), or those of a dask cluster."""

import asyncio
import contextlib
import functools
import logging
import multiprocessing
import os
import time
import warnings

from common import cli, memory, processes, root, run  # noqa: F401 - loky's workers ask psutil

import joblib
from joblib.externals import loky
from joblib.externals.loky.backend import resource_tracker

WAIT_SECONDS = 5


@contextlib.contextmanager
def loky_workers(nbr_workers, initializer=None):
    """Have the workers of each ``joblib.Parallel(n_jobs=nbr_workers)`` up in the block; end them.

    With one worker, or JOBLIB_MULTIPROCESSING=0, joblib does the work in this process.
    """
    multiprocessing.Lock()  # where there are no semaphores, joblib works without workers
    processes.start_tracker()
    with run.process_starts():
        resource_tracker.ensure_running()  # another one, of loky's own
        run.watch_child(resource_tracker._resource_tracker._pid, "resource tracker")
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
    with processes.tells_parent():
        processes.settle(parent_pid)
        if initializer is not None:
            initializer()


def add_scheduler(parser):
    """Add ``--scheduler`` and ``--timeout``."""
    what = "a dask scheduler that has workers (default: a cluster on this machine)"
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help=what)
    what = "seconds without a sign of life from any worker before giving up (default: 30)"
    seconds = cli.whole_number(1, 86_400)
    parser.add_argument("--timeout", type=seconds, default=30, metavar="N", help=what)


@contextlib.contextmanager
def workers(scheduler, nbr_workers, *modules, timeout=30):
    """Have each ``joblib.Parallel`` of the block work on a cluster; give its number of threads.

    ``scheduler`` is the address of one, or None for a cluster of ``nbr_workers`` processes on this
    machine, which ends with the block. Functions of the running script and of ``modules`` go to the
    workers as they are, not as names: workers need numpy, joblib and dask, but not these files.
    Raises UserError where dask is missing, there is no scheduler at that address, or no worker;
    Failure where the cluster fails later, or no worker was heard of for ``timeout`` seconds.
    """
    os.environ["DASK_LOGGING__DISTRIBUTED"] = "critical"  # deaths and Ctrl-C are told by the run
    try:
        import cloudpickle  # imported here: only the scripts for a cluster need them
        import distributed
    except ImportError:
        raise cli.UserError(f"dask is missing: cd {root} && make setup-cluster") from None
    except Exception as error:  # also its configuration's
        raise cli.UserError(f"dask does not start: {_first_line(error)}") from error
    for name in ("tornado.application", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)  # see below
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    processes.start_tracker()
    place = f"the cluster at {scheduler}" if scheduler else "the cluster on this machine"
    where = {"n_workers": nbr_workers, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    if scheduler:
        where = {"address": scheduler}
    loop = distributed.utils.LoopRunner()
    with run.process_starts():  # the workers that its thread starts inherit what is held
        loop.start()
    # The last sign of life, and looks since then: not seconds, as this process may be stopped.
    heard = [None, 0]

    def look():
        heard[1] += 1
        if heard[1] * run.LOOK_SECONDS > timeout:
            what = (
                "are scheduler, workers and network up, and do workers have our Python and numpy?"
            )
            run.end(1, f"{place}: no sign of life from any worker for {timeout} s; {what}")

    with contextlib.ExitStack() as stack:
        stack.callback(loop.stop)
        try:
            client = distributed.Client(loop=loop.loop, timeout=WAIT_SECONDS, **where)
            stack.enter_context(client)
            for child in multiprocessing.active_children():  # each has semaphores of its own
                run.tell_guard(f"+{child.pid}")
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
            client.loop.add_callback(_listen, client, heard)
            run.looks.append(look)
            stack.callback(run.looks.remove, look)
            nbr_threads = sum(client.nthreads().values())
            differences = _differences(client)
        except (OSError, ValueError, TypeError, RuntimeError, TimeoutError) as error:
            raise cli.UserError(f"{place} cannot be used: {_first_line(error)}") from error
        print(f"Cluster: {client.scheduler.address}, {nbr_threads} thread(s)", flush=True)
        print("".join(f"Differs there: {what}\n" for what in differences), end="")
        with joblib.parallel_config("dask", wait_for_workers_timeout=WAIT_SECONDS) as config:
            # joblib does not use a cluster of one thread
            config["backend"].effective_n_jobs = lambda n_jobs: max(2, nbr_threads)
            lost = distributed.KilledWorker, distributed.CancelledError, OSError, TimeoutError
            try:
                yield nbr_threads
            except (*lost, ImportError) as error:
                raise cli.Failure(f"{place} failed: {_first_line(error)}") from error


def _first_line(error):
    return (str(error) or type(error).__name__).partition("\n")[0]


async def _listen(client, heard):
    """Keep in ``heard`` when the scheduler last heard of a worker, by its clock."""
    while client.status in ("running", "connecting"):
        with contextlib.suppress(OSError, ValueError):  # out of reach, or there is no worker
            known = (await client.scheduler.identity())["workers"].values()
            latest = max(worker["last_seen"] for worker in known)
            if latest != heard[0]:
                heard[:] = latest, 0
        await asyncio.sleep(run.LOOK_SECONDS)


def _differences(client):
    """Return the packages of which a worker has another version than we, as lines."""
    versions = client.get_versions()
    ours = versions["client"]["packages"]
    theirs = [worker["packages"] for worker in versions["workers"].values()]
    return [
        f"{name} {', '.join(sorted({f'{its[name]}' for its in theirs}))}, here {ours[name]}"
        for name in ("python", "numpy", "dask", "cloudpickle")
        if {its[name] for its in theirs} - {ours[name]}
    ]

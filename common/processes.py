"""multiprocessing's Pool, Process and Manager, whose processes the run knows.

They have the standard library's arguments and methods. Their processes leave signals to this one
and end when it does; when one dies, the run ends with a line that says so (see run.py). Pool
returns when its workers are up.
"""

import contextlib
import copy
import functools
import multiprocessing
import multiprocessing.resource_tracker
import os
import signal
import sys
import threading
import time

from common import run

MAX_FOLDER = 65  # letters; a socket's path has a hundred (man 7 unix)

is_worker = getattr(multiprocessing.current_process(), "_inheriting", False)
if not (is_worker or run.MARK in os.environ or "multiprocessing.forkserver" in sys.modules):
    run.begin()  # a script's module is used by another program, such as timeit
if run.folder:  # the run's semaphores bear its pid, so that the guard can remove them
    multiprocessing.current_process()._config["semprefix"] = f"/mp-{os.getpid()}"
    if len(run.folder) > MAX_FOLDER:
        short = f"/tmp/{os.path.basename(run.folder)}"
        run.tell_guard(short)
        os.symlink(run.folder, short)
        multiprocessing.current_process()._config["tempdir"] = short


def start_tracker():
    """Start and watch the resource tracker; it lets go of signals that are held, so first."""
    tracker = multiprocessing.resource_tracker
    with run.process_starts():
        tracker.ensure_running()
        run.watch_child(tracker._resource_tracker._pid, "resource tracker")


def start_services():
    """Start what serves the start method, before there is anything to clean up."""
    start_tracker()
    if multiprocessing.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload(["__main__", "common.processes"])
        with run.process_starts():  # its children inherit what is held
            try:
                forkserver.ensure_running()
            except BrokenPipeError as error:
                raise run.Failure("the forkserver died while it started") from error
            run.watch_child(forkserver._forkserver._forkserver_pid, "forkserver")


def settle(parent_pid=None):
    """Make this worker leave signals to its parent, and end when its parent does.

    ``parent_pid`` is for a worker of loky, which has no parent_process().
    """
    for signum in (*run.HELD, signal.SIGCHLD, signal.SIGBUS):
        is_for_parent = signum in (signal.SIGINT, signal.SIGHUP)
        signal.signal(signum, signal.SIG_IGN if is_for_parent else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, run.HELD)
    run.whole_lines()
    threading.excepthook = lambda failed: _excepthook(*failed[:3])
    threading.Thread(target=_end_with_parent, args=(parent_pid,), daemon=True).start()


def _end_with_parent(parent_pid):
    if parent_pid is None:
        multiprocessing.parent_process().join()
    while os.getppid() == parent_pid:
        time.sleep(run.LOOK_SECONDS)
    os._exit(1)


def _excepthook(kind, error, traceback):
    if code := run.exit_code(error):
        os._exit(code)
    time.sleep(run.LOOK_SECONDS)
    if os.path.isdir(os.getenv("TMPDIR", "/")):  # else the run is over, which is why it failed
        sys.__excepthook__(kind, error, traceback)


if not run.folder:  # this is a worker that starts, or the forkserver
    sys.excepthook = _excepthook


@contextlib.contextmanager
def tells_parent():
    """End this worker, with an exit code that says why, if something is short in the block."""
    try:
        yield
    except (EOFError, ConnectionError):  # a manager or the reader of our output has gone
        time.sleep(1)  # its end is to be seen first
        os._exit(1)
    except BaseException as error:
        if code := run.exit_code(error):
            os._exit(code)
        raise


@contextlib.contextmanager
def ends_run():
    """End the run if something is short in the block: now, before main removes what others use."""
    try:
        yield
    except Exception as error:
        if run.folder and (code := run.exit_code(error)):
            run.end(2, run.told_by(code))
        raise


class _Known:
    """A Process that the run knows. Where ``may_die`` is set, its death does not end the run."""

    may_die = False

    def start(self):
        method = self._start_method or multiprocessing.get_start_method()
        if sys.flags.interactive:  # at the prompt, Python has forgotten it
            vars(sys.modules["__main__"]).setdefault("__file__", sys.argv[0])
        # A forkserver that was stopped is not to stop us, too.
        with run.starting if method == "forkserver" else run.process_starts():
            with ends_run():
                super().start()
            if not self.may_die:
                run.watched[self.pid] = "worker", lambda: self.exitcode

    def run(self):
        with tells_parent():
            settle()
            try:
                super().run()
            except SystemExit as error:  # whose results its Pool would wait for
                error.code = error.code or "PoolWorker" in self.name
                raise  # this one: its context tells more

    def terminate(self):
        run.watched.pop(self.pid, None)
        super().terminate()

    def kill(self):
        run.watched.pop(self.pid, None)
        super().kill()


class Process(_Known, multiprocessing.Process):
    """A multiprocessing.Process."""

    def join(self, timeout=None):
        super().join(timeout)
        if run.folder:
            run.look()  # before anything is made of what it has left undone


def _pool(context, processes=None, initializer=None, initargs=(), maxtasksperchild=None):
    up = context.Semaphore(0)
    setup = functools.partial(_initialize, up, initializer)
    with ends_run():
        pool = type(context).Pool(context, processes, setup, initargs, maxtasksperchild)
    for _ in range(pool._processes):
        up.acquire()
    return pool


def _initialize(up, initializer, *initargs):
    if initializer is not None:
        initializer(*initargs)
    up.release()


CONTEXTS = {}
for method in multiprocessing.get_all_start_methods():
    context = CONTEXTS[method] = copy.copy(multiprocessing.get_context(method))
    kind = type(f"{method}_Process", (_Known, context.Process), {"__module__": __name__})
    globals()[kind.__name__] = context.Process = kind  # a worker finds it by that name
    context.Pool = functools.partial(_pool, context)


def get_context(method=None):
    """Return the context of that start method, or of the current one."""
    return CONTEXTS[method or multiprocessing.get_start_method()]


def Pool(*args, **keywords):  # noqa: N802
    """Return a multiprocessing.Pool."""
    return get_context().Pool(*args, **keywords)


def Manager():  # noqa: N802
    """Return a multiprocessing.Manager."""
    return get_context().Manager()

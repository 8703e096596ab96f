"""Worker processes that end when they should.

A ``multiprocessing.Pool`` waits for ever for a worker that was killed, its workers all answer
Ctrl-C with a traceback, and they live on when the parent is killed. These helpers change that and
nothing else.
"""

import concurrent.futures.process
import contextlib
import functools
import multiprocessing
import multiprocessing.connection
import multiprocessing.managers
import multiprocessing.pool
import multiprocessing.resource_tracker
import multiprocessing.util
import os
import select
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

POLL_SECONDS = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HELD_SIGNALS = (*STOP_SIGNALS, signal.SIGALRM)  # by which cli.run puts a stop off
EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE


class WorkerDied(RuntimeError):  # noqa: N818
    """A worker ended before its work was done."""

    def __init__(self, pid, exitcode):
        if exitcode < 0:
            how = f"was killed by signal {-exitcode} ({signal.Signals(-exitcode).name})"
        else:
            how = f"ended with exit code {exitcode}"
        super().__init__(f"worker {pid} {how}")


def setup_worker(initializer=None, initargs=(), ready=None, parent_pid=None):
    """Make this worker leave Ctrl-C to its parent and end when its parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_SIGNALS)
    threading.Thread(target=_end_with_parent, args=(parent_pid,), daemon=True).start()
    if initializer is not None:
        initializer(*initargs)
    if ready is not None:
        ready.release()


def _end_with_parent(parent_pid):
    if parent_pid is None:
        multiprocessing.parent_process().join()
    else:  # a loky worker has no parent_process()
        while os.getppid() == parent_pid:
            time.sleep(POLL_SECONDS)
    os._exit(1)


def check(workers):
    """Raise WorkerDied if one of ``workers`` (Process objects) has died."""
    dead = [worker for worker in workers if worker.exitcode not in (None, 0)]
    for worker in sorted(dead, key=lambda worker: worker.exitcode):  # signals come first
        if worker.exitcode == EXIT_BROKEN_PIPE:
            raise BrokenPipeError
        raise WorkerDied(worker.pid, worker.exitcode)


def join(workers):
    """Wait until all ``workers`` have ended; raise WorkerDied as soon as one has died."""
    running = list(workers)
    while running:
        multiprocessing.connection.wait([worker.sentinel for worker in running])
        running = [worker for worker in running if worker.is_alive()]
        check(workers)  # afterwards: a worker's sentinel is ready a moment before its exit code


@contextlib.contextmanager
def stop_signals_held():
    """Hold Ctrl-C back while workers start: they inherit this until setup_worker is done."""
    if multiprocessing.get_start_method() != "fork":
        multiprocessing.resource_tracker.ensure_running()  # else it lets the signals go
    held, handlers = [], {}
    if threading.current_thread() is threading.main_thread():
        # A thread that does not block them, such as one of numpy's, may get them for this one.
        for signum in HELD_SIGNALS:
            handlers[signum] = signal.signal(signum, lambda signum, frame: held.append(signum))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_SIGNALS)
    try:
        yield
    finally:
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for signum in held:
            signal.raise_signal(signum)


@contextlib.contextmanager
def temporary_directory(**keywords):
    """Give a tempfile.TemporaryDirectory that goes even if Ctrl-C comes while it is made."""
    with contextlib.ExitStack() as stack:
        with stop_signals_held():
            folder = stack.enter_context(tempfile.TemporaryDirectory(**keywords))
        yield folder


@contextlib.contextmanager
def guarded(script, *arguments):
    """Have ``/bin/sh`` run ``script`` with $0, $1 and so on from ``arguments`` during the block.

    Its ``read`` returns when the block ends, or this process does, even by SIGKILL.
    """
    guard = subprocess.Popen(
        ["/bin/sh", "-c", script, *arguments],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is not for it
    )
    try:
        yield
    finally:
        guard.communicate(b"\n")  # not just closed: a forked process may have the pipe open


@contextlib.contextmanager
def _death_explains(children):
    """Turn an error that the death of one of ``children`` brought about into WorkerDied."""
    try:
        yield
    except (EOFError, OSError, threading.BrokenBarrierError) as error:
        ended = multiprocessing.connection.wait([child.sentinel for child in children], 0.5)
        for child in children:
            if child.sentinel in ended:
                child.join()  # it lets its connections go before it can be asked how it ended
        try:
            check(children)
        except WorkerDied as death:
            # What was not sent is let go now: CPython 3.14 complains of that at its end.
            traceback.clear_frames(error.__traceback__)
            raise death from error
        raise


class _Pool(multiprocessing.pool.Pool):
    """A Pool whose map raises WorkerDied when a worker dies."""

    def __init__(self, *args, **keywords):
        self.watched = multiprocessing.active_children()  # a manager, say; the workers come next
        super().__init__(*args, **keywords)

    def Process(self, context, *args, **keywords):  # noqa: N802 - Pool makes its workers with it
        process = context.Process(*args, **keywords)
        self.watched.append(process)
        return process

    def map(self, func, iterable, chunksize=None):
        result = self.map_async(func, iterable, chunksize)
        while not result.ready():
            result.wait(POLL_SECONDS)
            if not result.ready():
                check(self.watched)
        with _death_explains(self.watched):
            return result.get()


def _wait_until_up(nbr_workers, ready, watched):
    for _ in range(nbr_workers):
        while not ready.acquire(timeout=POLL_SECONDS):
            check(watched)


@contextlib.contextmanager
def worker_pool(nbr_workers, initializer=None, initargs=(), context=None):
    """Give a multiprocessing.Pool with all its workers up; end them when the block ends.

    Its ``map`` raises WorkerDied within a fraction of a second when a worker dies. ``context``
    is a multiprocessing context for a start method other than the current one.
    """
    context = context or multiprocessing.get_context()
    others = set(multiprocessing.active_children())
    ready = context.Semaphore(0)
    pool = None
    try:
        with stop_signals_held():
            pool = _Pool(nbr_workers, setup_worker, (initializer, initargs, ready), context=context)
        _wait_until_up(nbr_workers, ready, pool.watched)
        yield pool
    finally:
        # terminate() may wait for a lock that a killed worker took with it, so it gets a thread
        # and a limit; what it does first is to keep the pool from replacing workers.
        if pool is not None:
            terminating = threading.Thread(target=pool.terminate, daemon=True)
            terminating.start()
            terminating.join(1.0)
            pool._worker_handler.join(5.0)  # it may just be starting one more
        _kill(set(multiprocessing.active_children()) - others)


@contextlib.contextmanager
def loky_workers(nbr_workers, initializer=None, initargs=()):
    """Have the workers of each ``joblib.Parallel(n_jobs=nbr_workers)`` up in the block; end them.

    In the block ``Parallel`` raises WorkerDied when a worker dies. With one worker joblib starts
    no process: the work is done in this one.
    """
    import joblib  # imported here: most scripts run on the standard library

    others = set(multiprocessing.active_children())
    workers = set()
    multiprocessing.resource_tracker.ensure_running()  # as in stop_signals_held
    setup = functools.partial(setup_worker, initializer, initargs, parent_pid=os.getpid())
    answers = [joblib.delayed(_answer)() for _ in range(nbr_workers)]
    with joblib.parallel_config("loky", initializer=setup), selectors.DefaultSelector() as ended:
        try:
            with stop_signals_held():
                pids = joblib.Parallel(nbr_workers, batch_size=1, return_as="generator")(answers)
                workers = set(multiprocessing.active_children()) - others
                for worker in workers:
                    ended.register(worker.sentinel, selectors.EVENT_READ, worker)
                up = set(pids)
            while len(up) < len(workers):  # a worker that is up may have answered for another
                up.update(joblib.Parallel(nbr_workers, batch_size=1)(answers))
            yield
        except concurrent.futures.process.BrokenProcessPool as error:
            # Loky kills the others when one has died. Epoll and kqueue report first what came
            # first.
            for key, _ in ended.select(0):
                raise WorkerDied(key.data.pid, _exitcode(key.data)) from error
            raise
        finally:
            for worker in workers:
                if worker.is_alive():
                    os.kill(worker.pid, signal.SIGKILL)
            for worker in workers:
                worker.join()


def _answer():
    time.sleep(0.01)  # leaves the next task to another worker
    return os.getpid()


def _exitcode(worker):
    while worker.exitcode is None:  # loky's own thread has just seen the end of it
        time.sleep(0.01)
    return worker.exitcode


class WorkerProcess(multiprocessing.Process):
    """A Process that leaves Ctrl-C to its parent and ends when its parent does."""

    ready = None

    def run(self):
        setup_worker(ready=self.ready)
        try:
            super().run()
        except (EOFError, ConnectionError):  # the manager or the reader of our output has gone
            if _stdout_is_broken():
                os._exit(EXIT_BROKEN_PIPE)
            time.sleep(1.0)  # lest this end be seen before the one that is the cause of it
            os._exit(1)


def _stdout_is_broken():
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


@contextlib.contextmanager
def running(workers):
    """Start ``workers`` (WorkerProcess objects); end those still running when the block ends.

    All are up when the block begins. Gives the processes for ``check``: the workers, and a manager
    that was started before them.
    """
    watched = multiprocessing.active_children() + workers
    ready = multiprocessing.Semaphore(0)
    try:
        with stop_signals_held():
            for worker in workers:
                worker.ready = ready
                worker.start()
        with _death_explains(watched):
            _wait_until_up(len(workers), ready, watched)
            yield watched
    finally:
        _kill(worker for worker in workers if worker.pid is not None)


def _kill(processes):
    processes = list(processes)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


@contextlib.contextmanager
def manager(kind=multiprocessing.managers.SyncManager):
    """Give a manager, such as ``multiprocessing.Manager()``, whose process ends when this one does.

    ``kind`` is its class.
    """
    multiprocessing.util.get_temp_dir()  # made here, its socket's folder goes even if it is killed
    result = kind(ctx=multiprocessing.get_context())
    with contextlib.ExitStack() as stack:
        try:
            with stop_signals_held():
                result.start(setup_worker)
                stack.enter_context(result)
        except EOFError:  # before it told its address
            with _death_explains([result._process]):
                raise
        stack.enter_context(_death_explains([result._process]))
        yield result

"""The run of a script: where it begins, and the one place where it ends.

Nothing is raised into a lesson. What ends a run - the end of main, a signal, the death of a process
- calls ``end``, which ends every process of the run and then this one. The run's files are removed
by its guard, a shell that waits for the end of this process, however that comes.
"""

import atexit
import contextlib
import errno
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings

STOPS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
HELD = (*STOPS, signal.SIGALRM)
LOOK_SECONDS = 0.1
EXPLAIN_SECONDS = 0.5  # an error may be seen before the death that is its cause
START_SECONDS = 1  # a forkserver that was stopped never starts a process
END_SECONDS = 1.5
MIN_OPEN_FILES = 64
NO_SPACE = (errno.ENOMEM, errno.ENOSPC, errno.EDQUOT)
NO_MORE = (errno.EAGAIN, errno.EMFILE, errno.ENFILE)
LIMITS = "no more processes, threads or files can be had: see ulimit -u and ulimit -n"
EXIT_LIMITS = os.EX_OSERR  # of a worker that cannot start a thread or open a file

# Until its input ends, with this process, it reads what to remove (paths) and to kill (pids).
GUARD = """pid=$1; shift; pids=
while IFS= read -r line; do
  case $line in /*) set -- "$@" "$line" ;; *) pids="$pids $line" ;; esac
done
[ -z "$pids" ] || kill -9 $pids
exec rm -rf "$0" "$@" /dev/shm/mp-"$pid"-* /dev/shm/sem.mp-"$pid"-* /dev/shm/sem.loky-"$pid"-*"""
TIDY = {"guard", "resource tracker"}  # they clean up and end when this process has ended

folder = None  # of the run's temporary files
watched = {}  # pid -> what it is, and a function that returns its exit code or, at first, None
at_end = []  # functions that put back what is not a file or a process of the run
died = {}  # what and pid -> exit code, of joblib's workers: joblib notices by itself
starting = set()  # threads that start a process at this moment
_doubted = set()
_stop = None  # the signal that ends the run
_code = None  # once the run ends


class UserError(Exception):
    """Something the reader can put right: one line on stderr, exit 2."""


class Failure(Exception):  # noqa: N818
    """The answer is wrong, or what was started has failed: one line on stderr, exit 1."""


def begin():
    """Handle signals, make the run's folder, start its guard and its watch, unless it has begun."""
    global folder, _guard, _owner
    if folder:
        return
    folder, _owner = os.devnull, os.getpid()
    for signum in (*HELD, signal.SIGCHLD):
        if signum not in STOPS or signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _handle)
    if sys.stdout is None:
        end(2, "standard output is closed")
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # in place of a standard file that is closed
    os.close(descriptor)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < MIN_OPEN_FILES:
        end(2, f"{MIN_OPEN_FILES} open files are needed: see ulimit -n")
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # no script calls BLAS; its threads would start anyway
    quiet = "ignore:resource_tracker"  # it says what it removes, which we leave to it
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [os.getenv("PYTHONWARNINGS"), quiet]))
    warnings.filterwarnings("ignore", "resource_tracker")
    threading.excepthook = _thread_failed
    try:
        path = os.path.join(tempfile.gettempdir(), f"run-{os.urandom(5).hex()}")
        _guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, path, f"{_owner}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for it
        )
        folder = path
        os.register_at_fork(after_in_child=_leave_to_parent)
        os.mkdir(folder, 0o700)
    except OSError as error:
        end(2, LIMITS if is_limit(error) else error)
    watch_child(_guard.pid, "guard")
    tempfile.tempdir = folder
    for name in ("TMPDIR", "JOBLIB_TEMP_FOLDER", "DASK_TEMPORARY_DIRECTORY"):
        os.environ[name] = folder
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
    signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)


def _leave_to_parent():
    _guard.stdin.close()
    watched.clear()


def _thread_failed(failed):
    time.sleep(EXPLAIN_SECONDS)  # if a death explains it, the run ends meanwhile
    threading.__excepthook__(failed)


def _handle(signum, frame):
    global _stop, _deadline
    if os.getpid() != _owner:  # a child that has just been forked
        os._exit(128 + signum)
    if signum in STOPS and not _stop:
        _stop, _deadline = signum, time.monotonic() + START_SECONDS
    if _code is not None:
        if time.monotonic() > _deadline:
            os._exit(_code)
    elif starting and not (_stop and time.monotonic() > _deadline):
        return  # the next alarm comes soon
    elif _stop:
        end(128 + _stop, STOPS[_stop])
    else:
        look()


@contextlib.contextmanager
def process_starts(inherits=True):
    """Put signals off while a process starts, so that the run does not end before it knows it.

    ``inherits`` is whether it inherits that they are held, until it has settled.
    """
    starting.add(threading.get_ident())
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD if inherits else ())
    try:
        if _code is not None:
            raise SystemExit  # from a pool's thread, which would replace workers that we end
        yield
    finally:
        starting.discard(threading.get_ident())
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def watch(pid, exitcode, what="worker"):
    """End the run when a process dies, and the process with the run; see ``watched``."""
    watched[pid] = what, exitcode


def watch_child(pid, what):
    """Watch the child process ``pid``, which nobody else waits for."""

    def exitcode():
        with contextlib.suppress(ChildProcessError):
            ended, status = os.waitpid(pid, os.WNOHANG)
            return os.waitstatus_to_exitcode(status) if ended else None
        return 0  # asked before

    watch(pid, exitcode, what)


def look():
    """End the run if a process of it has died."""
    dead = {}
    for pid, (what, exitcode) in list(watched.items()):
        code = exitcode()
        if code == 255 and pid not in _doubted:  # so says a forkserver's child asked twice at once
            _doubted.add(pid)
        elif code is not None and watched.pop(pid, None):  # not by a look within this one
            dead |= {f"{what} {pid}": code} if code else {}
    by_joblib = {who: code for who, code in dead.items() if who.startswith("joblib")}
    died.update({} if died else by_joblib)
    if dead == by_joblib:
        if not os.path.isdir(folder):
            end(1, f"{folder} is gone")
    elif stdout_is_broken():
        end(0)
    elif EXIT_LIMITS in dead.values():
        end(2, LIMITS)
    else:
        if -signal.SIGTERM in dead.values():
            time.sleep(LOOK_SECONDS)  # it may have been for this process, too
        end(1, in_words(dead))


def in_words(dead):
    """Return how processes ended: a dict from what and pid of each to its exit code."""
    return ", ".join(
        f"{who} was killed by signal {-code} ({signal.Signals(-code).name})"
        if code < 0
        else f"{who} ended with exit code {code}"
        for who, code in dead.items()
    )


def stdout_is_broken():
    """Return whether nobody reads what we print."""
    poll = select.poll()
    poll.register(1, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def tell_guard(what):
    """Have a file or folder (its path), or a watched process (its pid), removed with the run."""
    if folder and "\n" not in f"{what}":
        os.write(_guard.stdin.fileno(), os.fsencode(f"{what}\n"))


def end(code, message=None, leave=os._exit):
    """End every process of the run, then this one, with exit ``code``.

    ``message`` is its last line, on stderr. ``leave`` is another function at the end of main: then
    Python has files to remove itself, and the guard comes after it.
    """
    global _code, _deadline
    _code, _deadline = code, time.monotonic() + END_SECONDS
    signal.setitimer(signal.ITIMER_REAL, END_SECONDS + LOOK_SECONDS, LOOK_SECONDS)
    with contextlib.suppress(Exception):  # nobody reads it, or the signal came while we wrote
        sys.stdout.flush()
    if message is not None:
        line = f"{os.path.basename(sys.argv[0])}: {message}\n"
        line = f"\r\x1b[K{line}" if os.isatty(2) else line  # in place of ^C or a progress bar
        with contextlib.suppress(OSError):
            os.write(2, line.encode(getattr(sys.stderr, "encoding", "utf-8"), "backslashreplace"))
    if leave is os._exit:  # what threads and libraries still say is of no use
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    _wait_until(lambda: starting <= {threading.get_ident()})
    _end_processes()
    for put_back in at_end:
        with contextlib.suppress(Exception):
            put_back()
    if leave is os._exit and folder != os.devnull:
        _guard.stdin.close()
        if guard := watched.get(_guard.pid):
            _wait_until(lambda: guard[1]() is not None)
        else:
            subprocess.run(_guard.args, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    leave(code)


def _end_processes():
    processes = dict(watched)
    module = sys.modules.get("multiprocessing")  # perhaps not yet whole
    for child in getattr(module, "active_children", list)():  # also those that are not watched
        processes[child.pid] = "worker", lambda child=child: child.exitcode
    for pid, (what, exitcode) in processes.items():
        with contextlib.suppress(OSError):
            if exitcode() is None:
                os.kill(pid, signal.SIGCONT if what in TIDY else signal.SIGKILL)
    _wait_until(
        lambda: all(what in TIDY or exitcode() is not None for what, exitcode in processes.values())
    )


def _wait_until(is_true):
    while not is_true() and time.monotonic() < _deadline:
        time.sleep(0.002)


def is_limit(error):
    """Return whether ``error`` says that no more processes, threads or files can be had."""
    is_thread = isinstance(error, RuntimeError) and "start new thread" in str(error)
    return is_thread or (isinstance(error, OSError) and error.errno in NO_MORE)


def outcome(main):
    """Call ``main``; return the exit code, and a line for stderr or None.

    0: done (also when the reader of our output, such as ``head``, has gone); 1: something has
    failed; 2: the reader can put it right. Any other error is a bug, and is raised.
    """
    try:
        _explained(main)
        return 0, None
    except SystemExit as error:
        return error.code or 0, None
    except UserError as error:
        return 2, error
    except Failure as error:
        return 1, error


def _explained(main):
    """Call ``main``; turn errors that are no bugs into UserError and Failure."""
    try:
        main()
        sys.stdout.flush()
    except Exception as error:
        if isinstance(error, BrokenPipeError) and stdout_is_broken():
            raise SystemExit(0) from error
        if is_limit(error) or is_limit(error.__context__):
            raise UserError(LIMITS) from error
        if isinstance(error, MemoryError) or getattr(error, "errno", None) in NO_SPACE:
            raise UserError(str(error) or "not enough memory") from error
        if died and type(error).__name__ == "TerminatedWorkerError":  # joblib's
            raise Failure(in_words(died)) from error
        raise


def run(main):
    """Run ``main`` and leave with its exit code (see outcome)."""
    begin()
    bug = None
    try:
        code, message = outcome(main)
    except Exception as error:
        code, message, bug = 1, None, error
    until = time.monotonic() + EXPLAIN_SECONDS
    idle = TIDY if bug else {*TIDY, "forkserver"}
    while code and time.monotonic() < until and {what for what, _ in watched.values()} - idle:
        look()
        time.sleep(0.01)
    look()
    end(code, message, leave=sys.exit if bug is None else lambda code: None)
    raise bug

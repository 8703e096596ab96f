"""The run of a script: where it begins, and the one place where it ends.

Nothing is raised into a lesson. What ends a run - the end of main, a signal, the death of a process
- calls ``end``, which ends every process of the run and then this one. The run's files go with its
guard, a shell that waits for the end of this process, however that comes.
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
END_SECONDS = 1.5
MIN_OPEN_FILES = 64
LIMITS = "no more processes, threads or files can be had: see ulimit -u, -n and -v"
NO_SPACE = (errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What exit codes of workers say.
EXITS = {os.EX_OSERR: LIMITS, **{100 + nth: os.strerror(n) for nth, n in enumerate(NO_SPACE)}}
WHY = {signal.SIGBUS: ": no room for what is shared, see df -h /dev/shm"}
TIDY = {"guard", "resource tracker"}  # they clean up and end when this process has ended

GUARD = os.path.join(os.path.dirname(__file__), "guard.sh")

MARK = "COMPANION_RUN"  # in the environment of the run's processes

folder = None  # of the run's temporary files
# Whose deaths end the run: pid -> what it is, a function that returns its exit code, at first None.
watched = {}
looks = []  # functions that end the run if something else than a process has failed
at_end = []  # functions that put back what is not a file or a process of the run
died = {}  # what and pid -> exit code, of joblib's workers: joblib itself kills them on an error
starting = threading.RLock()  # of the thread that starts a process
_waits = False  # a look: for the end of process_starts, or of another look
_doubted = {}
_killed = set()
_code = None  # once the run ends


class UserError(Exception):
    """Something the reader can put right: one line on stderr, exit 2."""

    code = 2


class Failure(Exception):  # noqa: N818
    """The answer is wrong, or what was started has failed: one line on stderr, exit 1."""

    code = 1


def begin():
    """Handle signals, make the run's folder, start its guard and watch, unless it has begun."""
    global folder, _guard
    if folder:
        return
    folder = os.devnull
    for signum in (*HELD, signal.SIGCHLD):
        if signum not in STOPS or signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)  # a script that starts us may hold them
    if sys.stdout is None:
        end(2, "standard output is closed")
    whole_lines()
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # in place of a standard file that is closed
    os.close(descriptor)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < MIN_OPEN_FILES:
        end(2, f"{MIN_OPEN_FILES} open files are needed: see ulimit -n")
    if not os.stat(os.curdir).st_nlink:
        end(2, "the current folder is gone: cd into another one")
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # no script calls BLAS; its threads would start anyway
    # It says what it removes, which we leave to it; and joblib that there are no semaphores.
    quiet = "ignore:resource_tracker,ignore:::joblib._multiprocessing_helpers"
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [os.getenv("PYTHONWARNINGS"), quiet]))
    warnings.filterwarnings("ignore", "resource_tracker|subprocess|.*joblib will operate in serial")
    threading.excepthook = _thread_failed
    atexit.register(_last)
    try:
        parent = os.getenv(MARK) or tempfile.gettempdir()  # gone if the run that started us is over
        path = os.path.abspath(os.path.join(parent, f"run-{os.urandom(5).hex()}"))
        command = ["/bin/sh", GUARD, path, f"{os.getpid()}"]
        _guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        folder = path
        os.register_at_fork(after_in_child=_guard.stdin.close)
        os.mkdir(folder, 0o700)
    except OSError as error:
        end(2, LIMITS if exit_code(error) == os.EX_OSERR else error)
    watch_child(_guard.pid, "guard")
    tempfile.tempdir = folder
    for name in (MARK, "TMPDIR", "JOBLIB_TEMP_FOLDER"):
        os.environ[name] = folder
    signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)


def whole_lines():
    """Have all letters shown, and no line written in pieces, which those of others come between."""
    if hasattr(sys.stdout, "reconfigure"):
        is_unbuffered = getattr(sys.stdout, "write_through", False)  # python -u
        how = {"line_buffering": True, "write_through": False} if is_unbuffered else {}
        sys.stdout.reconfigure(errors="backslashreplace", **how)


def _thread_failed(failed):
    time.sleep(EXPLAIN_SECONDS)  # if a death explains it, the run ends meanwhile
    if code := exit_code(failed.exc_value):
        end(2, told_by(code))
    threading.__excepthook__(failed)
    end(1)  # main may wait for that thread


def _handle(signum, frame):
    if _code is not None:
        if time.monotonic() > _deadline:
            os._exit(_code)
    elif signum in STOPS:
        end(128 + signum, STOPS[signum])
    elif not _waits:  # else the next alarm comes soon
        look()


@contextlib.contextmanager
def process_starts():
    """Hold signals while a process starts: it inherits that, until it has settled."""
    global _waits
    with starting:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        _waits = True
        try:
            yield
        finally:
            _waits = False
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start(command, what, **options):
    """Start another script, which ends with the run; return its Popen.

    It gets a session of its own, as Ctrl-C is for us alone. How it ended is for the caller to say.
    """
    with process_starts():
        process = subprocess.Popen(command, **options, start_new_session=True)
        watched[process.pid] = what, lambda: None if process.poll() is None else 0
    return process


def watch_child(pid, what):
    """Watch the child process ``pid``, which nobody else waits for."""

    def exitcode():
        with contextlib.suppress(ChildProcessError):
            ended, status = os.waitpid(pid, os.WNOHANG)
            return os.waitstatus_to_exitcode(status) if ended else None
        return -signal.SIGKILL  # multiprocessing has replaced it

    watched[pid] = what, exitcode


def tell_guard(what):
    """Have a file or folder (its path), or a watched process (its pid), removed with the run."""
    if folder and "\n" not in f"{what}":
        os.write(_guard.stdin.fileno(), os.fsencode(f"{what}\n"))


def look():
    """End the run if a process of it has died."""
    global _waits
    before, _waits = _waits, True
    dead, now = {}, time.monotonic()
    for pid, (what, exitcode) in list(watched.items()):
        code = exitcode()
        if code == 255 and now < _doubted.setdefault(pid, now + LOOK_SECONDS):
            continue  # a forkserver's child asked twice at once says so, or the forkserver has died
        if code is not None and watched.pop(pid, None) and code:
            (died if what.startswith("joblib") else dead)[f"{what} {pid}"] = code
    _waits = before
    if not dead:
        if folder != os.devnull and not os.path.isdir(folder):
            end(1, f"{folder} is gone")
        for also in looks:
            also()
    elif stdout_is_broken():
        end(0)
    elif told := EXITS.keys() & dead.values():
        end(2, told_by(min(told)))
    else:
        if -signal.SIGTERM in dead.values():  # it may have been for this process, too
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
            signal.raise_signal(signal.SIGCHLD)  # else one that came with an alarm is handled later
            time.sleep(LOOK_SECONDS)
        end(1, in_words(dead))


def in_words(dead):
    """Return how processes ended: a dict from what and pid of each to its exit code."""
    return ", ".join(
        f"{who} was killed by signal {-code} ({signal.Signals(-code).name}{WHY.get(-code, '')})"
        if code < 0
        else f"{who} ended with exit code {code}"
        for who, code in dead.items()
    )


def stdout_is_broken():
    """Return whether nobody reads what we print."""
    poll = select.poll()
    poll.register(1, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


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
    starting.acquire(timeout=END_SECONDS)  # a pool's thread may be replacing a worker
    while not _kill_all() and time.monotonic() < _deadline:
        time.sleep(0.002)
    for put_back in at_end:
        with contextlib.suppress(Exception):
            put_back()
    if leave is os._exit and folder != os.devnull and _guard.pid not in watched:  # it was killed
        subprocess.run(_guard.args, stdin=subprocess.DEVNULL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD)  # while Python ends, one would kill it
    if leave is os._exit:
        _last()
    else:  # Python would wait for what those we have killed had: a pool's lock, room in a queue
        getattr(sys.modules.get("multiprocessing.util"), "_finalizer_registry", {}).clear()
    leave(code)


def _last():
    """Stop looking; as the first process of a container, with which all end, wait for the guard."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    if os.getpid() == 1 and folder != os.devnull:
        _guard.communicate()


def _kill_all():
    """Kill what runs of the run; return whether nothing did. A library may replace what we kill."""
    processes = dict(watched)
    module = sys.modules.get("multiprocessing")  # perhaps not yet whole
    for child in getattr(module, "active_children", list)():  # also those that are not watched
        processes[child.pid] = "worker", lambda child=child: child.exitcode
    all_ended = True
    for pid, (what, exitcode) in reversed(processes.items()):  # the forkserver last: it tells of
        code = exitcode()  # its children's ends, 255 when it is dead
        with contextlib.suppress(OSError):
            if code in (None, 255) and pid not in _killed:
                _killed.add(pid)
                _go_on(pid)
                os.kill(pid, signal.SIGCONT if what in TIDY else signal.SIGKILL)
                tell_guard(f"+{pid}")
        if code is None and what not in TIDY:
            with contextlib.suppress(ChildProcessError):  # the lesson may be just waiting for it
                code = os.waitpid(pid, os.WNOHANG)[0] or None
            all_ended &= code is not None or not _exists(pid)
    return all_ended


def _go_on(pid):
    """Have what ``pid`` has started go on if it was stopped: perhaps a script, with its guard."""
    children = f"/proc/{pid}/task/{pid}/children"
    with contextlib.suppress(OSError), open(children) as pids:  # not Linux, or it has ended
        for child in pids.read().split():
            os.kill(int(child), signal.SIGCONT)


def _exists(pid):
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno != errno.ESRCH
    return True


def exit_code(error):
    """Return the exit code (of EXITS) by which a worker tells of ``error``, or None for a bug."""
    for one in (error, error.__context__):
        unmapped = isinstance(one, ImportError) and "failed to map" in str(one)
        is_memory = unmapped or isinstance(one, MemoryError)
        number = errno.ENOMEM if is_memory else getattr(one, "errno", None)
        no_thread = isinstance(one, RuntimeError) and "start new thread" in str(one)
        if no_thread or number in (errno.EAGAIN, errno.EMFILE, errno.ENFILE):
            return os.EX_OSERR
        if number in NO_SPACE:
            return 100 + NO_SPACE.index(number)
    return None


def told_by(code):
    """Return what an exit code of EXITS says, with the names of file systems that are full."""
    places = (os.path.dirname(folder), "/dev/shm") if code > 100 else ()
    full = {os.stat(p).st_dev: p for p in places if os.path.isdir(p) and not os.statvfs(p).f_bavail}
    return ": ".join([EXITS[code], *full.values()])


def end_without_room():
    """Have the run end in one line where shared memory turns out to have no room (SIGBUS).

    Python's own handler would return to the same access, for ever.
    """
    global _no_room
    import ctypes

    _no_room = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda signum: end(2, told_by(101)))
    ctypes.CDLL(None).signal(signal.SIGBUS, _no_room)


def outcome(main):
    """Call ``main``; return the exit code, and a line for stderr or None.

    0: done (also when the reader of our output, such as ``head``, has gone); 1: something has
    failed; 2: the reader can put it right. Any other error is a bug, and is raised.
    """
    try:
        main()
        sys.stdout.flush()
    except SystemExit as error:
        return error.code or 0, None
    except (UserError, Failure) as error:
        return error.code, error
    except Exception as error:
        if isinstance(error, BrokenPipeError) and stdout_is_broken():
            return 0, None
        has_shared_memory = sys.platform != "linux" or os.access("/dev/shm", os.W_OK | os.X_OK)
        if code := exit_code(error):
            has_name = str(error) and getattr(error, "filename", error) and code != os.EX_OSERR
            problem = UserError(error if has_name else told_by(code))
        elif isinstance(error, OSError) and not has_shared_memory:
            problem = UserError("no /dev/shm to write to: shared memory and locks need it")
        elif type(error).__name__ == "TerminatedWorkerError":  # joblib's
            time.sleep(LOOK_SECONDS)  # until all that have died are known
            told = EXITS.keys() & died.values()
            problem = Failure(in_words(died) or "a worker died while joblib started it")
            problem = UserError(told_by(min(told))) if told else problem
        else:
            raise
        problem.__cause__ = error  # what its frames hold must not go before the processes
        return problem.code, problem
    return 0, None


def run(main):
    """Run ``main`` and leave with its exit code (see outcome); under ``python -i``, return."""
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
    if sys.flags.interactive:  # python -i: the run goes on, with the prompt
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if message is not None:
            print(f"{os.path.basename(sys.argv[0])}: {message}", file=sys.stderr)
    else:
        end(code, message, leave=sys.exit if bug is None else lambda code: None)
    if bug:
        raise bug

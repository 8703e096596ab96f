"""Run a script as its reader would, and look at what it leaves behind."""

import ast
import concurrent.futures
import contextlib
import dataclasses
import functools
import importlib.util
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

from common import cli, run

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = (
    "pi_estimation",
    "primes_pool",
    "primes_queue",
    "prime_verification_ipc",
    "numpy_shared",
    "sync_locking",
)
START_METHODS = ("fork", "forkserver", "spawn")
HAS_INTERPRETERS = hasattr(concurrent.futures, "InterpreterPoolExecutor")
SHARED_MEMORY = Path("/dev/shm")
GROUPS = Path("/sys/fs/cgroup")
# What begins a command of the shell, whose mounts only it and its children see.
IN_NAMESPACE = ("unshare", "--map-root-user", "--mount", "/bin/sh", "-c")
PACKAGES = ("distributed", "joblib", "matplotlib", "numpy")  # that not every Python has
TIMEOUT = 120  # seconds; a run that takes as long hangs

# `make test &` or `nohup make torture` would have all scripts ignore them, too.
for signum, default in (signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL):
    if signal.getsignal(signum) == signal.SIG_IGN:
        signal.signal(signum, default)


@dataclasses.dataclass(frozen=True)
class Case:
    """How the suite runs one script.

    ``args``: tiny sizes. ``output``: regular expressions that the output matches, in this order.
    ``workers``: whether it takes ``--start-method``. ``long``: arguments with which it works for a
    minute or more. ``victims``: whether ``long`` starts worker processes that can be killed.
    ``bad``: argument lists that are refused, beside those that all scripts refuse.
    ``redis``: whether it is left out where there is no Redis server. ``interpreters``: whether it
    refuses to run where Python has no pool of interpreters.
    ``figures``: the pictures that a figure's script draws, each with how many series it shows (or,
    for a heat map, 0).
    """

    args: tuple = ()
    output: tuple = ()
    workers: bool = True
    long: tuple = ()
    victims: bool = True
    bad: tuple = ()
    redis: bool = False
    interpreters: bool = False
    figures: dict = dataclasses.field(default_factory=dict)


def with_pythons(section, size, small, large, bad, answers):
    """Return the Case of a compare_pythons.py: its ``size`` option, sizes, and expected answers."""
    this = ("--python", sys.executable, "--repeat", "1")
    seconds = r"\| +\d+\.\d{6,9} \| +\d+\.\d{6,9} \| +\d+\.\d{2,5} \| +\d+\.\d{2,5} \| "
    return Case(
        args=(*this, size, str(small), "--workers", "2"),
        output=(
            r"Only one Python was found",
            r"Way .*\| +Times as fast \| As the first \| Answer",
            r"Py\w+ \S+ with(out)? the GIL:",
            *(f"{seconds}{answer} " for answer in answers),
            r"\?\n",
            rf"/compare_pythons_{section}\.png\n",
        ),
        workers=False,  # it takes the options, but other Pythons start them
        long=(*this, size, str(large)),
        victims=False,  # a Python that dies is not the end: see test_pythons.py
        bad=(
            (*this, size, str(bad)),
            (*this, "--workers", "0"),
            (*this, "--workers", "1,2"),
            ("--python", "/nowhere"),
            ("--python", "/dev/null"),
            ("--here", "nowhere"),
            ("--from", "/nowhere"),
        ),
    )


def in_pythons(section, **pythons):
    """Return what a compare_pythons.py stores: for each of GIL, FREE and PYPY, way -> seconds.

    The serial loop takes a second, unless it is among them.
    """
    names = {"GIL": "CPython 3.13.0 with the GIL", "FREE": "CPython 3.14.2 without the GIL"}
    names["PYPY"] = "PyPy 3.11.13 with the GIL"
    rows = [
        {"job": names[python], "name": way, "seconds": [best, 1.2 * best, 1.1 * best]}
        for python, ways in pythons.items()
        for way, best in {"serial": 1.0, **ways}.items()
    ]
    builds = [{"name": names[python], "gil": python != "FREE"} for python in pythons]
    return {f"compare_pythons_{section}": {"pythons": builds, "ways": rows}}


def scripts():
    """Return every script of the sections, as "section/name.py"."""
    return sorted(
        f"{section}/{path.name}"
        for section in SECTIONS
        for path in (ROOT / section).glob("*.py")
        if '__name__ == "__main__"' in path.read_text()
    )


def numbers_in(text):
    """Return the numbers of ``text`` as they are written: of "1,000 x +2.50, 1/4" four."""
    return re.findall(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", text)


def output(script, folder):
    """Return the arguments that make ``script``, if it writes results, write them to ``folder``."""
    writes = Path(script).name.startswith(("fig_", "compare", "claims"))
    return ("--output", str(folder)) if writes else ()


def missing_output(case, text):
    """Return the first pattern of the case that ``text`` lacks in its place, or None."""
    position = 0
    for pattern in case.output:
        match = re.compile(pattern).search(text, position)
        if not match:
            return f"{pattern} not in {text[position:]}"
        position = match.end()
    return None


def can_mount():
    """Return whether we may mount file systems IN_NAMESPACE."""
    command = [*IN_NAMESPACE, f"mount -t tmpfs tmpfs {tempfile.gettempdir()}"]
    return shutil.which("unshare") and not subprocess.run(command, capture_output=True).returncode


needs_mounts = pytest.mark.skipif(not can_mount(), reason="needs the right to mount a file system")


@contextlib.contextmanager
def control_group(parent):
    """Give a new group in the control group ``parent``; OSError where none can be made."""
    group = parent / f"companion-{os.urandom(5).hex()}"
    group.mkdir()
    try:
        yield group
    finally:
        remove(group)


def remove(group):
    """Remove a control group as soon as the last process in it, which is ending, has ended."""
    deadline = time.monotonic() + 5
    while group.exists():
        try:
            group.rmdir()
        except OSError:
            assert time.monotonic() < deadline, f"left: {(group / 'cgroup.procs').read_text()}"
            time.sleep(0.02)


def top_group(controller):
    """Return the group of all processes that has this controller, of version 1 or 2."""
    return GROUPS / controller if (GROUPS / controller).is_dir() else GROUPS


def as_user(uid):
    """Return what begins a command to run it as another user, if we are root.

    Root may start as many processes as it likes, and others may not read root's files.
    """
    can_read = "--inh-caps=+dac_override", "--ambient-caps=+dac_override"
    command = ("setpriv", f"--reuid={uid}", "--clear-groups", *can_read)
    return command if os.getuid() == 0 else ()


def load(script, name=None):
    """Import a script under a name of its own, as its folder's neighbours would see it."""
    path = ROOT / script
    name = name or "loaded_" + script.removesuffix(".py").replace("/", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        sys.path.insert(0, str(path.parent))
        try:
            spec.loader.exec_module(module)
        except ModuleNotFoundError as error:
            del sys.modules[name]
            skip_if_missing(error.name)
            raise
        finally:
            sys.path.remove(str(path.parent))
    return sys.modules[name]


def call(script, *arguments):
    """Do what ``script`` does when it is run, but in this process; return its exit code.

    Its last line, if any, goes to stderr as it would.
    """
    path = ROOT / script
    module = load(script)
    guard = ast.parse(path.read_text()).body[-1]
    code = compile(ast.Module(guard.body, []), path, "exec")
    codes = []

    def run_here(main):
        code, message = run.outcome(main)
        codes.append(code)
        if message is not None:
            print(f"{path.name}: {message}", file=sys.stderr)

    method = multiprocessing.get_start_method(allow_none=True)
    argv = [str(path), *map(str, arguments)]
    with mock.patch.object(sys, "argv", argv), mock.patch.object(cli, "run", run_here):
        exec(code, vars(module))
    multiprocessing.set_start_method(method, force=True)
    return codes[0]


@functools.cache
def works(package):
    """Return whether this Python has ``package``, and can use it."""
    if importlib.util.find_spec(package) is None:
        return False
    if package == "joblib":
        try:
            importlib.import_module(package)
        except AttributeError:  # its cloudpickle was not made for this Python's pickle
            return False
    return True


def missing(names):
    """Return which of the packages ``names`` this Python has not, of those that may be missing."""
    return [name for name in PACKAGES if name in names and not works(name)]


@functools.cache
def imported(path):
    """Return the names that the module at ``path`` imports, and those that its folder's do for it.

    Whoever draws needs matplotlib: of common's modules, it is plots that imports it.
    """
    names, left, seen = set(), [path], set()
    while left:
        seen.add(module := left.pop())
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names |= {node.module, *(alias.name for alias in node.names)}
        left += [p for p in path.parent.glob("*.py") if p.stem in names and p not in {*seen, *left}]
    return names | ({"matplotlib"} if "plots" in names else set())


def skip_if_missing(*names):
    """Skip the test, or the module, if it needs a package that is missing."""
    for name in missing(names):
        pytest.skip(f"no {name} for this Python", allow_module_level=True)


def wait_until_empty(folder, seconds=5):
    """Wait until the guards of runs that have ended have emptied ``folder``."""
    deadline = time.monotonic() + seconds
    while left := list(folder.iterdir()):
        assert time.monotonic() < deadline, f"left: {left}"
        time.sleep(0.02)


class Run:
    """One run of a script in a session and a temporary folder of its own.

    ``before`` is what the command begins with: the interpreter.
    """

    def __init__(self, script, *args, cwd=ROOT, before=(sys.executable,), **environment):
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir="/tmp"))
        self.results = self.folder / "results"
        self.segments_before = _segments()
        self.out = (self.folder / "stdout").open("w+")
        self.err = (self.folder / "stderr").open("w+")
        self.tmp = self.folder / "tmp"
        self.tmp.mkdir()
        self.tmp.chmod(0o777)  # some scripts are run as nobody
        self.process = subprocess.Popen(
            [*before, str(ROOT / script), *map(str, args), *output(script, self.results)],
            cwd=cwd,
            env={**os.environ, "TMPDIR": str(self.tmp), **environment},
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            start_new_session=True,
        )
        self.created = psutil.Process(self.process.pid).create_time()
        self.name = Path(script).name
        self.seen = {}

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 2  # for its guard to clean up
        while (survivors := self.survivors()) and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in survivors:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()
        self.out.close()
        self.err.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def stdout(self):
        return (self.folder / "stdout").read_text()

    @property
    def stderr(self):
        return (self.folder / "stderr").read_text()

    def wait(self, timeout=TIMEOUT):
        """Wait for the end of the script; return its exit code."""
        code = self.process.wait(timeout)
        skip_if_missing(*re.findall(r"No module named '(\w+)'", self.stderr))
        return code

    def wait_for(self, condition, what, timeout=60, pause=0.02):
        """Wait until ``condition()`` is true; return its value."""
        deadline = time.monotonic() + timeout
        while True:
            with contextlib.suppress(psutil.NoSuchProcess):  # one ended while it was looked at
                if value := condition():
                    return value
            if self.process.poll() is not None:
                self.wait()
                raise AssertionError(f"ended before {what}: {self.stdout}{self.stderr}")
            assert time.monotonic() < deadline, f"no {what}: {self.stdout}{self.stderr}"
            time.sleep(pause)

    def processes(self):
        """Return its processes: the descendants, and those that left its session, as its guard."""
        return [process for process in self.survivors() if process.pid != self.process.pid]

    def workers(self):
        """Return the worker processes: descendants that do not serve multiprocessing itself."""
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [process for process in found if not self._is_service(process)]

    def services(self):
        """Return the forkserver, the resource tracker and the guard of the script itself."""
        try:
            found = psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return []
        return [process for process in found if _is_of_multiprocessing(process)]

    def _is_service(self, process):
        try:
            scripts = {Path(part).name for part in process.cmdline() if part.endswith(".py")}
            return (
                _is_of_multiprocessing(process)
                or process.exe() != psutil.Process(self.process.pid).exe()  # a server, or lscpu
                # a script that a figure's script watches
                or (process.ppid() == self.process.pid and scripts and scripts != {self.name})
            )
        except (psutil.Error, AttributeError):  # it has gone, or its parent has
            return True

    def send(self, signum, to_all=False):
        """Send a signal to the script or, as a terminal does, to its whole process group."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if to_all else os.kill)(self.process.pid, signum)

    def wait_until_at_work(self, victims, seed):
        """Wait until it prints and its workers compute, and then for a random moment."""
        self.wait_for(lambda: "Python" in self.stdout or "PyPy" in self.stdout, "output")
        if victims:
            self.wait_for(self.busy_workers, "busy workers")
        time.sleep(random.Random(seed).uniform(0, 0.4))

    def busy_workers(self):
        workers = []
        for process in self.workers():
            with contextlib.suppress(psutil.Error):
                used = sum(process.cpu_times()[:2])
                first = self.seen.setdefault(process.pid, used)
                if used > first + 0.02:
                    workers.append(process)
        return workers

    def survivors(self):
        """Return the processes that this run started and that still live."""
        mark = str(self.folder)
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.create_time() < self.created or process.pid == self.process.pid:
                    continue
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                known = " ".join(process.cmdline()) + process.environ().get("TMPDIR", "")
                if mark in known or _session(process.pid) == self.process.pid:
                    found.append(process)
        return found

    def assert_nothing_left(self, seconds=5):
        """Check that no process, no shared memory and no temporary file is left, after a moment."""
        deadline = time.monotonic() + seconds
        leaked = _segments() - self.segments_before
        while time.monotonic() < deadline:
            leaked &= _segments()
            if leaked:  # what another run uses meanwhile is no leak
                used = _mapped()
                leaked = {
                    name for name in leaked if _inode(name) not in used and not _owner_lives(name)
                }
            left = list(self.tmp.iterdir())
            if not (survivors := self.survivors()) and not leaked and not left:
                return
            time.sleep(0.05)
        raise AssertionError(f"left: {survivors} {sorted(leaked)} {left}")


def _is_of_multiprocessing(process):
    try:
        command = " ".join(process.cmdline())
        parent = " ".join(process.parent().cmdline())
    except (psutil.Error, AttributeError):  # it has gone, or its parent has
        return False
    return (
        "resource_tracker import main" in command
        or process.name() == "sh"
        or ("multiprocessing.forkserver" in command and command != parent)
    )


class busyness:  # noqa: N801
    """Measure in the block how much slower than on a quiet machine this process gets on.

    ``slowness`` is the time that a piece of work took, by what it would take if the CPU were free
    at once: 1 on a quiet machine. ``seconds`` is how long the block took.
    """

    def __enter__(self):
        self.wall = self.cpu = 0.0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._sample)
        self.thread.start()
        self.start = time.monotonic()
        return self

    def _sample(self):
        while True:
            wall, cpu = time.perf_counter(), time.thread_time()
            while time.thread_time() < cpu + 0.002:
                pass
            self.wall += time.perf_counter() - wall
            self.cpu += time.thread_time() - cpu
            if self.ended.wait(0.02):
                break

    def __exit__(self, *exc_info):
        self.seconds = time.monotonic() - self.start
        self.ended.set()
        self.thread.join()
        self.slowness = max(1.0, self.wall / self.cpu)


def _session(pid):
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _segments():
    """Return what is in shared memory, without what glibc makes for an instant (sem.XXXXXX)."""
    names = [path.name for path in SHARED_MEMORY.iterdir()] if SHARED_MEMORY.exists() else []
    return {name for name in names if not re.fullmatch(r"sem\.\w{6}", name)}


def _owner_lives(name):
    """Return whether the process lives that this semaphore, segment or folder is named after."""
    owner = re.match(r"(?:sem\.loky-|sem\.mp-|pym-|mp-|joblib_memmapping_folder_)(\d+)[-_]", name)
    return bool(owner) and psutil.pid_exists(int(owner[1]))


def _inode(name):
    with contextlib.suppress(OSError):
        return (SHARED_MEMORY / name).stat().st_ino


def _mapped():
    """Return the inodes in shared memory that a process has mapped.

    Not the names: in the maps of the process that made it, a semaphore has another one.
    """
    inodes = set()
    for path in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            lines = path.read_text().splitlines()
            inodes |= {int(line.split()[4]) for line in lines if f"{SHARED_MEMORY}/" in line}
    return inodes

"""The command line of every script: arguments, scales, one-line errors and clean exits."""

import argparse
import decimal
import multiprocessing
import multiprocessing.resource_tracker
import os
import platform
import signal
import sys

from common.pools import HELD_SIGNALS, STOP_SIGNALS, WorkerDied

# Of these three, as joblib adds some of its own to those that multiprocessing knows.
START_METHODS = sorted(
    {"fork", "forkserver", "spawn"} & set(multiprocessing.get_all_start_methods())
)
MAX_WORKERS = 1_024
MAX_SIZE = 10**15


class UserError(Exception):
    """Something the reader can put right: one line on stderr, exit 2."""


class WrongAnswer(Exception):  # noqa: N818
    """The script's own check of its answer failed: one line on stderr, exit 1."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def whole_number(minimum=1, maximum=MAX_SIZE):
    """Return an argument type for whole numbers; ``1_000``, ``1,000`` and ``1e3`` are the same."""

    def convert(text):
        try:
            number = decimal.Decimal(text.replace(",", ""))
            if number != number.to_integral_value():
                raise ValueError
        except (ValueError, decimal.InvalidOperation):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not minimum <= number <= maximum:
            most = f"{maximum:,}" if maximum < 10**40 else f"one of {len(str(maximum))} digits"
            raise argparse.ArgumentTypeError(f"must be from {minimum:,} to {most}, not {text[:40]}")
        return int(number)

    return convert


def usable_cpus():
    """Return the number of CPUs this process may use (affinity, and cgroup limits by joblib)."""
    try:
        from joblib import cpu_count  # imported here: most scripts run on the standard library
    except Exception:  # PyPy has no joblib, and one that is installed may not import there
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    return cpu_count()


def parser(doc):
    """Return a Parser whose ``--help`` is the script's docstring, with ``--scale``."""
    result = Parser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    result.add_argument(
        "--scale",
        choices=("quick", "book"),
        default="quick",
        help="quick: seconds on two cores; book: the chapter's sizes (default: quick)",
    )
    result.set_defaults(sizes={})
    return result


def workers_list(text):
    """Convert ``1,2,4,8`` to a list of numbers of workers, ascending, each once."""
    convert = whole_number(1, MAX_WORKERS)
    return sorted({convert(part) for part in text.split(",")})


def add_size(parser, name, quick, book, help, minimum=1, maximum=MAX_SIZE, in_chapter=True):
    """Add a size option whose default depends on ``--scale``.

    ``in_chapter`` is False where the chapter does not say its own.
    """
    parser.add_argument(
        name,
        type=whole_number(minimum, maximum),
        metavar="N",
        help=f"{help} (quick: {quick:,}, book: {book:,})",
    )
    parser.get_default("sizes")[name.lstrip("-").replace("-", "_")] = {
        "quick": quick,
        "book": book,
        "chapter": f" (the chapter: {book:,})" if in_chapter else "",
    }


def add_start_method(parser, default=None):
    """Add ``--start-method``: how worker processes come to be."""
    parser.add_argument(
        "--start-method",
        choices=START_METHODS,
        default=default,
        help="how workers are started (default: " + (default or "Python's own choice") + ")",
    )


def add_workers(parser, name="nbr_workers", default=None, start_method=True):
    """Add the number of workers (a positional, or the option ``name``) and the start method.

    ``start_method`` is False for threads and for workers that joblib starts in its own way.
    """
    shown = "one for each usable CPU" if default is None else default
    parser.add_argument(
        name,
        type=whole_number(1, MAX_WORKERS),
        default=default,
        help=f"number of workers (default: {shown}; the chapter: 4)",
        **({"metavar": "N"} if name.startswith("-") else {"nargs": "?"}),
    )
    if start_method:
        add_start_method(parser)


def add_redis_url(parser):
    """Add ``--redis-url``: which Redis server to use."""
    parser.add_argument("--redis-url", help="redis://HOST:PORT/DB or unix:///PATH?db=DB")


def parse(parser, argv=None):
    """Parse the command line, settle sizes and start method, and print what will run."""
    args = parser.parse_args(argv)
    for name, by_scale in args.sizes.items():
        if getattr(args, name) is None:
            setattr(args, name, by_scale[args.scale])
    for name in ("nbr_workers", "workers"):
        if hasattr(args, name) and getattr(args, name) is None:
            setattr(args, name, usable_cpus())
    if getattr(args, "start_method", None):
        multiprocessing.set_start_method(args.start_method, force=True)
    if getattr(args, "stored", None):  # a figure to draw again: nothing of this will run
        return args
    if "start_method" in args and multiprocessing.get_start_method() != "fork":
        # If the first semaphore started it, a Ctrl-C meanwhile would leave that semaphore behind.
        multiprocessing.resource_tracker.ensure_running()
    for name, by_scale in args.sizes.items():
        print(f"{name}: {getattr(args, name):,}{by_scale['chapter']}")
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    how = f", start method {multiprocessing.get_start_method()}" if "start_method" in args else ""
    print(
        f"{platform.python_implementation()} {platform.python_version()}"
        f"{'' if gil else ' without the GIL'}{how}",
        flush=True,
    )
    return args


def check(condition, message):
    """Raise WrongAnswer with ``message`` unless ``condition`` holds."""
    if not condition:
        raise WrongAnswer(f"wrong answer: {message}")


def is_importing(frame):
    """Return whether ``frame``, or one that called it, imports a module."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def run(main):
    """Run ``main`` and leave with its exit code.

    0: done (also when the reader of our output, such as ``head``, has gone); 1: a worker died or
    the answer is wrong; 2: the reader can put it right; 130: Ctrl-C; 143: SIGTERM. Each but the
    first says why in one line on stderr, after everything the script started has ended.
    """
    owner = os.getpid()

    def stop(signum, frame):
        if os.getpid() != owner:  # a child that has just been forked
            os._exit(128 + signum)
        raise_outside_imports(
            KeyboardInterrupt() if signum == signal.SIGINT else SystemExit(128 + signum), frame
        )

    def raise_outside_imports(error, frame):
        if is_importing(frame):  # a module written in Cython may swallow it
            raise_soon(error)
            return
        # Cleaning up is not to be interrupted. Not before: children that start now inherit it.
        for stopping in HELD_SIGNALS:
            signal.signal(stopping, signal.SIG_IGN)
        raise error

    def raise_soon(error):
        signal.signal(signal.SIGALRM, lambda _, frame: raise_outside_imports(error, frame))
        signal.setitimer(signal.ITIMER_REAL, 0.01)

    def stop_after_all(unraisable):
        error = unraisable.exc_value
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise_soon(error)  # a __del__, such as one of redis-py's, has swallowed it
        else:
            sys.__unraisablehook__(unraisable)

    sys.unraisablehook = stop_after_all
    for signum in STOP_SIGNALS:
        if signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, stop)
    message = None
    try:
        main()
        sys.stdout.flush()
        code = 0
    except BrokenPipeError:
        code = 0
    except KeyboardInterrupt:
        code, message = 130, "interrupted"
    except (WorkerDied, WrongAnswer) as error:
        code, message = 1, error
    except (UserError, OSError, MemoryError) as error:
        code, message = 2, error or type(error).__name__
    except SystemExit as error:
        code = error.code
    if message is not None:
        print(f"{os.path.basename(sys.argv[0])}: {message}", file=sys.stderr)  # noqa: PTH119
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads: keep the interpreter's own flush from complaining
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)

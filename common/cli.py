"""The command line of every script: arguments, scales and one-line errors."""

import argparse
import decimal
import multiprocessing
import os
import platform
import re
import sys

from common.run import Failure, UserError, end_without_room, run  # noqa: F401 - for scripts

START_METHODS = ("fork", "forkserver", "spawn")  # not loky's, which joblib adds to them
MAX_WORKERS = 1_024
MAX_SIZE = 10**15


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line, without URLs: they may have a password."""

    def error(self, message):
        message = re.sub(r"\S*(://|@)\S*", "...", message)
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


def has_gil():
    """Return whether this Python lets only one thread at a time run Python code."""
    return getattr(sys, "_is_gil_enabled", lambda: True)()


def parser(doc):
    """Return a Parser whose ``--help`` is the script's docstring, with ``--scale``."""
    result = Parser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    what = "quick: seconds on two cores; book: the chapter's sizes (default: quick)"
    result.add_argument("--scale", choices=("quick", "book"), default="quick", help=what)
    result.set_defaults(sizes={}, default_workers=None, workers_in_chapter="4")
    return result


def add_size(parser, name, quick, book, help, minimum=1, maximum=MAX_SIZE, in_chapter=True):
    """Add a size with defaults by ``--scale``; ``in_chapter``: whether the chapter says its own."""
    kind = whole_number(minimum, maximum)
    what = f"{help} (quick: {quick:,}, book: {book:,})"
    option = parser.add_argument(name, type=kind, metavar="N", help=what)
    chapter = f" (the chapter: {book:,})" if in_chapter else ""
    parser.get_default("sizes")[option.dest] = {"quick": quick, "book": book, "chapter": chapter}


def add_start_method(parser, default=None):
    """Add ``--start-method``: how worker processes come to be."""
    shown = default or "Python's own choice"
    what = f"how workers are started (default: {shown})"
    parser.add_argument("--start-method", choices=START_METHODS, default=default, help=what)


def add_workers(parser, name="nbr_workers", default=None, start_method=True):
    """Add ``--workers``, also as a positional ``name`` unless that is it, and the start method."""
    shown = "one for each usable CPU" if default is None else default
    in_chapter = parser.get_default("workers_in_chapter")
    what = f"number of workers (default: {shown}; the chapter: {in_chapter})"
    number = whole_number(1, MAX_WORKERS)
    if name != "--workers":
        parser.add_argument(name, type=number, nargs="?", help="the same as --workers")
    parser.add_argument("--workers", type=number, metavar="N", help=what)
    parser.set_defaults(default_workers=default)
    if start_method:
        add_start_method(parser)


def add_redis_url(parser):
    """Add ``--redis-url``: which Redis server to use."""
    parser.add_argument("--redis-url", help="redis://HOST:PORT/DB or unix:///PATH?db=DB")


def parse(parser, argv=None):
    """Parse the command line, settle sizes and start method, and print what will run."""
    args = parser.parse_args(argv)
    if "workers" in args:
        given = [n for n in (getattr(args, "nbr_workers", None), args.workers) if n is not None]
        if given[1:] and given[0] != given[1]:
            parser.error("nbr_workers {} and --workers {}: which one?".format(*given))
        workers = given[0] if given else args.default_workers or usable_cpus()
        args.nbr_workers = args.workers = workers
        is_list = isinstance(workers, list)  # a figure's
        in_chapter = f"(the chapter: {args.workers_in_chapter})"
        print("workers:", *workers if is_list else (workers, in_chapter))
    for name, by_scale in args.sizes.items():
        if getattr(args, name) is None:
            setattr(args, name, by_scale[args.scale])
        print(f"{name}: {getattr(args, name):,}{by_scale['chapter']}")
    how = "" if has_gil() else " without the GIL"
    if "start_method" in args:
        if args.start_method:
            multiprocessing.set_start_method(args.start_method, force=True)
        end_without_room()
        method = multiprocessing.get_start_method()
        how += f", start method {method}"
        if method != "fork" or "multiprocessing.shared_memory" in sys.modules:
            from common import processes  # imported here: the serial scripts have no need of it

            processes.start_services()
    elif "multiprocessing.dummy" in sys.modules and multiprocessing.get_start_method() != "fork":
        from common import processes  # imported here: a pool of threads has locks with names, too

        processes.start_tracker()
    print(f"{platform.python_implementation()} {platform.python_version()}{how}", flush=True)
    return args


def check(condition, message):
    """Raise Failure with ``message`` unless ``condition`` holds."""
    if not condition:
        raise Failure(f"wrong answer: {message}")

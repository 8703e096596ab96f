"""What the scripts that fill a matrix share: options, memory, output and the check."""

import contextlib
import math
import os
import shutil
import sys
import tempfile
from pathlib import Path

from common import cli, memory, run, timing

import numpy as np
import prettytable
import psutil

BYTES_PER_ITEM = 8  # a C double
SHARED_MEMORY = Path("/dev/shm")


def add_sizes(parser, rows=4_000):
    """Add ``--rows`` and ``--cols``; ``rows`` is the number at quick scale."""
    cli.add_size(parser, "--rows", quick=rows, book=10_000, help="rows of the matrix")
    cli.add_size(parser, "--cols", quick=16_000, book=320_000, help="columns of the matrix")


def folder_of_block(nbytes):
    """Return the folder that holds a multiprocessing.Array of ``nbytes``.

    It is /dev/shm if that exists and has room now, else the temporary folder
    (``Arena`` in CPython's Lib/multiprocessing/heap.py).
    """
    temporary = Path(tempfile.gettempdir())
    if sys.platform != "linux" or not SHARED_MEMORY.is_dir():
        return temporary
    free = shutil.disk_usage(SHARED_MEMORY).free
    if free >= nbytes or free > shutil.disk_usage(temporary).free:
        return SHARED_MEMORY
    return temporary


@contextlib.contextmanager
def temporary_folder(nbytes):
    """Give a folder for a file of ``nbytes``; it is removed when the block, or the run, ends."""
    folder = folder_of_block(nbytes) / f"mp-{os.getpid()}-joblib"  # a name that the guard finds
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def require_memory(rows, cols, shared):
    """Raise UserError, with the size that would fit, unless there is room for the matrix.

    ``shared`` is whether it will be a multiprocessing.Array, or a file in the same folder.
    Running out of room would kill the process without a word: /dev/shm reserves nothing before
    it is written to.
    """
    nbytes = rows * cols * BYTES_PER_ITEM
    _require(nbytes, cols, folder_of_block(nbytes) if shared else None)


def require_named_memory(rows, cols):
    """Do the same for a SharedMemory, which lies in /dev/shm or, without one, in no folder."""
    is_folder = sys.platform == "linux" and SHARED_MEMORY.is_dir()
    _require(rows * cols * BYTES_PER_ITEM, cols, SHARED_MEMORY if is_folder else None)


def _require(nbytes, cols, folder):
    if str(folder) == tempfile.gettempdir() and run.folder:
        folder = folder.parent  # the run's own folder has the same room

    def what_fits(nbytes):
        if nbytes >= cols * BYTES_PER_ITEM:
            return f"--rows {nbytes // (cols * BYTES_PER_ITEM):,} would fit"
        return f"--rows 1 --cols {nbytes // BYTES_PER_ITEM:,} would fit"

    memory.require(nbytes, what_fits, folder)
    run.end_without_room()  # others may take it meanwhile


def wait_for_key(purpose, pids=()):
    """Print commands that show this process and its workers ``pids``; wait for a key."""
    if sys.stdin is None or not sys.stdin.isatty():
        print("No pause: there is no terminal to press a key on", flush=True)
        return
    print(
        "To paste into another terminal (in KB: VSZ has the block, SIZE has not; in pmap, the "
        "block is the line with the most Kbytes, then how much of it is in RSS, and dirty):"
    )
    for command in commands([os.getpid(), *pids]):
        print(f"    {command}")
    print(f"Press a key to {purpose} (Return)", flush=True)
    sys.stdin.readline()


def commands(pids):
    """Return the chapter's commands that show the memory of these processes, or macOS's."""
    listed = ",".join(map(str, pids))
    if sys.platform == "linux":
        return [
            f"ps -o pid,size,vsize,cmd -p {listed}",
            *(f"pmap -x {pid} | grep s-" for pid in pids),
        ]
    return [
        f"ps -o pid,rss,vsize,command -p {listed}",
        *(f"vmmap {pid} | grep 'mapped file'" for pid in pids),
    ]


def print_counts(counts):
    """Print how many items hold each pid, as in Example 9-29."""
    table = prettytable.PrettyTable(["PID", "Count"], align="r")
    for pid, count in sorted(counts.items()):
        table.add_row([f"{pid:.0f}", f"{count:,}"])
    print(table)


def report_counts(counts, overwritten, nbr_items, default_value, nbr_pids=None):
    """Print how many of ``nbr_items`` hold each pid; raise Failure unless the workers agree.

    These are the assertions of Example 9-34.

    ``counts`` and ``overwritten`` are dicts, pid -> number of items: as counted in the matrix and
    as reported by the workers. ``nbr_pids`` is the expected number of pids, None for any.
    """
    print(f"Verification, counting the values of {nbr_items:,} items:")
    print_counts(counts)
    untouched = counts[default_value] - overwritten.get(default_value, 0)  # it may be a pid
    cli.check(untouched == 0, f"{untouched:,} items are not overwritten")
    cli.check(sum(counts.values()) == nbr_items, "the counts do not add up")
    cli.check(counts == overwritten, f"the processes overwrote {overwritten}")
    cli.check(nbr_pids in (None, len(counts)), "not one pid for each process")


def print_memory(main_nparray, pids):
    """Print the memory of this process and its workers ``pids``, in all and in the shared block."""
    processes = {"parent": os.getpid(), **{f"worker {n}": pid for n, pid in enumerate(pids, 1)}}
    if not hasattr(psutil.Process, "memory_maps"):
        print("This system reports RSS, but neither PSS nor shared bytes (Linux does)")
        table = prettytable.PrettyTable(["Process", "PID", "RSS (MB)"], align="r")
        for name, pid in processes.items():
            table.add_row([name, pid, _megabytes(psutil.Process(pid).memory_info().rss)])
        print(table)
        return
    path = next(block.path for block in _maps(os.getpid()) if _holds(block, main_nparray))
    rows = []
    for pid in processes.values():
        maps = _maps(pid)
        block = [one for one in maps if one.path == path]
        rows.append(
            [_total(maps, "rss"), _total(maps, "pss")]
            + [_total(block, field) for field in ("size", "rss", "pss")]
            + [_total(block, "shared_clean") + _total(block, "shared_dirty")]
        )
    names = ["RSS", "PSS", "Block mapped", "Block RSS", "Block PSS", "Block shared"]
    table = prettytable.PrettyTable(["Process", "PID", *names], align="r")
    for (name, pid), row in zip(processes.items(), rows, strict=True):
        table.add_row([name, pid, *map(_megabytes, row)])
    table.add_divider()
    table.add_row(["sum", "", *(_megabytes(sum(column)) for column in zip(*rows, strict=True))])
    print(f"Memory in MB; the block is {path}, {main_nparray.nbytes / 1e6:,.1f} MB:")
    print(table)


def _maps(pid):
    return psutil.Process(pid).memory_maps(grouped=False)


def _holds(block, main_nparray):
    first, last = (int(address, 16) for address in block.addr.split("-"))
    return first <= main_nparray.ctypes.data < last


def _total(maps, field):
    return sum(getattr(one, field) for one in maps)


def _megabytes(nbytes):
    return f"{nbytes / 1e6:,.1f}"


def report_random(main_nparray):
    """Print the matrix; raise Failure unless its rows look like doubles uniform in [0, 1).

    The mean of n such doubles has the standard error sqrt(1 / 12 / n). NaN marks unfilled items.
    """
    means = main_nparray.mean(axis=1)
    mean, standard_error = means.mean(), math.sqrt(1 / 12 / main_nparray.size)
    print(main_nparray)
    print(f"Mean {mean:.12f} (standard error {standard_error:.12f})")
    unfilled = np.count_nonzero(np.isnan(means))
    cli.check(unfilled == 0, f"{unfilled:,} rows are not filled")
    cli.check(
        abs(mean - 0.5) <= 6 * standard_error, f"{mean} is more than 6 standard errors from 0.5"
    )


def add_inspection(parser):
    """Add ``--inspect`` and ``--pause``."""
    parser.add_argument("--inspect", action="store_true", help="show the memory of each process")
    what = "wait for Return before workers start and before they end, to inspect them from outside"
    parser.add_argument("--pause", action="store_true", help=what)


def main(
    doc, run, overwrites=None, workers=True, start_method=True, shared="array", inspection=False
):
    """Be the main of a script: parse its arguments, call ``run``, print and check its answer.

    ``run`` takes the numbers of workers (if ``workers``), rows and columns. It returns the matrix
    and the seconds or, if it ``overwrites`` that value, how many items hold each value, how many
    each pid has overwritten, and the seconds. ``start_method``: whether workers have one.
    ``shared``: what the matrix is, an "array" of multiprocessing, a "named" block, a "file" (then
    ``run`` takes its folder), or None if it is not shared. ``inspection``: whether ``run`` takes
    ``pause`` and ``inspect``.
    """

    def fill():
        parser = cli.parser(doc)
        if workers:
            cli.add_workers(parser, start_method=start_method)
        add_sizes(parser)
        if inspection:
            add_inspection(parser)
        args = cli.parse(parser)
        size = [args.rows, args.cols]
        arguments = [args.nbr_workers, *size] if workers else [*size]
        if inspection:
            arguments.append(wait_for_key if args.pause else None)
            arguments.append(print_memory if args.inspect else None)
        if shared == "named":
            require_named_memory(*size)
        else:
            require_memory(*size, shared is not None)
        with contextlib.ExitStack() as stack:
            if shared == "file":
                nbytes = math.prod(size) * BYTES_PER_ITEM
                arguments.append(stack.enter_context(temporary_folder(nbytes)))
            *result, duration = run(*arguments)
        if overwrites is None:
            report_random(*result)
        else:
            nbr_pids = min(args.nbr_workers, args.rows) if start_method else None
            report_counts(*result, math.prod(size), overwrites, nbr_pids)
        print("Delta:", timing.seconds(duration))

    cli.run(fill)

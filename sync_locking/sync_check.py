"""What the scripts that count together share: start, count file, printing, check."""

import contextlib
from pathlib import Path

from common import cli, pools

LARGEST_COUNT = 2**31 - 1  # a multiprocessing.Value("i") holds no more
LONGER = 4
RACES = 5


def start_together(barrier, work, *args):
    """Wait until every worker is here, then call ``work(*args)``.

    Without this a worker may have counted to the end before the next one has started.
    """
    barrier.wait()
    work(*args)


@contextlib.contextmanager
def count_file(name):
    """Give the path of an empty file ``name`` in a temporary folder of its own; print it."""
    with pools.temporary_directory(prefix="sync_locking-") as folder:
        path = Path(folder, name)
        path.touch()
        print(f"Counting in {path}", flush=True)
        yield str(path)


def parse(doc, add_option=None, nbr_workers=True):
    """Return the arguments of a script: ``max_count`` and, if it takes one, ``nbr_workers``.

    ``add_option(parser)`` adds one that is the script's own.
    """
    parser = cli.parser(doc)
    if nbr_workers:
        cli.add_workers(parser, default=4)
    else:
        cli.add_start_method(parser)
        parser.set_defaults(nbr_workers=1)
    add_max_count(parser)
    if add_option:
        add_option(parser)
    args = cli.parse(parser)
    require_room(args.nbr_workers, args.max_count)
    return args


def add_max_count(parser):
    """Add ``--max_count``: how often each process adds 1."""
    cli.add_size(
        parser,
        "--max_count",
        quick=1_000,
        book=1_000,
        help="how often each process adds 1",
        maximum=LARGEST_COUNT,
    )


def require_room(nbr_workers, max_count, option="--max_count"):
    """Raise UserError if ``nbr_workers`` times ``max_count`` is more than the counter holds."""
    if nbr_workers * max_count > LARGEST_COUNT:
        raise cli.UserError(
            f"{nbr_workers:,} x {max_count:,} is more than the counter holds: "
            f"{option} {LARGEST_COUNT // nbr_workers} would fit"
        )


def count_once(run_workers, nbr_workers, max_count):
    """Call ``run_workers``, print what it counted to and return how far that is off."""
    print(f"Starting {nbr_workers} process(es) to count to {max_count}", flush=True)
    count = run_workers(nbr_workers, max_count)
    expected = nbr_workers * max_count
    print(f"Expecting to see a count of {expected}")
    print(f"Counted to {count}", flush=True)
    return count - expected


def expect_all(run_workers, nbr_workers, max_count):
    """Count and check that no update got lost."""
    off = count_once(run_workers, nbr_workers, max_count)
    cli.check(off == 0, f"the count is off by {off:,}")


def expect_losses(run_workers, nbr_workers, max_count):
    """Count and check that updates got lost; make the race longer while none is."""
    if nbr_workers == 1:
        expect_all(run_workers, nbr_workers, max_count)
        print("One process alone has nobody to lose updates to: start two or more")
        return
    for race in range(RACES):
        longer = min(max_count * LONGER**race, LARGEST_COUNT // nbr_workers)
        if race > 0:
            print(f"No update was lost, the race was too short: now {LONGER} times as long")
        off = count_once(run_workers, nbr_workers, longer)
        if off < 0:
            print(f"{-off:,} updates were lost")
            return
        if off > 0:
            print(f"{off:,} too many: digits of two processes got mixed in the file")
            return
    cli.check(False, "no update was lost, although nothing protects the count")

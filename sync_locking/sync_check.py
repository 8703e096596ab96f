"""What the scripts that count together share: options, output and the check."""

import functools

from common import cli, timing

LARGEST_COUNT = 2**31 - 1  # a multiprocessing.Value("i") holds no more
LONGER = 4  # times, when no update was lost
RACES = 5


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
    """Raise UserError if ``nbr_workers`` x ``max_count`` is more than the counter holds."""
    if nbr_workers * max_count > LARGEST_COUNT:
        raise cli.UserError(
            f"{nbr_workers:,} x {max_count:,} is more than the counter holds: "
            f"{option} {LARGEST_COUNT // nbr_workers} would fit"
        )


def count_once(run_workers, nbr_workers, max_count):
    """Call ``run_workers``, print the count, and return by how much it is off."""
    expected = nbr_workers * max_count
    print(f"Starting {nbr_workers} process(es) to count to {expected}", flush=True)
    count, duration = timing.timed(run_workers, nbr_workers, max_count)
    print(f"Expecting to see a count of {expected}")
    print(f"Counted to {count}")
    print(f"Delta: {timing.seconds(duration)}, with the start of the processes", flush=True)
    return count - expected


def expect_all(run_workers, nbr_workers, max_count):
    """Count; raise Failure if an update was lost."""
    off = count_once(run_workers, nbr_workers, max_count)
    cli.check(off == 0, f"the count is off by {off:,}")


def expect_losses(run_workers, nbr_workers, max_count):
    """Count, in longer and longer races until updates are lost; raise Failure if none ever is."""
    if nbr_workers == 1:
        expect_all(run_workers, nbr_workers, max_count)
        print("One process alone loses no updates: start two or more")
        return
    for race in range(RACES):
        longer = min(max_count * LONGER**race, LARGEST_COUNT // nbr_workers)
        if race > 0:
            print(f"No update was lost, the race was too short: now {LONGER} times as long")
        off = count_once(run_workers, nbr_workers, longer)
        cli.check(off <= 0, f"the count is off by {off:,}")
        if off < 0:
            print(f"{-off:,} updates were lost")
            return
    cli.check(False, "no update was lost, although nothing protects the count")


def main(doc, run_workers, exact=True, alone=False, redis=False):
    """Be the main of a script: count with ``run_workers``, print and check the count.

    ``exact``: whether no update may be lost; otherwise some must be. ``alone``: whether it is for
    one process only. ``redis``: whether ``run_workers`` takes the URL of a server.
    """

    def main():
        parser = cli.parser(doc)
        if alone:
            cli.add_start_method(parser)
            parser.set_defaults(nbr_workers=1)
        else:
            cli.add_workers(parser, default=4)
        add_max_count(parser)
        if redis:
            cli.add_redis_url(parser)
        args = cli.parse(parser)
        require_room(args.nbr_workers, args.max_count)
        options = {"redis_url": args.redis_url} if redis else {}
        expect = expect_all if exact else expect_losses
        expect(functools.partial(run_workers, **options), args.nbr_workers, args.max_count)

    cli.run(main)

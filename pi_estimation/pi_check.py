"""What the scripts that estimate pi share: options, output and the check of the estimate."""

import math
import secrets

from common import cli, timing

BYTES_PER_DART = 5 * 8  # x, y, their squares, and the sum (numpy may reuse memory for it)
NUMPY_TIMES = 10  # times the darts of a loop, where numpy is compared with it


def standard_error(nbr_samples):
    """Return the standard error of an estimate of pi from ``nbr_samples`` darts.

    The count inside the quarter circle is binomial with p = pi / 4; the estimate is 4 times its
    share, so its standard error is 4 * sqrt(p * (1 - p) / nbr_samples).
    """
    p = math.pi / 4
    return 4 * math.sqrt(p * (1 - p) / nbr_samples)


def estimate_pi(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples=None):
    """Return the estimate of pi; raise Failure if it is over 6 standard errors from pi.

    The standard error is that of ``nbr_independent_samples`` darts, by default all.
    """
    estimate = 4 * nbr_in_quarter_circle / nbr_samples
    cli.check(
        abs(estimate - math.pi) <= 6 * standard_error(nbr_independent_samples or nbr_samples),
        f"{estimate} is more than 6 standard errors away from pi",
    )
    return estimate


def report(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples=None):
    """Print the estimate of pi; raise Failure if it is wrong (see estimate_pi)."""
    estimate = estimate_pi(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples)
    error = standard_error(nbr_independent_samples or nbr_samples)
    print(f"Estimated pi {estimate:.8f} (standard error {error:.8f})")


def report_delta(duration, nbr_samples):
    """Print how long ``nbr_samples`` darts took and, if any were thrown, the darts per second."""
    rate = f" ({nbr_samples / duration:,.0f} darts per second)" if nbr_samples else ""
    print(f"Delta: {timing.seconds(duration)}{rate}")


def require_memory(nbr_samples):
    """Raise UserError unless the numpy arrays of ``nbr_samples`` darts fit in memory."""
    from common import memory  # imported here: scripts without numpy need no psutil either

    memory.require(
        BYTES_PER_DART * nbr_samples,
        lambda fits: f"--nbr_samples_in_total {fits // BYTES_PER_DART:,} would fit",
    )


def peak_memory(pids):
    """Return the highest peak RSS of these processes, in bytes."""
    from common import memory  # as above

    return max(map(memory.peak, pids))


def add_size(parser, quick):
    """Add ``--nbr_samples_in_total``, by default ``quick`` darts."""
    cli.add_size(
        parser, "--nbr_samples_in_total", quick=quick, book=100_000_000, help="darts to throw"
    )


def add_threads(parser):
    """Add ``--threads``."""
    parser.add_argument("--threads", action="store_true", help="threads instead of processes")


def add_seed(parser):
    """Add ``--seed``."""
    parser.add_argument(
        "--seed",
        type=cli.whole_number(0, 2**128 - 1),
        metavar="N",
        help="to throw the same darts again (default: a new seed in every run)",
    )


def seed(args):
    """Return --seed, or else a new seed; print it."""
    result = secrets.randbits(64) if args.seed is None else args.seed
    print(f"Seed: {result}", flush=True)
    return result


def main(
    doc,
    run,
    quick=4_000_000,
    workers=False,
    start_method=True,
    threads=False,
    arrays=False,
    instead=None,
    workers_in_chapter="4",
):
    """Be the main of a script: parse its arguments, call ``run``, print and check the estimate.

    ``run`` takes the number of darts, the number of workers (if ``workers``), and whether they are
    threads (if ``threads``). It returns the number of darts inside the quarter circle and the
    seconds it took. ``quick`` is the default number of darts, ``start_method`` whether workers have
    a start method, ``arrays`` whether all darts are in memory at once. ``instead`` is a function
    that runs in place of ``run`` when the option of its name is given.
    """

    def estimate():
        parser = cli.parser(doc)
        parser.set_defaults(workers_in_chapter=workers_in_chapter)
        if workers:
            cli.add_workers(parser, start_method=start_method)
        add_size(parser, quick)
        if threads:
            add_threads(parser)
        if instead:
            name = f"--{instead.__name__}"
            parser.add_argument(name, dest="instead", action="store_true", help=instead.__doc__)
        if instead and parser.parse_args().instead:
            instead()
            return
        args = cli.parse(parser)
        if arrays:
            require_memory(args.nbr_samples_in_total)
        arguments = [args.nbr_workers] if workers else []
        arguments += [args.threads] if threads else []
        nbr_in_quarter_circle, duration = run(args.nbr_samples_in_total, *arguments)
        report(nbr_in_quarter_circle, args.nbr_samples_in_total)
        report_delta(duration, args.nbr_samples_in_total)

    cli.run(estimate)

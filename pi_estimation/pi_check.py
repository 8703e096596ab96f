"""What the scripts that estimate pi do alike: options, an estimate and its check."""

import math
import secrets

from common import cli, timing

BYTES_PER_DART = 5 * 8  # x, y, their squares and the sum of these (numpy may do without the last)


def standard_error(nbr_samples):
    """Return the standard error of an estimate of pi from ``nbr_samples`` darts.

    The count inside the quarter circle is binomial with p = pi / 4; the estimate is 4 times its
    share, so its standard error is 4 * sqrt(p * (1 - p) / nbr_samples).
    """
    p = math.pi / 4
    return 4 * math.sqrt(p * (1 - p) / nbr_samples)


def estimate_pi(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples=None):
    """Return the estimate of pi; raise Failure if it is 6 standard errors away from pi.

    ``nbr_independent_samples`` is how many darts the standard error is that of, if not of all.
    """
    estimate = 4 * nbr_in_quarter_circle / nbr_samples
    cli.check(
        abs(estimate - math.pi) <= 6 * standard_error(nbr_independent_samples or nbr_samples),
        f"{estimate} is more than 6 standard errors away from pi",
    )
    return estimate


def report(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples=None):
    """Print the estimate of pi and check it (see estimate_pi)."""
    estimate = estimate_pi(nbr_in_quarter_circle, nbr_samples, nbr_independent_samples)
    error = standard_error(nbr_independent_samples or nbr_samples)
    print(f"Estimated pi {estimate:.8f} (standard error {error:.8f})")


def report_delta(duration, nbr_samples):
    """Print the seconds that it took to throw ``nbr_samples`` darts, and the darts per second."""
    print(f"Delta: {timing.seconds(duration)} ({nbr_samples / duration:,.0f} darts per second)")


def require_memory(nbr_samples):
    """Raise UserError unless the numpy arrays of ``nbr_samples`` darts fit in memory."""
    from common import memory  # imported here: the scripts without numpy do without psutil too

    memory.require(
        BYTES_PER_DART * nbr_samples,
        lambda fits: f"--nbr_samples_in_total {fits // BYTES_PER_DART:,} would fit",
    )


def peak_memory(pids):
    """Return the largest peak of memory (RSS) of these processes, in bytes."""
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
        help="for the same darts again (default: another one in every run)",
    )


def seed(args):
    """Return the seed that was asked for, or a new one; print it."""
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
):
    """Run a script: call ``run`` with what its options say, print its estimate and check it.

    ``run`` takes the number of darts, with ``workers`` that of workers and with ``threads`` whether
    they are threads. It returns the number of darts inside the quarter circle and the seconds it
    took. ``quick``: the default number of darts. ``start_method``: whether workers have one.
    ``arrays``: whether all darts are in memory at once. ``instead``: a function that an option of
    its name calls instead of all that.
    """

    def estimate():
        parser = cli.parser(doc)
        if workers:
            cli.add_workers(parser, start_method=start_method)
        add_size(parser, quick)
        if threads:
            add_threads(parser)
        if instead:
            name = f"--{instead.__name__}"
            parser.add_argument(name, dest="instead", action="store_true", help=instead.__doc__)
        args = cli.parse(parser)
        if instead and args.instead:
            instead()
            return
        if arrays:
            require_memory(args.nbr_samples_in_total)
        asked = [args.nbr_workers] if workers else []
        asked += [args.threads] if threads else []
        nbr_in_quarter_circle, duration = run(args.nbr_samples_in_total, *asked)
        report(nbr_in_quarter_circle, args.nbr_samples_in_total)
        report_delta(duration, args.nbr_samples_in_total)

    cli.run(estimate)

"""Compare all ways of this section to estimate pi, by turns in one run.

Chapter: all ways of the section on estimating pi
Run:     python pi_estimation/compare.py 2
See:     threads of a Python loop gain nothing and processes divide its time, whether
         multiprocessing's or joblib's; numpy gains far more than either. Starting the workers is
         not in the seconds. The estimates differ: every run throws darts of its own.
"""

import pi_check
import pi_lists_parallel
import pi_lists_parallel_joblib
import pi_lists_series
import pi_numpy_parallel
import pi_numpy_serial

from common import cli, results


def ways(nbr_samples, nbr_workers):
    """Return what to compare: name -> function that returns estimate and seconds, by job."""

    def way(run, *args):
        def estimate():
            count, duration = run(nbr_samples, *args)
            return {job: (round(pi_check.estimate_pi(count, nbr_samples), 6), duration)}

        return estimate

    job = f"pi by {nbr_samples:,} darts"
    return {
        "Python loop, serial": way(pi_lists_series.run),
        f"Python loop, {nbr_workers} threads": way(pi_lists_parallel.run, nbr_workers, True),
        f"Python loop, {nbr_workers} processes": way(pi_lists_parallel.run, nbr_workers),
        f"Python loop, {nbr_workers} of joblib": way(pi_lists_parallel_joblib.run, nbr_workers),
        "numpy, serial": way(pi_numpy_serial.run),
        f"numpy, {nbr_workers} threads": way(pi_numpy_parallel.run, nbr_workers, True),
        f"numpy, {nbr_workers} processes": way(pi_numpy_parallel.run, nbr_workers),
    }


def main():
    parser = results.comparison_parser(__doc__, quick=5, book=5)
    cli.add_workers(parser)
    cli.add_size(
        parser, "--nbr_samples_in_total", quick=2_000_000, book=100_000_000, help="darts to throw"
    )
    args = cli.parse(parser)
    pi_check.require_memory(args.nbr_samples_in_total)
    results.compare(args, ways(args.nbr_samples_in_total, args.nbr_workers))


if __name__ == "__main__":
    cli.run(main)

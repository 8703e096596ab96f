"""Compare chunks of all kinds with one process that needs none, by turns in one run.

Chapter: all ways of the section on finding primes
Run:     python primes_pool/compare.py 2
See:     one number in a chunk is slower than no pool at all. The default, four chunks for each
         worker, is about as fast as one chunk for each (the default that the chapter describes)
         while primes lie evenly. One chunk alone leaves all workers but one idle. Starting the
         workers is not in the seconds.
"""

import math

import pool_report
import primes_pool
import primes_serial

from common import cli, results


def ways(nbr_numbers, nbr_workers):
    """Return what to compare: name -> function that returns primes and seconds, by job."""
    job = f"primes among {nbr_numbers:,} numbers from {pool_report.LOWER:,} on"

    def way(run, *args):
        def count_primes():
            nbr_primes, duration = run(nbr_numbers, *args)
            pool_report.check(nbr_primes, nbr_numbers)
            return {job: (nbr_primes, duration)}

        return count_primes

    def pool(*args):
        return way(primes_pool.run, nbr_workers, *args)

    pool_of = f"pool of {nbr_workers}"
    return {
        "one process, no pool": way(primes_serial.run),
        f"{pool_of}, default: 4 chunks a worker": pool(),
        f"{pool_of}, default, shuffled": pool(None, True),
        f"{pool_of}, 1 number a chunk": pool(1),
        f"{pool_of}, 1 chunk a worker": pool(math.ceil(nbr_numbers / nbr_workers)),
        f"{pool_of}, 1 chunk alone": pool(nbr_numbers),
    }


def main():
    parser = results.comparison_parser(__doc__, quick=7, book=5)
    cli.add_workers(parser)
    pool_report.add_nbr_numbers(parser, quick=20_000)
    args = cli.parse(parser)
    results.compare(args, ways(args.nbr_numbers, args.nbr_workers))


if __name__ == "__main__":
    cli.run(main)

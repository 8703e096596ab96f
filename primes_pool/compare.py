"""Compare chunks of all kinds with one process that needs none, interleaved in one run.

Chapter: all ways of the section on finding primes
Run:     python primes_pool/compare.py 2
See:     chunks of one number are slower than no pool at all. The default, four chunks per worker,
         is about as fast as one chunk per worker (the default that the chapter describes) as long
         as primes lie evenly. One chunk alone leaves all workers but one idle. Beyond the chapter,
         threads, for which a chunk costs little, gain as much as processes if there is no GIL, and
         nothing if there is. A sieve that divides nothing leaves the best pool far behind.
         primesieve, a C++ program that does nothing else, shows what is left to gain; it takes part
         where it is installed. Starting the workers is not timed; a sieve's answer includes a
         worker's peak memory.
"""

import math
import shutil
import subprocess
import time

from common import cli, memory, results
from common.run import process_starts, watched

import pool_check
import primes_pool
import primes_serial
import primes_sieve
import primes_threads
import sieve_check

CALLS = 20  # of a way that takes a millisecond
PRIMESIEVE = "primesieve"


def jobs(args):
    """Return the names of the three jobs."""
    return (
        f"{args.nbr_numbers:,} numbers from {pool_check.LOWER:,} on",
        f"the section's {args.nbr_in_range:,} numbers",
        f"primes below {args.upper:,}",
    )


def sieved(lower, upper, nbr_workers):
    """Return the number of primes and a worker's peak memory, as text, and the seconds."""
    nbr_primes, duration, peak = primes_sieve.run(lower, upper, nbr_workers, memory.peak)
    sieve_check.check(nbr_primes, lower, upper, primes_sieve.count_primes)
    return f"{nbr_primes:,}, {peak / 1e6:,.0f} MB", duration


def primesieve(upper):
    """Return the number of primes below ``upper`` and the seconds, by one thread of primesieve."""
    command = [PRIMESIEVE, "0", str(upper - 1), "--threads=1", "--quiet"]
    start = time.perf_counter()
    with process_starts():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watched[process.pid] = PRIMESIEVE, process.poll
    output, _ = process.communicate()
    duration = time.perf_counter() - start
    return int(output.rpartition(":")[2]), duration


def ways(args):
    """Return the ways to compare: name -> function that returns job -> (primes, seconds)."""
    job, whole_range, below = jobs(args)
    pool_of = f"pool of {args.nbr_workers}"

    def count_primes(nbr_numbers, run, *options):
        nbr_primes, duration = run(nbr_numbers, *options)
        pool_check.check(nbr_primes, nbr_numbers)
        return nbr_primes, duration

    def way(run, *options):
        return lambda: {job: count_primes(args.nbr_numbers, run, *options)}

    def pool(*options):
        return way(primes_pool.run, args.nbr_workers, *options)

    def threads(chunksize):
        return way(lambda *sizes: primes_threads.run(*sizes, [chunksize])[0], args.nbr_workers)

    def whole_by_pool():
        return {whole_range: count_primes(args.nbr_in_range, primes_pool.run, args.nbr_workers)}

    def whole_by_sieve():
        upper = pool_check.LOWER + args.nbr_in_range
        sizes = (pool_check.LOWER, upper, args.nbr_workers)
        return {whole_range: results.fastest(CALLS, sieved, *sizes)}

    def sieve(nbr_workers):
        return lambda: {below: sieved(0, args.upper, nbr_workers)}

    others = {}
    if shutil.which(PRIMESIEVE):
        others[f"{PRIMESIEVE}, one thread"] = lambda: {below: primesieve(args.upper)}
    return {
        "one process, no pool": way(primes_serial.run),
        f"{pool_of}, default: 4 a worker": pool(),
        f"{pool_of}, default, shuffled": pool(None, True),
        f"{pool_of}, 1 number a chunk": pool(1),
        f"{pool_of}, 1 chunk a worker": pool(math.ceil(args.nbr_numbers / args.nbr_workers)),
        f"{pool_of}, 1 chunk alone": pool(args.nbr_numbers),
        f"{args.nbr_workers} threads, default": threads(None),
        f"{args.nbr_workers} threads, 1 number a chunk": threads(1),
        f"{pool_of}, default": whole_by_pool,
        "sieve": whole_by_sieve,
        "sieve, one worker": sieve(1),
        f"sieve, pool of {args.nbr_workers}": sieve(args.nbr_workers),
        **others,
    }


def beyond(args, names):
    """Return the pairs of ways to compare: triples (job, way beyond the chapter, other way)."""
    _, whole_range, below = jobs(args)
    alone = "sieve, one worker"
    against = [(below, alone, name) for name in names if name.startswith(PRIMESIEVE)]
    return [
        (whole_range, "sieve", f"pool of {args.nbr_workers}, default"),
        (below, f"sieve, pool of {args.nbr_workers}", alone),
        *against,
    ]


def main():
    parser = results.comparison_parser(__doc__, quick=8, book=5)
    cli.add_workers(parser)
    pool_check.add_nbr_numbers(parser, quick=5_000)
    sizes = {"in_chapter": False, "maximum": sieve_check.MAX_COUNTED}
    cli.add_size(
        parser, "--nbr_in_range", quick=100_000, book=100_000, help="numbers to sieve", **sizes
    )
    cli.add_size(
        parser, "--upper", quick=10**9, book=10**9, help="sieve all numbers below", **sizes
    )
    args = cli.parse(parser)
    all_ways = ways(args)
    results.compare(args, all_ways, beyond(args, all_ways))


if __name__ == "__main__":
    cli.run(main)

"""Compare all ways of this section to verify a prime, interleaved in one run.

Chapter: Example 9-14, Example 9-15, Example 9-16, Example 9-17, Example 9-18, Example 9-19,
         Example 9-20, Example 9-21, Example 9-22, Example 9-23, Example 9-24, Example 9-25,
         Example 9-26
Run:     python prime_verification_ipc/compare.py --workers 2
         python prime_verification_ipc/compare.py --workers 2 100109100129100151 97
See:     a pool divides the time of primes, unless its workers ask another process for a flag
         (Manager, Redis). A flag ends large non-primes early: the nearer the factor lies to the
         start of a share, the earlier. Without one, a pool may take longer than a serial loop,
         which ends at the factor. Starting the workers is not timed. The second table compares the
         ways beyond the chapter with its fastest: less work (fewer candidates, compiled loops, a
         better method) saves more than a cheaper flag. Miller-Rabin gains more the larger the
         number: try the chapter's own, as above.
"""

from common import cli, results

import prime_check
import verification_speed as speed


def job(n):
    """Return the name of ``n`` in the tables, such as ``prime 1, 391,051,172,379,299``."""
    return f"{speed.name_of(n)}, {n:,}" if n in prime_check.LABELS else f"{n:,}"


def ways(numbers, nbr_workers, redis_url):
    """Return the ways to compare: name -> function that returns job -> (answer, seconds)."""

    def compared(name):
        verify = speed.way(name, numbers, nbr_workers, redis_url)
        return lambda: {
            job(n): (prime_check.in_words(is_prime), min(seconds))
            for n, (is_prime, seconds) in verify().items()
        }

    return {name: compared(name) for name in speed.SCRIPTS if name != speed.REDIS or redis_url}


def beyond(numbers):
    """Return the pairs whose ratios to print for each number (see results.compare)."""
    return [
        (job(n), name, speed.REDUX)
        for n in dict.fromkeys(numbers)
        for name in speed.BEYOND
        if name != speed.NUMPY or n < speed.NUMPY_LIMIT
    ]


def main():
    parser = results.comparison_parser(__doc__, quick=4, book=20)
    cli.add_workers(parser, "--workers")
    prime_check.add_numbers(parser)
    cli.add_redis_url(parser)
    args = prime_check.parse(parser)
    with speed.redis_if_any(args.redis_url) as redis_url:
        compared = ways(args.numbers, args.workers, redis_url)
        # each way starts its own pool, which an earlier round would not warm up
        results.compare(args, compared, beyond(args.numbers), warm_up=False)


if __name__ == "__main__":
    cli.run(main)

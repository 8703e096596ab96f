"""Compare all ways of this section to verify a prime, by turns in one run.

Chapter: Examples 9-14 to 9-26
Run:     python prime_verification_ipc/compare.py --workers 2
         python prime_verification_ipc/compare.py --workers 2 100109100129100151 97
See:     a pool divides the time of primes, unless its workers talk to another process about a flag
         (Manager, Redis). A flag ends large non-primes early, the earlier the nearer the factor
         lies to the start of a share; without one a pool may take longer than a serial loop, which
         ends at the factor. Starting the workers is not in the seconds.
"""

import prime_check
import verification_speed as speed

from common import cli, results


def ways(numbers, nbr_workers, redis_url):
    """Return what to compare: name -> function that returns answer and seconds, by number."""

    def compared(name):
        verify = speed.way(name, numbers, nbr_workers, redis_url)
        return lambda: {
            f"{speed.name_of(n)}, {n:,}" if n in prime_check.LABELS else f"{n:,}": (
                prime_check.in_words(is_prime),
                min(seconds),
            )
            for n, (is_prime, seconds) in verify().items()
        }

    return {name: compared(name) for name in speed.SCRIPTS if name != speed.REDIS or redis_url}


def main():
    parser = results.comparison_parser(__doc__, quick=2, book=20)
    cli.add_workers(parser, "--workers")
    prime_check.add_numbers(parser)
    speed.add_redis_url(parser)
    args = prime_check.parse(parser)
    with speed.redis_if_any(args.redis_url) as redis_url:
        results.compare(args, ways(args.numbers, args.workers, redis_url))


if __name__ == "__main__":
    cli.run(main)

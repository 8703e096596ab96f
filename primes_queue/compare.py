"""Compare all ways of this section to find the primes of a range, interleaved in one run.

Chapter: all ways of the section on queues of work
Run:     python primes_queue/compare.py 2
See:     no queue of single numbers is as fast as one process without a queue: sending the numbers
         is what takes the time. Half as many numbers take little more than half the time; feeding
         the queue from a thread sends just as many and gains little. A batch of numbers is sent at
         the cost of one, so the larger the batches, the more the workers gain, until they divide
         the time of the process without a queue. Starting the workers is not timed. The answer is
         the number of primes, checked against a sieve.
"""

from common import cli, results

import primes_queue
import primes_queue_batched
import primes_queue_jobs_feeder_thread
import primes_queue_less_work
import primes_serial
import queue_check

SERIAL, QUEUE, REDIS = "serial, no queue", "queue", "Redis stream of batches"
ALONE = "one process, no queue"
BATCHES = (10, 100)  # and --batch
LONGER_TIMES = 6  # times the numbers, for the ways about as fast as no queue


def ways(nbr_numbers, nbr_workers, batch, redis_url):
    """Return the ways to compare, and the pairs whose ratios to print (see results.compare).

    The first is a dict, name -> function that returns job -> (number of primes, seconds).
    """
    nbr_longer = LONGER_TIMES * nbr_numbers
    job, longer = (
        f"primes among {n:,} numbers from {queue_check.LOWER:,}" for n in (nbr_numbers, nbr_longer)
    )

    def way(run, *args):
        return lambda: {job: queue_check.checked(run, nbr_numbers, *args)}

    def way_of_both(run, *args):
        return lambda: {
            job: queue_check.checked(run, nbr_numbers, *args),
            longer: queue_check.checked(run, nbr_longer, *args),
        }

    def name(way):
        return f"{way}, {nbr_workers} worker{'s'[: nbr_workers != 1]}"

    compared = {
        SERIAL: way(primes_serial.run),
        name(QUEUE): way(primes_queue.run, nbr_workers),
        name("queue of odd numbers"): way(primes_queue_less_work.run, nbr_workers),
        name("queue fed by a thread"): way(primes_queue_jobs_feeder_thread.run, nbr_workers),
    }
    for size in sorted({*BATCHES} - {batch}):
        compared[name(f"batches of {size:,}")] = way(primes_queue_batched.run, nbr_workers, size)
    compared[ALONE] = lambda: {longer: queue_check.checked(primes_serial.run, nbr_longer)}
    beyond = [name(f"batches of {batch:,}")]
    compared[beyond[0]] = way_of_both(primes_queue_batched.run, nbr_workers, batch)
    if redis_url:
        import primes_queue_redis  # imported here: it needs redis

        beyond.append(name(REDIS))
        compared[name(REDIS)] = way_of_both(primes_queue_redis.run, nbr_workers, batch, redis_url)
    pairs = [(job, new, name(QUEUE)) for new in beyond]
    return compared, pairs + [(longer, new, ALONE) for new in beyond]


def main():
    parser = results.comparison_parser(__doc__, quick=5, book=3)
    cli.add_workers(parser)
    queue_check.add_nbr_numbers(parser, quick=10_000)
    queue_check.add_batch(parser)
    cli.add_redis_url(parser)
    args = cli.parse(parser)
    with results.redis_if_any(args.redis_url, REDIS) as redis_url:
        compared = ways(args.nbr_numbers, args.nbr_workers, args.batch, redis_url)
        results.compare(args, *compared)


if __name__ == "__main__":
    cli.run(main)

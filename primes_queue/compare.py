"""Compare all ways of this section to find the primes of a range, by turns in one run.

Chapter: all ways of the section on queues of work
Run:     python primes_queue/compare.py 2
See:     no way with a queue is as fast as one process without any: what takes the time is sending
         the numbers. So half as many of them take about half the time, and feeding the queue
         from a thread, which is no less to send, gains nothing. Starting the workers is not in
         the seconds. The answer is the number of primes, checked against a sieve.
"""

import primes_queue
import primes_queue_jobs_feeder_thread
import primes_queue_less_work
import primes_serial
import queue_report

from common import cli, results


def ways(nbr_numbers, nbr_workers):
    """Return what to compare: name -> function that returns answer and seconds, by job."""
    job = f"primes among {nbr_numbers:,} numbers from {queue_report.LOWER:,}"

    def way(run, *args):
        return lambda: {job: queue_report.checked(run, nbr_numbers, *args)}

    workers = f"{nbr_workers} worker{'s'[: nbr_workers != 1]}"
    return {
        "serial, no queue": way(primes_serial.run),
        f"queue, {workers}": way(primes_queue.run, nbr_workers),
        f"queue of odd numbers, {workers}": way(primes_queue_less_work.run, nbr_workers),
        f"queue fed by a thread, {workers}": way(primes_queue_jobs_feeder_thread.run, nbr_workers),
    }


def main():
    parser = results.comparison_parser(__doc__, quick=5, book=3)
    cli.add_workers(parser)
    queue_report.add_nbr_numbers(parser, quick=10_000)
    args = cli.parse(parser)
    results.compare(args, ways(args.nbr_numbers, args.nbr_workers))


if __name__ == "__main__":
    cli.run(main)

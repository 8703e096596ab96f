"""Draw Figure 9-17: what a flag in shared memory costs and saves.

Chapter: Figure 9-17
Run:     python prime_verification_ipc/fig_9_17_faster_ipc.py
         python prime_verification_ipc/fig_9_17_faster_ipc.py --workers 2,4 --repeat 5
See:     a RawValue and a byte of an mmap are alike: reading the flag costs next to nothing, but the
         countdown to each read costs time at every candidate. Redux has no countdown in its inner
         loop and nearly keeps up with the pool without a flag: it starts an inner loop for every
         1,000 integers. With two workers, shares are twice as long as with the chapter's four, and
         the same percentage is twice the seconds. (Redux may also seem faster than the pool: the
         text says how far the times of the pool alone scatter.) On a non-prime, a flag spares the
         others the rest of their shares, which depends on the number of workers (see
         fig_9_16_slower_ipc.py).
         The mmap scripts fork their workers whatever --start-method says.
"""

import operator
import statistics

from common import cli, plots

import verification_speed as speed

FLAGS = (speed.RAWVALUE, speed.MMAP, speed.REDUX)
CHAPTER_WITHIN = 0.1  # seconds between redux and the pool, on primes


def measure(args):
    """Return the durations of the pool without a flag and of those with a fast flag."""
    return {"fig_9_17": speed.measure(args, [speed.POOL, *FLAGS])}


def finding(data):
    """Describe what the flags cost and save, and how close redux is to the pool."""
    seconds = speed.seconds_by_way(data, speed.workers_of_finding(data))
    sentences = [speed.finding(data, FLAGS)]
    primes = speed.groups_for_pool(data).get("primes")
    if primes:
        redux, pool = (speed.together(seconds[way], primes) for way in (speed.REDUX, speed.POOL))
        longer = statistics.median(map(operator.sub, redux, pool)) / len(primes)
        scatter = (statistics.median(pool) - min(pool)) / len(primes)
        text = (
            f"On a prime, redux takes {longer:+.2f} s longer than the pool, whose own median is "
            f"{scatter:.2f} s above its best"
        )
        if speed.are_from(data, "quick"):
            times = speed.QUICK_TIMES
            text += (
                f": on the chapter's numbers {times} times as much, {times * longer:+.1f} s and "
                f"{times * scatter:.1f} s"
            )
        sentences.append(f"{text} (the chapter: within {CHAPTER_WITHIN} s).")
    return " ".join(filter(None, [*sentences, speed.stand_ins(data)]))


def draw(data):
    """Return the figure."""
    return speed.draw(data, "What does a flag in shared memory cost and save?", finding(data))


def main():
    parser = plots.parser(__doc__, quick=5, book=20, in_chapter=True)
    speed.prime_check.add_numbers(parser)
    plots.main(parser, {"fig_9_17": draw}, measure)


if __name__ == "__main__":
    cli.run(main)

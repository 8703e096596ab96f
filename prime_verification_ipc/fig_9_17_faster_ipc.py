"""Draw Figure 9-17: what a flag in shared memory costs and saves.

Chapter: Figure 9-17
Run:     python prime_verification_ipc/fig_9_17_faster_ipc.py
         python prime_verification_ipc/fig_9_17_faster_ipc.py --workers 2,4 --repeat 5
See:     a RawValue and a byte of an mmap are alike: a look at the flag costs next to nothing, but
         the countdown to it costs on primes, at every candidate. Redux has no countdown in its
         inner loop and keeps up with the pool without a flag. What is saved on a non-prime is
         what lies behind the factor in its share, and depends on the number of workers (see
         fig_9_16_slower_ipc.py).
         The mmap scripts fork their workers whatever --start-method says.
"""

from common import cli, plots

import verification_speed as speed

FLAGS = (speed.RAWVALUE, speed.MMAP, speed.REDUX)
CHAPTER_WITHIN = 0.1  # seconds between redux and the pool, on primes


def measure(args):
    """Return the durations of the pool without a flag and those with a fast one."""
    return {"fig_9_17": speed.measure(args, [speed.POOL, *FLAGS])}


def finding(data):
    """Return in words what the flags cost and save, and how close redux is to the pool."""
    seconds = speed.seconds_by_way(data, speed.workers_of_finding(data))
    said = [speed.finding(data, FLAGS)]
    primes = speed.groups_for_pool(data).get("primes")
    if primes:
        apart = max(abs(min(seconds[speed.REDUX][n]) - min(seconds[speed.POOL][n])) for n in primes)
        said.append(
            f"Redux is within {apart:.3f} s of the pool on primes "
            f"(the chapter: {CHAPTER_WITHIN} s)."
        )
    return " ".join(filter(None, [*said, speed.stand_ins(data)]))


def draw(data):
    """Return the picture."""
    return speed.draw(data, "What does a flag in shared memory cost and save?", finding(data))


def main():
    parser = plots.parser(__doc__, quick=4, book=20, in_chapter=True)
    speed.prime_check.add_numbers(parser)
    plots.main(parser, {"fig_9_17": draw}, measure)


if __name__ == "__main__":
    cli.run(main)

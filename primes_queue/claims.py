"""Judge what the chapter says about queues of work, from measurements stored before.

Chapter: all claims of the section on queues of work
Run:     python primes_queue/claims.py
See:     each claim holds, differs (with the likely reason) or cannot be told here (with what is
         missing). Two workers, the Manager and the feeding process take four CPUs, and more workers
         take more: where all share two, they are slow for another reason than the queue.
Differs: nothing is measured here, so --scale has no effect.
"""

import functools
import statistics

from common import claims, cli, results
from common.claims import Claim

from fig_9_14_queue_cost import ALL, ODD

FULL_RANGE, PRIMES_IN_IT = 1_000_000, 54_208
CHEAP_MESSAGES = "messages that cost less, compared with testing a number, than they did with 3.7"


def seconds(figure, kind):
    """Return a dict, number of workers -> durations of every repeat."""
    return {run["workers"]: run["seconds"] for run in figure["runs"] if run["kind"] == kind}


def against_serial(kind, figure):
    (serial,) = seconds(figure, "serial").values()
    fastest = min(seconds(figure, kind).values(), key=statistics.median)
    text = "{:.2f}x the time without"
    times = results.speed_up(fastest, serial)
    return claims.number(times, text, low=1, why=CHEAP_MESSAGES)


def communication(figure):
    (serial,) = seconds(figure, "serial").values()
    text = "{:.2f}x the time without"
    times = results.speed_up(seconds(figure, ALL)[1], serial)
    return claims.number(times, text, low=2, why=CHEAP_MESSAGES)


def second_worker(figure):
    queue = seconds(figure, ALL)
    times = results.speed_up(queue[1], queue[2])
    why = "a Manager that is the limit with one worker already, or with two not yet"
    return claims.number(times, claims.TIMES_AS_FAST, low=1.1, high=1.6, zone=0.3, why=why)


def more_workers(nbr_workers, figure):
    queue = seconds(figure, ALL)
    times = results.speed_up(queue[nbr_workers], queue[2])
    text = "{:.2f}x the time of two"
    why = "a Manager that keeps up: its process was not yet the limit with two workers"
    return claims.number(times, text, low=1, why=why)


def fewer_jobs(figure):
    every, odd = seconds(figure, ALL), seconds(figure, ODD)
    times = min(results.speed_up(every[n], odd[n]) for n in every)
    text = f"{claims.TIMES_AS_FAST} at least"
    return claims.number(times, text, low=1.1, why="messages are not what takes the time")


def feeder_thread(compare):
    workers = compare["workers"]
    name = f"{{}}, {workers} worker{'s'[: workers != 1]}"
    queue, fed = (
        results.seconds(compare, name.format(way)) for way in ("queue", "queue fed by a thread")
    )
    times = results.speed_up(queue, fed)
    why = "two threads, one feeding and one collecting, that take turns for the GIL"
    if not compare["machine"]["gil"]:
        why = "two threads that wait for one Manager"
    return claims.number(times, claims.TIMES_AS_FAST, low=0.7, why=why)


def primes_in_full_range(figure):
    nbr_numbers = figure["sizes"]["nbr_numbers"]
    if nbr_numbers != FULL_RANGE:
        missing = f"needs {FULL_RANGE:,} numbers; {nbr_numbers:,} measured"
        how = "python primes_queue/fig_9_14_queue_cost.py --scale book"
        return "", claims.CANNOT_TELL, f"{missing}: {how}"
    counts = sorted({run["nbr_primes"] for run in figure["runs"]})
    found = " or ".join(f"{count:,}" for count in counts)
    return claims.fact(counts == [PRIMES_IN_IT], found, "lost or wrong answers")


FIGURE = ("fig_9_14",)

CLAIMS = (
    Claim(
        "Figure 9-14",
        "one process without a queue beats every run with one",
        "clearly",
        FIGURE,
        "the fastest run with a queue takes longer",
        functools.partial(against_serial, ALL),
    ),
    Claim(
        "Figure 9-14",
        "with a queue, communication takes most of the time",
        "dominates",
        FIGURE,
        "one worker takes at least 2x the time without a queue",
        communication,
    ),
    Claim(
        "Figure 9-14",
        "two workers on a queue are a little faster than one",
        "a little",
        FIGURE,
        "1.1x to 1.6x as fast",
        second_worker,
        cpus=4,  # the feeding process, the Manager's and two workers
    ),
    Claim(
        "Figure 9-14",
        "four workers on a queue are slower than two",
        "slower",
        FIGURE,
        "longer than two",
        functools.partial(more_workers, 4),
        cpus=4,
    ),
    Claim(
        "Figure 9-14",
        "eight workers on a queue are slower than two",
        "slower",
        FIGURE,
        "longer than two",
        functools.partial(more_workers, 8),
        cpus=8,
    ),
    Claim(
        "Text",
        "without the even numbers, every run with a queue is faster",
        "every run",
        FIGURE,
        "at least 1.1x as fast for each number of workers",
        fewer_jobs,
    ),
    Claim(
        "Text",
        "and yet none of them beats the process without a queue",
        "none",
        FIGURE,
        "the fastest run with a queue of odd numbers takes longer",
        functools.partial(against_serial, ODD),
    ),
    Claim(
        "Example 9-12",
        "feeding the queue from a thread costs nothing",
        "nothing",
        ("compare_primes_queue",),
        "at least 0.7x as fast",
        feeder_thread,
    ),
    Claim(
        "Example 9-11",
        "there are 54,208 primes in the full range",
        "54,208",
        FIGURE,
        "exactly, by every run on 1,000,000 numbers",
        primes_in_full_range,
        timed=False,
    ),
)

if __name__ == "__main__":
    cli.run(lambda: claims.main(__doc__, CLAIMS))

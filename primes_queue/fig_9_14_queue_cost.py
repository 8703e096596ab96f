"""Draw Figure 9-14: what sending every number through a queue costs.

Chapter: Figure 9-14; text on queues with less work
Run:     python primes_queue/fig_9_14_queue_cost.py
         python primes_queue/fig_9_14_queue_cost.py --from results/fig_9_14.json
See:     one process without a queue beats every run with one. Testing a number takes less time than
         sending it through the Manager, a single process that all others wait for: a second worker
         helps little or not at all, and more get in each other's way. (In the chapter two workers
         are a little faster than one, four and eight slower. The Manager and the main process need
         a CPU each, too: with fewer CPUs than that, any order can come out.) Leaving out the even
         numbers halves the messages, so that every run is faster, but still not fast enough.
"""

import statistics

from common import cli, plots, results

import primes_queue
import primes_queue_less_work
import primes_serial
import queue_check

ALL, ODD = "all numbers", "odd numbers only"


def measure(args):
    """Return the durations of the runs with a queue and of the serial run."""
    ways = {}
    for n in args.workers:
        ways[ALL, n] = (primes_queue.run, args.nbr_numbers, n)
        ways[ODD, n] = (primes_queue_less_work.run, args.nbr_numbers, n)
    ways["serial", 1] = (primes_serial.run, args.nbr_numbers)
    calls = {name: lambda way=way: queue_check.checked(*way) for name, way in ways.items()}
    runs = []
    for (kind, n), rounds in results.interleaved(calls, args.repeat).items():
        counts, durations = zip(*rounds, strict=True)
        runs.append({"kind": kind, "workers": n, "seconds": durations, "nbr_primes": counts[0]})
    return {"fig_9_14": {"runs": runs}}


def draw(data):
    """Return the figure."""
    seconds = {}
    for run in data["runs"]:
        seconds.setdefault(run["kind"], {})[run["workers"]] = run["seconds"]
    usable = data["machine"]["usable_cpus"]
    figure, (axes,) = plots.new(
        data,
        "Is a queue of single numbers worth its cost?",
        finding(seconds, data["sizes"]["nbr_numbers"], usable),
    )
    serial = statistics.median(seconds["serial"][1])
    axes.axhline(serial, label="serial: no queue", **{**plots.style(6), "marker": ""})
    for number, kind in enumerate((ALL, ODD)):
        label = f"queue of {kind}"
        plots.line(axes, seconds[kind], number, label, beyond=usable, of=statistics.median)
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(seconds[ALL]), [f"{n}" for n in seconds[ALL]])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(f"workers (hollow: more than the {usable} usable CPU{'s'[: usable != 1]})")
    axes.set_ylabel("seconds (median; bar: to the best)")
    axes.set_ylim(bottom=0)
    plots.legend(figure)
    return figure


def finding(seconds, nbr_numbers, usable):
    """Describe what the queue costs, and what more workers and fewer jobs change.

    ``seconds`` is a dict, kind -> number of workers -> durations of every repeat.
    """
    middle = {
        kind: {n: statistics.median(durations) for n, durations in by_workers.items()}
        for kind, by_workers in seconds.items()
    }
    sentences = [against_serial(middle, nbr_numbers)]
    if len(middle[ALL]) > 1:
        sentences.append(more_workers(seconds[ALL], usable))
    return " ".join([*sentences, fewer_jobs(seconds)])


def against_serial(middle, nbr_numbers):
    """Describe how runs with a queue compare with the serial run, in total and per number.

    ``middle`` is a dict, kind -> number of workers -> median of the durations.
    """
    serial = middle["serial"][1]
    queued = [*middle[ALL].values(), *middle[ODD].values()]
    nbr_faster = sum(duration < serial for duration in queued)
    beat = f"{nbr_faster or 'None'} of the {len(queued)} runs with a queue beat"
    n = min(middle[ALL], key=middle[ALL].get)
    alone, through_it = (f"{1e6 * it / nbr_numbers:,.0f} µs" for it in (serial, middle[ALL][n]))
    return (
        f"{beat}{'s'[nbr_faster > 1 :]} the serial run. A number takes {alone} without a queue and "
        f"{through_it} in the run with {ALL} on the queue whose median is lowest ({workers(n)})."
    )


def more_workers(durations, usable):
    """Describe what more workers change in ``durations`` (number of workers -> of every repeat)."""
    (first, alone), *others = durations.items()
    changes = ", ".join(f"{workers(n)} {change(results.speed_up(its, alone))}" for n, its in others)
    cannot = "With 1 usable CPU, more workers cannot help. " if usable == 1 else ""
    return f"{cannot}Compared by round with {workers(first)}, {changes}."


def fewer_jobs(seconds):
    """Describe what half the jobs change in the runs with a queue."""
    ratios = sorted(results.speed_up(seconds[ODD][n], seconds[ALL][n]) for n in seconds[ALL])
    nbr_faster = sum(ratio < 1 for ratio in ratios)
    least, most = f"{ratios[0]:.2f}", f"{ratios[-1]:.2f}"
    return (
        f"Without the even numbers, {nbr_faster} of {len(ratios)} runs "
        f"{'is' if nbr_faster == 1 else 'are'} faster; the time is "
        f"{least if least == most else f'{least} to {most}'} times that with all numbers."
    )


def workers(n):
    """Return ``n`` workers in words, such as ``1 worker``."""
    return f"{n} worker{'s'[: n != 1]}"


def change(ratio):
    """Describe what it means to take ``ratio`` times as long."""
    percent = round(100 * abs(ratio - 1))
    if percent == 0:
        return "take as long"
    return f"take {percent} % {'longer' if ratio > 1 else 'less time'}"


def main():
    parser = plots.parser(__doc__, workers="1,2,4,8", quick=4, book=3)
    queue_check.add_nbr_numbers(parser, quick=4_000)
    plots.main(parser, {"fig_9_14": draw}, measure)


if __name__ == "__main__":
    cli.run(main)

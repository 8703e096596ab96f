"""Draw Figure 9-13: which numbers of chunks keep all workers of a pool busy.

Chapter: Figure 9-13
Run:     python primes_pool/fig_9_13_nbr_chunks.py
         python primes_pool/fig_9_13_nbr_chunks.py --from results/fig_9_13.json
See:     a sawtooth. Where the number of workers divides the number of chunks, they end together: a
         dip. With one chunk more, a single worker goes on while the rest wait. The more chunks, the
         shorter that last one. The dashed line is arithmetic: the time of one process, times the
         busiest worker's share of the chunks. Where two CPUs are hyperthreads of one core, or slow
         each other down, the measured line lies above it with smaller teeth, since the last worker
         is faster alone. Where the speed of CPUs varies, as on a busy or virtual machine, teeth are
         lost in the noise, mostly small ones on the right (--nbr_numbers 20_000 shows more of
         them).
Differs: the chapter uses four processes; --workers 2,4 draws a panel for each number.
         The numbers are ordered so that the primes are spread evenly: small teeth get lost where
         chunks differ in work.
"""

import math
import statistics

from common import cli, plots

import pool_check
import pool_speed

MOST_CHUNKS = 32
FEWEST_NUMBERS = (MOST_CHUNKS - 1) ** 2 + 1  # fewer do not make every number of chunks
CHAPTER_WORKERS = 4
CHAPTER_NUMBERS = 100_000
CHAPTER_DIFFERENCE = 0.03  # seconds between 29 and 32 chunks, four processes


def chunksize_for(nbr_numbers, nbr_chunks):
    """Return the chunksize that splits FEWEST_NUMBERS or more numbers into ``nbr_chunks``."""
    return math.ceil(nbr_numbers / nbr_chunks)


def busiest_share(nbr_chunks, nbr_workers):
    """Return the busiest worker's share of the work (0 to 1), if chunks take equally long."""
    return pool_check.count_rounds(nbr_chunks, nbr_workers) / nbr_chunks


def measure(args):
    """Return the durations for every number of chunks."""
    chunksizes = [chunksize_for(args.nbr_numbers, k) for k in range(1, MOST_CHUNKS + 1)]
    runs = pool_speed.measure(args, lambda nbr_workers: chunksizes, [pool_speed.EVEN])
    return {"fig_9_13": {"runs": runs}}


def by_nbr_chunks(data, nbr_workers):
    """Return a dict, number of chunks -> durations of every repeat; ascending."""
    seconds = pool_speed.seconds(data["runs"], nbr_workers, pool_speed.EVEN)
    nbr_numbers = data["sizes"]["nbr_numbers"]
    return {
        pool_check.count_chunks(nbr_numbers, chunksize): seconds[chunksize]
        for chunksize in sorted(seconds, reverse=True)
    }


def medians(seconds):
    """Return a dict, number of chunks -> median of the repeats.

    The numbers of chunks are interleaved, so a change in the machine's speed affects all medians
    alike; the best repeat of one may have met a better moment than that of the next.
    """
    return {nbr_chunks: statistics.median(durations) for nbr_chunks, durations in seconds.items()}


def jumps(middle, nbr_workers):
    """Return a dict, multiple of ``nbr_workers`` -> percent that one chunk more costs.

    ``middle`` is a dict, number of chunks -> seconds.
    """
    return {
        k: 100 * (middle[k + 1] / middle[k] - 1)
        for k in middle
        if k % nbr_workers == 0 and k + 1 in middle
    }


def finding(seconds, nbr_workers, usable, where, nbr_numbers):
    """Describe what one chunk more than a multiple of the workers costs."""
    middle = medians(seconds)
    costs = jumps(middle, nbr_workers)
    difference = 1_000 * (middle[29] - middle[MOST_CHUNKS])
    chapter = (
        f"Making 29 chunks instead of {MOST_CHUNKS} changes the time by {difference:+.1f} ms here "
        f"({nbr_numbers:,} numbers) and by +{1_000 * CHAPTER_DIFFERENCE:.0f} ms in the chapter "
        f"(4 processes, {CHAPTER_NUMBERS:,} numbers)"
    )
    if nbr_numbers != CHAPTER_NUMBERS:
        scaled = 1_000 * CHAPTER_DIFFERENCE * nbr_numbers / CHAPTER_NUMBERS
        chapter += f", in proportion {scaled:+.1f} ms"
    chapter += "."
    if nbr_workers == 1:
        return f"With {where} there is no sawtooth: one worker does all the chunks. {chapter}"
    if not costs:
        return f"With {where} there are no teeth: {MOST_CHUNKS} chunks are too few. {chapter}"
    nbr_dearer = sum(cost > 0 for cost in costs.values())
    first, last = min(costs), max(costs)
    text = (
        f"With {where}, one chunk more than a multiple of {nbr_workers} changes the time by "
        f"{round(costs[first]):+d} % from {first} to {first + 1} chunks"
    )
    if last > first:
        text += (
            f" and by {costs[last]:+.1f} % from {last} to {last + 1}; it costs time in "
            f"{nbr_dearer} of {len(costs)} such cases"
        )
    if nbr_workers > usable:
        text += " (workers that share CPUs blur the teeth)"
    elif nbr_dearer < len(costs):
        lost = min(k for k, cost in costs.items() if cost <= 0)
        text += f" (the first tooth that is lost is at {lost + 1} chunks: the speed of CPUs varies)"
    return f"{text}. {chapter}"


def draw(data):
    """Return the figure."""
    usable = data["machine"]["usable_cpus"]
    workers = pool_speed.workers(data["runs"])
    seconds = {n: by_nbr_chunks(data, n) for n in workers}
    where = {n: pool_speed.describe_workers(data, n) for n in workers}
    size = data["sizes"]["nbr_numbers"]
    findings = [finding(seconds[n], n, usable, where[n], size) for n in workers]
    title = "How many chunks keep all workers busy?"
    height = pool_speed.panels_height(len(workers))
    figure, panels = plots.new(data, title, " ".join(findings), rows=len(workers), height=height)
    for axes, n in zip(panels, workers, strict=True):
        draw_measured(axes, seconds[n], n)
        if n <= usable:
            draw_predicted(axes, seconds[n], n, pool_speed.serial(data["runs"], statistics.median))
        if n == CHAPTER_WORKERS:
            draw_chapter(axes, seconds[n], size)
        axes.set_ylabel(f"seconds, {where[n]}\n(median; bar: to the best)")
        plots.thousands(axes.yaxis)
        axes.set_xticks(range(0, MOST_CHUNKS + 1, 4))
        axes.set_xticks(range(1, MOST_CHUNKS + 1), minor=True)
    panels[-1].set_xlabel("number of chunks")
    plots.legend(figure, columns=2)
    return figure


def draw_measured(axes, seconds, nbr_workers):
    """Draw the sawtooth, with filled marks where the workers end together, else hollow ones."""
    style = plots.style(0)
    middle = medians(seconds)
    best = [min(durations) for durations in seconds.values()]
    axes.vlines(middle.keys(), best, middle.values(), color=style["color"], linewidth=1, alpha=0.6)
    axes.plot(middle.keys(), middle.values(), color=style["color"], linewidth=2)
    for is_idle, fill in ((False, style["color"]), (True, "white")):
        chosen = {
            nbr_chunks: duration
            for nbr_chunks, duration in middle.items()
            if (pool_check.count_idle(nbr_chunks, nbr_workers) > 0) == is_idle
        }
        axes.plot(
            chosen.keys(),
            chosen.values(),
            markerfacecolor=fill,
            label="leaves workers idle at the end" if is_idle else "all workers end together",
            **{**style, "linestyle": "none"},
        )


def draw_predicted(axes, seconds, nbr_workers, serial):
    """Draw the time of one process without a pool, times the busiest worker's share."""
    axes.plot(
        seconds.keys(),
        [serial * busiest_share(nbr_chunks, nbr_workers) for nbr_chunks in seconds],
        label="time of one process x the busiest worker's share",
        **{**plots.style(1), "marker": ""},
    )


def draw_chapter(axes, seconds, nbr_numbers):
    """Draw the chapter's difference between 29 and 32 chunks, in proportion, above our 32."""
    scaled = CHAPTER_DIFFERENCE * nbr_numbers / CHAPTER_NUMBERS
    axes.plot(
        [29],
        [statistics.median(seconds[MOST_CHUNKS]) + scaled],
        label=f"the chapter: 29 against {MOST_CHUNKS} chunks, in proportion",
        **plots.CHAPTER,
    )


def main():
    parser = plots.parser(__doc__, quick=24, book=5)
    pool_check.add_nbr_numbers(parser, quick=2_520, minimum=FEWEST_NUMBERS)
    plots.main(parser, {"fig_9_13": draw}, measure)


if __name__ == "__main__":
    cli.run(main)

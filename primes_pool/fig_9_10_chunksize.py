"""Draw Figures 9-10, 9-11 and 9-12: how the chunksize of Pool.map decides its time.

Chapter: Figure 9-10, Figure 9-11, Figure 9-12
Run:     python primes_pool/fig_9_10_chunksize.py
         python primes_pool/fig_9_10_chunksize.py --from results/fig_9_11.json
See:     9-10: with one number per chunk, sending jobs and answers takes far longer than the
         divisions; two per chunk save half of the sending, and so less than half of all (about
         half, in the chapter), as there are as many divisions as before. Then come diminishing
         returns: each further doubling has less left to save.
         9-11: at the large end, too few chunks, or a last round that is not full, leave workers
         idle. One chunk alone takes less than twice as long as two if a CPU is faster while the
         other is idle, as on many machines. Python's default lies in between, near the best. With
         two workers, a CPU that is faster for a moment can hide a last round that is not full;
         where workers share CPUs, idle ones cost nothing.
         9-12: shuffling the numbers changes next to nothing, as primes lie nearly evenly anyway.
Differs: the chapter uses four processes; --workers 2,4 draws each number of workers. With two, the
         chapter's worst chunksize, 50,000, gives each worker a chunk; only 100,000 leaves one idle.
         The default chunksize is CPython's rule (see primes_pool.py). Figure 9-12 also shows what
         shuffling saves, in percent.
"""

import math
import statistics

from common import cli, plots, results

import pool_check
import pool_speed
import primes_pool

SMALL = (1, 2, 4, 8, 16, 32, 64)
CHAPTER_NUMBERS = 100_000
CHAPTER_TWO_CHUNKS = 1.08  # seconds, in two chunks, for four processes
CHAPTER_SHUFFLED = 2  # percent gained


def chunksizes(nbr_numbers, nbr_workers):
    """Return the chunksizes to measure, ascending.

    These are the small ones of Figure 9-10, doubled up to the default; from there on, those whose
    number of chunks is a multiple of the workers or just misses one, until half of them idle.
    """
    default = primes_pool.default_chunksize(nbr_numbers, nbr_workers)
    doubled = [2**i for i in range(default.bit_length()) if 2**i < default]
    half = nbr_workers // 2
    counts = {max(1, half), nbr_workers, nbr_workers + 1, 2 * nbr_workers, 2 * nbr_workers + half}
    few = {math.ceil(nbr_numbers / nbr_chunks) for nbr_chunks in counts}
    return sorted({*SMALL, *doubled, default, *few})


def measure(args):
    """Return, for each figure, the durations that it shows."""
    runs = pool_speed.measure(
        args,
        lambda nbr_workers: chunksizes(args.nbr_numbers, nbr_workers),
        (pool_speed.ORDERED, pool_speed.SHUFFLED),
    )
    ordered = [run for run in runs if run["order"] != pool_speed.SHUFFLED]
    small = [run for run in ordered if run["chunksize"] in (None, *SMALL)]
    defaults = [
        {"workers": n, "chunks": pool_speed.count_default_chunks(args.nbr_numbers, n)}
        for n in args.workers
    ]
    return {
        "fig_9_10": {"runs": small},
        "fig_9_11": {"runs": ordered, "defaults": defaults},
        "fig_9_12": {"runs": runs},
    }


def ordered_seconds(data):
    """Return a dict, number of workers -> (chunksize -> durations)."""
    runs = data["runs"]
    return {n: pool_speed.seconds(runs, n, pool_speed.ORDERED) for n in pool_speed.workers(runs)}


def small_finding(seconds, serial, where):
    """Describe what the first and the later doublings of the chunksize gain."""
    one = min(seconds[1])
    two, most = (100 * results.speed_up(seconds[size], seconds[1]) for size in (2, SMALL[-1]))
    return (
        f"With {where}, Pool.map takes {one:,.3f} s at chunksize 1, {one / serial:,.1f} times as "
        f"long as one process without a pool. By round (the points are best times), chunksize 2 "
        f"takes {two:.0f} % of that time (the chapter: about half), chunksize {SMALL[-1]} takes "
        f"{most:.0f} %. Only the sending gets less."
    )


def draw_small(data):
    """Return Figure 9-10."""
    by_workers = ordered_seconds(data)
    serial = pool_speed.serial(data["runs"])
    findings = [
        small_finding(seconds, serial, pool_speed.describe_workers(data, n))
        for n, seconds in by_workers.items()
    ]
    title = "What does a larger chunksize gain?"
    figure, (axes,) = plots.new(data, title, " ".join(findings))
    draw_serial(axes, serial)
    for number, (nbr_workers, seconds) in enumerate(by_workers.items()):
        plots.line(
            axes,
            seconds,
            number,
            pool_speed.describe_workers(data, nbr_workers),
        )
    halves = [min(seconds[1]) / 2 for seconds in by_workers.values()]
    label = "the chapter: about half of chunksize 1"
    axes.plot([2] * len(halves), halves, label=label, **plots.CHAPTER)
    axes.set_xscale("log", base=2)
    axes.set_xticks(SMALL, [f"{chunksize}" for chunksize in SMALL])
    axes.set_xlabel("chunksize: numbers in a chunk")
    axes.set_ylabel("seconds (best; bar: to the median)")
    axes.set_ylim(bottom=0)
    plots.legend(figure)
    return figure


def draw_serial(axes, serial):
    """Draw the time without a pool as a line."""
    axes.axhline(serial, label="one process, no pool", **{**plots.style(6), "marker": ""})


def large_finding(seconds, nbr_numbers, nbr_workers, where):
    """Describe how close the default chunksize is to the best, and what the largest costs."""
    default = primes_pool.default_chunksize(nbr_numbers, nbr_workers)
    times = {size: results.speed_up(of_size, seconds[default]) for size, of_size in seconds.items()}
    fastest, largest = min(times, key=times.get), max(times)
    nbr_chunks = pool_check.count_chunks(nbr_numbers, largest)
    nbr_idle = pool_check.count_idle(nbr_chunks, nbr_workers)
    if fastest == default:
        compared = "takes the least of all"
    else:
        compared = f"takes {100 / times[fastest] - 100:.0f} % more than the best one, {fastest:,}"
    plural = nbr_chunks > 1
    chunks, leave, take = ("chunks leave take" if plural else "chunk leaves takes").split()
    return (
        f"With {where}, the default chunksize of {default:,} takes {min(seconds[default]):,.3f} s. "
        f"Compared by round (the points are best times: another may lie lower), it {compared} (the "
        f"best of {len(times)} is partly luck). "
        f"{nbr_chunks} {chunks} of {largest:,} {leave} {nbr_idle} of {nbr_workers} workers idle "
        f"and {take} {times[largest]:,.2f} times as long as the default."
    )


def draw_large(data):
    """Return Figure 9-11."""
    nbr_numbers = data["sizes"]["nbr_numbers"]
    by_workers = ordered_seconds(data)
    findings = [
        large_finding(seconds, nbr_numbers, n, pool_speed.describe_workers(data, n))
        for n, seconds in by_workers.items()
    ]
    serial = pool_speed.serial(data["runs"])
    title = "Which chunksize is the best?"
    figure, panels = plots.new(
        data,
        title,
        " ".join(findings),
        rows=len(by_workers),
        height=pool_speed.panels_height(len(by_workers)),
    )
    for axes, (nbr_workers, seconds) in zip(panels, by_workers.items(), strict=True):
        draw_serial(axes, serial)
        plots.line(axes, seconds, 0, "ordered numbers")
        default = primes_pool.default_chunksize(nbr_numbers, nbr_workers)
        axes.plot(
            [default],
            [min(seconds[default])],
            label="the default chunksize",
            **{**plots.style(1), "linestyle": "none", "markersize": 11},
        )
        mark_idle(axes, nbr_numbers, nbr_workers, seconds)
        label = "the chapter: 2 chunks for 4 processes"
        if nbr_numbers != CHAPTER_NUMBERS:
            label += f", scaled to {nbr_numbers:,} numbers"
        axes.plot(
            [nbr_numbers / 2],
            [CHAPTER_TWO_CHUNKS * nbr_numbers / CHAPTER_NUMBERS],
            label=label,
            **plots.CHAPTER,
        )
        few = [durations for chunksize, durations in seconds.items() if chunksize >= default]
        below = max(serial, *(statistics.median(durations) for durations in few))
        scale(axes, pool_speed.describe_workers(data, nbr_workers), below)
    panels[-1].set_xlabel("chunksize: numbers in a chunk")
    plots.legend(figure, columns=2)
    return figure


def mark_idle(axes, nbr_numbers, nbr_workers, seconds):
    """Mark the large chunksizes that leave workers idle, with the chunks of each round."""
    marked = math.inf
    for chunksize in sorted(seconds, reverse=True):
        nbr_chunks = pool_check.count_chunks(nbr_numbers, chunksize)
        is_idle = pool_check.count_idle(nbr_chunks, nbr_workers) > 0
        if is_idle and nbr_chunks < 3 * nbr_workers and chunksize < 0.8 * marked:  # room for text
            marked = chunksize
            text = f"{nbr_chunks} chunk{'s'[: nbr_chunks != 1]}"
            if nbr_chunks > nbr_workers:
                text += f": {pool_check.describe_rounds(nbr_chunks, nbr_workers)}"
            label = "leaves workers idle at the end"
            axes.axvline(chunksize, color="#606060", linewidth=1, linestyle=":", label=label)
            axes.text(
                chunksize,
                0.98,
                text + " ",
                transform=axes.get_xaxis_transform(),
                rotation=90,
                ha="right",
                va="top",
                fontsize=9,
            )


def scale(axes, workers, below=0):
    """Make ``axes`` logarithmic; values up to ``below`` fill little more than half the height."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, low * (below / low) ** 1.8))
    plots.thousands(axes.xaxis, axes.yaxis)
    axes.set_ylabel(f"seconds, {workers}\n(best; bar: to the median)")


def saved(ordered, shuffled):
    """Return a dict, chunksize -> percent of the time that shuffling saves, by round."""
    return {
        chunksize: 100 * (1 - results.speed_up(shuffled[chunksize], durations))
        for chunksize, durations in ordered.items()
    }


def shuffled_finding(ordered, shuffled, where):
    """Describe what shuffling gains, and how much the repeats differ anyway."""
    middle = statistics.median(saved(ordered, shuffled).values())
    noise = results.noise(ordered.values())
    return (
        f"With {where}, shuffled numbers take {abs(middle):.1f} % "
        f"{'less' if middle > 0 else 'more'} time (median over the chunksizes; the chapter: about "
        f"{CHAPTER_SHUFFLED} % less). That is {'more' if abs(middle) > noise else 'less'} than the "
        f"{noise:.1f} % by which the repeats scatter. (Below, shuffled and ordered numbers are "
        "compared by round; the points above are best times.)"
    )


def draw_shuffled(data):
    """Return Figure 9-12."""
    runs = data["runs"]
    in_order = ordered_seconds(data)
    shuffled = {n: pool_speed.seconds(runs, n, pool_speed.SHUFFLED) for n in in_order}
    findings = [
        shuffled_finding(in_order[n], shuffled[n], pool_speed.describe_workers(data, n))
        for n in in_order
    ]
    title = "Does it help to shuffle the numbers?"
    figure, panels = plots.new(
        data,
        title,
        " ".join(findings),
        rows=2 * len(in_order),
        height=pool_speed.panels_height(2 * len(in_order)),
    )
    for row, nbr_workers in enumerate(in_order):
        ordered, mixed = in_order[nbr_workers], shuffled[nbr_workers]
        axes, below = panels[2 * row : 2 * row + 2]
        plots.line(axes, ordered, 0, "ordered numbers")
        plots.line(axes, mixed, 1, "shuffled numbers")
        scale(axes, pool_speed.describe_workers(data, nbr_workers))
        gain = saved(ordered, mixed)
        below.axhline(0, color="#404040", linewidth=1)
        style = {**plots.style(2), "linestyle": "none"}
        below.vlines(gain.keys(), 0, gain.values(), color=style["color"], linewidth=1)
        below.plot(gain.keys(), gain.values(), label="saved by shuffling", **style)
        default = primes_pool.default_chunksize(data["sizes"]["nbr_numbers"], nbr_workers)
        label = f"the chapter: about {CHAPTER_SHUFFLED} %"
        below.plot([default], [CHAPTER_SHUFFLED], label=label, **plots.CHAPTER)
        below.set_xscale("log")
        plots.thousands(below.xaxis, below.yaxis)
        below.set_ylabel("% of the time\nsaved, by round")
    panels[-1].set_xlabel("chunksize: numbers in a chunk")
    plots.legend(figure, columns=4)
    return figure


def main():
    parser = plots.parser(__doc__, quick=7, book=5)
    pool_check.add_nbr_numbers(parser, quick=5_000, minimum=100)
    figures = {"fig_9_10": draw_small, "fig_9_11": draw_large, "fig_9_12": draw_shuffled}
    plots.main(parser, figures, measure)


if __name__ == "__main__":
    cli.run(main)

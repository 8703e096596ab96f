"""Measure and draw how long the scripts of this folder take to verify their numbers."""

import contextlib
import importlib
import math
import statistics
import textwrap

from common import plots, results

import factors
import prime_check

SERIAL, POOL = "serial", "less naive pool"
MANAGER, REDIS = "Manager flag", "Redis flag"
RAWVALUE, MMAP, REDUX = "RawValue flag", "mmap flag", "mmap redux"
NUMPY, MILLER_RABIN = "numpy blocks", "Miller-Rabin"
BEYOND = ("ascending blocks", NUMPY, "shared_memory flag", MILLER_RABIN)  # not in the figures
# By name: spawned workers import this module too and do not need all the others.
SCRIPTS = {
    SERIAL: "primes_serial",
    "naive pool": "primes_pool_naive",
    POOL: "primes_pool_less_naive",
    MANAGER: "primes_flag_manager",
    REDIS: "primes_flag_redis",
    RAWVALUE: "primes_flag_rawvalue",
    MMAP: "primes_flag_mmap",
    "mmap lookahead": "primes_flag_mmap_lookahead",
    REDUX: "primes_flag_mmap_redux",
    "ascending blocks": "primes_ascending_blocks",
    NUMPY: "primes_numpy",
    "shared_memory flag": "primes_flag_shared_memory",
    MILLER_RABIN: "primes_miller_rabin",
}
NUMPY_LIMIT = 2**64  # numpy's integers are smaller
CHAPTER_SMALL_SERIAL = 0.000_002  # seconds, for the small non-prime; the quick one ends at 5 too
STYLES = {SERIAL: 6, POOL: 0, REDIS: 1, MANAGER: 2, RAWVALUE: 1, MMAP: 2, REDUX: 3}
CHAPTER_WORKERS = 4
QUICK_TIMES = 16  # times as long the chapter's searches take as those of the quick numbers
CALLS = 5
MICROSECONDS = 1_000_000
LEAST = 1e-9  # where stems start: a logarithmic axis has no 0
GROUP = 0.88  # of the width for a number, taken by its points
MAX_NUMBERS = 6  # names are turned if there are more
MAX_VALUES = 20  # values are written only to so many points
ALIKE = 0.05  # a smaller difference is called none


@contextlib.contextmanager
def redis_if_any(url):
    """Give the URL of a Redis server whose flag we own, or None (see results.redis_if_any)."""
    from common import redis_server  # imported here: spawned workers do not need it

    with results.redis_if_any(url, REDIS) as found, contextlib.ExitStack() as stack:
        if found:
            key = importlib.import_module(SCRIPTS[REDIS]).FLAG_NAME.decode()
            stack.enter_context(redis_server.own(found, key))
        yield found


def way(name, numbers, nbr_workers, redis_url=None):
    """Return a function that verifies all ``numbers`` with the script of that name.

    It returns a dict, number -> (whether it is prime, seconds of every call). Numbers that take
    milliseconds are verified CALLS times: the first call is slow, since the processor's caches are
    cold and it connects to the server. The numpy script skips numbers from NUMPY_LIMIT on.
    """
    arguments = {SERIAL: (), MILLER_RABIN: (), REDIS: (nbr_workers, redis_url)}
    arguments = arguments.get(name, (nbr_workers,))
    numbers = [n for n in numbers if name != NUMPY or n < NUMPY_LIMIT]
    are_quick = name in (NUMPY, MILLER_RABIN)
    calls = [
        n for n in numbers for _ in range(CALLS if are_quick or factors.is_settled_early(n) else 1)
    ]

    def verify():
        verified = {}
        script = importlib.import_module(SCRIPTS[name])
        for n, answer, durations in prime_check.timed(script.run, calls, 1, *arguments):
            verified.setdefault(n, (answer, []))[1].extend(durations)
        return verified

    return verify


def measure(args, names, redis_url=None):
    """Return the durations of the scripts ``names``, for each number and number of workers."""
    numbers = list(dict.fromkeys(args.numbers or prime_check.SAMPLES[args.scale].values()))
    ways = {
        (name, nbr_workers): way(name, numbers, nbr_workers, redis_url)
        for nbr_workers in args.workers
        for name in names
        if name != SERIAL
    }
    if SERIAL in names:
        ways[SERIAL, 1] = way(SERIAL, numbers, 1)
    runs = []
    # each way starts its own pool, which an earlier round would not warm up
    outcomes = results.interleaved(ways, args.repeat, warm_up=False)
    for (name, nbr_workers), rounds in outcomes.items():
        seconds = [[one for outcome in rounds for one in outcome[n][1]] for n in numbers]
        is_prime = [rounds[-1][n][0] for n in numbers]
        run = {"way": name, "workers": nbr_workers, "seconds": seconds, "is_prime": is_prime}
        runs.append(run)
    return {"numbers": numbers, "runs": runs}


def seconds_by_way(data, nbr_workers):
    """Return a dict, name -> number -> durations, of serial and the runs with ``nbr_workers``."""
    return {
        run["way"]: dict(zip(data["numbers"], run["seconds"], strict=True))
        for run in data["runs"]
        if run["way"] == SERIAL or run["workers"] == nbr_workers
    }


def all_workers(data):
    """Return the measured numbers of workers, ascending."""
    return sorted({run["workers"] for run in data["runs"] if run["way"] != SERIAL})


def groups_for_pool(data):
    """Return a dict, name -> numbers that reach the pool: primes together, each other alone."""
    groups = {}
    for n in data["numbers"]:
        if not factors.is_settled_early(n):
            group = "primes" if prime_check.is_prime(n) else name_of(n)
            groups.setdefault(group, []).append(n)
    return groups


def workers_of_finding(data):
    """Return the largest number of workers that had a CPU each, else the smallest."""
    usable = data["machine"]["usable_cpus"]
    with_cpu = [n for n in all_workers(data) if n <= usable]
    return max(with_cpu, default=min(all_workers(data)))


def finding(data, flags):
    """Describe how the ways ``flags`` compare with the pool without a flag."""
    nbr_workers = workers_of_finding(data)
    seconds = seconds_by_way(data, nbr_workers)
    flags = [name for name in flags if name in seconds]
    groups = groups_for_pool(data)
    if not groups:
        return "All numbers end before the pool gets a job: there is nothing for a flag to save."
    compared = [
        f"on {group}, {in_words({name: gain(seconds, name, numbers) for name in flags})}"
        for group, numbers in groups.items()
    ]
    if nbr_workers == 1:
        why = "One worker has no other to stop, so a flag can only cost time."
    else:
        why = "A flag ends the other shares when one worker has found its factor."
        here, in_chapter = (positions(data, n) for n in (nbr_workers, CHAPTER_WORKERS))
        if here != in_chapter:
            why += (
                f" The factors lie {here} into their shares, with the chapter's {CHAPTER_WORKERS} "
                f"workers {in_chapter}."
            )
    most = max(all_workers(data))
    if most > max(nbr_workers, data["machine"]["usable_cpus"]):
        why += (
            f" With {on_cpus(data, most)}, the time that a flag costs is taken from the searches."
        )
    return (
        f"Times as fast as the pool without a flag, by round ({on_cpus(data, nbr_workers)}; the "
        "points are the best): "
        f"{'; '.join(compared)}. {why}"
    )


def positions(data, nbr_workers):
    """Return how far into its share the factor of each large non-prime lies: "60 % and 9 %"."""
    numbers = [n for n in data["numbers"] if not factors.is_settled_early(n)]
    places = [factors.position_in_share(n, nbr_workers) for n in numbers]
    return " and ".join(f"{100 * place:.0f} %" for place in places if place is not None)


def on_cpus(data, nbr_workers):
    """Return the number of workers in words, and the number of CPUs if that is smaller."""
    usable = data["machine"]["usable_cpus"]
    workers = f"{nbr_workers} worker{'s'[: nbr_workers != 1]}"
    cpus = f" on {usable} CPU{'s'[: usable != 1]}" if nbr_workers > usable else ""
    return workers + cpus


def together(seconds, numbers):
    """Return each round's seconds for all ``numbers``; ``seconds``: number -> each round's."""
    return [sum(of_round) for of_round in zip(*(seconds[n] for n in numbers), strict=True)]


def gain(seconds, name, numbers):
    """Return how many times as fast as the pool the way ``name`` is, over all ``numbers``."""
    return results.speed_up(*(together(seconds[way], numbers) for way in (POOL, name)))


def in_words(gains):
    """Describe which ways are slower, as fast or faster; ``gains``: way -> times as fast."""
    kinds = {}
    for name, times in gains.items():
        kind = "as fast" if abs(times - 1) <= ALIKE else "slower" if times < 1 else "faster"
        kinds.setdefault(kind, []).append(f"{name.removesuffix(' flag')} ({times:.2f}x)")
    said = []
    for kind, (*ways, last) in kinds.items():
        said.append(f"{', '.join(ways)} and {last} are {kind}" if ways else f"{last} is {kind}")
    return ", ".join(said)


def are_from(data, scale):
    """Return whether all numbers measured are those of ``scale``; the chapter's are "book"."""
    return {*data["numbers"]} <= {*prime_check.SAMPLES[scale].values()}


def stand_ins(data):
    """Return a sentence if numbers are not the chapter's, else an empty string."""
    if are_from(data, "book"):
        return ""
    if are_from(data, "quick"):
        return (
            f"The numbers are 1/{QUICK_TIMES**2} of the chapter's, whose searches take "
            f"{QUICK_TIMES} times as long."
        )
    return "The numbers are not the chapter's."


def name_of(n):
    """Return the chapter's name of ``n``, or n itself, as text."""
    return prime_check.LABELS.get(n, f"{n:,}")


def tick(n, nbr_workers):
    """Return the label below the points of ``n``."""
    lines = textwrap.wrap(name_of(n).replace(",", ", "), 13, break_on_hyphens=False)
    if not factors.is_settled_early(n):
        position = factors.position_in_share(n, nbr_workers)
        if position is None:
            lines += ["(no factor)"]
        else:
            lines += [f"(factor {100 * position:.0f} %", "into share)"]
    return "\n".join(lines).replace(", ", ",")


def draw(data, title, text):
    """Return the figure, with ``text`` below its ``title``.

    It has a row for each number of workers. Numbers that end before the pool gets a job, within
    microseconds, have axes of their own.
    """
    early = [n for n in data["numbers"] if factors.is_settled_early(n)]
    columns = [part for part in (early, [n for n in data["numbers"] if n not in early]) if part]
    rows = all_workers(data)
    figure, panels = plots.new(
        data,
        title,
        text,
        rows=len(rows),
        height=plots.HEIGHT + 3.2 * (len(rows) - 1),
        ncols=len(columns),
        width_ratios=[len(part) + 0.3 for part in columns],
    )
    panels = iter(panels)
    for nbr_workers in rows:
        for numbers in columns:
            draw_points(next(panels), data, nbr_workers, numbers, numbers is early)
    plots.legend(figure, columns=3 if SERIAL in seconds_by_way(data, rows[0]) else 4)
    return figure


def draw_points(axes, data, nbr_workers, numbers, is_early):
    """Draw the best times of all ways for ``numbers``, with bars up to the median.

    Bars up to the slowest repeat would leave no room for the rest: on a busy machine, one repeat
    may take many times as long as the others.
    """
    seconds = seconds_by_way(data, nbr_workers)
    names = [name for name in SCRIPTS if name in seconds]
    unit = MICROSECONDS if is_early else 1
    shown = []
    step = GROUP / len(names)
    for index, name in enumerate(names):
        style = {**plots.style(STYLES[name]), "linestyle": "none", "markersize": 8}
        xs = [x + step * (index - (len(names) - 1) / 2) for x in range(len(numbers))]
        best = [unit * min(seconds[name][n]) for n in numbers]
        median = [unit * statistics.median(seconds[name][n]) for n in numbers]
        shown += [*best, *median]
        axes.vlines(xs, LEAST, best, color=style["color"], linewidth=4, alpha=0.35)
        axes.vlines(xs, best, median, color=style["color"], linewidth=1.2)
        axes.plot(xs, best, label=name, clip_on=False, zorder=3, **style)
        if len(names) * len(numbers) <= MAX_VALUES:
            write_values(axes, xs, best)
        if name == SERIAL and is_early:
            draw_chapter(axes, numbers, xs)
    turned = {"rotation": 90} if len(numbers) > MAX_NUMBERS else {}
    axes.set_xticks(range(len(numbers)), [tick(n, nbr_workers) for n in numbers], **turned)
    axes.tick_params("x", labelsize=9, length=0)
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.55, len(numbers) - 0.45)
    if is_early:
        axes.set_yscale("log")
        axes.set_ylabel("microseconds")
    else:
        axes.set_ylabel("seconds\n(best; bar: to the median)")
        axes.set_title(
            f"{on_cpus(data, nbr_workers)} (the chapter: {CHAPTER_WORKERS})", fontsize=10
        )
    axes.set_ylim(*(decades(shown) if is_early else (0, 1.15 * max(shown))))
    plots.thousands(axes.yaxis)


def decades(values):
    """Return the powers of ten that the smallest of ``values`` reaches and the largest does not."""
    low, high = (math.floor(math.log10(value)) for value in (min(values), max(values)))
    return 10**low, 10 ** (high + 1)


def write_values(axes, xs, values):
    """Write each of ``values`` above its point."""
    for x, value in zip(xs, values, strict=True):
        axes.annotate(
            f"{value:.2f}" if value < 10 else f"{value:,.0f}",
            (x, value),
            (0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
            bbox={"color": "white", "alpha": 0.7, "pad": 0.5},
        )


def draw_chapter(axes, numbers, xs):
    """Draw the chapter's time for the small non-prime; the quick one takes as many divisions."""
    samples = [sizes["small non-prime"] for sizes in prime_check.SAMPLES.values()]
    for n, x in zip(numbers, xs, strict=True):
        if n in samples:
            value = MICROSECONDS * CHAPTER_SMALL_SERIAL
            axes.plot(x, value, label="the chapter, serial", **plots.CHAPTER)

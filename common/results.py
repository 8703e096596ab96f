"""A measurement as JSON: write it, read it back, compare ways of doing one job in a table."""

import contextlib
import datetime
import itertools
import json
import multiprocessing
import operator
import os
import platform
import re
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from common import cli, run

FORMAT = 1
BUSY_CPUS = 0.1
THREAD_SECONDS = 1
began = time.monotonic()


def place(output, name):
    """Return the path for the file ``name``: in ``results/`` beside the running script's folder.

    ``output`` (a Path or None) is another folder, or the file if it has the suffix of ``name``.
    """
    if output is None:
        return Path(sys.argv[0]).resolve().parent.parent / "results" / name
    return output if output.suffix == Path(name).suffix else output / name


@contextlib.contextmanager
def replacing(path):
    """Give a path beside ``path`` to write to; then put it in its place, whole or not at all."""
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    run.tell_guard(temporary.absolute())
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def require_writable(path):
    """Raise UserError unless a file ``path`` can be written: better now than after measuring."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise cli.UserError(f"{error}: give another folder by --output") from error


@contextlib.contextmanager
def load():
    """Give a dict; after the block it says who else used the CPUs.

    ``other_cpus``: how many of the usable CPUs other programs used, on average; ``stolen``: how
    many the hypervisor, or the limit of a control group, withheld.
    """
    given = {}
    before = _cpu_seconds()
    yield given
    elapsed, others, stolen = map(operator.sub, _cpu_seconds(), before)
    given["other_cpus"] = round(max(0, others) / elapsed, 3)
    given["stolen"] = round(stolen / elapsed, 3)


def _cpu_seconds():
    from common.memory import psutil  # imported here: most scripts run on the standard library

    cpus = psutil.cpu_times(percpu=True)
    if hasattr(os, "sched_getaffinity"):
        cpus = [cpus[number] for number in os.sched_getaffinity(0)]
    used = sum(cpu.user + cpu.nice + cpu.system for cpu in cpus)
    stolen = sum(getattr(cpu, "steal", 0) for cpu in cpus)
    with contextlib.suppress(OSError, TypeError):  # Linux, in a control group with a limit
        throttled = re.search(r"throttled_usec (\d+)", Path("/sys/fs/cgroup/cpu.stat").read_text())
        stolen += int(throttled[1]) / 1e6
    ours = sum(os.times()[:4])  # with the processes that have ended
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            ours += sum(process.cpu_times()[:4])
    return time.perf_counter(), used - ours, stolen


def machine():
    """Return what another reader needs to know of this machine to compare measurements."""
    from common.memory import psutil  # imported here: most scripts run on the standard library

    return {
        "cpu": _cpu_model(),
        "usable_cpus": cli.usable_cpus(),
        "physical_cores": psutil.cpu_count(logical=False),  # None where the system does not say
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "gil": cli.has_gil(),
        "start_method": multiprocessing.get_start_method(),
        "date": datetime.date.today().isoformat(),
    }


def _cpu_model():
    with contextlib.suppress(OSError, TypeError):  # not Linux, or it does not say
        return re.search(r"^model name\s*: (.+)", Path("/proc/cpuinfo").read_text(), re.M)[1]
    return platform.processor() or platform.machine()


def python(data):
    """Return the Python of a measurement, such as ``CPython 3.14.7 without the GIL``."""
    return f"{data['machine']['python']}{'' if data['machine']['gil'] else ' without the GIL'}"


def machine_line(data):
    """Return the machine of a measurement in one line, and whether it was busy with other work."""
    its = data["machine"]
    return (
        f"{its['cpu']}, {its['usable_cpus']} usable CPU{'s'[: its['usable_cpus'] != 1]}, "
        f"{python(data)}, {its['start_method']}{busy(data)}"
    )


def busy(data):
    """Return who else used the CPUs while ``data`` was measured, or "" for less than a tenth."""
    who = {"other_cpus": "other programs used", "stolen": "the host withheld"}
    used = {what: data.get(name, 0) for name, what in who.items()}
    return "".join(f"; {what} {n:.1f} CPUs overall" for what, n in used.items() if n > BUSY_CPUS)


def scatter(data):
    """Return how far the repeats of a measurement's runs scatter, or "" if it has no repeats."""
    lists = [run["seconds"] for run in data.get("runs", []) if isinstance(run["seconds"], list)]
    of_ways = [way for its in lists for way in (its if isinstance(its[0], list) else [its])]
    repeats = [durations for durations in of_ways if len(durations) > 1]
    if not repeats:
        return ""
    return f"the median of the repeats is {noise(repeats):.0f} % above their best; "


def document(name, args, measured):
    """Return the measurement ``name`` with what was asked for and the machine, ready for JSON."""
    return {
        "format": FORMAT,
        "name": name,
        "machine": machine(),
        "scale": args.scale,
        "sizes": {size: getattr(args, size) for size in args.sizes},
        "workers": getattr(args, "workers", None),
        "argv": sys.argv[1:],
        "ran": round(time.monotonic() - began, 1),  # seconds, of the whole script
        **measured,
    }


def add_output(parser, default="not stored"):
    """Add ``--output``: where the measurement goes."""
    where = f"folder for the measurement, or its name if it ends in .json (default: {default})"
    parser.add_argument("--output", type=Path, metavar="PATH", help=where)


def store(args, measured):
    """Store what an example's ``run`` returned (a dict), if ``--output`` asks for it."""
    if args.output:
        name = Path(sys.argv[0]).stem
        path = place(args.output, f"{name}.json")
        require_writable(path)
        write(path, document(name, args, measured))
        print(f"Stored: {path}")


def write(path, data):
    """Write ``data`` as JSON to ``path``, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n", "utf-8")


def read(path, names):
    """Return a measurement that is one of ``names`` from ``path``; UserError if it is not."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise cli.UserError(error) from error
    except (ValueError, RecursionError) as error:  # also of the decoder
        raise cli.UserError(f"{path} is not JSON: {error}") from error
    if not isinstance(data, dict) or not {"format", "name", "machine"} <= data.keys():
        raise cli.UserError(f"{path} is not a measurement of these scripts")
    if data["name"] not in list(names):
        raise cli.UserError(f"{path} holds {data['name']}, not {' or '.join(names)}")
    if data["format"] != FORMAT:
        raise cli.UserError(f"{path} has format {data['format']}, not {FORMAT}: measure again")
    return data


def fastest(calls, function, *args):
    """Call ``function(*args)`` ``calls`` times; return the fastest (answer, seconds) of it.

    For what ends within milliseconds: its first call finds other things in the processor's caches.
    """
    return min((function(*args) for _ in range(calls)), key=operator.itemgetter(1))


def second(function, *args):
    """Call ``function(*args)`` twice; return what the second call returns.

    For what touches much memory: a virtual machine gives free memory back to its host within
    seconds, and the longer it was free, the more its first touch costs.
    """
    function(*args)
    return function(*args)


def interleaved(ways, repeat, warm_up=True):
    """Call each of ``ways`` (a dict, name -> function) in turn, ``repeat`` times over.

    Return a dict, name -> list of what every call returned. Each function times its own work and
    returns the seconds, so that its preparations do not count. A first round, not in the result,
    warms up, unless ``warm_up`` is false. Each round begins with the next way (A B C, B C A, C A
    B): no way has always the same neighbour, and a busy moment of the machine hits all. The threads
    that a way has started end before the next way: it may fork. Nothing the ways print is seen.
    """
    names = list(ways)
    turns = []
    for _ in range(warm_up + repeat):
        turns += names
        names.append(names.pop(0))
    outcomes = {name: [] for name in ways}
    before = threading.enumerate()
    with silenced():
        for name in progress(turns):
            outcomes[name].append(ways[name]())
            for thread in set(threading.enumerate()).difference(before):  # a pool joins none
                thread.join(THREAD_SECONDS)
    return {name: rounds[warm_up:] for name, rounds in outcomes.items()}


def progress(turns):
    """Return ``turns`` to iterate over; show on a terminal how many are done, and the time left."""
    from tqdm import tqdm  # imported here: most scripts run on the standard library

    tqdm.monitor_interval = 0  # its thread would be alive when workers are forked,
    tqdm.set_lock(threading.RLock())  # and its semaphore left in /dev/shm if we are killed
    return tqdm(turns, disable=None, unit="run", desc="Measuring", leave=False)


@contextlib.contextmanager
def silenced():
    """Turn standard output away, also that of processes which are started meanwhile."""
    sys.stdout.flush()
    output = os.dup(1)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(output, 1)
        os.close(output)


@contextlib.contextmanager
def redis_if_any(url, left_out):
    """Give the URL of a Redis server; or None, and a line on stderr how to get one.

    ``left_out`` is what is not done without a server.
    """
    from common import redis_server  # imported here: most sections have no need of it

    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(redis_server.server(url))
        except redis_server.NoServer as missing:
            script = Path(sys.argv[0]).name
            print(f"{script}: left out: {left_out}: {missing}", file=sys.stderr, flush=True)
        yield url


def comparison_parser(doc, quick, book):
    """Return a parser for a ``compare.py``, with ``--repeat`` and ``--output``."""
    parser = cli.parser(doc)
    cli.add_size(parser, "--repeat", quick, book, "rounds to measure", in_chapter=False)
    add_output(parser, "results/")
    return parser


def compare(args, ways, beyond=(), warm_up=True):
    """Measure ``ways`` by turns (see interleaved), print them side by side, store every repeat.

    ``ways`` is a dict, name -> function; the function returns a dict, job -> (answer, seconds).
    For each job, the first way that does it is the baseline of the others. ``beyond`` holds
    triples (job, name, other name) of ways whose ratio is printed on its own: that of the best
    rounds, and the median of each round's. Where a CPU is faster while others rest, or for moments,
    the best of one process is of a moment that two never have, and only the second is fair.
    """
    name = f"compare_{Path(sys.argv[0]).resolve().parent.name}"
    path = place(args.output, f"{name}.json")
    require_writable(path)
    with load() as used:
        measured = rows(interleaved(ways, args.repeat, warm_up))
    ratios = _ratios(measured, beyond)
    names = ["Way", "Best (s)", "Median (s)", "Times as fast (by round)", "Answer"]
    print(table(names, "lrrrl", measured, cells))
    if ratios:
        names = ["Beyond the chapter", "Against", "Best", "By round"]
        print(table(names, "llrr", ratios, _ratio))
    data = document(name, args, {**used, "ways": measured, "beyond": ratios})
    print(machine_line(data))
    write(path, data)
    print(f"Every repeat: {path}")


def rows(outcomes):
    """Return a dict for each way and job of ``outcomes``, job after job.

    ``outcomes`` is a dict, name of a way -> list of what it returned in each round: a dict, job ->
    (answer, seconds). Each row has job, name, the seconds of every round, their best, the last
    answer, and the ratio: how many times as fast as the first way that does the job, by round.
    """
    result, first = [], {}
    for name, rounds in outcomes.items():
        for job in rounds[0]:
            answers, seconds = zip(*(outcome[job] for outcome in rounds), strict=True)
            row = {"job": job, "name": name, "seconds": seconds, "best": min(seconds)}
            ratio = speed_up(first.setdefault(job, seconds), seconds)
            result.append({**row, "answer": answers[-1], "ratio": ratio})
    return sorted(result, key=lambda row: list(first).index(row["job"]))


def _ratios(rows, beyond):
    seconds = {(row["job"], row["name"]): row["seconds"] for row in rows}
    ratios = []
    for job, name, other in beyond:
        own, others = seconds[job, name], seconds[job, other]
        ratio = {"ratio": min(others) / min(own), "by_round": speed_up(others, own)}
        ratios.append({"job": job, "name": name, "against": other, **ratio})
    return ratios


def noise(repeats):
    """Return by how many percent the median of the durations typically exceeds their best.

    ``repeats`` has the durations of every way that was measured.
    """
    return statistics.median(
        100 * (statistics.median(durations) / min(durations) - 1) for durations in repeats
    )


def speed_up(slow, fast):
    """Return how many times as fast as ``slow`` ``fast`` is: the median of the rounds' ratios.

    Both are lists of seconds from the same rounds. The two best would be of different moments.
    """
    return statistics.median(map(operator.truediv, slow, fast))


def seconds(comparison, way, job=""):
    """Return each round's seconds of ``way`` in what a compare.py stored, of a job with ``job``."""
    ways = [row for row in comparison["ways"] if job in row["job"]]
    return {row["name"]: row["seconds"] for row in reversed(ways)}[way]  # the first job's


def cells(row):
    """Return the texts of a row: best and median seconds, times as fast, answer."""
    best, median = (digits(of(row["seconds"]), 6) for of in (min, statistics.median))
    answer = row["answer"]
    if type(answer) is int:  # True and False are to stay what they are
        answer = f"{answer:,}"
    return best, median, digits(row["ratio"], 2), answer


def _ratio(row):
    return row["against"], digits(row["ratio"], 2), digits(row["by_round"], 2)


def table(names, align, rows, cells):
    """Return a table with a line for each job above its rows; ``cells`` makes a row's texts."""
    from prettytable import PrettyTable  # imported here: most scripts do without it

    result = PrettyTable(names)
    result.align = dict(zip(names, align, strict=True))
    for job, of_job in itertools.groupby(rows, operator.itemgetter("job")):
        result.add_divider()
        result.add_row([f"{job}:"] + [""] * (len(names) - 1))
        result.add_rows([[f"  {row['name']}", *cells(row)] for row in of_job])
    return result


def digits(value, nbr_decimals):
    """Return ``value`` with so many decimals, or with more if it would have hardly a digit."""
    if value < 10 ** (1 - nbr_decimals):
        nbr_decimals += 3
    return f"{value:,.{nbr_decimals}f}"

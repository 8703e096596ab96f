"""The chapter's claims, judged from stored measurements only: see the claims.py of a section."""

import math
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from common import cli, results

HOLDS, DIFFERS, CANNOT_TELL = "holds", "differs", "cannot tell here"
NOT_YET = "not measured yet"
TIMES_AS_FAST = "{:.2f}x"  # what results.speed_up returns
SHARED_CORES = "CPUs that share a core, or a clock that falls when more cores are busy"
INCOMPLETE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
COLUMNS = ["place", "the chapter says (holds if)", "its number", "yours", "verdict", "reason"]
WIDTHS = {"place": 11, "says": 38, "chapter": 13, "yours": 18, "verdict": 11, "reason": 26}


class Claim(NamedTuple):
    """A sentence of the chapter that measurements confirm or refute.

    ``judge`` takes the measurements ``results`` (dicts; see results.document) in that order and
    returns the reader's number with its unit, the verdict and the reason, as number and fact do.
    """

    place: str  # as in the chapter: "Figure 9-2"
    says: str  # in our words
    chapter: str  # the chapter's number, as text
    results: tuple  # names of files in results/, without .json
    tolerance: str
    judge: Callable
    cpus: int = 1  # how many usable CPUs it needs
    timed: bool = True  # whether other programs change the number


def number(value, text, low=0, high=math.inf, zone=0.1, why=""):
    """Judge a positive number; ``text`` is a format for it.

    The claim holds if it lies from ``low`` to ``high``. It differs, most likely because of ``why``,
    if it is outside by more than ``zone`` times the bound. Anything else is too close to call.
    """
    if low <= value <= high:
        return text.format(value), HOLDS, ""
    if value < low * (1 - zone) or value > high * (1 + zone):
        return text.format(value), DIFFERS, why
    return text.format(value), CANNOT_TELL, "too close to call"


def fact(is_so, yours, why):
    """Judge what either is so or is not."""
    return (yours, HOLDS, "") if is_so else (yours, DIFFERS, why)


def in_pythons(comparison, way, has_gil, **bounds):
    """Judge in each Python with the GIL, or without, how many times as fast as serial ``way`` is.

    ``comparison`` is what a compare_pythons.py stored; ``bounds`` are for number. The claim differs
    if it does so in one of them.
    """
    names = [python["name"] for python in comparison["pythons"] if python["gil"] is has_gil]
    if not names:
        build = "with the GIL" if has_gil else "without the GIL, such as python3.14t"
        return "", CANNOT_TELL, f"needs a Python {build}"
    judged = []
    for name in names:
        serial, its = (results.seconds(comparison, one, name) for one in ("serial", way))
        judged.append(number(results.speed_up(serial, its), f"{name} {TIMES_AS_FAST}", **bounds))
    yours, verdicts, reasons = zip(*judged, strict=True)
    verdict = next(one for one in (DIFFERS, CANNOT_TELL, HOLDS) if one in verdicts)
    return "; ".join(yours), verdict, reasons[verdicts.index(verdict)]


def threads_without_gil(comparison):
    """Judge whether threads that share nothing gain in each Python without the GIL."""
    return in_pythons(comparison, "threads", False, low=1.5, why=SHARED_CORES)


def outputs(script):
    """Return the names of the results that ``script`` (a Path) stores, without .json."""
    source = script.read_text("utf-8")
    if script.stem.startswith("compare"):
        return [f"{script.stem}_{script.parent.name}"]
    if script.stem.startswith("fig_"):
        chapter = re.search("^Chapter:.*", source, re.MULTILINE)[0]
        return [f"fig_9_{int(number):02}" for number in re.findall(r"9-(\d+)", chapter)]
    return [script.stem] if "results.store(" in source else []


def how_to_measure(section, name):
    """Return the command that stores the result ``name``, of a script in the folder ``section``."""
    script = next(path for path in sorted(section.glob("*.py")) if name in outputs(path))
    option = " --output results" if "results.store(" in script.read_text("utf-8") else ""
    return f"python {section.name}/{script.name}{option}"


def judge(claim, section, folder):
    """Return yours, verdict and reason of ``claim``, judged from the results in ``folder``.

    ``section`` is the folder of the scripts that measure.
    """
    measured = []
    for name in claim.results:
        path = folder / f"{name}.json"
        try:
            measured.append(results.read(path, [name]))
        except cli.UserError as error:
            what = str(error).replace(f"{path}", path.name) if path.exists() else NOT_YET
            return "", CANNOT_TELL, f"{what}: {how_to_measure(section, name)}"
    try:
        usable = min(data["machine"]["usable_cpus"] for data in measured)
        if usable < claim.cpus:
            return "", CANNOT_TELL, f"needs {claim.cpus} CPUs; {usable} usable"
        yours, verdict, reason = claim.judge(*measured)
        is_timed = claim.timed and yours
        disturbed = max(map(results.busy, measured)).removeprefix("; ") if is_timed else ""
    except INCOMPLETE as error:
        files = " or ".join(f"{name}.json" for name in claim.results)
        again = " and ".join(how_to_measure(section, name) for name in claim.results)
        return "", CANNOT_TELL, f"{files} is not complete ({error!r}), measure again: {again}"
    if disturbed and verdict == DIFFERS:
        return yours, CANNOT_TELL, disturbed
    return yours, verdict, "; ".join(filter(None, [reason, disturbed]))


def summary(judged):
    """Return how many claims there are of each verdict: "38 hold, 5 differ, 4 cannot tell here"."""
    verdicts = [one["verdict"] for one in judged]
    hold, other, rest = map(verdicts.count, (HOLDS, DIFFERS, CANNOT_TELL))
    return f"{hold} hold{'s'[: hold == 1]}, {other} differ{'s'[: other == 1]}, {rest} {CANNOT_TELL}"


def main(doc, claims):
    """Judge a section's ``claims``, print them as a table and store them."""
    from prettytable import PrettyTable  # imported here: most scripts do without it

    parser = cli.parser(doc)
    what = "folder of the stored measurements (default: results/)"
    parser.add_argument("--from", dest="stored", type=Path, metavar="FOLDER", help=what)
    results.add_output(parser, "results/")
    args = cli.parse(parser)
    section = Path(sys.argv[0]).resolve().parent
    name = f"claims_{section.name}"
    path = results.place(args.output, f"{name}.json")
    results.require_writable(path)
    judged = []
    table = PrettyTable(COLUMNS)
    table.align = "l"
    for claim in claims:
        found = judge(claim, section, args.stored or section.parent / "results")
        one = claim._asdict() | dict(zip(("yours", "verdict", "reason"), found, strict=True))
        judged.append({key: value for key, value in one.items() if key != "judge"})
    for one in sorted(judged, key=lambda one: NOT_YET in one["reason"]):  # what is known, first
        texts = one | {"says": f"{one['says']} ({one['tolerance']})"}
        row = [textwrap.fill(texts[key], w, break_long_words=False) for key, w in WIDTHS.items()]
        table.add_row(row, divider=True)
    print(table)
    print(f"{len(judged)} claims: {summary(judged)}")
    results.write(path, results.document(name, args, {"claims": judged}))
    print(path)

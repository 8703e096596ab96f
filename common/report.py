"""One page to read beside the chapter: its figures and claims, measured on this machine."""

import base64
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from common import claims, cli, results, run

import jinja2
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "results"
NOT_MEASURING = ("claims.py", "report.py")
PYTHONS = "compare_pythons"
SAME_MACHINE = ("cpu", "usable_cpus", "python", "gil")
UNREADABLE = (*claims.INCOMPLETE, OSError, cli.UserError)


def sections():
    """Return number, English title, Chinese title and folder of each section, in their order."""
    pages = [(page.read_text("utf-8"), page.parent) for page in ROOT.glob("*/README.md")]
    headings = [(re.match(r"# (\d+) (.+) \((.+)\)\n", text), folder) for text, folder in pages]
    return sorted((*heading.groups(), folder) for heading, folder in headings if heading)


def options(script, args):
    """Return the options with which ``script`` stores what it measures."""
    if not script.stem.startswith(("fig_", "compare")):
        return ["--scale", args.scale, "--output", FOLDER]
    takes_workers = args.workers and script.stem.startswith("compare")
    workers = ["--workers", f"{args.workers}"] if takes_workers else []
    method = ["--start-method", args.start_method] if args.start_method else []
    return ["--scale", args.scale, *workers, *method]


def why_measure(script, args, machine):
    """Return why ``script`` has to measure, "" if its results serve, and the seconds it last took.

    These are None if no result of that scale says so.
    """
    code = [*script.parent.glob("*.py"), *(ROOT / "common").glob("*.py")]
    code = [path for path in code if path.name not in NOT_MEASURING]
    newest = max(code, key=lambda path: path.stat().st_mtime)
    whys, took = ["asked for"] if args.fresh else [], None
    for name in claims.outputs(script):
        path = ROOT / FOLDER / f"{name}.json"
        try:
            data = results.read(path, [name])
            argv = [" ".join(each) for each in (data["argv"], options(script, args))]
            argv = [each.replace("--scale quick", "").strip() or "defaults" for each in argv]
            changes = [argv, *((data["machine"][key], machine[key]) for key in SAME_MACHINE)]
            took = max(took or 0, data["ran"]) if data["scale"] == args.scale else None
            if newest.stat().st_mtime > path.stat().st_mtime:
                whys.append(f"{newest.relative_to(ROOT)} is newer than {path.name}")
            whys += [f"measured with {then}, not {now}" for then, now in changes if then != now]
            if name.startswith(("fig_", PYTHONS)) and not picture(name):
                whys.append(f"no picture of {path.name}")
        except UNREADABLE:
            whys.append(f"{path.name} is {'not complete' if path.exists() else 'missing'}")
    return "".join(whys[:1]), took


def measure(args, machine):
    """Measure what is missing or stale; return a dict, folder of a section -> what failed in it."""
    folders = [folder for *_, folder in sections()]
    scripts = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    due, failed = {}, {folder: [] for folder in folders}
    for script in filter(claims.outputs, scripts):
        why, took = why_measure(script, args, machine)
        due |= {script: took} if why else {}
        print(f"{script.relative_to(ROOT)}: {f'measure, {why}' if why else 'reuse'}")
    known = [took for took in due.values() if took is not None]
    if len(known) < len(due):
        beside = [path for folder in folders for path in folder.glob("fig_*.json")]
        beside = [results.read(path, [path.stem]) for path in beside]
        known += [one["ran"] for one in beside if one["argv"] == ["--scale", args.scale]]
    how_long = "no earlier run says how long it takes"
    if known:
        minutes = statistics.mean(known) * len(due) / 60
        how_long = f"about {minutes:.1f} min, by {len(known)} runs, here or for the READMEs"
    print(f"{len(due)} to measure{f': {how_long}' if due else ''}", flush=True)
    for number, script in enumerate(due, 1):
        print(f"[{number} of {len(due)}] {script.relative_to(ROOT)}", flush=True)
        if problem := call(script, *options(script, args)):
            failed[script.parent].append(f"{script.name} failed: {problem}")
    return failed


def call(script, *arguments):
    """Run ``script``; return None, or in one line why it failed."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    command = [sys.executable, f"{script}", *arguments]
    process = run.start(command, "script", **pipes, cwd=ROOT)
    said = process.communicate()[1].decode(errors="backslashreplace").strip()
    run.watched.pop(process.pid, None)
    print(said, end="\n" * bool(said), file=sys.stderr, flush=True)
    if process.returncode < 0:
        return run.in_words({f"process {process.pid}": process.returncode})
    return (said.rpartition("\n")[2] or "without a word") if process.returncode else None


def judge(folder, measured, failed):
    """Return the claims of a section, judged by its claims.py from the results in ``measured``."""
    name = f"claims_{folder.name}"
    with tempfile.TemporaryDirectory() as output:
        problem = call(folder / "claims.py", "--from", f"{measured}", "--output", output)
        failed += [f"claims.py failed: {problem}"] if problem else []
        return [] if problem else results.read(Path(output) / f"{name}.json", [name])["claims"]


def ways(folder, measured):
    """Return what compare.py and compare_pythons.py of a section measured.

    It is a dict, job (or Python) -> way -> its best, median and ratio.
    """
    jobs = {}
    for script in sorted(folder.glob("compare*.py")):
        (name,) = claims.outputs(script)
        with contextlib.suppress(*UNREADABLE):
            found = {}
            for row in results.read(measured / f"{name}.json", [name])["ways"]:
                best, median = min(row["seconds"]), statistics.median(row["seconds"])
                way = {"best": best, "median": median, "ratio": float(row["ratio"])}
                found.setdefault(f"{row['job']}", {})[f"{row['name']}"] = way
            jobs |= found
    return jobs


def picture(name):
    """Return what the picture ``name`` says of itself, its size and data URI; None if it cannot."""
    path = ROOT / FOLDER / f"{name}.png"
    try:
        with Image.open(path) as image:
            says = {"title": image.text["Title"], "finding": image.text["Description"]}
        source = f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
        return {**says, "width": image.width, "height": image.height, "source": source}
    except UNREADABLE:
        return None


def main():
    parser = cli.parser(__doc__)
    number = cli.whole_number(1, cli.MAX_WORKERS)
    parser.add_argument("--workers", type=number, metavar="N", help="workers in each comparison")
    cli.add_start_method(parser)
    parser.add_argument("--fresh", action="store_true", help="measure everything again")
    what = "results of another machine, whose numbers are shown beside ours"
    parser.add_argument("--compare", type=Path, metavar="FOLDER", help=what)
    args = parser.parse_args()
    here, there = ROOT / FOLDER, args.compare and args.compare.resolve()
    if there and not there.is_dir():
        raise cli.UserError(f"{there} is not a folder")
    results.require_writable(here / "report.html")
    machine = results.machine()
    failed = measure(args, machine)
    parts, own, others = [], [], []
    for number, title, chinese, folder in sections():
        names = sorted(name for path in folder.glob("fig_*.py") for name in claims.outputs(path))
        part = {"number": number, "title": title, "chinese": chinese, "id": folder.name}
        part["figures"] = [(f"Figure 9-{int(name[6:])}", picture(name)) for name in names]
        if (folder / f"{PYTHONS}.py").exists():
            part["figures"].append(("All Pythons", picture(f"{PYTHONS}_{folder.name}")))
        part |= {"claims": judge(folder, here, failed[folder]), "failed": failed[folder]}
        part |= {"ways": ways(folder, here), "ways_there": ways(folder, there)}
        own += part["claims"]
        others += judge(folder, there, []) if there else []
        parts.append(part)
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    style = {"autoescape": True, "trim_blocks": True, "undefined": jinja2.ChainableUndefined}
    environment = jinja2.Environment(loader=loader, **style)
    line = f"{results.machine_line({'machine': machine})}; {machine['date']}, {args.scale} sizes"
    shown = {"parts": parts, "claims": own, "summary": claims.summary, "machine": line}
    shown |= {"there": there and there.name, "others": {one["says"]: one for one in others}}
    page = environment.get_template("report.html.jinja").render(shown)
    with results.replacing(here / "report.html") as temporary:
        temporary.write_text(page, "utf-8")
    print(f"{claims.summary(own)}\n{here / 'report.html'}")
    cli.check(not any(failed.values()), "something failed: the page says what")


if __name__ == "__main__":
    cli.run(main)

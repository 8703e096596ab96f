"""The READMEs list every script, example and figure, and what they show can be run."""

import argparse
import inspect
import os
import re
import shlex
import subprocess
import sys
from unittest import mock

from common import claims, create_range

import pytest
from cases import CASES
from support import ROOT, SECTIONS, TIMEOUT, call, scripts

FOLDERS = ("", "common", *SECTIONS)
READMES = {folder: (ROOT / folder / "README.md").read_text() for folder in FOLDERS}
COMMAND = r"(?:source|make|cd|dask|redis-cli|(?:\.venv/bin/)?python3?) \S[^`\n]*"
# Commands that no docstring has, and who runs the same.
RUN_ELSEWHERE = {
    "source .venv/bin/activate": ("Makefile", "$(PYTHON) -m venv "),
    "python3 -m venv .venv": ("Makefile", "$(PYTHON) -m venv "),
    ".venv/bin/python -m pip install -r requirements.txt": ("Makefile", "install,requirements.txt"),
    "python -m cProfile SCRIPT": ("tests/test_profiled.py", '"cProfile"'),
    "python -i SCRIPT": ("tests/test_profiled.py", '"-i"'),
    "dask scheduler": ("tests/test_cluster.py", '"scheduler",'),
    "dask worker tcp://HOST:8786 --nthreads 1": ("tests/test_cluster.py", '"--nthreads"'),
}


def docstring(script):
    return (ROOT / script).read_text().split('"""')[1]


def chapter_line(script):
    (line,) = re.findall(r"^Chapter: +(.+(?:\n {9}.+)*)$", docstring(script), re.MULTILINE)
    return line


def numbers(kind, text):
    """Return the numbers n of the examples or figures 9-n that ``text`` names."""
    named = re.findall(rf"{kind}s? (9-\d+(?:, 9-\d+)*)", text)
    return {int(number) for group in named for number in re.findall(r"9-(\d+)", group)}


def index_rows(folder):
    """Return (place in the chapter, link) of each row of the index of ``folder``."""
    return re.findall(r"^\| ([^|]+) \| \[`\w+\.py`\]\((\S+)\) \|", READMES[folder], re.MULTILINE)


def commands(text):
    """Return the commands in the code of ``text``, without comments, each on one line."""
    found = re.findall(rf"^(?:\$ |    )[ ]*({COMMAND})$", text, re.MULTILINE)
    found += re.findall(rf"`({COMMAND})`", re.sub(r"(?<=\S)\n *(?=\S)", " ", text))
    return {re.split(r"  +", command)[0] for command in found} - {"python -m", "python -P"}


def run_lines():
    """Return (script, command line) of each script's command on a docstring's Run: lines."""
    return [
        (script, re.split(r"  +", line)[0])
        for script in scripts()
        for line in re.findall(r"^(?:Run:)? +(python \w+/.*)$", docstring(script), re.MULTILINE)
    ]


def test_the_scripts_mirror_examples_9_1_to_9_47():
    mirrored = set().union(*(numbers("Example", chapter_line(script)) for script in scripts()))
    assert mirrored == set(range(1, 48))


def test_the_figure_scripts_draw_figures_9_1_to_9_18():
    drawn = []
    for script, case in CASES.items():
        named = sorted(numbers("Figure", chapter_line(script)))
        assert case.figures.keys() <= {f"fig_9_{number:02}" for number in named}
        assert bool(case.figures) == bool(named) == ("/fig_" in script)
        drawn += named
    assert sorted(drawn) == list(range(1, 19))


def test_every_number_is_written_out_so_that_a_search_finds_it():
    for script in scripts():
        assert not re.search(r"9-\d+ (to|and) 9-", chapter_line(script)), script
    rows = re.findall(r"^\| \[\d.*\]\((\w+)/README\.md\)[^|]*\| ([^|]+) \|", READMES[""], re.M)
    assert [section for section, _ in rows] == [*SECTIONS]
    for kind, count in (("Example", 47), ("Figure", 18)):
        for section, in_chapter in rows:
            places = " ".join(place for place, _ in index_rows(section))
            assert not re.search(r"9-\d+ (to|and) 9-", places)
            assert numbers(kind, places) == numbers(kind, in_chapter)
        assert sorted(n for _, text in rows for n in numbers(kind, text)) == [*range(1, count + 1)]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_index_of_a_section_lists_its_scripts_and_no_other(section):
    listed = sorted(f"{section}/{link}" for _, link in index_rows(section))
    assert listed == [script for script in scripts() if script.startswith(f"{section}/")]
    for place, link in index_rows(section):
        script = f"{section}/{link}"
        is_beyond = docstring(script).splitlines()[1] == "Beyond the chapter"
        assert (place == "Beyond the chapter") == is_beyond
        if not is_beyond and not place.startswith("All "):
            assert numbers("Example", place) == numbers("Example", chapter_line(script))


@pytest.mark.parametrize("script", scripts())
def test_every_docstring_says_chapter_run_and_see(script):
    text = docstring(script)
    for heading in ("Chapter:", "Run:", "See:"):
        assert re.search(rf"^{heading}", text, re.MULTILINE), heading
    assert re.search(rf"^Run: +python {re.escape(script)}", text, re.MULTILINE)


@pytest.mark.parametrize(("script", "line"), run_lines())
def test_every_run_line_is_understood(script, line):
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser, args=None, namespace=None):
        parse_args(parser, args, namespace)
        raise SystemExit(0)

    python, path, *arguments = shlex.split(line)
    assert (python, path) == ("python", script)
    with mock.patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop):
        assert call(script, *arguments) == 0


def test_every_target_is_that_of_a_section():
    makefile = (ROOT / "Makefile").read_text()
    for section in SECTIONS:
        assert re.search(rf"^{section}: ", makefile, re.MULTILINE)


@pytest.mark.parametrize("script", scripts())
def test_the_makefile_runs_every_script(script):
    assert re.search(rf"\b{re.escape(script)}\b", (ROOT / "Makefile").read_text())


def test_the_root_readme_is_short():
    assert len(READMES[""].splitlines()) <= 130


@pytest.mark.parametrize("folder", READMES)
def test_every_command_in_a_readme_is_run_somewhere(folder):
    docstrings = "\n".join(docstring(script) for script in scripts())
    documented = {" ".join(line.split()) for line in docstrings.splitlines()}
    documented |= {line for _, line in run_lines()}
    for command in commands(READMES[folder]):
        if command.startswith("make "):
            subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, check=True, timeout=TIMEOUT)
        elif command in RUN_ELSEWHERE:
            path, what = RUN_ELSEWHERE[command]
            assert what in (ROOT / path).read_text()
        elif command.startswith("redis-cli "):
            assert command.removeprefix("redis-cli ") in docstrings, command
        else:
            assert command.removeprefix("Run: ") in documented, command


@pytest.mark.parametrize("folder", READMES)
def test_every_link_in_a_readme_leads_somewhere(folder):
    for target in re.findall(r"\]\(([^)\s]+)\)", READMES[folder]):
        path, _, anchor = target.partition("#")
        file = (ROOT / folder / path).resolve() if path else ROOT / folder / "README.md"
        assert file.is_file(), target
        headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE) if anchor else ()
        anchors = {
            re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings
        }
        assert not anchor or anchor in anchors, target


@pytest.mark.parametrize("folder", READMES)
def test_the_pictures_in_a_readme_can_be_drawn_again(folder, tmp_path):
    pictures = re.findall(r"!\[Figure 9-\d+: [^]]+\]\((\S+)\)", READMES[folder])
    assert bool(pictures) == (folder not in ("common", "sync_locking"))  # which have no figure
    for picture in pictures:
        path = ROOT / folder / picture
        (script,) = [script for script in scripts() if path.stem in claims.outputs(ROOT / script)]
        arguments = ("--from", path.with_suffix(".json"), "--output", tmp_path)
        assert call(script, *arguments) == 0
        assert path.exists()
        assert (tmp_path / path.name).exists()


def test_each_cell_of_the_ratios_is_one_number():
    for section in SECTIONS:
        table = READMES[section].split("\n## ")[1]
        assert table.startswith("The chapter's way, and how we would do it\n")
        rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
        assert rows
        for row in rows:
            median, lowest, highest = (float(cell.replace(",", "")) for cell in row[2:5])
            assert lowest <= median <= highest


def test_the_output_in_the_readme_is_what_the_script_prints():
    (block,) = re.findall(r"^```console\n(.*?)^```", READMES[""], re.MULTILINE | re.DOTALL)
    *_, command, shown = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    python, *arguments = shlex.split(command)
    assert python == "python"
    printed = subprocess.run(
        [sys.executable, *arguments, "--nbr_samples_in_total", "200_000"],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": ""},  # else a line may get into another
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    ).stdout

    def wording(text):
        text = re.sub(r"^(CPython|PyPy) .*", "Python", text, flags=re.MULTILINE)
        return re.sub(r"\d[\d,.]*", "9", text)

    assert wording(shown) == wording(printed)


def test_create_range_in_the_readme_is_the_one_in_common():
    (shown,) = re.findall(r"^    import itertools\n(?:\n| {4}.*\n)+", READMES[""], re.MULTILINE)
    shown = re.sub(r"^    ", "", shown, flags=re.MULTILINE)
    assert shown.strip() == f"import itertools\n\n{inspect.getsource(create_range.create).strip()}"
    assert "import itertools\n" in inspect.getsource(create_range)


def test_the_script_taken_along_in_the_readme_runs_without_the_project(tmp_path):
    section = READMES[""].split("## Taking a script with you\n")[1]
    (script,) = re.findall(r"`(\w+/\w+\.py)` \(Example", section)
    (diff,) = re.findall(r"^```diff\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    taken = (ROOT / script).read_text()
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines()
        old, new = ("\n".join(line[1:] for line in lines if line[:1] != sign) for sign in "+-")
        assert taken.count(old) == 1
        taken = taken.replace(old, new)
    (tmp_path / "create_range.py").write_text(inspect.getsource(create_range))
    (tmp_path / "my_primes.py").write_text(taken)
    (tmp_path / "common.py").write_text("raise ImportError")
    result = subprocess.run(
        [sys.executable, "my_primes.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert result.stdout == "97: True\n391,051,172,379,299: True\n", result.stderr

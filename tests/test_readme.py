"""The index lists every script, and the scripts mirror every example."""

import re

import pytest
from cases import CASES
from support import ROOT, SECTIONS, call, scripts

README = (ROOT / "README.md").read_text()


def docstring(script):
    return (ROOT / script).read_text().split('"""')[1]


def numbers(text):
    """Return the numbers n of the examples 9-n that ``text`` names, ranges included."""
    found = set()
    for first, last in re.findall(r"9-(\d+)(?: to 9-(\d+))?", text):
        found.update(range(int(first), int(last or first) + 1))
    return found


def test_the_scripts_mirror_examples_9_1_to_9_47():
    mirrored = set()
    for script in scripts():
        (line,) = re.findall(r"^Chapter: +(.+)$", docstring(script), re.MULTILINE)
        mirrored |= numbers(" ".join(re.findall(r"Examples? ([^;]*)", line)))
    assert mirrored == set(range(1, 48))


def test_the_figure_scripts_draw_figures_9_1_to_9_18():
    drawn = []
    for script, case in CASES.items():
        (line,) = re.findall(r"^Chapter: +(.+)$", docstring(script), re.MULTILINE)
        named = sorted(numbers(" ".join(re.findall(r"Figures? ([^;]*)", line))))
        assert case.figures.keys() <= {f"fig_9_{number:02}" for number in named}
        assert bool(case.figures) == bool(named) == ("/fig_" in script)
        drawn += named
    assert sorted(drawn) == list(range(1, 19))


def test_the_index_lists_every_script_and_no_other():
    linked = re.findall(r"^\|.*?\[`(\w+\.py)`\]\((\w+/\w+\.py)\)", README, re.MULTILINE)
    assert all(path.endswith("/" + name) for name, path in linked)
    assert sorted(path for _, path in linked) == scripts()


@pytest.mark.parametrize("script", scripts())
def test_every_docstring_says_chapter_run_and_see(script):
    text = docstring(script)
    for heading in ("Chapter:", "Run:", "See:"):
        assert re.search(rf"^{heading}", text, re.MULTILINE), heading
    assert re.search(rf"^Run: +python {re.escape(script)}", text, re.MULTILINE)


@pytest.mark.parametrize("script", scripts())
def test_the_index_marks_what_goes_beyond_the_chapter(script):
    is_beyond = docstring(script).splitlines()[1] == "Beyond the chapter"
    (row,) = [
        line for line in README.splitlines() if line.startswith("|") and f"({script})" in line
    ]
    assert row.startswith("| Beyond the chapter") == is_beyond


def test_every_folder_and_target_is_named_in_the_readme():
    makefile = (ROOT / "Makefile").read_text()
    for section in SECTIONS:
        assert section in README
        assert re.search(rf"^{section}: ", makefile, re.MULTILINE)


@pytest.mark.parametrize("script", scripts())
def test_the_makefile_runs_every_script(script):
    assert re.search(rf"\b{re.escape(script)}\b", (ROOT / "Makefile").read_text())


def test_the_pictures_in_the_readme_can_be_drawn_again(tmp_path):
    pictures = re.findall(r"!\[Figure 9-\d+: [^]]+\]\((\S+)\)", README)
    assert len(pictures) == 4
    for picture in pictures:
        path = ROOT / picture
        (script,) = [script for script, case in CASES.items() if path.stem in case.figures]
        arguments = ("--from", path.with_suffix(".json"), "--output", tmp_path)
        assert call(script, *arguments) == 0
        assert path.exists()
        assert (tmp_path / path.name).exists()

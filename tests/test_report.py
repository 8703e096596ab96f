"""make report: what it measures again and why, what the page shows, and how a browser shows it."""

import argparse
import itertools
import json
import os
import re
import shutil
import subprocess
import sys

from common import claims, cli, report, results

import pytest
from support import ROOT, SECTIONS, call, skip_if_missing

skip_if_missing("matplotlib")

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
LOOKS = ((360, "light"), (360, "dark"), (800, "light"), (1360, "light"))
FINDING = "Of 12 numbers, 7 are below 0.5."

# A section with one figure, one comparison, one example and claims of each verdict.
FILES = {
    "README.md": "# 1 A section & its title (一节)\n",
    "fig_9_01_numbers.py": f'''"""Draw a figure.

Chapter: Figure 9-1
"""
from common import cli, plots


def draw(data):
    figure, (axes,) = plots.new(data, "How many?", "{FINDING}")
    axes.plot(data["values"])
    return figure


def measure(args):
    return {{"fig_9_01": {{"values": [1, 2]}}}}


def main():
    plots.main(plots.parser(__doc__), {{"fig_9_01": draw}}, measure)


if __name__ == "__main__":
    cli.run(main)
''',
    "compare.py": '''"""Compare."""
from common import cli, results


def main():
    parser = results.comparison_parser(__doc__, 1, 1)
    cli.add_workers(parser)
    ways = {name: lambda: {"a job": (1, 2.0)} for name in ("one way", "another")}
    results.compare(cli.parse(parser), ways)


if __name__ == "__main__":
    cli.run(main)
''',
    "example.py": '''"""Show."""
from common import cli, results


def main():
    parser = cli.parser(__doc__)
    results.add_output(parser)
    results.store(cli.parse(parser), {"answer": 42})


if __name__ == "__main__":
    cli.run(main)
''',
    "claims.py": '''"""Judge."""
from common import claims, cli


def answer(low, example):
    return claims.number(example["answer"], "{} <b>units</b>", low, why="a slip in the chapter")


def drawn(figure):
    return claims.fact(figure["values"], "2 values", "none")


FIGURE, EXAMPLE = ("fig_9_01",), ("example",)
CLAIMS = [
    claims.Claim("Figure 9-1", "it is drawn", "2", FIGURE, "any", drawn),
    claims.Claim("Text", "it is 42", "42", EXAMPLE, "42", lambda data: answer(42, data)),
    claims.Claim("Text", "it is more", "99", EXAMPLE, "99", lambda data: answer(99, data)),
    claims.Claim("Example 9-1", "it is close", "44", EXAMPLE, "44", lambda data: answer(44, data)),
    claims.Claim("Text", "it needs CPUs", "1", EXAMPLE, "1", drawn, cpus=100_000),
]
cli.run(lambda: claims.main(__doc__, CLAIMS))
''',
}
SUMMARY = "2 hold, 1 differs, 2 cannot tell here"
SCRIPTS = ("compare.py", "example.py", "fig_9_01_numbers.py")


def make(root, *arguments):
    """Do what ``python -m common.report`` does for the project ``root``; return the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "ROOT", root)
        patch.setattr(sys, "argv", ["report.py", *map(str, arguments)])
        report.main()
    return (root / "results/report.html").read_text("utf-8")


def reasons(root, *, fresh=False, scale="quick", workers=None, start_method=None, **machine):
    """Return why each script of the project would be measured, "" if it would not."""
    asked = {"scale": scale, "workers": workers, "start_method": start_method, "fresh": fresh}
    args = type("Args", (), asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "ROOT", root)
        here = results.machine() | machine
        return {
            name: report.why_measure(root / "section" / name, args, here)[0] for name in SCRIPTS
        }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a project that has made its page."""
    root = tmp_path_factory.mktemp("project")
    (root / "section").mkdir()
    for name, text in FILES.items():
        (root / "section" / name).write_text(text, "utf-8")
    make(root)
    return root


@pytest.fixture
def project(made, tmp_path):
    """Return a copy of it."""
    return shutil.copytree(made, tmp_path / "copy", copy_function=shutil.copy2)


def test_the_sections_are_those_of_the_chapter():
    found = report.sections()
    assert [folder.name for *_, folder in found] == [*SECTIONS]
    assert [number for number, *_ in found] == list("123456")
    assert found[0][1:3] == ("Estimating pi", "使用蒙特卡洛方法估算 π")


def test_what_is_up_to_date_is_reused(made):
    assert reasons(made) == dict.fromkeys(SCRIPTS, "")


def test_what_is_measured_again_says_why(project):
    folder, script = project / "section", "fig_9_01_numbers.py"
    assert set(reasons(project, fresh=True).values()) == {"asked for"}
    assert all(reasons(project, scale="book").values())
    assert [name for name, why in reasons(project, workers=3).items() if why] == ["compare.py"]
    changed = reasons(project, start_method="spawn")
    assert [name for name, why in changed.items() if why] == ["compare.py", script]
    for key, value in {"python": "CPython 9.9", "usable_cpus": 99, "cpu": "X", "gil": 5}.items():
        assert all(str(value) in why for why in reasons(project, **{key: value}).values())
    (project / "results/example.json").unlink()
    (project / "results/compare_section.json").write_text("{")
    (project / "results/fig_9_01.png").write_bytes(b"no picture")
    assert reasons(project) == {
        "compare.py": "compare_section.json is not complete",
        "example.py": "example.json is missing",
        script: "no picture of fig_9_01.json",
    }
    os.utime(folder / "example.py", (2e9, 2e9))
    assert "section/example.py is newer" in reasons(project)[script]


def test_a_claim_that_changes_needs_no_measurement(project):
    os.utime(project / "section/claims.py", (2e9, 2e9))
    assert reasons(project) == dict.fromkeys(SCRIPTS, "")


@pytest.mark.parametrize("key", ["argv", "ran", "scale", "machine"])
def test_a_result_that_does_not_say_how_it_was_measured_is_not_used(project, key):
    path = project / "results/example.json"
    data = json.loads(path.read_text())
    del data[key]
    path.write_text(json.dumps(data))
    assert reasons(project)["example.py"] == "example.json is not complete"


def test_it_says_before_it_begins_what_it_measures_and_how_long_that_takes(project, capsys):
    make(project)
    printed = capsys.readouterr().out
    assert printed.count(": reuse\n") == len(SCRIPTS)
    assert "\n0 to measure\n" in printed
    assert "[1 of" not in printed
    path = project / "results/example.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"ran": 600, "argv": ["--x"]}))
    make(project)
    printed, errors = capsys.readouterr()
    assert "section/example.py: measure, measured with --x, not --output results\n" in printed
    assert "1 to measure: about 10.0 min" in printed
    assert printed.index("about 10.0 min") < printed.index("[1 of 1] section/example.py\n")
    assert printed.endswith(f"\n{SUMMARY}\n{project / 'results/report.html'}\n")
    assert errors == ""
    shutil.rmtree(project / "results")
    make(project)
    printed = capsys.readouterr().out
    assert "3 to measure: no earlier run says how long it takes" in printed
    assert "section/example.py: measure, example.json is missing\n" in printed
    shutil.move(project / "results/fig_9_01.json", project / "section/fig_9_01.json")
    shutil.rmtree(project / "results")
    make(project)
    assert re.search(
        r"3 to measure: about \d\.\d min, by 1 runs, here or for", capsys.readouterr().out
    )


@pytest.mark.parametrize(("script", "its"), [("compare.py", "a job"), ("claims.py", "it is drawn")])
def test_a_script_that_fails_costs_only_its_part_of_the_page(project, capsys, script, its):
    (project / "section" / script).write_text('raise SystemExit("it is broken")')
    for path in (project / "results").glob("compare*"):
        path.unlink()
    with pytest.raises(cli.Failure):
        make(project)
    page = (project / "results/report.html").read_text("utf-8")
    assert f"{script} failed: it is broken" in page
    assert "it is broken\n" in capsys.readouterr().err
    assert its not in page
    assert "data:image/png" in page
    assert ("a job" in page) == (script == "claims.py")
    assert (SUMMARY in page) == (script == "compare.py")


def test_a_script_that_is_killed_is_named(project, capsys):
    (project / "section/example.py").write_text(
        "import os\nos.kill(os.getpid(), 9)  # results.store("
    )
    with pytest.raises(cli.Failure):
        make(project)
    page = (project / "results/report.html").read_text("utf-8")
    assert re.search(r"example\.py failed: process \d+ was killed by signal 9", page)


def test_the_results_of_another_machine_stand_beside_ours(project, tmp_path):
    other = shutil.copytree(project / "results", tmp_path / "a laptop")
    path = other / "example.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"answer": 1234}))
    (other / "compare_section.json").unlink()
    page = make(project, "--compare", other)
    assert ">a laptop</th>" in page
    assert "1234 " in page
    assert SUMMARY in page
    with pytest.raises(cli.UserError, match="not a folder"):
        make(project, "--compare", tmp_path / "nowhere")


def test_the_pythons_of_a_section_have_their_picture_and_their_ways_on_the_page(project, capsys):
    ways = '"ways": [{"job": "PyPy 9", "name": "serial", "seconds": [1.5], "ratio": 1}]'
    source = FILES["fig_9_01_numbers.py"].replace("fig_9_01", "compare_pythons_section")
    source = source.replace('"values": [1, 2]', f'"values": [1, 2], {ways}')
    (project / "section/compare_pythons.py").write_text(source)
    page = make(project)
    assert "<h3>How many?</h3>" in page
    assert page.count("data:image/png") == 2
    assert "<caption>PyPy 9</caption>" in page
    assert "<caption>a job</caption>" in page
    (project / "results/compare_pythons_section.png").unlink()
    make(project)
    assert "compare_pythons.py: measure, no picture of compare_pyth" in capsys.readouterr().out


@pytest.fixture(scope="module")
def page(made):
    return (made / "results/report.html").read_text("utf-8")


def test_the_page_shows_the_section_its_figure_claims_and_ways_in_this_order(page):
    parts = (
        "<h1>",
        SUMMARY,
        results.machine()["cpu"],
        "What differs here",
        "it is more",
        "1 A section &amp; its title",
        'lang="zh">一节</span>',
        "<h3>Figure 9-1: How many?</h3>",
        "<img ",
        "it is drawn",
        "it is 42",
        "it is close",
        "too close to call",
        "a job",
        "one way",
    )
    position = -1
    for part in parts:
        position = page.find(part, position + 1)
        assert position >= 0, part


def test_the_page_needs_nothing_from_outside_and_no_javascript(page):
    assert not re.search(r"<script|javascript:|\bon\w+=|@import|http", page)
    assert set(re.findall(r'(?:src|href)="(#|data:|\w+:)', page)) <= {"#", "data:"}
    assert {"#" + name for name in re.findall(r'id="(\w+)"', page)} >= {
        *re.findall(r'href="(#\w+)"', page)
    }


def test_what_a_measurement_says_is_text_not_html(page):
    assert "<b>units" not in page
    assert "42 &lt;b&gt;units&lt;/b&gt;" in page


def test_each_figure_has_a_text_with_its_numbers(page):
    (alternative,) = re.findall(r'<img [^>]*alt="([^"]+)"', page)
    assert alternative == f"Figure 9-1: How many? {FINDING}"
    assert f"<figcaption>{FINDING}</figcaption>" in page


def test_headings_form_an_outline_and_tables_have_captions_and_scopes(page):
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(now <= before + 1 for before, now in itertools.pairwise(levels))
    assert page.count("<table") == page.count("<caption>") > 0
    assert not re.findall(r"<th(?![^>]*scope=)[ >]", page)


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if BROWSER is None:
        pytest.skip("needs chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(made, tmp_path_factory):
    """Return the page, and the same with another machine's numbers, missing parts and a failure."""
    other = shutil.copytree(made, tmp_path_factory.mktemp("other") / "project")
    shutil.copytree(other / "results", other / "a-laptop-with-a-long-name")
    (other / "section/compare.py").write_text('raise SystemExit("it is broken")')
    (other / "results/fig_9_01.png").unlink()
    (other / "section/fig_9_01_numbers.py").write_text('"""\nChapter: Figure 9-1\n"""\n1 / 0')
    with pytest.raises(cli.Failure):
        make(other, "--compare", other / "a-laptop-with-a-long-name")
    return [root / "results/report.html" for root in (made, other)]


def test_a_browser_shows_the_page_well(browser, pages):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-core")
    for path in pages:
        shown = browser.new_page()
        said, failed = [], []
        shown.on("console", lambda message, said=said: said.append(message.text))
        shown.on("pageerror", lambda error, said=said: said.append(str(error)))
        shown.on("requestfailed", lambda request, failed=failed: failed.append(request.url))
        shown.goto(path.as_uri(), wait_until="load")
        assert shown.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 100)")
        for width, scheme in LOOKS:
            shown.set_viewport_size({"width": width, "height": 800})
            shown.emulate_media(color_scheme=scheme)
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
            found = axe.Axe().run(shown).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert (said, failed) == ([], [])
        shown.close()


def test_the_page_fits_on_paper(browser, pages):
    for path in pages:
        shown = browser.new_page(viewport={"width": 680, "height": 1000}, color_scheme="dark")
        shown.goto(path.as_uri())
        shown.emulate_media(media="print")
        assert shown.evaluate("document.documentElement.scrollWidth") <= 680
        paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
        shown.close()


def test_make_says_what_it_runs_and_passes_its_variables_on():
    def printed(*variables):
        command = ["make", "-n", "report", *variables]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout

    assert "python -m common.report --scale quick\n" in re.sub(r" +\n", "\n", printed())
    given = printed("SCALE=book", "WORKERS=3", "START_METHOD=spawn", "FRESH=1")
    (command,) = re.findall(r"^\S+ -m common\.report .*$", given, re.MULTILINE)
    wanted = "--scale book --workers 3 --start-method spawn --fresh"
    assert command.split()[3:] == wanted.split()


def test_every_script_that_stores_takes_the_options_that_the_report_passes(monkeypatch):
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser, args=None, namespace=None):
        parse_args(parser, args, namespace)
        raise SystemExit(0)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    args = type("Args", (), {"scale": "quick", "workers": 2, "start_method": "fork"})
    for *_, folder in report.sections():
        for script in filter(claims.outputs, sorted(folder.glob("*.py"))):
            assert call(f"{folder.name}/{script.name}", *report.options(script, args)) == 0, script

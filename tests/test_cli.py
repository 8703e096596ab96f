"""Numbers, scales and exit codes of the command line."""

import argparse
import re

from common import cli, timing

import pytest
from cases import CASES
from hypothesis import given
from hypothesis import strategies as st
from support import call


@given(st.integers(1, cli.MAX_SIZE))
def test_whole_numbers_in_every_spelling(number):
    convert = cli.whole_number()
    for text in (str(number), f"{number:_}", f"{number:,}", f"{number}.0", f"{number}e0"):
        assert convert(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1e16", "1e400", "1e999999999", "inf", "-1e400"])
def test_sizes_out_of_range_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        cli.whole_number()(text)


@pytest.mark.parametrize("text", ["1.5", "abc", "", "nan", "1e-3", "0x10", "1 0"])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="not a whole number"):
        cli.whole_number()(text)


@pytest.mark.parametrize(("arguments", "size"), [([], 7), (["--scale", "book"], 700)])
def test_sizes_follow_the_scale(arguments, size, capsys):
    parser = cli.parser("doc")
    cli.add_size(parser, "--nbr-things", quick=7, book=700, help="things")
    assert cli.parse(parser, arguments).nbr_things == size
    assert f"nbr_things: {size} (the chapter: 700)" in capsys.readouterr().out
    assert cli.parse(parser, [*arguments, "--nbr-things", "1e2"]).nbr_things == 100


def parser_with_workers(name="nbr_workers", default=None):
    parser = cli.parser("doc")
    cli.add_workers(parser, name, default)
    return parser


@pytest.mark.parametrize("arguments", [["3"], ["--workers", "3"], ["3", "--workers", "3"]])
def test_the_number_of_workers_is_given_in_either_way_and_printed(arguments, capsys):
    args = cli.parse(parser_with_workers(), arguments)
    assert args.nbr_workers == args.workers == 3
    assert "workers: 3 (the chapter: 4)\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nbr_workers", "--workers"])
def test_the_number_of_workers_has_a_default(name, capsys):
    assert cli.parse(parser_with_workers(name, 4), []).workers == 4
    assert cli.parse(parser_with_workers(name), []).workers == cli.usable_cpus()
    assert f"workers: {cli.usable_cpus()} " in capsys.readouterr().out


@pytest.mark.parametrize("script", sorted(script for script, case in CASES.items() if case.workers))
def test_every_script_that_starts_workers_takes_the_option(script, capsys):
    assert call(script, "--help") == 0
    usage = capsys.readouterr().out
    if "ex1_nolock1" in script:  # one process
        return
    assert re.search(r"^  --workers N", usage, re.MULTILINE)
    if re.search(r"^  nbr_workers ", usage, re.MULTILINE):
        assert call(script, "2", "--workers", "3") == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert re.fullmatch(r"\w+\.py: nbr_workers 2 and --workers 3: .+\n", errors)
    else:
        assert re.search(r"^  NUMBER ", usage, re.MULTILINE) or "/fig_" in script


def test_numbers_on_the_command_line_are_said_to_be_tested(capsys):
    assert call("prime_verification_ipc/primes_serial.py", "4", "1_000_003") == 0
    assert "Testing 2 numbers given: 4 1,000,003\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("duration", "text"), [(0.0000024, "0.000002 s"), (1234.5, "1,234.500000 s")]
)
def test_durations_have_one_format(duration, text):
    assert timing.seconds(duration) == text

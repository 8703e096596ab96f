"""Numbers, scales and exit codes of the command line."""

import argparse

from common import cli, timing

import pytest
from hypothesis import given
from hypothesis import strategies as st


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


@pytest.mark.parametrize(
    ("duration", "text"), [(0.0000024, "0.000002 s"), (1234.5, "1,234.500000 s")]
)
def test_durations_have_one_format(duration, text):
    assert timing.seconds(duration) == text

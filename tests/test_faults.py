"""Signals, killed processes, small limits and full disks, all real, at random moments."""

import re
import subprocess
import sys

import pytest
import torture
from cases import RUNNABLE
from support import PACKAGES, ROOT, TIMEOUT, imported, skip_if_missing

FIRST = {torture.choose(number)[2]: number for number in reversed(range(1_000))}
NUMBERS = sorted({*range(100), *FIRST.values()})


@pytest.mark.parametrize("number", NUMBERS)
def test_a_random_fault_is_survived(number):
    script, _, fault, _ = torture.choose(number)
    skip_if_missing(*imported(ROOT / script))
    if why := torture.left_out(fault, script):
        pytest.skip(why)
    torture.inject(number)


def test_the_faults_are_of_every_kind_and_for_every_script():
    chosen = [torture.choose(number) for number in NUMBERS]
    scripts, methods, faults, _ = map(set, zip(*chosen, strict=True))
    assert scripts == {*torture.SCRIPTS}
    others = {script.rpartition("/")[2] for script in {*RUNNABLE} - scripts}
    assert others == {"claims.py"}  # which start no worker and end at once
    assert methods == {*torture.START_METHODS}
    assert faults == {*torture.FAULTS}


def test_make_torture_injects_them_in_the_same_way():
    skip_if_missing(*PACKAGES)
    command = [sys.executable, ROOT / "tests" / "torture.py", "2", "0"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert result.returncode == 0, result.stdout
    assert re.search(r"\bsum +\| +2 (?:\| +0 ){4}", result.stdout)

"""Signals, killed processes, small limits and full disks, all real, at random moments."""

import pytest
import torture
from cases import RUNNABLE

NBR_FAULTS = 100


@pytest.mark.parametrize("number", range(NBR_FAULTS))
def test_a_random_fault_is_survived(number):
    script, _, fault, _ = torture.choose(number)
    if why := torture.left_out(fault, script):
        pytest.skip(why)
    torture.inject(number)


def test_the_faults_are_of_every_kind_and_for_every_script():
    chosen = [torture.choose(number) for number in range(NBR_FAULTS)]
    scripts, methods, faults, _ = map(set, zip(*chosen, strict=True))
    assert scripts == {*torture.SCRIPTS}
    others = {script.rpartition("/")[2] for script in {*RUNNABLE} - scripts}
    assert others == {"claims.py"}  # which start no worker and end at once
    assert methods == {*torture.START_METHODS}
    assert faults == {*torture.FAULTS}

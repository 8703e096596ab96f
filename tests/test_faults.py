"""Ctrl-C, killed workers and killed parents, by real signals at random moments."""

from common import redis_server

import pytest
import torture
from cases import CASES, RUNNABLE
from torture import inject

NBR_FAULTS = 200


@pytest.mark.parametrize("number", range(NBR_FAULTS))
def test_a_random_fault_is_survived(number):
    if CASES[torture.choose(number)[0]].redis and not redis_server.find_binaries():
        pytest.skip("no Redis server")
    inject(number)


def test_the_faults_are_of_every_kind_and_for_every_script():
    chosen = [torture.choose(number)[::2] for number in range(NBR_FAULTS)]
    assert {script for script, _ in chosen} == {*torture.SCRIPTS}
    others = {script.rpartition("/")[2] for script in {*RUNNABLE} - {*torture.SCRIPTS}}
    assert others == {"claims.py"}  # which start no worker and end at once
    assert {fault for _, fault in chosen} == {*torture.FAULTS}

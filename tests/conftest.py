"""What tests of several files need."""

import multiprocessing
import os
import re
import sys
import tempfile
from pathlib import Path

if "PYTEST_XDIST_WORKER" not in os.environ:  # all temporary files of the suite, its workers' too
    folder = tempfile.TemporaryDirectory(prefix="t-", dir="/tmp", ignore_cleanup_errors=True)
    os.environ["TMPDIR"] = folder.name
    tempfile.tempdir = None

from common import run

import hypothesis
import pytest
from cases import CASES
from redis_servers import needs_redis
from support import PACKAGES, ROOT, imported, missing, skip_if_missing

hypothesis.settings.register_profile("untimed", deadline=None)  # the machine may be busy
hypothesis.settings.load_profile("untimed")

os.environ["PYTHONPATH"] = str(ROOT)  # for programs of tests; a script has common.py beside it

# Another suite that runs at the same time is to know that they are in use.
multiprocessing.current_process()._config["semprefix"] = f"/mp-{os.getpid()}"

run.begin = lambda: None  # this process is not a script's: it takes no signals, it ends nothing

IMPORT = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)
LACKS = {
    path.name: missing(IMPORT.findall(path.read_text()))
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
}
collect_ignore = [name for name, packages in LACKS.items() if packages]


@pytest.fixture
def forked():
    """Have workers forked: others cannot import a script by the name that it has in here."""
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("fork", force=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.fixture(autouse=True)
def close_figures():
    """Close what a test has drawn: pyplot keeps every figure."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def pytest_report_header():
    return [f"{name} is left out: no {', '.join(LACKS[name])}" for name in collect_ignore]


def pytest_collection_modifyitems(items):
    """Skip the cases that need a Redis server or a package where there is none."""
    for item in items:
        script = getattr(item, "callspec", None) and item.callspec.params.get("script")
        script = script[0] if isinstance(script, tuple) else script  # with its arguments
        if script in CASES:
            lacks = [name for name in missing(PACKAGES) if name in imported(ROOT / script)]
            item.add_marker(pytest.mark.skipif(lacks, reason=f"no {', '.join(lacks)} here"))
            if CASES[script].redis:
                item.add_marker(needs_redis)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call():
    """Skip a test that turns out to need a package which is missing."""
    try:
        return (yield)
    except ModuleNotFoundError as error:
        skip_if_missing(error.name)
        raise

"""Sizes are refused by the limit that is nearest: of a control group, or of the address space."""

import contextlib
import re
import sys
from pathlib import Path

import pytest
from support import GROUPS, IN_NAMESPACE, Run, can_mount, control_group, top_group

LIMITED = 400_000_000  # bytes
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs control groups")
ENTER = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
# A control group of version 2 as files, where the kernel has its memory in version 1.
ENTER_FILES = f"""
group=${{0#*/unified/}} && echo $$ >"$0/cgroup.procs" && mount -t tmpfs tmpfs {GROUPS} &&
mkdir -p "{GROUPS}/$group" && cd {GROUPS} &&
echo {LIMITED} >"$group/../memory.max" && echo max >"$group/memory.max" &&
echo 300000000 | tee "$group/../memory.current" >"$group/memory.current" &&
printf 'file 5\\ninactive_file 300000000\\n' | tee "$group/../memory.stat" >"$group/memory.stat" &&
cd / && exec "$@"
"""


@contextlib.contextmanager
def groups(top):
    """Give a control group in one that is in ``top``; skip the test where none can be made."""
    with contextlib.ExitStack() as stack:
        try:
            outer = stack.enter_context(control_group(top))
            inner = stack.enter_context(control_group(outer))
        except OSError as error:
            pytest.skip(f"no control group can be made: {error}")
        yield inner


@contextlib.contextmanager
def limited_group(enter=ENTER):
    """Give what begins a command to run it in a group whose outer one is limited."""
    top = top_group("memory")
    with groups(top) as group:
        limit = group.parent / ("memory.max" if top == GROUPS else "memory.limit_in_bytes")
        if not limit.exists():
            pytest.skip("no control group here limits memory")
        limit.write_text(f"{LIMITED}")
        yield "/bin/sh", "-c", enter, str(group)


def refused(before, script, *size):
    """Return by what limit a size is refused, its bytes, and a size that should fit."""
    with Run(script, *size, before=(*before, sys.executable)) as run:
        assert run.wait() == 2, run.stdout + run.stderr
        line = r"\S+\.py: \S+ bytes do not fit in (.+) \((\S+) bytes\): (--\w+) (\S+) would fit\n"
        where, room, option, size = re.fullmatch(line, run.stderr).groups()
        room, size = (int(number.replace(",", "")) for number in (room, size))
        return where, room, (option, size * 19 // 20)  # others may take some, too


def runs(before, *command):
    with Run(*command, before=(*before, sys.executable)) as run:
        assert (run.wait(), run.stderr) == (0, ""), run.stdout
        run.assert_nothing_left()


TOO_LARGE = [
    ("numpy_shared/np_shared.py", "2", "--rows", "10000", "--cols", "10000"),
    ("numpy_shared/np_shared_memory.py", "2", "--rows", "10000", "--cols", "10000"),
    ("pi_estimation/pi_numpy_parallel.py", "2", "--nbr_samples_in_total", "1e8"),
]


@pytest.mark.parametrize("command", TOO_LARGE, ids=lambda command: command[0])
def test_the_limit_of_a_control_group_is_named_with_what_fits(command):
    with limited_group() as before:
        where, room, fitting = refused(before, *command)
        assert where == f"the control group {Path(before[-1]).parent}"
        assert LIMITED // 2 < room < LIMITED
        for method in ("fork", "spawn"):
            runs(before, *command, *fitting, "--start-method", method)


def test_file_cache_of_a_control_group_can_be_had_back(tmp_path):
    fill = f'dd if=/dev/zero of="{tmp_path}/file" bs=1M count=500 2>/dev/null && exec'
    with limited_group(ENTER.replace("exec", fill)) as before:
        _, room, fitting = refused(before, *TOO_LARGE[0])
        assert room > LIMITED // 2
        runs(before, *TOO_LARGE[0], *fitting)


def test_a_nested_group_of_version_2_is_seen():
    """Where memory is in version 1, the files of version 2 lie in a file system of our own."""
    if (GROUPS / "cgroup.controllers").exists():
        pytest.skip("the groups of the tests above are of version 2")
    if not can_mount():
        pytest.skip("needs the right to mount a file system")
    with groups(GROUPS / "unified") as group:
        where, room, _ = refused((*IN_NAMESPACE, ENTER_FILES, str(group)), *TOO_LARGE[0])
        assert where == f"the control group {GROUPS}/{group.parent.name}"
        assert room == LIMITED - 64 * 2**20


@pytest.mark.parametrize("command", TOO_LARGE, ids=lambda command: command[0])
def test_the_limit_of_the_address_space_is_named_with_what_fits(command):
    before = "/bin/sh", "-c", 'ulimit -v 600000 && exec "$0" "$@"'
    for method in ("fork", "spawn"):
        started = (*command, "--start-method", method)
        where, room, fitting = refused(before, *started)
        assert where == "the address space (ulimit -v)"
        assert 0 < room < 300_000_000
        runs(before, *started, *fitting)


def test_the_limit_of_a_file_is_named():
    before = "/bin/sh", "-c", 'ulimit -f 8 && exec "$0" "$@"'
    where, room, _ = refused(
        before, "numpy_shared/np_shared_memory.py", "--rows", "9_999", "--cols", "1"
    )
    assert where == "a file (ulimit -f)"
    assert room in (4_096, 8_192)

"""How much memory a script may take: asked before it is taken."""

import shutil
from pathlib import Path

from common.cli import UserError

import psutil

CGROUP = Path("/sys/fs/cgroup")


def available():
    """Return how many bytes of memory can be allocated now, within the control group's limit."""
    free = psutil.virtual_memory().available
    try:
        limit = int((CGROUP / "memory.max").read_text())
        free = min(free, limit - int((CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no control group, or one without a limit ("max")
        pass
    return max(0, free)


def peak(pid):
    """Return the most bytes of memory (RSS) that process ``pid`` has held at any time.

    Where the system does not tell (it is VmHWM in Linux's /proc/PID/status), those that it holds.
    """
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:  # no /proc
        pass
    return psutil.Process(pid).memory_info().rss


def require(nbytes, what, folder=None):
    """Raise UserError unless ``nbytes`` fit in nine tenths of what is free.

    ``folder`` is where a shared block of that size will live, a file system of its own: its free
    space counts too. ``what`` says what can be made smaller and takes the largest number of bytes
    that fits: a function from bytes to text.
    """
    free = {"free memory": available()}
    if folder is not None:
        free[str(folder)] = shutil.disk_usage(folder).free
    where = min(free, key=free.get)
    fits = free[where] * 9 // 10
    if nbytes > fits:
        raise UserError(
            f"{nbytes:,} bytes do not fit in {where} ({free[where]:,} bytes): {what(fits)}"
        )

"""How much memory a script may take: asked before it is taken."""

import contextlib
import re
from pathlib import Path

from common.cli import UserError

import psutil


def available():
    """Return how many bytes of memory can be allocated now, within the control group's limit."""
    free = psutil.virtual_memory().available
    cgroup = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # no control group, or no limit ("max")
        limit = int((cgroup / "memory.max").read_text())
        free = min(free, limit - int((cgroup / "memory.current").read_text()))
    return max(0, free)


def peak(pid):
    """Return the most bytes (RSS) that process ``pid`` has held; what it holds where unknown."""
    with contextlib.suppress(OSError, TypeError):  # not Linux
        status = Path(f"/proc/{pid}/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status)[1])
    return psutil.Process(pid).memory_info().rss


def require(nbytes, what, folder=None):
    """Raise UserError unless ``nbytes`` fit in nine tenths of free memory, and of ``folder``.

    ``what`` makes a text of the number of bytes that fit: what can be made smaller.
    """
    free = {"free memory": available()}
    if folder is not None:
        free[str(folder)] = psutil.disk_usage(folder).free
    where = min(free, key=free.get)
    fits = free[where] * 9 // 10
    if nbytes > fits:
        room = f"{where} ({free[where]:,} bytes)"
        raise UserError(f"{nbytes:,} bytes do not fit in {room}: {what(fits)}")

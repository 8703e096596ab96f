"""How much memory a script may take: asked before it is taken."""

import contextlib
import re
import resource
import sys
from pathlib import Path

from common.cli import UserError

import psutil

if sys.platform == "linux" and not Path("/proc/self/stat").exists():
    raise UserError("no /proc to read: what memory and CPUs are used cannot be known")
BYTES_OF_WORKERS = 64 * 2**20
FILES = {  # of a control group, by the controllers of its version
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def rooms():
    """Return a dict, what limits memory -> how many bytes are left for data.

    Limits are those of the machine, of the address space, and of our control group and those it is
    in (man 7 cgroups); their file cache that was not used lately counts as left.
    """
    left = {"free memory": psutil.virtual_memory().available}
    address_space, _ = resource.getrlimit(resource.RLIMIT_AS)
    if address_space != resource.RLIM_INFINITY:  # of which a process may need twice the size
        taken = psutil.Process().memory_info().vms
        left["the address space (ulimit -v)"] = (address_space - taken) // 2
    lines = Path("/proc/self/cgroup").read_text() if sys.platform == "linux" else ""
    for _, version, path in (line.split(":", 2) for line in lines.splitlines()):
        inner = Path("/sys/fs/cgroup", version, path[1:])
        for group in (inner, *inner.parents) if version in FILES else ():
            with contextlib.suppress(OSError, ValueError):  # it has no limit
                limit, used, cached = FILES[version]
                stat = dict(map(str.split, (group / "memory.stat").read_text().splitlines()))
                room = int((group / limit).read_text()) - int((group / used).read_text())
                left[f"the control group {group}"] = room + int(stat[cached])
    return {what: max(room - BYTES_OF_WORKERS, room // 2, 0) for what, room in left.items()}


def peak(pid):
    """Return the most bytes (RSS) that process ``pid`` has held; what it holds where unknown."""
    with contextlib.suppress(OSError, TypeError):  # not Linux
        status = Path(f"/proc/{pid}/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status)[1])
    return psutil.Process(pid).memory_info().rss


def require(nbytes, what, folder=None):
    """Raise UserError unless ``nbytes`` fit in nine tenths of what is left, and of ``folder``.

    ``what`` makes a text of the number of bytes that fit: what can be made smaller.
    """
    free = rooms()
    if folder is not None:
        free[str(folder)] = psutil.disk_usage(folder).free
        file_size, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if file_size != resource.RLIM_INFINITY:
            free["a file (ulimit -f)"] = file_size
    where = min(free, key=free.get)
    fits = free[where] * 9 // 10
    if nbytes > fits:
        room = f"{where} ({free[where]:,} bytes)"
        raise UserError(f"{nbytes:,} bytes do not fit in {room}: {what(fits)}")

"""How much memory a script may take: asked before it is taken."""

import contextlib
import re
import resource
from pathlib import Path

from common.cli import UserError

import psutil

BYTES_OF_WORKERS = 64 * 2**20
# Limit, usage and cache that can be had back of a control group, by its version's controllers.
FILES = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def rooms():
    """Return what memory is left: a dict, name of a limit -> bytes.

    The limits are the machine's, those of the control groups we are in and of the groups that these
    are in (Linux: man 7 cgroups), and that of our address space. The kernel takes back file cache
    that was not used lately, so it counts as left.
    """
    free = {"free memory": psutil.virtual_memory().available}
    with contextlib.suppress(OSError):  # not Linux
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                top = Path("/sys/fs/cgroup", controllers)
                for group in (top / path[1:], *(top / path[1:]).parents):
                    free |= _room(group, *FILES[controllers]) if group.is_relative_to(top) else {}
    address_space, _ = resource.getrlimit(resource.RLIMIT_AS)
    if address_space != resource.RLIM_INFINITY:
        taken = psutil.Process().memory_info().vms
        room = (address_space - taken) // 2  # a process may map it twice
        free["the address space (ulimit -v)"] = _without_workers(room)
    return {limit: max(0, nbytes) for limit, nbytes in free.items()}


def _room(group, limit, usage, cache):
    """Return the room of a control group, if it has a limit, as rooms does."""
    with contextlib.suppress(OSError, ValueError):  # of the topmost there is no file, or "max"
        nbytes = int((group / limit).read_text()) - int((group / usage).read_text())
        cached = re.search(rf"^{cache} (\d+)", (group / "memory.stat").read_text(), re.M)
        return {f"the control group {group}": _without_workers(nbytes + int(cached[1]))}
    return {}


def _without_workers(room):
    return max(room - BYTES_OF_WORKERS, room // 2)


def available():
    """Return how many bytes of memory can be allocated now, within all limits."""
    return min(rooms().values())


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
    where = min(free, key=free.get)
    fits = free[where] * 9 // 10
    if nbytes > fits:
        room = f"{where} ({free[where]:,} bytes)"
        raise UserError(f"{nbytes:,} bytes do not fit in {room}: {what(fits)}")

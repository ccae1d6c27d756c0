"""What this process holds: sockets by what they are for, tasks by what they do, threads."""

from __future__ import annotations

import asyncio
import gc
import os
import pathlib
import threading
from collections import Counter

LISTENING = "0A"
"""A socket's state in /proc/net/tcp."""


def sockets(roles: dict[int, str]) -> Counter[str]:
    """TCP sockets of this process by the role of the port they are for: the other side's, or else its own."""
    inodes = _inodes()
    found: Counter[str] = Counter()
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path("/proc/self/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            own, other = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
            if fields[9] in inodes:
                role = "listening" if fields[3] == LISTENING else roles.get(other) or roles.get(own) or "other"
                found[role] += 1
    return found


def tasks() -> Counter[str]:
    """Tasks of the running loop by the name of their coroutine."""
    return Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks() if not task.done())


def threads() -> tuple[int, int]:
    """Python's own, and all of the process."""
    return threading.active_count(), len(os.listdir("/proc/self/task"))


def _inodes() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # the one that listed the folder
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def files() -> int:
    """Open file descriptors of every kind."""
    return len(os.listdir("/proc/self/fd"))


def resident_kb() -> int:
    """Resident memory."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * (os.sysconf("SC_PAGE_SIZE") // 1024)


def collected() -> int:
    """Objects that only the garbage collector could free, since the process began: cycles."""
    gc.collect()
    return sum(generation["collected"] for generation in gc.get_stats())

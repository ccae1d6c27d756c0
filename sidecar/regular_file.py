"""Opens files that somebody's configuration names. Nothing else than a regular file: a pipe in its place would never end."""

from __future__ import annotations

import errno
import os
import stat


def opener(path: str, flags: int) -> int:
    """For `open(path, opener=opener)`: the descriptor of a regular file, or of one that a symbolic link leads to.

    OSError for anything else, at once: opening a pipe, or reading a terminal, would wait for somebody.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise OSError(errno.EINVAL, "it is not a regular file", path)


def content(path: str) -> bytes:
    """All of it. OSError as `opener`."""
    with open(path, "rb", opener=opener) as file:
        return file.read()

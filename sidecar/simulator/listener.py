"""Sockets to listen on, and those that only look like it: ports that refuse, ports where connecting hangs."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

#: open: serves like the main port; refused: reserved, every connect is refused; hangs: a connect gets no answer.
KINDS = ("open", "refused", "hangs")

_BACKLOG = 2048
_FILLERS = 4


@dataclass(slots=True)
class Listener:
    """A bound port of one of `KINDS`."""

    name: str
    kind: str
    sock: socket.socket
    _fillers: list[socket.socket] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Host and port, as `127.0.0.1:43127`."""
        host, port = self.sock.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def close(self) -> None:
        """Give the port back."""
        for sock in (*self._fillers, self.sock):
            sock.close()


def bind(name: str, kind: str, host: str, port: int = 0) -> Listener:
    """Return a bound listener; port 0 picks a free one. Raise OSError that names the address."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if kind != "refused":
            # Not on a refused port: there it would let others bind the same port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if kind == "open":
            sock.listen(_BACKLOG)
        return Listener(name, kind, sock, _fill(sock) if kind == "hangs" else [])
    except OSError as error:
        sock.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {reason}") from None


def _fill(sock: socket.socket) -> list[socket.socket]:
    """Fill the queue of connections nobody accepts: the kernel then drops the packets of further ones."""
    sock.listen(0)
    fillers = []
    for _ in range(_FILLERS):
        filler = socket.socket(sock.family, socket.SOCK_STREAM)
        filler.setblocking(False)
        filler.connect_ex(sock.getsockname())
        fillers.append(filler)
    return fillers

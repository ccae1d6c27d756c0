"""Addresses to listen on: `host:port`, `[::1]:port`, `unix:///path`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_UNIX = "unix://"
_UNIX_BYTES = 107
"""Linux's bound on a socket's path, without the closing zero (unix(7))."""
_MAX_PORT = 65_535
_MAX_HOST = 253
"""Characters of a DNS name (RFC 1035)."""
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_DOTTED = re.compile(r"[0-9.]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: host and port (0 picks a free one), or the path of a unix socket."""

    host: str = ""
    port: int = 0
    unix_path: str | None = None

    def __str__(self) -> str:
        """As gRPC takes it."""
        if self.unix_path is not None:
            return f"{_UNIX}{self.unix_path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it: a unix socket or the loopback interface."""
        return self.unix_path is not None or is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine. Other names are not looked up."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parsed(text: str) -> Address:
    """The address; ValueError with a sentence where it is not one."""
    if text.startswith("unix:"):
        return _unix(text)
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError("must be host:port, [ipv6]:port or unix:///path")
    if host.startswith("[") and host.endswith("]"):
        host = _ipv6(host[1:-1])
    elif ":" in host:
        raise ValueError("an IPv6 address needs brackets: [::1]:7650")
    elif not _is_host(host):
        raise ValueError("the host is neither a name nor an IP address")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= _MAX_PORT):
        raise ValueError("the port must be a whole number from 0 (any free port) to 65535")
    return Address(host, int(port))


def _unix(text: str) -> Address:
    path = text.removeprefix(_UNIX)
    if not text.startswith(_UNIX) or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise ValueError("a unix socket is written unix:///absolute/path")
    if len(path.encode()) > _UNIX_BYTES:
        raise ValueError(f"the socket's path is longer than {_UNIX_BYTES} bytes")
    return Address(unix_path=path)


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise ValueError("what stands in brackets is not an IPv6 address") from None


def _is_host(host: str) -> bool:
    if _DOTTED.fullmatch(host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            return False
        return True
    return len(host) <= _MAX_HOST and bool(_HOST.fullmatch(host))

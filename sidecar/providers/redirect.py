"""A redirect, which is never followed: said in our own words, with no more of its Location than where it leads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_STATUSES = frozenset({300, 301, 302, 303, 307, 308})
_HOST = re.compile(r"[a-z0-9._-]{1,100}|[0-9a-f:.]{2,45}", re.ASCII)
"""A name or an address of either kind; what is longer is no help."""


def redirect_message(status: int, headers: Mapping[str, str]) -> str | None:
    """What to say of a redirect; None for any other status. `headers`: names in lower case."""
    if status not in _STATUSES:
        return None
    origin = _origin(headers.get("location", ""))
    return f"redirected{f' to {origin}' if origin else ''} (not followed): check base_url"


def _origin(location: str) -> str | None:
    """Scheme, host and a stated port of an absolute address: neither user, path nor query, which may hold secrets."""
    try:
        url = urlsplit(location)
        host, port = url.hostname or "", url.port
    except ValueError:
        return None
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port is not None else ''}"

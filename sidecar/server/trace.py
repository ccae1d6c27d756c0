"""Trace ids from the caller's `traceparent`, or fresh ones (W3C Trace Context, level 1)."""

from __future__ import annotations

import re
import secrets

_TRACEPARENT = re.compile(r"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$")


def trace_id(traceparent: str | None) -> str:
    """32 hexadecimal digits: the caller's, if the header is valid, else new."""
    if traceparent is not None and (match := _TRACEPARENT.match(traceparent.strip())):
        version, trace, parent = match.groups()
        if version != "ff" and trace.strip("0") and parent.strip("0"):
            return trace
    return secrets.token_hex(16)


def new_request_id() -> str:
    """A label for a call whose caller gave none."""
    return secrets.token_hex(12)

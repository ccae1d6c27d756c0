"""The trace context of an rpc from its metadata, or a fresh one (W3C Trace Context, level 1; W3C Baggage)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from ..core.trace import Trace
from ..engine.identifier import new_span_id, new_trace_id

Metadata: TypeAlias = Iterable[tuple[str, str | bytes]]
Sampled: TypeAlias = Callable[[str, bool | None], bool]
"""Whether a trace is recorded: by its id, and by what the caller's flags say (None: there is no caller's trace)."""

MAX_STATE_CHARACTERS = 512
MAX_BAGGAGE_CHARACTERS = 8192
_TRACEPARENT = re.compile(r"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$")


def trace_of(metadata: Metadata | None, sampled: Sampled) -> Trace:
    """The caller's trace with a span of ours in it; a new trace where its `traceparent` is missing or not valid."""
    found: dict[str, str] = {}
    for key, value in metadata or ():
        if key in ("traceparent", "tracestate", "baggage") and isinstance(value, str):
            found[key] = f"{found[key]},{value}" if key in found else value
    span_id = new_span_id()
    if not found:
        trace_id = new_trace_id()
        return Trace(trace_id, span_id, None, sampled(trace_id, None))
    parent = _TRACEPARENT.match(found.get("traceparent", "").strip())
    if parent is None or not _is_valid(*parent.groups()):
        trace_id = new_trace_id()
        return Trace(trace_id, span_id, None, sampled(trace_id, None), "", _bounded(found, "baggage"))
    _, trace_id, parent_id, flags, _ = parent.groups()
    is_sampled = sampled(trace_id, bool(int(flags, 16) & 1))
    return Trace(trace_id, span_id, parent_id, is_sampled, _bounded(found, "tracestate"), _bounded(found, "baggage"))


def unsampled(trace_id: str, parent_is_sampled: bool | None) -> bool:
    """Never: nothing is recorded where there is nowhere to send it."""
    return False


def _is_valid(version: str, trace_id: str, parent_id: str, flags: str, rest: str | None) -> bool:
    """All zeros name nothing, `ff` is no version, and version 00 ends with its flags."""
    return version != "ff" and bool(trace_id.strip("0") and parent_id.strip("0")) and not (version == "00" and rest)


def _bounded(found: dict[str, str], name: str) -> str:
    """A header to be passed on; one that is too long or not printable is dropped whole, as the standards allow."""
    value = found.get(name, "").strip()
    limit = MAX_STATE_CHARACTERS if name == "tracestate" else MAX_BAGGAGE_CHARACTERS
    return value if len(value) <= limit and value.isascii() and value.isprintable() else ""

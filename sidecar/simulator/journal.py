"""The journal: one entry for every request received, without any key in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .script import fingerprint

#: Entries kept; the oldest go first.
CAPACITY = 10_000

_HEADERS = (
    "traceparent",
    "tracestate",
    "baggage",
    "user-agent",
    "idempotency-key",
    "x-request-id",
    "x-client-request-id",
    "openai-organization",
    "openai-project",
    "anthropic-version",
    "anthropic-beta",
    "content-type",
    "accept",
    "x-stainless-retry-count",
)
_FIELDS = (
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "stop_sequences",
    "seed",
    "stream_options",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning_effort",
    "dimensions",
    "encoding_format",
    "user",
    "service_tier",
)


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request and what became of it. Times ending `_s` are seconds since the simulator started, None: never."""

    seq: int
    """1 for the first request, also after the journal was cleared one more than the last."""
    received_time: float
    """Wall clock, seconds since 1970."""
    received_s: float
    listener: str
    connection: int
    """The number of its TCP connection: equal for requests on one kept connection."""
    method: str
    path: str
    headers: dict[str, str]
    key: str | None
    """Fingerprint of the key, None without one."""
    model: str | None = None
    protocol: str | None = None
    body_bytes: int = 0
    stream: bool = False
    messages: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    """Settings of the body; never its messages."""
    body: Any = None
    answer: str | None = None
    """The text that a complete answer has. This and `body` only when the script sets `journal_bodies`."""
    rule: str | None = None
    applied: str | None = None
    status: int | None = None
    tokens_sent: int = 0
    first_byte_s: float | None = None
    """When the first byte of the body was sent."""
    end_s: float | None = None
    outcome: str | None = None
    """completed, cut, fin, reset, closed, stale, caller_hung_up, stopped, failed (our fault); None while it runs."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON's types."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


class Journal:
    """The newest `CAPACITY` entries, in the order of arrival."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=CAPACITY)
        self._seq = 0

    @property
    def entries(self) -> list[Entry]:
        """The entries, oldest first; those of running requests still change."""
        return list(self._entries)

    def add(self, **values: Any) -> Entry:
        """Add an entry with the next sequence number and return it."""
        self._seq += 1
        entry = Entry(seq=self._seq, **values)
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget the entries; sequence numbers go on."""
        self._entries.clear()


def key_of(headers: Mapping[str, str]) -> str | None:
    """Return the fingerprint of the request's key: bearer token, `x-api-key`, `api-key` or `x-goog-api-key`.

    Anthropic, whose requests have an `anthropic-version`, goes by `x-api-key` where both are there.
    """
    if "anthropic-version" in headers and headers.get("x-api-key"):
        return fingerprint(headers["x-api-key"])
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return fingerprint(token.strip())
    for name in ("x-api-key", "api-key", "x-goog-api-key"):
        if headers.get(name):
            return fingerprint(headers[name])
    return None


def headers_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the request headers that a journal keeps, their names in lower case."""
    return {name: headers[name] for name in _HEADERS if name in headers}


def fields_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a request body that a journal keeps."""
    kept = {name: body[name] for name in _FIELDS if name in body}
    for name in ("response_format", "thinking"):
        if isinstance(body.get(name), Mapping):
            kept[name] = body[name].get("type")
    if isinstance(body.get("output_config"), Mapping):
        kept["output_config"] = sorted(body["output_config"])
    if isinstance(body.get("tools"), list):
        kept["tools"] = len(body["tools"])
    return kept

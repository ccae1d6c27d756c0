"""Spans straight to the bytes of `opentelemetry.proto.trace.v1` (OTLP 1.10), without messages between.

Building and serialising protobuf messages costs about 50 µs a span; this costs a few. Only what is needed is here:
attributes of text, whole numbers, fractions, truths and lists of text, events, a status. Tests hold it equal to the
official encoder. Field numbers are in the names of the constants.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | bool | int | float | Sequence[str]

INTERNAL, SERVER, CLIENT = 1, 2, 3
"""Span.SpanKind."""
MAX_CACHED = 4096
"""Encoded keys that are kept; all are forgotten when there are more."""

_LENGTH_1, _LENGTH_2, _LENGTH_3, _LENGTH_4, _LENGTH_5 = b"\x0a", b"\x12", b"\x1a", b"\x22", b"\x2a"
_SPAN_ATTRIBUTE_9, _SPAN_EVENT_11, _SPAN_STATUS_15 = b"\x4a", b"\x5a", b"\x7a"
_FLAGS_16_LOCAL, _FLAGS_16_REMOTE = b"\x85\x01\x00\x01\x00\x00", b"\x85\x01\x00\x03\x00\x00"
"""SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE (0x100), and with it SPAN_FLAGS_CONTEXT_IS_REMOTE (0x200): of the parent."""
_ERROR_3 = b"\x18\x02"
_NANO = 1_000_000_000
_BYTE = tuple(bytes((number,)) for number in range(128))
_times = struct.Struct("<cQcQ").pack
_time = struct.Struct("<cQ").pack
_double = struct.Struct("<cd").pack


def varint(number: int) -> bytes:
    """A whole number; a negative one takes ten bytes, as protobuf has it."""
    if 0 <= number < 128:
        return _BYTE[number]
    if 0 <= number < 16_384:
        return bytes((number & 127 | 128, number >> 7))  # what most sizes and counts are, without the loop
    number &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _sized(tag: bytes, body: bytes) -> bytes:
    size = len(body)
    return tag + (_BYTE[size] if size < 128 else varint(size)) + body


def _any(value: Value) -> bytes:
    """The body of an AnyValue."""
    if isinstance(value, str):
        text = value.encode(errors="replace")
        size = len(text)
        return _LENGTH_1 + (_BYTE[size] if size < 128 else varint(size)) + text
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return b"\x18" + varint(value)
    if isinstance(value, float):
        return _double(b"\x21", value)
    return _sized(_LENGTH_5, b"".join(_sized(_LENGTH_1, _any(item)) for item in value))


def key_value(key: str, value: Value) -> bytes:
    """The body of a KeyValue."""
    return _sized(_LENGTH_1, key.encode()) + _sized(_LENGTH_2, _any(value))


_KEYS: dict[str, bytes] = {}
"""The first half of a KeyValue, by its key: our names, so they are few."""


def attribute(key: str, value: Value) -> bytes:
    """A span's attribute, ready to be joined to others."""
    start = _KEYS.get(key)
    if start is None:
        if len(_KEYS) >= MAX_CACHED:
            _KEYS.clear()
        start = _KEYS[key] = _sized(_LENGTH_1, key.encode()) + _LENGTH_2
    told = _any(value)
    size = len(told)
    body = start + (_BYTE[size] if size < 128 else varint(size)) + told
    size = len(body)
    return _SPAN_ATTRIBUTE_9 + (_BYTE[size] if size < 128 else varint(size)) + body


@dataclass(slots=True)
class Event:
    """`at`: epoch seconds."""

    name: str
    at: float
    attributes: Mapping[str, Value]


@dataclass(slots=True)
class Span:
    """One span. Ids in hexadecimal, instants in epoch seconds; `attributes` as `attribute` makes them."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    kind: int
    started_at: float
    ended_at: float
    attributes: list[bytes]
    events: Sequence[Event] = ()
    is_error: bool = False
    message: str = ""
    state: str = ""
    is_parent_remote: bool = False


def encoded(span: Span) -> bytes:
    """The span as one item of ScopeSpans.spans: what a batch joins."""
    head = b"\x0a\x10" + bytes.fromhex(span.trace_id) + b"\x12\x08" + bytes.fromhex(span.span_id)
    if span.state:
        head += _sized(_LENGTH_3, span.state.encode())
    if span.parent_id:
        head += b"\x22\x08" + bytes.fromhex(span.parent_id)
    parts = [
        head,
        _sized(_LENGTH_5, span.name.encode(errors="replace")),
        b"\x30",
        _BYTE[span.kind],
        _times(b"\x39", int(span.started_at * _NANO), b"\x41", int(span.ended_at * _NANO)),
        *span.attributes,
    ]
    for event in span.events:
        parts.append(_sized(_SPAN_EVENT_11, _event(event)))
    if span.is_error:
        said = _sized(_LENGTH_2, span.message.encode(errors="replace")) if span.message else b""
        parts.append(_sized(_SPAN_STATUS_15, said + _ERROR_3))
    else:
        parts.append(b"\x7a\x00")
    parts.append(_FLAGS_16_REMOTE if span.is_parent_remote else _FLAGS_16_LOCAL)
    return _sized(_LENGTH_2, b"".join(parts))


def _event(event: Event) -> bytes:
    fields = [_time(b"\x09", int(event.at * _NANO)), _sized(_LENGTH_2, event.name.encode())]
    fields += [_sized(_LENGTH_3, key_value(key, value)) for key, value in event.attributes.items()]
    return b"".join(fields)


class Envelope:
    """What stands around the spans of every batch: the resource and the scope."""

    def __init__(self, resource: Mapping[str, Value], scope: str, version: str) -> None:
        attributes = b"".join(_sized(_LENGTH_1, key_value(key, value)) for key, value in resource.items())
        self._resource = _sized(_LENGTH_1, attributes)
        named = _sized(_LENGTH_1, scope.encode()) + _sized(_LENGTH_2, version.encode())
        self._scope = _sized(_LENGTH_1, named)

    def request(self, spans: Sequence[bytes]) -> bytes:
        """An ExportTraceServiceRequest of spans that `encoded` made. They are copied once: a batch may be large."""
        size = len(self._scope) + sum(map(len, spans))
        scoped = _LENGTH_2 + varint(size)
        head = _LENGTH_1 + varint(len(self._resource) + len(scoped) + size)
        return b"".join((head, self._resource, scoped, self._scope, *spans))


def partial_success(body: bytes) -> tuple[int, str]:
    """Of an ExportTraceServiceResponse: how many spans the collector refused, and why. ValueError if it is none."""
    for number, value in _fields(body):
        if number == 1 and isinstance(value, bytes):
            told = dict(_fields(value))
            rejected, why = told.get(1, 0), told.get(2, b"")
            if isinstance(rejected, int) and isinstance(why, bytes):
                return rejected, why.decode(errors="replace")
    return 0, ""


def _fields(body: bytes) -> Iterable[tuple[int, int | bytes]]:
    """Number and value of each field of a message. ValueError where it breaks off, or is not protobuf."""
    at = 0
    while at < len(body):
        tag, at = _read(body, at)
        if tag & 7 == 0:
            value, at = _read(body, at)
            yield tag >> 3, value
        elif (size := {1: 8, 5: 4}.get(tag & 7)) is not None:
            at += size
        elif tag & 7 == 2:
            length, at = _read(body, at)
            if at + length > len(body):
                raise ValueError("the message breaks off")
            yield tag >> 3, body[at : at + length]
            at += length
        else:
            raise ValueError("not protobuf")


def _read(body: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(body) and shift < 70:
        number |= (body[at] & 127) << shift
        at += 1
        if body[at - 1] < 128:
            return number, at
        shift += 7
    raise ValueError("the message breaks off")

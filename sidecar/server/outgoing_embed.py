"""Vectors as the message of the contract."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.events import Completed
from ..pb import chat_pb2
from .outgoing import put_report, put_target, put_usage

_VALUES_TAG = b"\x0a"
"""Field 1 of `Embedding`, packed: its numbers are 32-bit floats, little-endian, on this wire too."""


def embedded(done: Completed, vectors: Sequence[bytes]) -> chat_pb2.EmbedResponse:
    """The response. Vectors go over as bytes: made floats one by one, a million of them would hold up every stream."""
    response = chat_pb2.EmbedResponse(trace_id=done.trace_id)
    add = response.embeddings.add
    for vector in vectors:
        add().MergeFromString(_VALUES_TAG + _varint(len(vector)) + vector)
    put_usage(response.usage, done.usage)
    put_target(response.target, done.target)
    put_report(response.report, done.report)
    if done.cost is not None:
        response.cost.nano_dollars = done.cost
        response.cost.estimated = done.total_usage.estimated
    return response


def _varint(number: int) -> bytes:
    """A length as the wire has it: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)

"""A trace as a text that can be compared: a line a span, indented under its parent, every attribute and event told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.telemetry.receiver import Seen

VOLATILE = {
    "server.port": "<port>",
    "remora.request_id": "<id>",
    "gen_ai.response.id": "<id>",
    "remora.upstream.request_id": "<id>",
}
"""Attributes that differ in each run."""


def tree(spans: Iterable[Seen]) -> str:
    """The spans of one trace. Raises AssertionError where parents, ids or instants do not fit together."""
    found = list(spans)
    assert len({span.trace_id for span in found}) == 1, "one trace"
    by_id = {span.span_id: span for span in found}
    assert len(by_id) == len(found), "ids are unique"
    lines: list[str] = []
    for root in (span for span in found if span.parent_id not in by_id):
        lines += _branch(root, by_id, 0)
    assert sum(not line.lstrip().startswith("·") for line in lines) == len(found), "every span hangs in the tree"
    return "\n".join(lines) + "\n"


def _branch(span: Seen, by_id: Mapping[str, Seen], depth: int) -> list[str]:
    parent = by_id.get(span.parent_id)
    assert span.started_at <= span.ended_at
    assert parent is None or parent.started_at <= span.started_at <= span.ended_at <= parent.ended_at + 2_000_000
    attributes = dict(span.attributes)
    if attributes.get("remora.usage.estimated"):
        attributes["gen_ai.usage.output_tokens"] = "<estimate>"
    error = " ERROR" if span.is_error else ""
    lines = [f"{'  ' * depth}{span.kind} {span.name}{error} {_told(attributes)}"]
    for event in span.events:
        assert span.started_at <= event.at <= span.ended_at
        lines.append(f"{'  ' * depth}  · {event.name} {_told(event.attributes)}")
    children = [child for child in by_id.values() if child.parent_id == span.span_id]
    for child in sorted(children, key=lambda child: child.started_at):
        lines += _branch(child, by_id, depth + 1)
    return lines


def _told(attributes: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_value(key, value)}" for key, value in sorted(attributes.items())) + "}"


def _value(key: str, value: Any) -> str:
    if key in VOLATILE:
        return VOLATILE[key]
    return "<s>" if isinstance(value, float) else str(value)

"""A trace as Jaeger's query API tells it: JSON to spans. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_OF_JAEGER = frozenset(
    {"span.kind", "error", "internal.span.format", "otel.status_code", "otel.scope.name", "otel.scope.version"}
)
"""Tags that Jaeger makes of what OTLP has fields for."""
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at one instant of a span, in seconds since 1970."""

    name: str
    at_s: float
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """One span. Instants in seconds since 1970, exact to a microsecond; `parent_id` None: it has none.

    status: OTLP's, ERROR or OK, None where it is unset; is_error: Jaeger's own flag, which its page shows in red.
    warnings: what Jaeger itself finds odd about it.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    name: str
    kind: str
    status: str | None
    is_error: bool
    started_s: float
    duration_s: float
    attributes: Mapping[str, Any]
    events: tuple[Event, ...]
    warnings: tuple[str, ...] = ()

    @property
    def ended_s(self) -> float:
        """When it ended."""
        return self.started_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Trace:
    """Every span of a trace by its instant of starting, and the JSON they came in, as text."""

    spans: tuple[Span, ...]
    text: str = ""

    def of(self, service: str) -> tuple[Span, ...]:
        """The spans of one service."""
        return tuple(span for span in self.spans if span.service == service)

    def line(self, first: Span) -> tuple[Span, ...]:
        """From that span down, child by child, while there is exactly one."""
        children = [child for child in self.spans if child.parent_id == first.span_id]
        return (first, *self.line(children[0])) if len(children) == 1 else (first,)


def trace_from(found: Mapping[str, Any]) -> Trace:
    """One element of the `data` of `/api/traces`. Raises KeyError where it is not that."""
    services = {key: process["serviceName"] for key, process in found["processes"].items()}
    spans = (_span(span, services[span["processID"]]) for span in found["spans"])
    return Trace(tuple(sorted(spans, key=lambda span: span.started_s)), json.dumps(found, ensure_ascii=False))


def _span(span: Mapping[str, Any], service: str) -> Span:
    tags = _values(span["tags"])
    parents = [reference["spanID"] for reference in span["references"] if reference["refType"] == "CHILD_OF"]
    return Span(
        trace_id=span["traceID"],
        span_id=span["spanID"],
        parent_id=parents[0] if parents else None,
        service=service,
        name=span["operationName"],
        kind=str(tags.get("span.kind", "internal")),
        status=tags.get("otel.status_code"),
        is_error=tags.get("error") is True,
        started_s=span["startTime"] / _US,
        duration_s=span["duration"] / _US,
        attributes={key: value for key, value in tags.items() if key not in _OF_JAEGER},
        events=tuple(map(_event, span["logs"])),
        warnings=tuple(span.get("warnings") or ()),
    )


def _event(log: Mapping[str, Any]) -> Event:
    fields = _values(log["fields"])
    return Event(str(fields.pop("event", "")), log["timestamp"] / _US, fields)


def _values(pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in pairs}

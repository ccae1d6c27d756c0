"""Our encoder says what OpenTelemetry's own encoder says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event as SdkEvent
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceState

from sidecar.telemetry.otlp_bytes import (
    Envelope,
    Event,
    Span,
    attribute,
    encoded,
    partial_success,
    varint,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
KEY = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)
VALUE = st.one_of(TEXT, st.booleans(), WHOLE, st.floats(allow_nan=False), st.lists(TEXT, max_size=4).map(tuple))
ATTRIBUTES = st.dictionaries(KEY, VALUE, max_size=8)
INSTANT = st.integers(0, 4_000_000_000).map(float)
KINDS = {1: SpanKind.INTERNAL, 2: SpanKind.SERVER, 3: SpanKind.CLIENT}
EVENTS = st.lists(st.builds(Event, name=KEY, at=INSTANT, attributes=ATTRIBUTES), max_size=3)
ID = st.integers(1, 2**64 - 1).map(lambda number: f"{number:016x}")


@st.composite
def generated(draw: st.DrawFn) -> tuple[Span, dict[str, Any]]:
    """A span, and its attributes before they were encoded."""
    attributes = draw(ATTRIBUTES)
    is_error = draw(st.booleans())
    span = Span(
        trace_id=draw(st.integers(1, 2**128 - 1).map(lambda number: f"{number:032x}")),
        span_id=draw(ID),
        parent_id=draw(st.none() | ID),
        name=draw(KEY),
        kind=draw(st.sampled_from(sorted(KINDS))),
        started_at=draw(INSTANT),
        ended_at=draw(INSTANT),
        attributes=[attribute(key, value) for key, value in attributes.items()],
        events=draw(EVENTS),
        is_error=is_error,
        message=draw(TEXT) if is_error else "",
        state=draw(st.sampled_from(["", "a=1", "a=1,b=2"])),
    )
    span.is_parent_remote = span.parent_id is not None and draw(st.booleans())
    return span, attributes


def official(span: Span, attributes: dict[str, Any], resource: Resource, scope: InstrumentationScope) -> ReadableSpan:
    """The same span as OpenTelemetry's SDK has it."""
    trace_id, state = int(span.trace_id, 16), TraceState.from_header([span.state] if span.state else [])
    parent = None
    if span.parent_id is not None:
        parent = SpanContext(trace_id, int(span.parent_id, 16), is_remote=span.is_parent_remote)
    return ReadableSpan(
        name=span.name,
        context=SpanContext(trace_id, int(span.span_id, 16), is_remote=False, trace_state=state),
        parent=parent,
        resource=resource,
        attributes=attributes,
        events=[SdkEvent(e.name, dict(e.attributes), int(e.at * 1_000_000_000)) for e in span.events],
        kind=KINDS[span.kind],
        instrumentation_scope=scope,
        status=Status(StatusCode.ERROR, span.message or None) if span.is_error else Status(StatusCode.UNSET),
        start_time=int(span.started_at * 1_000_000_000),
        end_time=int(span.ended_at * 1_000_000_000),
    )


@given(st.lists(generated(), min_size=1, max_size=4), st.dictionaries(KEY, TEXT, max_size=3))
def test_a_batch_is_what_the_official_encoder_makes_of_the_same_spans(
    spans: list[tuple[Span, dict[str, Any]]], told: dict[str, Any]
) -> None:
    resource, scope = Resource(told), InstrumentationScope("remora", "1.2.3")
    ours = Envelope(dict(resource.attributes), "remora", "1.2.3").request([encoded(span) for span, _ in spans])
    theirs = encode_spans([official(span, attributes, resource, scope) for span, attributes in spans])
    assert trace_service_pb2.ExportTraceServiceRequest.FromString(ours) == theirs


def test_half_a_character_does_not_stop_a_span() -> None:
    assert b"?" in attribute("key", "\ud800")


@given(st.integers(0, 2**63 - 1), TEXT)
def test_what_a_collector_refused_is_read(rejected: int, said: str) -> None:
    answer = trace_service_pb2.ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = rejected
    answer.partial_success.error_message = said
    assert partial_success(answer.SerializeToString()) == (rejected, said)


def test_an_empty_answer_refuses_nothing() -> None:
    assert partial_success(b"") == (0, "")


@given(st.binary(max_size=60))
def test_an_answer_that_is_no_message_is_an_error_or_harmless(body: bytes) -> None:
    try:
        rejected, said = partial_success(body)
    except ValueError:
        return
    assert isinstance(rejected, int)
    assert isinstance(said, str)


@pytest.mark.parametrize("body", [b"\x0a", b"\x0a\x05ab", b"\x0b", b"\x80", b"\xff" * 20])
def test_an_answer_that_breaks_off_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"breaks off|not protobuf"):
        partial_success(body)


def test_a_negative_number_takes_ten_bytes() -> None:
    assert varint(-1) == b"\xff" * 9 + b"\x01"

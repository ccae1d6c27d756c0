"""A calling service with traces of its own: two spans with OpenTelemetry's API, and the call within them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Tracer, format_span_id, format_trace_id
from remora_client import Client
from remora_client.demo.verdict import Check

from .expectation import SERVICE
from .query import Query
from .verdict import silence

SHOP = "shop"
OUTER, INNER = "checkout", "ask"
_SPANS = 5
"""Two of the shop's, then the rpc, the call and one attempt: the alias it asks for is well."""


def calls(sidecar: str, otlp_http: str, alias: str, question: str) -> tuple[str, str]:
    """Asks as the service `shop` does; the ids of its trace, and of the span in which it asks."""
    with _tracer(otlp_http) as tracer, Client(sidecar) as client:
        with tracer.start_as_current_span(OUTER), tracer.start_as_current_span(INNER, kind=SpanKind.CLIENT) as span:
            client.complete(alias, question)  # the client takes the active span by itself
        context = span.get_span_context()
        return format_trace_id(context.trace_id), format_span_id(context.span_id)


@contextmanager
def _tracer(otlp_http: str) -> Iterator[Tracer]:
    """One of a provider of its own, so that nothing in this process stays traced."""
    provider = TracerProvider(resource=Resource({SERVICE_NAME: SHOP}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp_http}/v1/traces")))
    try:
        yield provider.get_tracer(__name__)
    finally:
        provider.shutdown()


def judge(query: Query, trace_id: str, span_id: str, secrets: Sequence[str]) -> list[Check]:
    """One trace of both services, the sidecar's SERVER span below the very span in which the shop asked."""
    trace = query.trace(trace_id, _SPANS)
    outer, rpcs = [s for s in trace.of(SHOP) if s.name == OUTER], [s for s in trace.spans if s.kind == "server"]
    line = [f"{s.service} {s.kind}" for s in trace.line(outer[0])] if outer else []
    return [
        Check(
            {s.service for s in trace.spans} == {SHOP, SERVICE} and len(trace.spans) == _SPANS,
            f"the shop's own trace goes on through the sidecar: {_SPANS} spans of two services",
            f"{[(s.service, s.name) for s in trace.spans]}",
        ),
        Check(
            [s.parent_id for s in rpcs] == [span_id] and all(s.service == SERVICE for s in rpcs),
            "the sidecar's SERVER span hangs below the shop's CLIENT span",
            f"parents {[s.parent_id for s in rpcs]}, not {span_id}",
        ),
        Check(
            line == ["shop internal", "shop client", "remora server", "remora internal", "remora client"],
            "one line of spans from the shop's first to the provider",
            f"{line}",
        ),
        silence(trace, secrets),
    ]

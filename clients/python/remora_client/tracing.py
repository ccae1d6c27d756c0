"""W3C trace context of the calling code, as call metadata. OpenTelemetry is used only where it is installed."""

from __future__ import annotations

_CONTEXT_KEYS = ("traceparent", "tracestate", "baggage")

try:
    from opentelemetry import trace
    from opentelemetry.baggage.propagation import W3CBaggagePropagator
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    _installed = True
except ImportError:
    _installed = False


def trace_metadata(traceparent: str | None) -> list[tuple[str, str]]:
    """The given `traceparent`; else that of the active OpenTelemetry span with its state and baggage; else nothing."""
    if traceparent is not None:
        return [("traceparent", traceparent)]
    if not _installed or not trace.get_current_span().get_span_context().is_valid:
        return []
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    W3CBaggagePropagator().inject(carrier)
    return [(key, carrier[key]) for key in _CONTEXT_KEYS if key in carrier]

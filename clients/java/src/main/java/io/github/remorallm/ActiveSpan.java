package io.github.remorallm;

import io.grpc.Metadata;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;

/** The active OpenTelemetry span. The only class that needs the API: loaded where it is present. */
final class ActiveSpan {
  private ActiveSpan() {}

  /** Adds the active span's context with its state and baggage; nothing if no span is active. */
  static void add(Metadata headers) {
    var context = Context.current();
    if (!Span.fromContext(context).getSpanContext().isValid()) {
      return;
    }
    W3CTraceContextPropagator.getInstance().inject(context, headers, ActiveSpan::put);
    W3CBaggagePropagator.getInstance().inject(context, headers, ActiveSpan::put);
  }

  private static void put(Metadata headers, String name, String value) {
    if (headers != null && !value.isEmpty()) {
      headers.put(Tracing.key(name), value);
    }
  }
}

package io.github.remorallm;

import io.grpc.Metadata;

/** W3C trace context of the calling code, as call metadata. */
final class Tracing {
  private static final Metadata.Key<String> TRACEPARENT = key("traceparent");
  private static final boolean HAS_OPENTELEMETRY = isPresent("io.opentelemetry.api.trace.Span");

  private Tracing() {}

  /** Adds the call's own traceparent; else that of the active OpenTelemetry span; else nothing. */
  static void add(CallSettings settings, Metadata headers) {
    if (settings.traceparent().isPresent()) {
      headers.put(TRACEPARENT, settings.traceparent().get());
    } else if (HAS_OPENTELEMETRY) {
      ActiveSpan.add(headers);
    }
  }

  static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static boolean isPresent(String className) {
    try {
      Class.forName(className, false, Tracing.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }
}

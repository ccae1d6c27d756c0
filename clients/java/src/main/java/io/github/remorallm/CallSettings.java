package io.github.remorallm;

import java.time.Duration;
import java.util.Optional;

/**
 * What one call does otherwise than its client: a time limit of its own, a place in a trace.
 * Immutable: each method gives a copy.
 */
public final class CallSettings {
  private static final CallSettings DEFAULT = new CallSettings(null, null);

  private final Duration timeout;
  private final String traceparent;

  private CallSettings(Duration timeout, String traceparent) {
    this.timeout = timeout;
    this.traceparent = traceparent;
  }

  /** The client's own settings, and the active OpenTelemetry span if there is one. */
  public static CallSettings defaults() {
    return DEFAULT;
  }

  /** A time limit for this call: over 0, or {@link RemoraClient#NO_TIMEOUT}. */
  public static CallSettings within(Duration timeout) {
    return DEFAULT.withTimeout(timeout);
  }

  /** The same with this time limit: over 0, or {@link RemoraClient#NO_TIMEOUT}. */
  public CallSettings withTimeout(Duration limit) {
    return new CallSettings(Settings.positive(limit, "timeout"), traceparent);
  }

  /** The same as part of this W3C trace, which goes before an active OpenTelemetry span. */
  public CallSettings withTraceparent(String value) {
    if (value.isEmpty() || value.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw new IllegalArgumentException("traceparent must be printable ASCII, and not empty");
    }
    return new CallSettings(timeout, value);
  }

  /** The call's own time limit. Absent: the client's. */
  public Optional<Duration> timeout() {
    return Optional.ofNullable(timeout);
  }

  /** The W3C trace it belongs to. Absent: the active OpenTelemetry span's, if any. */
  public Optional<String> traceparent() {
    return Optional.ofNullable(traceparent);
  }
}

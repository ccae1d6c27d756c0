package io.github.remorallm;

import io.github.remorallm.v1.FailoverReport;
import io.grpc.Status;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What is known of a failure besides its kind and message; null and empty for what is not. */
record Details(
    Status.Code code,
    String reason,
    Duration retryAfter,
    List<FieldError> fieldErrors,
    Map<String, String> metadata,
    FailoverReport report,
    String requestId,
    String traceId)
    implements Serializable {
  static final Details NONE = of(null, null);

  static Details of(Status.Code code, String reason) {
    return new Details(code, reason, null, List.of(), Map.of(), null, "", "");
  }
}

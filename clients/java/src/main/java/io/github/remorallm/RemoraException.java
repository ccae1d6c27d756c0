package io.github.remorallm;

import io.github.remorallm.v1.FailoverReport;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Any failure of a call. {@link #kind()} says what to do, {@link #reason()} says why. Nothing in it
 * repeats what the caller wrote or what a model answered.
 *
 * <p>A failed stream keeps what had arrived in {@link ChatStream#textSoFar()}.
 */
public final class RemoraException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final Details details;

  RemoraException(ErrorKind kind, String message) {
    this(kind, message, Details.NONE, null);
  }

  RemoraException(ErrorKind kind, String message, Details details, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.details = details;
  }

  /** What to do about it. */
  public ErrorKind kind() {
    return kind;
  }

  /**
   * Why it failed: the name of a {@link io.github.remorallm.v1.ErrorReason} without its prefix,
   * such as {@code RATE_LIMITED}; a value of a later version is its name too. Absent: the sidecar
   * did not say.
   */
  public Optional<String> reason() {
    return Optional.ofNullable(details.reason());
  }

  /** The gRPC status code. Absent: the call was never made, or the failure is this client's own. */
  public Optional<Status.Code> code() {
    return Optional.ofNullable(details.code());
  }

  /** How long until a target is callable again, 0 or more. Absent: not known. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(details.retryAfter());
  }

  /** Everything wrong with the request; empty for other failures. */
  public List<FieldError> fieldErrors() {
    return details.fieldErrors();
  }

  /** What the reason adds, by name: {@code provider}, {@code model}, {@code limit} and others. */
  public Map<String, String> metadata() {
    return details.metadata();
  }

  /**
   * What was tried, at most a few KiB; {@link RemoraClient#getReport} has it whole for ten minutes.
   * Absent: nothing was, or the sidecar did not say.
   */
  public Optional<FailoverReport> report() {
    return Optional.ofNullable(details.report());
  }

  /** The call's request id; empty if not known. */
  public String requestId() {
    return details.requestId();
  }

  /** The call's trace id, 32 hexadecimal digits; empty if not known. */
  public String traceId() {
    return details.traceId();
  }

  /** Everything a person needs, on a line for each field error that the message does not tell. */
  @Override
  public String toString() {
    var said = new StringBuilder(RemoraException.class.getName()).append(": ").append(kind);
    reason()
        .filter(reason -> !reason.equals(kind.name()))
        .ifPresent(r -> said.append(' ').append(r));
    said.append(": ").append(getMessage());
    if (!requestId().isEmpty()) {
      said.append(" (request ").append(requestId()).append(')');
    }
    for (var error : fieldErrors()) {
      var told = error.field() + ": " + error.description();
      // The sidecar's message begins with the first of them.
      if (!getMessage().startsWith(told)) {
        said.append("\n  ").append(told);
      }
    }
    return said.toString();
  }

  /**
   * The same with the stack of the thread that asks for it, which is the one a reader looks for.
   */
  RemoraException here() {
    fillInStackTrace();
    return this;
  }
}

package io.github.remorallm;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.github.remorallm.v1.FailoverReport;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Turns a gRPC status into an exception: the only place that reads status details. */
final class StatusDecoder {
  static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<String> REQUEST_ID = ascii("remora-request-id");
  private static final Metadata.Key<String> TRACE_ID = ascii("remora-trace-id");
  private static final String DOMAIN = "remora";

  /** Where a reason says more than its status code does. */
  private static final Map<String, ErrorKind> BY_REASON =
      Map.of(
          "CONTEXT_LENGTH", ErrorKind.CONTEXT_TOO_LONG,
          "CONTENT_FILTERED", ErrorKind.CONTENT_FILTERED,
          "RATE_LIMITED", ErrorKind.RATE_LIMITED,
          "BUSY", ErrorKind.RATE_LIMITED,
          "BILLING", ErrorKind.QUOTA_EXHAUSTED,
          "SPEND_LIMIT", ErrorKind.QUOTA_EXHAUSTED,
          "STREAM_BROKEN", ErrorKind.STREAM_BROKEN);

  private static final Map<Status.Code, ErrorKind> BY_CODE =
      Map.of(
          Status.Code.INVALID_ARGUMENT, ErrorKind.INVALID_REQUEST,
          Status.Code.NOT_FOUND, ErrorKind.NOT_FOUND,
          Status.Code.UNAUTHENTICATED, ErrorKind.UNAUTHENTICATED,
          Status.Code.FAILED_PRECONDITION, ErrorKind.CREDENTIALS_REJECTED,
          Status.Code.RESOURCE_EXHAUSTED, ErrorKind.RESOURCE_EXHAUSTED,
          Status.Code.UNAVAILABLE, ErrorKind.UNAVAILABLE,
          Status.Code.DEADLINE_EXCEEDED, ErrorKind.DEADLINE_EXCEEDED,
          Status.Code.CANCELLED, ErrorKind.CANCELLED,
          Status.Code.UNIMPLEMENTED, ErrorKind.NOT_BUILT,
          Status.Code.INTERNAL, ErrorKind.INTERNAL);

  private StatusDecoder() {}

  /**
   * The exception of a failed call: its kind by reason, else by code. What cannot be read of the
   * details is left out. {@code address} is where the sidecar was.
   */
  static RemoraException decode(Status status, Metadata trailers, String address) {
    var details = detailsOf(trailers);
    var info = first(details, ErrorInfo.class).filter(one -> one.getDomain().equals(DOMAIN));
    if (info.isEmpty() && status.getCode() == Status.Code.UNAVAILABLE) {
      var message = "the connection to the sidecar at " + address + " broke; the call may have run";
      var known = Details.of(status.getCode(), null);
      return new RemoraException(ErrorKind.SIDECAR_LOST, message, known, status.getCause());
    }
    var reason = info.map(ErrorInfo::getReason).orElse("");
    var kind =
        BY_REASON.getOrDefault(reason, BY_CODE.getOrDefault(status.getCode(), ErrorKind.OTHER));
    var metadata = info.map(ErrorInfo::getMetadataMap).orElse(Map.of());
    var known =
        new Details(
            status.getCode(),
            reason.isEmpty() ? null : reason,
            first(details, RetryInfo.class).flatMap(StatusDecoder::retryAfter).orElse(null),
            first(details, BadRequest.class).map(StatusDecoder::fieldErrors).orElse(List.of()),
            Map.copyOf(metadata),
            first(details, FailoverReport.class).orElse(null),
            told(metadata.get("request_id"), trailers, REQUEST_ID),
            told(metadata.get("trace_id"), trailers, TRACE_ID));
    return new RemoraException(kind, messageOf(status, info.isPresent()), known, status.getCause());
  }

  private static String messageOf(Status status, boolean isRemoras) {
    if (!isRemoras && status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return "the call's timeout ran out";
    }
    var said = status.getDescription();
    if (said == null || said.isEmpty()) {
      return status.getCode().name().replace('_', ' ').toLowerCase(Locale.ROOT);
    }
    return said;
  }

  private static List<Any> detailsOf(Metadata trailers) {
    try {
      var raw = trailers.get(DETAILS);
      return raw == null ? List.of() : com.google.rpc.Status.parseFrom(raw).getDetailsList();
    } catch (InvalidProtocolBufferException | IllegalArgumentException unreadable) {
      return List.of();
    }
  }

  private static <M extends Message> Optional<M> first(List<Any> details, Class<M> kind) {
    for (var detail : details) {
      try {
        if (detail.is(kind)) {
          return Optional.of(detail.unpack(kind));
        }
      } catch (InvalidProtocolBufferException unreadable) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static Optional<Duration> retryAfter(RetryInfo info) {
    var delay = info.getRetryDelay();
    try {
      var wait = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
      return info.hasRetryDelay() && !wait.isNegative() ? Optional.of(wait) : Optional.empty();
    } catch (ArithmeticException impossible) {
      return Optional.empty();
    }
  }

  private static List<FieldError> fieldErrors(BadRequest request) {
    return request.getFieldViolationsList().stream()
        .map(one -> new FieldError(one.getField(), one.getDescription()))
        .toList();
  }

  private static String told(String inDetails, Metadata trailers, Metadata.Key<String> key) {
    if (inDetails != null && !inDetails.isEmpty()) {
      return inDetails;
    }
    var inTrailers = trailers.get(key);
    return inTrailers == null ? "" : inTrailers;
  }

  private static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}

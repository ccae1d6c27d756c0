package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.github.remorallm.v1.ErrorReason;
import io.github.remorallm.v1.FailoverReport;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusDecoderTest {
  private static final ErrorInfo BUSY =
      ErrorInfo.newBuilder()
          .setDomain("remora")
          .setReason("BUSY")
          .putMetadata("request_id", "r-1")
          .putMetadata("trace_id", "t-1")
          .build();

  @Test
  void everyDetailIsRead() {
    var retry = RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setNanos(250_000_000));
    var wrong = BadRequest.FieldViolation.newBuilder().setField("model").setDescription("why");
    var bad = BadRequest.newBuilder().addFieldViolations(wrong);
    var report = FailoverReport.newBuilder().setReason(ErrorReason.ERROR_REASON_BUSY).build();
    var error = decode(Status.RESOURCE_EXHAUSTED, BUSY, retry.build(), bad.build(), report);
    assertEquals(ErrorKind.RATE_LIMITED, error.kind());
    assertEquals(Optional.of("BUSY"), error.reason());
    assertEquals(Optional.of(java.time.Duration.ofMillis(250)), error.retryAfter());
    assertEquals(List.of(new FieldError("model", "why")), error.fieldErrors());
    assertEquals(Optional.of(report), error.report());
    assertEquals("r-1", error.requestId());
    assertEquals("t-1", error.traceId());
    assertTrue(error.toString().contains("(request r-1)\n  model: why"));
  }

  @Test
  void whatTheMessageTellsIsNotToldTwice() {
    var bad = BadRequest.newBuilder();
    for (var field : List.of("top_k", "top_p")) {
      bad.addFieldViolations(
          BadRequest.FieldViolation.newBuilder().setField(field).setDescription("wrong"));
    }
    var status = Status.INVALID_ARGUMENT.withDescription("top_k: wrong (and 1 more)");
    var said = decode(status, BUSY.toBuilder().setReason("INVALID_INPUT").build(), bad.build());
    assertTrue(said.toString().endsWith("top_k: wrong (and 1 more) (request r-1)\n  top_p: wrong"));
  }

  @ParameterizedTest
  @CsvSource({
    "OF_A_LATER_VERSION, UNAVAILABLE, UNAVAILABLE",
    "OF_A_LATER_VERSION, DATA_LOSS, OTHER",
    "CONTEXT_LENGTH, INVALID_ARGUMENT, CONTEXT_TOO_LONG",
    "SPEND_LIMIT, RESOURCE_EXHAUSTED, QUOTA_EXHAUSTED",
    "AUTHENTICATION, FAILED_PRECONDITION, CREDENTIALS_REJECTED",
    "NOT_BUILT, UNIMPLEMENTED, NOT_BUILT"
  })
  void theReasonDecidesAndElseTheCode(String reason, Status.Code code, ErrorKind kind) {
    var error = decode(code.toStatus(), BUSY.toBuilder().setReason(reason).build());
    assertEquals(kind, error.kind());
    assertEquals(Optional.of(reason), error.reason());
  }

  @Test
  void unavailableThatIsNotTheSidecarsWordIsALostSidecar() {
    var foreign = BUSY.toBuilder().setDomain("example.com").build();
    for (var error : List.of(decode(Status.UNAVAILABLE), decode(Status.UNAVAILABLE, foreign))) {
      assertEquals(ErrorKind.SIDECAR_LOST, error.kind());
      assertTrue(error.getMessage().contains("here:1 broke; the call may have run"));
    }
  }

  @Test
  void detailsThatCannotBeReadAreLeftOut() {
    var trailers = new Metadata();
    trailers.put(StatusDecoder.DETAILS, new byte[] {-1, -1, -1});
    trailers.put(Tracing.key("remora-request-id"), "r-2");
    var error = StatusDecoder.decode(Status.NOT_FOUND, trailers, "here:1");
    assertEquals(ErrorKind.NOT_FOUND, error.kind());
    assertEquals(Optional.empty(), error.reason());
    assertEquals("not found", error.getMessage());
    assertEquals("r-2", error.requestId());
  }

  @Test
  void anExceptionCanBeSerialized() throws IOException, ClassNotFoundException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(decode(Status.RESOURCE_EXHAUSTED, BUSY, FailoverReport.getDefaultInstance()));
    }
    try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertEquals("r-1", ((RemoraException) in.readObject()).requestId());
    }
  }

  private static RemoraException decode(Status status, Message... details) {
    var packed = com.google.rpc.Status.newBuilder();
    List.of(details).forEach(detail -> packed.addDetails(Any.pack(detail)));
    var trailers = new Metadata();
    trailers.put(StatusDecoder.DETAILS, packed.build().toByteArray());
    return StatusDecoder.decode(status, trailers, "here:1");
  }
}

package conformance;

import com.google.gson.annotations.SerializedName;
import io.github.remorallm.CallSettings;
import io.github.remorallm.RemoraClient;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/** What the runner is told: a client, and the calls to make with it, one after the other. */
record Order(Client client, List<Call> calls) {
  /** The client's arguments; null for its defaults. */
  record Client(
      String address,
      String token,
      @SerializedName("timeout_s") Double timeoutS,
      @SerializedName("connect_timeout_s") Double connectTimeoutS) {
    RemoraClient open() {
      var builder = RemoraClient.builder().address(address).token(token);
      if (timeoutS != null) {
        builder.timeout(seconds(timeoutS));
      }
      if (connectTimeoutS != null) {
        builder.connectTimeout(seconds(connectTimeoutS));
      }
      return builder.build();
    }
  }

  /** The ids of an active span, in hexadecimal digits. */
  record Span(
      @SerializedName("trace_id") String traceId, @SerializedName("span_id") String spanId) {}

  /** One call. Null for what is not said. */
  record Call(
      String rpc,
      String request,
      @SerializedName("append_answer") boolean appendAnswer,
      @SerializedName("timeout_s") Double timeoutS,
      String traceparent,
      Span otel,
      String read,
      @SerializedName("stop_after") int stopAfter,
      String stop,
      @SerializedName("linger_s") double lingerS,
      @SerializedName("pause_after") int pauseAfter,
      @SerializedName("pause_s") double pauseS) {
    private static final Set<String> RPCS =
        Set.of("chat", "complete", "embed", "list_models", "health", "watch_health");
    private static final Set<String> READS = Set.of("events", "text", "text_discards", "final");

    /** IllegalArgumentException for what no call can be. */
    void check() {
      if (rpc == null || !RPCS.contains(rpc) || !READS.contains(reading())) {
        throw new IllegalArgumentException("rpc %s, read %s".formatted(rpc, read));
      }
      bytes();
    }

    /** How the answer is read. */
    String reading() {
      return read == null ? "events" : read;
    }

    /** The serialized request; empty for none. */
    byte[] bytes() {
      return Base64.getDecoder().decode(request == null ? "" : request);
    }

    CallSettings settings() {
      var settings = CallSettings.defaults();
      if (timeoutS != null) {
        settings = settings.withTimeout(seconds(timeoutS));
      }
      return traceparent == null ? settings : settings.withTraceparent(traceparent);
    }
  }

  /** A time in seconds. */
  static Duration seconds(double value) {
    return Duration.ofNanos(Math.round(value * 1e9));
  }
}

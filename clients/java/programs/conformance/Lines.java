package conformance;

import com.google.protobuf.ByteString;
import com.google.protobuf.ProtocolMessageEnum;
import io.github.remorallm.Answer;
import io.github.remorallm.RemoraException;
import io.github.remorallm.v1.AliasInfo;
import io.github.remorallm.v1.ChatResponse;
import io.github.remorallm.v1.ErrorReason;
import io.github.remorallm.v1.FailoverReport;
import io.github.remorallm.v1.FinishReason;
import io.github.remorallm.v1.HealthResponse;
import io.github.remorallm.v1.ListModelsResponse;
import io.github.remorallm.v1.ModelInfo;
import io.github.remorallm.v1.Target;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the runner prints, as maps that become JSON. */
final class Lines {
  private Lines() {}

  /** An event, under its name in the contract. */
  static Map<String, Object> event(ChatResponse event) {
    return switch (event.getEventCase()) {
      case STARTED -> {
        var started = event.getStarted();
        var target = named(started.getTarget());
        yield map("kind", "started", "target", target, "failed_over", started.getFailedOver());
      }
      case TEXT_DELTA -> {
        var delta = event.getTextDelta();
        yield piece("text_delta", delta.getPartIndex(), delta.getText());
      }
      case REASONING_DELTA -> {
        var delta = event.getReasoningDelta();
        yield piece("reasoning_delta", delta.getPartIndex(), delta.getText());
      }
      case REFUSAL_DELTA -> {
        var delta = event.getRefusalDelta();
        yield piece("refusal_delta", delta.getPartIndex(), delta.getText());
      }
      case TOOL_CALL_DELTA -> {
        var delta = event.getToolCallDelta();
        var line = map("kind", "tool_call_delta", "part_index", delta.getPartIndex());
        line.putAll(map("id", delta.getId(), "name", delta.getName()));
        line.put("arguments_fragment", delta.getArgumentsFragment());
        yield line;
      }
      case CITATION -> {
        var citation = event.getCitation();
        var line = map("kind", "citation", "part_index", citation.getPartIndex());
        line.put("uri", citation.getUri());
        yield line;
      }
      case PART_COMPLETED -> {
        var part = event.getPartCompleted();
        var line = map("kind", "part_completed", "part_index", part.getPartIndex());
        line.put("issuer", part.getIssuer());
        line.put("opaque_state", part.hasOpaqueState() ? base64(part.getOpaqueState()) : null);
        yield line;
      }
      case ATTEMPT -> {
        var attempt = event.getAttempt().getAttempt();
        var target = named(attempt.getTarget());
        yield map("kind", "attempt", "target", target, "reason", reason(attempt.getReason()));
      }
      case FAILED -> {
        var failed = event.getFailed();
        var reason = reason(failed.getReason());
        yield map("kind", "failed", "reason", reason, "message", failed.getMessage());
      }
      case RESUMED -> {
        var resumed = event.getResumed();
        var line = map("kind", "resumed", "target", named(resumed.getTarget()));
        line.putAll(map("part_index", resumed.getPartIndex(), "offset", resumed.getOffset()));
        yield line;
      }
      case RESTARTED -> map("kind", "restarted", "target", named(event.getRestarted().getTarget()));
      case PART_DISCARDED -> {
        var discarded = event.getPartDiscarded();
        var line = map("kind", "part_discarded", "part_index", discarded.getPartIndex());
        line.put("offset", discarded.getOffset());
        yield line;
      }
      case COMPLETED -> {
        var done = event.getCompleted();
        var line = map("kind", "completed", "finish_reason", finish(done.getFinishReason()));
        line.putAll(map("end_inferred", done.getEndInferred(), "target", named(done.getTarget())));
        line.put("failed_over", done.getFailedOver());
        yield line;
      }
      case EVENT_NOT_SET -> throw new IllegalStateException("the client passes over these");
    };
  }

  /** A whole answer. */
  static Map<String, Object> answer(Answer answer, String text) {
    var line = map("text", text, "message", base64(answer.message().toByteString()));
    line.put("finish_reason", finish(answer.finishReason()));
    line.put("target", named(answer.target()));
    line.put("failed_over", answer.failedOver());
    line.put("end_inferred", answer.response().getEndInferred());
    line.put("output_tokens", answer.usage().getOutputTokens());
    line.put("request_id", answer.requestId());
    line.put("trace_id", answer.traceId());
    line.put(
        "tool_calls",
        answer.toolCalls().stream()
            .map(
                call -> {
                  var one = map("id", call.getId(), "name", call.getName());
                  one.put("arguments_json", call.getArgumentsJson());
                  return one;
                })
            .toList());
    line.put("reasoning", answer.reasoning());
    return line;
  }

  /** What can be asked for. */
  static Map<String, Object> models(ListModelsResponse response) {
    var models = response.getModelsList().stream().map(ModelInfo::getReference).toList();
    var aliases = response.getAliasesList().stream().map(AliasInfo::getName).toList();
    var line = map("models", models, "aliases", aliases);
    line.put("default_model", response.getDefaultModel());
    return line;
  }

  /** A snapshot, or a change. */
  static Map<String, Object> health(HealthResponse health) {
    var entries =
        health.getEntriesList().stream()
            .map(
                one ->
                    map(
                        "entry",
                        one.getEntry(),
                        "state",
                        shortened(one.getState(), "BREAKER_STATE_")))
            .toList();
    return map("snapshot", health.getSnapshot(), "entries", entries);
  }

  /** An error; {@code text} is what the stream had until then. */
  static Map<String, Object> error(RemoraException error, String text) {
    var line = map("kind", error.kind().name(), "code", error.code().map(Enum::name).orElse(null));
    line.put("reason", error.reason().orElse(null));
    line.put("message", error.getMessage());
    line.put("retry_after_s", error.retryAfter().map(one -> one.toNanos() / 1e9).orElse(null));
    line.put(
        "field_errors",
        error.fieldErrors().stream()
            .map(one -> map("field", one.field(), "description", one.description()))
            .toList());
    line.put("metadata", error.metadata());
    line.put("request_id", error.requestId());
    line.put("trace_id", error.traceId());
    line.put("report", error.report().map(Lines::report).orElse(null));
    line.put("text", text);
    return line;
  }

  /** "provider/model". */
  static String named(Target target) {
    return target.getProvider() + "/" + target.getModel();
  }

  private static Map<String, Object> report(FailoverReport report) {
    var attempts =
        report.getAttemptsList().stream()
            .map(one -> map("target", named(one.getTarget()), "reason", reason(one.getReason())))
            .toList();
    var line = map("attempts", attempts, "failed_over", report.getFailedOver());
    line.put("attempts_left_out", report.getTruncated().getAttempts());
    return line;
  }

  private static Map<String, Object> piece(String kind, int partIndex, String text) {
    var line = map("kind", kind, "part_index", partIndex);
    line.put("text", text);
    return line;
  }

  private static String finish(FinishReason reason) {
    return shortened(reason, "FINISH_REASON_");
  }

  private static String reason(ErrorReason reason) {
    return reason == ErrorReason.ERROR_REASON_UNSPECIFIED
        ? null
        : shortened(reason, "ERROR_REASON_");
  }

  private static String shortened(ProtocolMessageEnum value, String prefix) {
    var name = value.toString(); // a value of a later version has no descriptor
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  private static String base64(ByteString bytes) {
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private static Map<String, Object> map(String key, Object value, Object... more) {
    var map = new LinkedHashMap<String, Object>();
    map.put(key, value);
    for (int i = 0; i < more.length; i += 2) {
      map.put((String) more[i], more[i + 1]);
    }
    return map;
  }
}

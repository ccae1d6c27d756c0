package io.github.remorallm;

import io.github.remorallm.v1.CompleteResponse;
import io.github.remorallm.v1.Completed;
import io.github.remorallm.v1.FinishReason;
import io.github.remorallm.v1.Message;
import io.github.remorallm.v1.Part;
import io.github.remorallm.v1.Target;
import io.github.remorallm.v1.ToolCallPart;
import io.github.remorallm.v1.Usage;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A whole answer. What is not in easy reach here, such as the cost and the report, is in {@link
 * #response()}.
 *
 * @param response the answer as it came
 */
public record Answer(CompleteResponse response) {
  /** The answer that a stream ended with; {@code message} is the assistant's turn. */
  static Answer of(Completed done, Message message) {
    var response =
        CompleteResponse.newBuilder()
            .setFinishReasonValue(done.getFinishReasonValue())
            .setEndInferred(done.getEndInferred())
            .setMessage(message)
            .setUsage(done.getUsage())
            .setTotalUsage(done.getTotalUsage())
            .setRequestedModel(done.getRequestedModel())
            .setTarget(done.getTarget())
            .setFailedOver(done.getFailedOver())
            .setReport(done.getReport())
            .setTraceId(done.getTraceId())
            .setUnknownFields(done.getUnknownFields());
    if (done.hasCost()) {
      response.setCost(done.getCost());
    }
    if (done.hasResponseId()) {
      response.setResponseId(done.getResponseId());
    }
    return new Answer(response.build());
  }

  /** The text; empty with {@code omit_message}. */
  public String text() {
    return joined(Part::getText);
  }

  /** The reasoning that the provider showed; empty for none. */
  public String reasoning() {
    return joined(part -> part.getReasoning().getText());
  }

  /** The model's refusal in its own words; empty if it did not refuse. */
  public String refusal() {
    return joined(Part::getRefusal);
  }

  /**
   * The calls that the model wants made, in order; answer each with {@link Messages#toolResult}.
   */
  public List<ToolCallPart> toolCalls() {
    return message().getPartsList().stream()
        .filter(Part::hasToolCall)
        .map(Part::getToolCall)
        .toList();
  }

  /**
   * The assistant's turn. Append it to the conversation as it is: it carries the signatures that
   * providers ask to get back. Without parts after {@code complete} with {@code omit_message}.
   */
  public Message message() {
    return response.getMessage();
  }

  /** Why the model stopped. */
  public FinishReason finishReason() {
    return response.getFinishReason();
  }

  /** What answered. */
  public Target target() {
    return response.getTarget();
  }

  /** Whether what answered is not the first of the chain. */
  public boolean failedOver() {
    return response.getFailedOver();
  }

  /** Tokens of the answer as delivered; those of all attempts are {@code total_usage}. */
  public Usage usage() {
    return response.getUsage();
  }

  /** The call's request id: the caller's, or the one generated. */
  public String requestId() {
    return response.getReport().getRequestId();
  }

  /** The trace id, 32 hexadecimal digits. */
  public String traceId() {
    return response.getTraceId();
  }

  /** Says who answered and how it ended, and nothing of what. */
  @Override
  public String toString() {
    return "Answer[%s/%s, %s, request %s]"
        .formatted(target().getProvider(), target().getModel(), finishReason(), requestId());
  }

  private String joined(Function<Part, String> text) {
    return message().getPartsList().stream().map(text).collect(Collectors.joining());
  }
}

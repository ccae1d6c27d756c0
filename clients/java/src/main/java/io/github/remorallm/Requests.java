package io.github.remorallm;

import io.github.remorallm.v1.ChatRequest;
import io.github.remorallm.v1.CompleteRequest;
import io.github.remorallm.v1.EmbedRequest;
import io.github.remorallm.v1.Message;
import io.github.remorallm.v1.ResponseFormat;
import io.github.remorallm.v1.Tool;
import java.time.Duration;
import java.util.List;

/**
 * Requests begun: their builders take every option of the contract. A model "" is the sidecar's
 * default model.
 */
public final class Requests {
  private Requests() {}

  /** A question in one text. */
  public static ChatRequest.Builder chat(String model, String prompt) {
    return chat(model, List.of(Messages.user(prompt)));
  }

  /** A conversation to go on with: at least one message. */
  public static ChatRequest.Builder chat(String model, List<Message> conversation) {
    return ChatRequest.newBuilder().setModel(model).addAllMessages(conversation);
  }

  /** A question in one text, to be answered in one piece. */
  public static CompleteRequest.Builder complete(String model, String prompt) {
    return complete(model, List.of(Messages.user(prompt)));
  }

  /** A conversation to go on with, to be answered in one piece: at least one message. */
  public static CompleteRequest.Builder complete(String model, List<Message> conversation) {
    return CompleteRequest.newBuilder().setModel(model).addAllMessages(conversation);
  }

  /** Texts to embed: at least one. */
  public static EmbedRequest.Builder embed(String model, List<String> inputs) {
    return EmbedRequest.newBuilder().setModel(model).addAllInputs(inputs);
  }

  /** A tool the model may call. {@code parametersJson}: the JSON schema of its arguments. */
  public static Tool tool(String name, String description, String parametersJson) {
    return Tool.newBuilder()
        .setName(name)
        .setDescription(description)
        .setParametersJson(parametersJson)
        .build();
  }

  /** As a response format: JSON that follows the schema, itself JSON as text. */
  public static ResponseFormat jsonSchema(String schemaJson) {
    return ResponseFormat.newBuilder()
        .setKind(ResponseFormat.Kind.KIND_JSON_SCHEMA)
        .setSchemaJson(schemaJson)
        .build();
  }

  /** A length of time as the contract has it, such as a policy's {@code max_wait_duration}. */
  public static com.google.protobuf.Duration duration(Duration length) {
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(length.getSeconds())
        .setNanos(length.getNano())
        .build();
  }
}

package conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.protobuf.InvalidProtocolBufferException;
import io.github.remorallm.Answer;
import io.github.remorallm.ChatStream;
import io.github.remorallm.RemoraClient;
import io.github.remorallm.RemoraException;
import io.github.remorallm.RemoraStream;
import io.github.remorallm.v1.ChatRequest;
import io.github.remorallm.v1.CompleteRequest;
import io.github.remorallm.v1.EmbedRequest;
import io.github.remorallm.v1.ListModelsRequest;
import io.github.remorallm.v1.Message;
import io.github.remorallm.v1.Part;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Plays one call: makes it, reads as it is told, prints what came of it. */
final class Player {
  private static final Gson GSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
  private static final PrintStream OUT =
      new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);

  private final RemoraClient remora;
  private final Order.Call call;
  private final Message previous;
  private int printed;
  private String text = "";

  /** {@code previous} is the answer of the call before; null for none. */
  Player(RemoraClient remora, Order.Call call, Message previous) {
    this.remora = remora;
    this.call = call;
    this.previous = previous;
  }

  /** Makes the call; the assistant's turn if there is one, else null. */
  Message play() throws InterruptedException {
    var span = span();
    try {
      return switch (call.rpc()) {
        case "chat" -> chat();
        case "complete" -> complete();
        case "embed" -> embed();
        case "list_models" -> listModels();
        case "health" -> health();
        default -> watchHealth();
      };
    } catch (RemoraException error) {
      say("error", Lines.error(error, text));
    } catch (InvalidProtocolBufferException wrong) {
      System.err.println("not a request of " + call.rpc());
      System.exit(2);
    } finally {
      span.close();
    }
    return null;
  }

  private Message chat() throws InvalidProtocolBufferException, InterruptedException {
    var request = ChatRequest.parseFrom(call.bytes()).toBuilder();
    if (call.appendAnswer()) {
      var question = request.getMessagesCount() - 1;
      request.setMessages(question, answering(request.getMessages(question)));
      request.addMessages(question, previous);
    }
    var isWhole = false;
    Answer answer = null;
    try (var stream = remora.chat(request.build(), call.settings())) {
      try {
        isWhole = read(stream);
        answer = isWhole ? stream.finish() : null;
      } finally {
        text = stream.textSoFar();
      }
    }
    linger();
    if (!isWhole) {
      say("stopped", Map.of("text", text));
      return null;
    }
    say("end", Lines.answer(answer, text));
    return answer.message();
  }

  /** Reads as it is told; whether to the end. */
  private boolean read(ChatStream stream) throws InterruptedException {
    switch (call.reading()) {
      case "final" -> stream.finalText();
      case "events" -> {
        for (var event : stream) {
          if (stopsAfter("event", Lines.event(event), stream)) {
            return false;
          }
        }
      }
      default -> {
        var pieces =
            call.reading().equals("text")
                ? stream.text()
                : stream.text(held -> say("discarded", held));
        for (var piece : pieces) {
          if (stopsAfter("piece", piece, stream)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  /** Prints a line of an answer; whether the reading is to stop there. */
  private boolean stopsAfter(String kind, Object line, RemoraStream<?> stream)
      throws InterruptedException {
    say(kind, line);
    printed++;
    if (printed == call.pauseAfter()) {
      Thread.sleep(Order.seconds(call.pauseS()).toMillis());
    }
    if (printed == call.stopAfter() && "cancel".equals(call.stop())) {
      stream.cancel();
    }
    return printed == call.stopAfter();
  }

  private Message complete() throws InvalidProtocolBufferException {
    var request = CompleteRequest.parseFrom(call.bytes()).toBuilder();
    if (call.appendAnswer()) {
      var question = request.getMessagesCount() - 1;
      request.setMessages(question, answering(request.getMessages(question)));
      request.addMessages(question, previous);
    }
    var answer = remora.complete(request.build(), call.settings());
    say("end", Lines.answer(answer, answer.text()));
    return answer.message();
  }

  /** A tool result for the call "@" is one for the answer's first call. */
  private Message answering(Message message) {
    var turn = message.toBuilder();
    for (var part : turn.getPartsBuilderList()) {
      if (part.getToolResult().getToolCallId().equals("@")) {
        var first = previous.getPartsList().stream().filter(Part::hasToolCall).findFirst();
        part.getToolResultBuilder().setToolCallId(first.orElseThrow().getToolCall().getId());
      }
    }
    return turn.build();
  }

  private Message embed() throws InvalidProtocolBufferException {
    var embeddings = remora.embed(EmbedRequest.parseFrom(call.bytes()), call.settings());
    var target = Lines.named(embeddings.response().getTarget());
    say("end", Map.of("vectors", embeddings.vectors(), "target", target));
    return null;
  }

  private Message listModels() throws InvalidProtocolBufferException {
    var request = ListModelsRequest.parseFrom(call.bytes());
    say("end", Lines.models(remora.listModels(request, call.settings())));
    return null;
  }

  private Message health() {
    say("end", Lines.health(remora.health(call.settings())));
    return null;
  }

  private Message watchHealth() throws InterruptedException {
    try (var changes = remora.watchHealth(call.settings())) {
      for (var change : changes) {
        if (stopsAfter("change", Lines.health(change), changes)) {
          linger();
          say("stopped", Map.of("text", ""));
          return null;
        }
      }
    }
    say("end", Map.of());
    return null;
  }

  private Scope span() {
    if (call.otel() == null) {
      return Scope.noop();
    }
    var ids = call.otel();
    var sampled = TraceFlags.getSampled();
    return Span.wrap(
            SpanContext.create(ids.traceId(), ids.spanId(), sampled, TraceState.getDefault()))
        .makeCurrent();
  }

  private void linger() throws InterruptedException {
    Thread.sleep(Order.seconds(call.lingerS()).toMillis());
  }

  private static void say(String kind, Object value) {
    OUT.println(GSON.toJson(Map.of(kind, value)));
    OUT.flush();
  }
}

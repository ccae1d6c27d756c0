package io.github.remorallm;

import io.github.remorallm.v1.ChatResponse;
import io.github.remorallm.v1.ChatResponse.EventCase;
import io.github.remorallm.v1.Completed;
import io.github.remorallm.v1.Message;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The events of one answer, as {@link ChatResponse}: switch on {@code getEventCase()}. Kinds of
 * later versions are passed over. Reading them keeps {@link #textSoFar()} and the rest up to date.
 *
 * <p>A stream that ends without {@code completed} fails with STREAM_BROKEN: a short answer never
 * looks whole.
 */
public final class ChatStream extends RemoraStream<ChatResponse> {
  private final Assembly assembly = new Assembly();
  private boolean hasVoided;

  ChatStream(CallReader<ChatResponse> reader, Calls calls) {
    super(reader, calls);
  }

  /**
   * The text piece by piece. Fails with TEXT_DISCARDED where text handed out before becomes void,
   * so that a wrong text never looks whole.
   */
  public Iterable<String> text() {
    return pieces(null);
  }

  /**
   * The text piece by piece. Where text handed out before becomes void (the sidecar began again, or
   * went on from an earlier place), {@code onDiscard} gets the text that holds now.
   */
  public Iterable<String> text(Consumer<String> onDiscard) {
    return pieces(Objects.requireNonNull(onDiscard, "onDiscard"));
  }

  /** Reads to the end; the whole text, without what became void. */
  public String finalText() {
    finish();
    return textSoFar();
  }

  /** Reads to the end; the whole answer. */
  public Answer finish() {
    while (read() != null) {}
    return completed().map(done -> Answer.of(done, message())).orElseThrow(this::wrongEnd);
  }

  /** The text read so far, without what became void. */
  public String textSoFar() {
    return assembly.text();
  }

  /** The reasoning read so far, without what became void. */
  public String reasoningSoFar() {
    return assembly.reasoning();
  }

  /** The event that ended the answer. Absent: not read yet. */
  public Optional<Completed> completed() {
    return Optional.ofNullable(assembly.completed());
  }

  /**
   * The assistant's turn, ready to append to the conversation: the sidecar's own, or with {@code
   * omit_message} put together from the events. IllegalStateException before the answer is whole.
   */
  public Message message() {
    if (assembly.completed() == null) {
      throw new IllegalStateException("the answer is not whole yet: read the stream to its end");
    }
    return assembly.message();
  }

  @Override
  boolean accept(ChatResponse event) {
    if (event.getEventCase() == EventCase.EVENT_NOT_SET) {
      return false;
    }
    hasVoided = assembly.add(event);
    return true;
  }

  @Override
  RemoraException wrongEnd() {
    if (assembly.completed() != null) {
      return null;
    }
    var details = Details.of(null, "STREAM_BROKEN");
    var message = "the stream ended without `completed`";
    return new RemoraException(ErrorKind.STREAM_BROKEN, message, details, null);
  }

  private Iterable<String> pieces(Consumer<String> onDiscard) {
    return () -> new Pieces(onDiscard);
  }

  /** The text of the events to come; {@code onDiscard} null: void text ends it for good. */
  private final class Pieces extends Lookahead<String> {
    private final Consumer<String> onDiscard;
    private RemoraException discarded;

    Pieces(Consumer<String> onDiscard) {
      this.onDiscard = onDiscard;
    }

    @Override
    String find() {
      while (discarded == null) {
        var event = read();
        if (event == null) {
          return null;
        }
        if (event.hasTextDelta() && !event.getTextDelta().getText().isEmpty()) {
          return event.getTextDelta().getText();
        }
        if (hasVoided && onDiscard != null) {
          onDiscard.accept(textSoFar());
        } else if (hasVoided) {
          discarded =
              new RemoraException(
                  ErrorKind.TEXT_DISCARDED,
                  "text already handed out became void: "
                      + "give text() an onDiscard, or read the events");
        }
      }
      throw discarded;
    }
  }
}

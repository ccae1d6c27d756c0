package io.github.remorallm;

import com.google.protobuf.ByteString;
import io.github.remorallm.v1.ImagePart;
import io.github.remorallm.v1.Message;
import io.github.remorallm.v1.Part;
import io.github.remorallm.v1.Role;
import io.github.remorallm.v1.ToolResultPart;
import java.util.List;

/** Turns of a conversation, and their parts. For what is not here, use the messages' builders. */
public final class Messages {
  private Messages() {}

  /** Instructions of the application. */
  public static Message system(String text) {
    return message(Role.ROLE_SYSTEM, text(text));
  }

  /** A turn of the user that is text. */
  public static Message user(String text) {
    return message(Role.ROLE_USER, text(text));
  }

  /** A turn of the user of several parts, such as a question and an {@link #image}. */
  public static Message user(Part... parts) {
    return message(Role.ROLE_USER, parts);
  }

  /** A turn of the model, written by hand. Answers are appended as they are. */
  public static Message assistant(String text) {
    return message(Role.ROLE_ASSISTANT, text(text));
  }

  /** The result of the tool call with that id: text, often JSON. */
  public static Message toolResult(String callId, String result) {
    return toolTurn(ToolResultPart.newBuilder().setToolCallId(callId).setText(result));
  }

  /** What went wrong with the tool call with that id. */
  public static Message toolError(String callId, String problem) {
    return toolTurn(
        ToolResultPart.newBuilder().setToolCallId(callId).setText(problem).setIsError(true));
  }

  /** Text. */
  public static Part text(String text) {
    return Part.newBuilder().setText(text).build();
  }

  /** A picture of at most 20 MiB: its bytes, and its media type, such as {@code image/png}. */
  public static Part image(byte[] data, String mediaType) {
    var picture = ImagePart.newBuilder().setData(ByteString.copyFrom(data)).setMediaType(mediaType);
    return Part.newBuilder().setImage(picture).build();
  }

  /**
   * A picture of at most 20 MiB: the bytes of a PNG, JPEG, GIF or WebP file.
   * IllegalArgumentException for any other.
   */
  public static Part image(byte[] data) {
    return image(data, ImageType.of(data));
  }

  /** A picture that the provider fetches: an {@code https:} URL, or a {@code data:} URL. */
  public static Part imageAt(String uri) {
    return Part.newBuilder().setImage(ImagePart.newBuilder().setUri(uri)).build();
  }

  private static Message toolTurn(ToolResultPart.Builder result) {
    return message(Role.ROLE_TOOL, Part.newBuilder().setToolResult(result).build());
  }

  private static Message message(Role role, Part... parts) {
    if (parts.length == 0) {
      throw new IllegalArgumentException("a message needs at least one part");
    }
    return Message.newBuilder().setRole(role).addAllParts(List.of(parts)).build();
  }
}

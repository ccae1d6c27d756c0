package io.github.remorallm;

import com.google.protobuf.ByteString;
import io.github.remorallm.v1.ChatResponse;
import io.github.remorallm.v1.Completed;
import io.github.remorallm.v1.Message;
import io.github.remorallm.v1.Part;
import io.github.remorallm.v1.PartCompleted;
import io.github.remorallm.v1.PartDiscarded;
import io.github.remorallm.v1.ReasoningPart;
import io.github.remorallm.v1.Role;
import io.github.remorallm.v1.ToolCallDelta;
import io.github.remorallm.v1.ToolCallPart;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Puts an answer together from its events: what holds so far, with everything void taken out. Feed
 * it every event in order. Offsets of the contract are code points, which are one or two chars.
 */
final class Assembly {
  private enum Kind {
    TEXT,
    REASONING,
    REFUSAL,
    TOOL_CALL
  }

  /** One part as received. {@code text} is a tool call's arguments. */
  private static final class Piece {
    final Kind kind;
    final StringBuilder text = new StringBuilder();
    String id = "";
    String name = "";
    String issuer = "";
    ByteString opaqueState;

    Piece(Kind kind) {
      this.kind = kind;
    }
  }

  private final NavigableMap<Integer, Piece> pieces = new TreeMap<>();
  private Completed completed;

  /** Takes an event in; true if it made text void that was there before. */
  boolean add(ChatResponse event) {
    switch (event.getEventCase()) {
      case TEXT_DELTA -> {
        var delta = event.getTextDelta();
        piece(delta.getPartIndex(), Kind.TEXT).text.append(delta.getText());
      }
      case REASONING_DELTA -> {
        var delta = event.getReasoningDelta();
        piece(delta.getPartIndex(), Kind.REASONING).text.append(delta.getText());
      }
      case REFUSAL_DELTA -> {
        var delta = event.getRefusalDelta();
        piece(delta.getPartIndex(), Kind.REFUSAL).text.append(delta.getText());
      }
      case TOOL_CALL_DELTA -> add(event.getToolCallDelta());
      case PART_COMPLETED -> add(event.getPartCompleted());
      case COMPLETED -> completed = event.getCompleted();
      case RESTARTED -> {
        var before = text();
        pieces.clear();
        return !before.isEmpty();
      }
      case PART_DISCARDED -> {
        var before = text();
        discard(event.getPartDiscarded());
        return !before.equals(text());
      }
      default -> {}
    }
    return false;
  }

  /** The text that holds. */
  String text() {
    return joined(Kind.TEXT);
  }

  /** The reasoning that holds. */
  String reasoning() {
    return joined(Kind.REASONING);
  }

  /** The event that ended the answer; null until it came. */
  Completed completed() {
    return completed;
  }

  /** The assistant's turn: the sidecar's own if it sent one, else put together from the events. */
  Message message() {
    if (completed != null && completed.hasMessage()) {
      return completed.getMessage();
    }
    var message = Message.newBuilder().setRole(Role.ROLE_ASSISTANT);
    pieces.values().forEach(piece -> message.addParts(partOf(piece)));
    return message.build();
  }

  private void add(ToolCallDelta delta) {
    var piece = piece(delta.getPartIndex(), Kind.TOOL_CALL);
    piece.text.append(delta.getArgumentsFragment());
    piece.id = delta.getId().isEmpty() ? piece.id : delta.getId();
    piece.name = delta.getName().isEmpty() ? piece.name : delta.getName();
  }

  private void add(PartCompleted whole) {
    // Reasoning whose provider shows no text arrives as its state alone.
    var piece = pieces.computeIfAbsent(whole.getPartIndex(), index -> new Piece(Kind.REASONING));
    piece.issuer = whole.getIssuer();
    piece.opaqueState = whole.hasOpaqueState() ? whole.getOpaqueState() : null;
  }

  private void discard(PartDiscarded discarded) {
    var piece = pieces.get(discarded.getPartIndex());
    if (piece == null) {
      return;
    }
    if (discarded.getOffset() <= 0) {
      pieces.remove(discarded.getPartIndex());
    } else if (discarded.getOffset() < piece.text.codePointCount(0, piece.text.length())) {
      piece.text.setLength(piece.text.offsetByCodePoints(0, discarded.getOffset()));
    }
  }

  private Piece piece(int index, Kind kind) {
    var piece = pieces.get(index);
    if (piece == null || piece.kind != kind) {
      piece = new Piece(kind);
      pieces.put(index, piece);
    }
    return piece;
  }

  private String joined(Kind kind) {
    var whole = new StringBuilder();
    for (var piece : pieces.values()) {
      if (piece.kind == kind) {
        whole.append(piece.text);
      }
    }
    return whole.toString();
  }

  private static Part partOf(Piece piece) {
    var part = Part.newBuilder();
    var text = piece.text.toString();
    switch (piece.kind) {
      case TEXT -> part.setText(text);
      case REFUSAL -> part.setRefusal(text);
      case REASONING -> part.setReasoning(ReasoningPart.newBuilder().setText(text));
      case TOOL_CALL -> {
        var call = ToolCallPart.newBuilder().setId(piece.id).setName(piece.name);
        part.setToolCall(call.setArgumentsJson(text));
      }
    }
    if (!piece.issuer.isEmpty()) {
      part.setIssuer(piece.issuer);
    }
    if (piece.opaqueState != null) {
      part.setOpaqueState(piece.opaqueState);
    }
    return part.build();
  }
}

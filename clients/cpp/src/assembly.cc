#include "assembly.h"

#include <cstddef>

#include "utf8.h"

namespace remora::detail {

bool Assembly::add(const v1::ChatResponse& event) {
  switch (event.event_case()) {
    case v1::ChatResponse::kTextDelta:
      piece(event.text_delta().part_index(), v1::Part::kText).text += event.text_delta().text();
      return false;
    case v1::ChatResponse::kReasoningDelta:
      piece(event.reasoning_delta().part_index(), v1::Part::kReasoning).text +=
          event.reasoning_delta().text();
      return false;
    case v1::ChatResponse::kRefusalDelta:
      piece(event.refusal_delta().part_index(), v1::Part::kRefusal).text +=
          event.refusal_delta().text();
      return false;
    case v1::ChatResponse::kToolCallDelta:
      add(event.tool_call_delta());
      return false;
    case v1::ChatResponse::kPartCompleted:
      add(event.part_completed());
      return false;
    case v1::ChatResponse::kRestarted: {
      const bool had_text = !text().empty();
      pieces_.clear();
      return had_text;
    }
    case v1::ChatResponse::kPartDiscarded:
      return discard(event.part_discarded());
    case v1::ChatResponse::kCompleted:
      completed_ = event.completed();
      return false;
    case v1::ChatResponse::kStarted:
    case v1::ChatResponse::kCitation:
    case v1::ChatResponse::kAttempt:
    case v1::ChatResponse::kFailed:
    case v1::ChatResponse::kResumed:
    case v1::ChatResponse::EVENT_NOT_SET:
      return false;
  }
  return false;
}

v1::Message Assembly::message() const {
  if (completed_ && completed_->has_message()) return completed_->message();
  v1::Message turn;
  turn.set_role(v1::ROLE_ASSISTANT);
  for (const auto& [index, piece] : pieces_) *turn.add_parts() = part_from(piece);
  return turn;
}

v1::Part Assembly::part_from(const Piece& piece) {
  v1::Part part;
  if (piece.kind == v1::Part::kText) {
    part.set_text(piece.text);
  } else if (piece.kind == v1::Part::kRefusal) {
    part.set_refusal(piece.text);
  } else if (piece.kind == v1::Part::kReasoning) {
    part.mutable_reasoning()->set_text(piece.text);
  } else {
    part.mutable_tool_call()->set_id(piece.id);
    part.mutable_tool_call()->set_name(piece.name);
    part.mutable_tool_call()->set_arguments_json(piece.text);
  }
  if (!piece.issuer.empty()) part.set_issuer(piece.issuer);
  if (piece.opaque_state) part.set_opaque_state(*piece.opaque_state);
  return part;
}

Assembly::Piece& Assembly::piece(int index, v1::Part::ContentCase kind) {
  Piece& found = pieces_[index];
  if (found.kind != kind) {
    found = Piece();
    found.kind = kind;
  }
  return found;
}

void Assembly::add(const v1::ToolCallDelta& delta) {
  Piece& call = piece(delta.part_index(), v1::Part::kToolCall);
  call.text += delta.arguments_fragment();
  if (!delta.id().empty()) call.id = delta.id();
  if (!delta.name().empty()) call.name = delta.name();
}

void Assembly::add(const v1::PartCompleted& part) {
  // Reasoning whose provider shows no text arrives as its state alone, so a part not seen before is
  // one of reasoning.
  Piece& whole = pieces_[part.part_index()];
  whole.issuer = part.issuer();
  if (part.has_opaque_state()) whole.opaque_state = part.opaque_state();
}

bool Assembly::discard(const v1::PartDiscarded& discarded) {
  const auto found = pieces_.find(discarded.part_index());
  if (found == pieces_.end()) return false;
  Piece& piece = found->second;
  const auto keep = discarded.offset() > 0 ? static_cast<std::size_t>(discarded.offset()) : 0;
  const std::size_t bytes = bytes_of_code_points(piece.text, keep);
  const bool is_voided = piece.kind == v1::Part::kText && bytes < piece.text.size();
  if (keep == 0) {
    pieces_.erase(found);
  } else {
    piece.text.resize(bytes);
  }
  return is_voided;
}

std::string Assembly::joined(v1::Part::ContentCase kind) const {
  std::string text;
  for (const auto& [index, piece] : pieces_) {
    if (piece.kind == kind) text += piece.text;
  }
  return text;
}

}  // namespace remora::detail

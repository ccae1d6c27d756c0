#pragma once

#include <map>
#include <optional>
#include <string>

#include "remora/v1/chat.pb.h"

namespace remora::detail {

/// Puts an answer together from its events: what holds so far, with everything void taken out.
class Assembly {
 public:
  /// Takes the next event in; true if it made text void that was there before.
  bool add(const v1::ChatResponse& event);

  /// The text that holds.
  std::string text() const { return joined(v1::Part::kText); }

  /// The reasoning that holds.
  std::string reasoning() const { return joined(v1::Part::kReasoning); }

  /// The event that ended the answer; null before.
  const v1::Completed* completed() const { return completed_ ? &*completed_ : nullptr; }

  /// The assistant's turn: the sidecar's own if it sent one, else put together from the events.
  v1::Message message() const;

 private:
  /// One part as received. `text` is a tool call's arguments.
  struct Piece {
    v1::Part::ContentCase kind = v1::Part::kReasoning;
    std::string text;
    std::string id;
    std::string name;
    std::string issuer;
    std::optional<std::string> opaque_state;
  };

  static v1::Part part_from(const Piece& piece);
  Piece& piece(int index, v1::Part::ContentCase kind);
  void add(const v1::ToolCallDelta& delta);
  void add(const v1::PartCompleted& part);
  bool discard(const v1::PartDiscarded& discarded);
  std::string joined(v1::Part::ContentCase kind) const;

  std::map<int, Piece> pieces_;
  std::optional<v1::Completed> completed_;
};

}  // namespace remora::detail

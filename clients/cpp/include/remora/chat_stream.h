#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "remora/stream_iterator.h"
#include "remora/v1/chat.pb.h"

namespace remora {

/// Called with the text that holds now, when text handed out before became void.
using OnDiscard = std::function<void(const std::string& text)>;

/// The events of one answer, read by one thread at a time.
///
/// Its destructor cancels a call that still runs: the sidecar then hangs up on the provider. A
/// stream may outlive its client; one that was moved from may only be destroyed or assigned to. A
/// failed call throws its Error where it is read, and again at every later read; what had arrived
/// stays in `text_so_far`.
class ChatStream {
 public:
  using iterator = StreamIterator<ChatStream, v1::ChatResponse>;

  ChatStream(ChatStream&&) noexcept;
  ChatStream& operator=(ChatStream&&) noexcept;
  ~ChatStream();

  /// The next event, valid until the next read; null: the answer is whole. Kinds of later versions
  /// are passed over.
  const v1::ChatResponse* next();

  /// For `for (const auto& event : stream)`. A loop that is left may be followed by another, which
  /// goes on.
  iterator begin() { return iterator(*this); }
  iterator end() { return iterator(); }

  /// The next piece of text, never empty; none: the answer is whole.
  ///
  /// Where text handed out becomes void (a restart, which the policy decides), `on_discard` is
  /// called with the text that holds. Without it, ErrorKind::text_discarded is thrown, now and at
  /// every later call, so that a wrong text never looks whole.
  std::optional<std::string> next_text(const OnDiscard& on_discard = nullptr);

  /// Reads to the end; the whole text, without what became void.
  std::string final_text();

  /// Reads to the end; the event that ended the answer.
  const v1::Completed& finish();

  /// The text read so far, without what became void.
  std::string text_so_far() const;

  /// The reasoning read so far, without what became void.
  std::string reasoning_so_far() const;

  /// The event that ended the answer; null until it has been read.
  const v1::Completed* completed() const;

  /// The assistant's turn, ready to append to the conversation, also with `omit_message`.
  /// std::logic_error before the answer is whole.
  v1::Message message() const;

  /// Ends the call from any thread, also while another one reads; that one gets
  /// ErrorKind::cancelled.
  void cancel();

 private:
  friend class Client;
  struct State;
  explicit ChatStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace remora

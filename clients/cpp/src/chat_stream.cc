#include "remora/chat_stream.h"

#include <stdexcept>
#include <utility>

#include "chat_stream_state.h"
#include "status.h"

namespace remora {

ChatStream::ChatStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChatStream::ChatStream(ChatStream&&) noexcept = default;
ChatStream& ChatStream::operator=(ChatStream&&) noexcept = default;
ChatStream::~ChatStream() = default;

const v1::ChatResponse* ChatStream::next() {
  State& state = *state_;
  // What follows `completed` is the status alone; it is waited for, so that an error behind the end
  // is not missed.
  while (state.call.read(state.event)) {
    if (state.event.event_case() == v1::ChatResponse::EVENT_NOT_SET) continue;
    state.is_voided = state.assembly.add(state.event);
    return &state.event;
  }
  if (completed() == nullptr) state.call.fail(detail::incomplete_error());
  return nullptr;
}

std::optional<std::string> ChatStream::next_text(const OnDiscard& on_discard) {
  State& state = *state_;
  if (state.is_text_ended && !on_discard) throw detail::discarded_error();
  while (const v1::ChatResponse* event = next()) {
    if (state.is_voided) {
      if (!on_discard) {
        state.is_text_ended = true;
        throw detail::discarded_error();
      }
      on_discard(text_so_far());
    } else if (!event->text_delta().text().empty()) {
      return event->text_delta().text();
    }
  }
  return std::nullopt;
}

std::string ChatStream::final_text() {
  finish();
  return text_so_far();
}

const v1::Completed& ChatStream::finish() {
  while (next() != nullptr) {
  }
  return *completed();
}

std::string ChatStream::text_so_far() const { return state_->assembly.text(); }

std::string ChatStream::reasoning_so_far() const { return state_->assembly.reasoning(); }

const v1::Completed* ChatStream::completed() const { return state_->assembly.completed(); }

v1::Message ChatStream::message() const {
  if (completed() == nullptr) {
    throw std::logic_error("the answer is not whole yet: read the stream to its end first");
  }
  return state_->assembly.message();
}

void ChatStream::cancel() { state_->call.cancel(); }

}  // namespace remora

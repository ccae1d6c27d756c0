#pragma once

#include "assembly.h"
#include "remora/chat_stream.h"
#include "stream_call.h"

namespace remora {

struct ChatStream::State {
  State(std::shared_ptr<const detail::Connection> connection,
        std::unique_ptr<detail::CallScope> scope,
        detail::StreamCall<v1::ChatResponse>::Reader reader)
      : call(std::move(connection), std::move(scope), std::move(reader)) {}

  detail::StreamCall<v1::ChatResponse> call;
  detail::Assembly assembly;
  v1::ChatResponse event;
  /// Whether the event read last made text void.
  bool is_voided = false;
  /// Whether `next_text` ended because of such an event.
  bool is_text_ended = false;
};

}  // namespace remora

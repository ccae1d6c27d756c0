#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "remora/message.h"
#include "remora/v1/chat.pb.h"

namespace remora {

/// What a model is asked: one user turn as text, one message, or the conversation so far.
class Prompt {
 public:
  Prompt(const char* text) : messages_{user_message(text)} {}
  Prompt(std::string text) : messages_{user_message(std::move(text))} {}
  Prompt(v1::Message message) : messages_{std::move(message)} {}
  Prompt(std::vector<v1::Message> messages) : messages_(std::move(messages)) {}
  Prompt(std::initializer_list<v1::Message> messages) : messages_(messages) {}

  /// The conversation.
  const std::vector<v1::Message>& messages() const { return messages_; }

 private:
  std::vector<v1::Message> messages_;
};

/// A request to set further fields of: tools, temperature, policy and so on. Empty `model`: the
/// sidecar's default.
v1::ChatRequest chat_request(std::string model, const Prompt& prompt);

/// The same for an answer in one piece.
v1::CompleteRequest complete_request(std::string model, const Prompt& prompt);

}  // namespace remora

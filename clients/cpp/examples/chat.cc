// A small chat in the terminal that shows failovers as they happen: chat [MODEL]. An empty line, or
// Ctrl-D, ends it.

#include <iostream>
#include <string>
#include <vector>

#include "remora/client.h"

namespace v1 = remora::v1;

namespace {

/// Shows one event. Text that became void is shown again as it holds.
void show(const v1::ChatResponse& event, const remora::ChatStream& stream) {
  switch (event.event_case()) {
    case v1::ChatResponse::kTextDelta:
      std::cout << event.text_delta().text() << std::flush;
      break;
    case v1::ChatResponse::kAttempt:
      if (const auto& attempt = event.attempt().attempt(); attempt.reason() != 0) {
        std::cout << "[" << remora::target_name(attempt.target())
                  << " failed: " << remora::short_name(attempt.reason()) << "]\n";
      }
      break;
    case v1::ChatResponse::kResumed:
      std::cout << "[" << remora::target_name(event.resumed().target()) << " goes on]";
      break;
    case v1::ChatResponse::kRestarted:
    case v1::ChatResponse::kPartDiscarded:
      std::cout << "\n[what was said is void]\n" << stream.text_so_far() << std::flush;
      break;
    case v1::ChatResponse::kCompleted:
      std::cout << "\n[" << remora::target_name(event.completed().target()) << ", "
                << event.completed().usage().output_tokens() << " tokens]\n";
      break;
    default:
      break;
  }
}

/// Asks, shows the answer, and appends its turn.
void ask(const remora::Client& client, v1::ChatRequest& conversation, const std::string& question) {
  *conversation.add_messages() = remora::user_message(question);
  try {
    remora::ChatStream stream = client.chat(conversation);
    for (const auto& event : stream) show(event, stream);
    *conversation.add_messages() = stream.message();
  } catch (const remora::Error& error) {
    conversation.mutable_messages()->RemoveLast();
    std::cout << "\n[" << error.what() << "]\n";
  }
}

}  // namespace

int main(int count, char** arguments) {
  const remora::Client client;
  v1::ChatRequest conversation;
  if (count > 1) conversation.set_model(arguments[1]);
  conversation.set_include_attempts(true);
  std::string question;
  while (std::cout << "> " << std::flush, std::getline(std::cin, question) && !question.empty()) {
    ask(client, conversation, question);
  }
  std::cout << '\n';
}

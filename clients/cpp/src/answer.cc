#include "remora/answer.h"

namespace remora {

std::string text(const v1::Message& turn) {
  std::string joined;
  for (const v1::Part& part : turn.parts()) joined += part.text();
  return joined;
}

std::string text(const v1::CompleteResponse& answer) { return text(answer.message()); }

std::string text(const v1::Completed& answer) { return text(answer.message()); }

std::string reasoning(const v1::Message& turn) {
  std::string joined;
  for (const v1::Part& part : turn.parts()) joined += part.reasoning().text();
  return joined;
}

std::string reasoning(const v1::CompleteResponse& answer) { return reasoning(answer.message()); }

std::string reasoning(const v1::Completed& answer) { return reasoning(answer.message()); }

std::string refusal(const v1::Message& turn) {
  std::string joined;
  for (const v1::Part& part : turn.parts()) joined += part.refusal();
  return joined;
}

std::string refusal(const v1::CompleteResponse& answer) { return refusal(answer.message()); }

std::string refusal(const v1::Completed& answer) { return refusal(answer.message()); }

std::vector<v1::ToolCallPart> tool_calls(const v1::Message& turn) {
  std::vector<v1::ToolCallPart> calls;
  for (const v1::Part& part : turn.parts()) {
    if (part.has_tool_call()) calls.push_back(part.tool_call());
  }
  return calls;
}

std::vector<v1::ToolCallPart> tool_calls(const v1::CompleteResponse& answer) {
  return tool_calls(answer.message());
}

std::vector<v1::ToolCallPart> tool_calls(const v1::Completed& answer) {
  return tool_calls(answer.message());
}

}  // namespace remora

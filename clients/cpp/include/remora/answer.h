#pragma once

#include <string>
#include <vector>

#include "remora/v1/chat.pb.h"
#include "remora/v1/content.pb.h"

/// What is in an answer: of its turn, of `Client::complete`'s response, or of a stream's
/// `completed`. With `omit_message` the latter two have no turn, so nothing is in them.
namespace remora {

/// The text.
std::string text(const v1::Message& turn);
std::string text(const v1::CompleteResponse& answer);
std::string text(const v1::Completed& answer);

/// The reasoning the provider showed.
std::string reasoning(const v1::Message& turn);
std::string reasoning(const v1::CompleteResponse& answer);
std::string reasoning(const v1::Completed& answer);

/// The model's refusal in its own words; empty: it did not refuse.
std::string refusal(const v1::Message& turn);
std::string refusal(const v1::CompleteResponse& answer);
std::string refusal(const v1::Completed& answer);

/// The calls the model wants made, in order. Answer each with `tool_result_message`.
std::vector<v1::ToolCallPart> tool_calls(const v1::Message& turn);
std::vector<v1::ToolCallPart> tool_calls(const v1::CompleteResponse& answer);
std::vector<v1::ToolCallPart> tool_calls(const v1::Completed& answer);

}  // namespace remora

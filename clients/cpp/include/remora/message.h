#pragma once

#include <string>
#include <utility>

#include "remora/v1/content.pb.h"

/// What a conversation is made of. Texts are UTF-8.
namespace remora {

/// A piece of text.
v1::Part text_part(std::string text);

/// A picture of at most 20 MiB from its bytes. The type of PNG, JPEG, GIF and WebP is found out;
/// std::invalid_argument for others without a `media_type`.
v1::Part image_part(std::string bytes, std::string media_type = "");

/// A picture at an `https:` or `data:` URL, which the provider fetches.
v1::Part image_url_part(std::string url);

/// A document of at most 30 MiB. `filename`: shown to the model; empty: "file".
v1::Part file_part(std::string bytes, std::string media_type, std::string filename = "");

/// A sound of at most 25 MiB; `media_type` is "audio/wav" or "audio/mpeg".
v1::Part audio_part(std::string bytes, std::string media_type);

/// A tool call the model made, for `assistant_message`. `arguments_json`: a JSON object.
v1::Part tool_call_part(std::string id, std::string name, std::string arguments_json = "{}");

namespace detail {

inline v1::Part part_from(v1::Part part) { return part; }
inline v1::Part part_from(std::string text) { return text_part(std::move(text)); }

template <class... Content>
v1::Message message_from(v1::Role role, Content&&... content) {
  static_assert(sizeof...(content) > 0, "a message needs at least one part");
  v1::Message message;
  message.set_role(role);
  (..., (*message.add_parts() = part_from(std::forward<Content>(content))));
  return message;
}

}  // namespace detail

/// A turn of the user: texts and parts in order, such as `user_message("What is this?",
/// image_part(bytes))`.
template <class... Content>
v1::Message user_message(Content&&... content) {
  return detail::message_from(v1::ROLE_USER, std::forward<Content>(content)...);
}

/// Instructions of the application.
template <class... Content>
v1::Message system_message(Content&&... content) {
  return detail::message_from(v1::ROLE_SYSTEM, std::forward<Content>(content)...);
}

/// A turn of the model, written by hand. An answer's own turn is appended as it is:
/// `ChatStream::message`.
template <class... Content>
v1::Message assistant_message(Content&&... content) {
  return detail::message_from(v1::ROLE_ASSISTANT, std::forward<Content>(content)...);
}

/// The result of the tool call with that id, as text, often JSON. `is_error`: the call failed, the
/// text says how.
v1::Message tool_result_message(std::string call_id, std::string text, bool is_error = false);

/// A tool the model may call. `parameters_json`: the JSON schema of its arguments; empty: it takes
/// none.
v1::Tool tool(std::string name, std::string description, std::string parameters_json = "");

/// As a request's `tool_choice`: the model must call this tool.
v1::ToolChoice named_tool(std::string name);

/// As a request's `response_format`: JSON that follows the schema. Empty `name`: "answer".
v1::ResponseFormat json_schema(std::string schema_json, std::string name = "");

}  // namespace remora

#include "remora/message.h"

#include <stdexcept>
#include <string_view>

namespace remora {
namespace {

bool has_at(std::string_view bytes, std::size_t place, std::string_view mark) {
  return bytes.size() >= place && bytes.substr(place, mark.size()) == mark;
}

std::string image_type(std::string_view bytes) {
  if (has_at(bytes, 0, "\x89PNG")) return "image/png";
  if (has_at(bytes, 0, "\xff\xd8\xff")) return "image/jpeg";
  if (has_at(bytes, 0, "GIF8")) return "image/gif";
  if (has_at(bytes, 0, "RIFF") && has_at(bytes, 8, "WEBP")) return "image/webp";
  throw std::invalid_argument("media_type is needed: it cannot be told from the image's bytes");
}

}  // namespace

v1::Part text_part(std::string text) {
  v1::Part part;
  part.set_text(std::move(text));
  return part;
}

v1::Part image_part(std::string bytes, std::string media_type) {
  v1::Part part;
  v1::ImagePart& image = *part.mutable_image();
  image.set_media_type(media_type.empty() ? image_type(bytes) : std::move(media_type));
  image.set_data(std::move(bytes));
  return part;
}

v1::Part image_url_part(std::string url) {
  v1::Part part;
  part.mutable_image()->set_uri(std::move(url));
  return part;
}

v1::Part file_part(std::string bytes, std::string media_type, std::string filename) {
  v1::Part part;
  v1::FilePart& file = *part.mutable_file();
  file.set_data(std::move(bytes));
  file.set_media_type(std::move(media_type));
  if (!filename.empty()) file.set_filename(std::move(filename));
  return part;
}

v1::Part audio_part(std::string bytes, std::string media_type) {
  v1::Part part;
  part.mutable_audio()->set_data(std::move(bytes));
  part.mutable_audio()->set_media_type(std::move(media_type));
  return part;
}

v1::Part tool_call_part(std::string id, std::string name, std::string arguments_json) {
  v1::Part part;
  v1::ToolCallPart& call = *part.mutable_tool_call();
  call.set_id(std::move(id));
  call.set_name(std::move(name));
  call.set_arguments_json(std::move(arguments_json));
  return part;
}

v1::Message tool_result_message(std::string call_id, std::string text, bool is_error) {
  v1::Message message;
  message.set_role(v1::ROLE_TOOL);
  v1::ToolResultPart& result = *message.add_parts()->mutable_tool_result();
  result.set_tool_call_id(std::move(call_id));
  result.set_text(std::move(text));
  result.set_is_error(is_error);
  return message;
}

v1::Tool tool(std::string name, std::string description, std::string parameters_json) {
  v1::Tool tool;
  tool.set_name(std::move(name));
  tool.set_description(std::move(description));
  if (!parameters_json.empty()) tool.set_parameters_json(std::move(parameters_json));
  return tool;
}

v1::ToolChoice named_tool(std::string name) {
  v1::ToolChoice choice;
  choice.set_mode(v1::ToolChoice::MODE_NAMED);
  choice.set_name(std::move(name));
  return choice;
}

v1::ResponseFormat json_schema(std::string schema_json, std::string name) {
  v1::ResponseFormat format;
  format.set_kind(v1::ResponseFormat::KIND_JSON_SCHEMA);
  format.set_schema_json(std::move(schema_json));
  if (!name.empty()) format.set_schema_name(std::move(name));
  return format;
}

}  // namespace remora

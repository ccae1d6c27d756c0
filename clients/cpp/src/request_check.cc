#include "request_check.h"

#include <string>
#include <vector>

#include "remora/error.h"
#include "utf8.h"

namespace remora::detail {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// 33554432 as "33,554,432".
std::string grouped(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3;) digits.insert(i -= 3, ",");
  return digits;
}

Error too_large(std::size_t bytes, std::size_t max_bytes) {
  ErrorData data;
  data.kind = ErrorKind::request_too_large;
  data.message = "the request has " + grouped(bytes) + " bytes, " + grouped(bytes - max_bytes) +
                 " over the limit of " + grouped(max_bytes) +
                 " (32 MiB): give large images and documents as URLs";
  return Error(std::move(data));
}

/// Collects the paths of texts that are not UTF-8, which protobuf would send and no sidecar could
/// read.
void find_broken_texts(const Message& message, const std::string& prefix,
                       std::vector<FieldError>& found) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
    if (!is_text && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string index = field->is_repeated() ? "[" + std::to_string(i) + "]" : "";
      const std::string path = prefix + field->name() + index;
      std::string scratch;
      if (!is_text) {
        find_broken_texts(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                               : reflection->GetMessage(message, field),
                          path + ".", found);
      } else if (!is_utf8(field->is_repeated()
                              ? reflection->GetRepeatedStringReference(message, field, i, &scratch)
                              : reflection->GetStringReference(message, field, &scratch))) {
        found.push_back({path, "must be UTF-8"});
      }
    }
  }
}

}  // namespace

void check_request(const Message& request, std::size_t max_bytes) {
  const std::size_t bytes = request.ByteSizeLong();
  if (bytes > max_bytes) throw too_large(bytes, max_bytes);
  ErrorData data;
  find_broken_texts(request, "", data.field_errors);
  if (data.field_errors.empty()) return;
  data.kind = ErrorKind::invalid_request;
  data.reason = "INVALID_INPUT";
  data.message = "the request has text that is not UTF-8";
  throw Error(std::move(data));
}

}  // namespace remora::detail

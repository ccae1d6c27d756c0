#include "remora/error.h"

#include <utility>

namespace remora {
namespace {

std::string described(const ErrorData& data) {
  std::string text = data.reason.empty() ? data.message : data.reason + ": " + data.message;
  if (!data.request_id.empty()) text += " (request " + data.request_id + ")";
  for (const auto& one : data.field_errors) text += "\n  " + one.field + ": " + one.description;
  return text;
}

}  // namespace

Error::Error(ErrorData data)
    : std::runtime_error(described(data)),
      data_(std::make_shared<const ErrorData>(std::move(data))) {}

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::sidecar_unreachable:
      return "SIDECAR_UNREACHABLE";
    case ErrorKind::invalid_request:
      return "INVALID_REQUEST";
    case ErrorKind::context_too_long:
      return "CONTEXT_TOO_LONG";
    case ErrorKind::content_filtered:
      return "CONTENT_FILTERED";
    case ErrorKind::request_too_large:
      return "REQUEST_TOO_LARGE";
    case ErrorKind::not_found:
      return "NOT_FOUND";
    case ErrorKind::unauthenticated:
      return "UNAUTHENTICATED";
    case ErrorKind::credentials_rejected:
      return "CREDENTIALS_REJECTED";
    case ErrorKind::resource_exhausted:
      return "RESOURCE_EXHAUSTED";
    case ErrorKind::rate_limited:
      return "RATE_LIMITED";
    case ErrorKind::quota_exhausted:
      return "QUOTA_EXHAUSTED";
    case ErrorKind::unavailable:
      return "UNAVAILABLE";
    case ErrorKind::stream_broken:
      return "STREAM_BROKEN";
    case ErrorKind::sidecar_lost:
      return "SIDECAR_LOST";
    case ErrorKind::deadline_exceeded:
      return "DEADLINE_EXCEEDED";
    case ErrorKind::cancelled:
      return "CANCELLED";
    case ErrorKind::not_built:
      return "NOT_BUILT";
    case ErrorKind::internal:
      return "INTERNAL";
    case ErrorKind::text_discarded:
      return "TEXT_DISCARDED";
    case ErrorKind::other:
      return "OTHER";
  }
  return "OTHER";
}

const char* to_string(Code code) {
  switch (code) {
    case Code::cancelled:
      return "CANCELLED";
    case Code::unknown:
      return "UNKNOWN";
    case Code::invalid_argument:
      return "INVALID_ARGUMENT";
    case Code::deadline_exceeded:
      return "DEADLINE_EXCEEDED";
    case Code::not_found:
      return "NOT_FOUND";
    case Code::already_exists:
      return "ALREADY_EXISTS";
    case Code::permission_denied:
      return "PERMISSION_DENIED";
    case Code::resource_exhausted:
      return "RESOURCE_EXHAUSTED";
    case Code::failed_precondition:
      return "FAILED_PRECONDITION";
    case Code::aborted:
      return "ABORTED";
    case Code::out_of_range:
      return "OUT_OF_RANGE";
    case Code::unimplemented:
      return "UNIMPLEMENTED";
    case Code::internal:
      return "INTERNAL";
    case Code::unavailable:
      return "UNAVAILABLE";
    case Code::data_loss:
      return "DATA_LOSS";
    case Code::unauthenticated:
      return "UNAUTHENTICATED";
  }
  return "UNKNOWN";
}

}  // namespace remora

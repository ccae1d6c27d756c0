#include "status.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <utility>

#include "call_scope.h"
#include "remora/client/wire/status.pb.h"

namespace remora::detail {
namespace {

using std::chrono::milliseconds;

constexpr char kDomain[] = "remora";
constexpr char kRequestId[] = "remora-request-id";
constexpr char kTraceId[] = "remora-trace-id";

/// Where a reason says more than its status code does.
std::optional<ErrorKind> kind_of_reason(const std::string& reason) {
  static const std::map<std::string, ErrorKind> kinds = {
      {"CONTEXT_LENGTH", ErrorKind::context_too_long},
      {"CONTENT_FILTERED", ErrorKind::content_filtered},
      {"RATE_LIMITED", ErrorKind::rate_limited},
      {"BUSY", ErrorKind::rate_limited},
      {"BILLING", ErrorKind::quota_exhausted},
      {"SPEND_LIMIT", ErrorKind::quota_exhausted},
      {"STREAM_BROKEN", ErrorKind::stream_broken},
  };
  const auto found = kinds.find(reason);
  return found == kinds.end() ? std::nullopt : std::make_optional(found->second);
}

ErrorKind kind_of_code(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return ErrorKind::invalid_request;
    case Code::not_found:
      return ErrorKind::not_found;
    case Code::unauthenticated:
      return ErrorKind::unauthenticated;
    case Code::failed_precondition:
      return ErrorKind::credentials_rejected;
    case Code::resource_exhausted:
      return ErrorKind::resource_exhausted;
    case Code::unavailable:
      return ErrorKind::unavailable;
    case Code::deadline_exceeded:
      return ErrorKind::deadline_exceeded;
    case Code::cancelled:
      return ErrorKind::cancelled;
    case Code::unimplemented:
      return ErrorKind::not_built;
    case Code::internal:
      return ErrorKind::internal;
    case Code::unknown:
    case Code::already_exists:
    case Code::permission_denied:
    case Code::aborted:
    case Code::out_of_range:
    case Code::data_loss:
      return ErrorKind::other;
  }
  return ErrorKind::other;
}

/// Rounded up, so that who waits so long comes late enough; 0 to about 292,000 years.
milliseconds duration_of(const client::wire::Duration& duration) {
  constexpr std::int64_t kMaxSeconds = milliseconds::max().count() / 1000 - 3;
  if (duration.seconds() < 0 || duration.nanos() < 0) return milliseconds(0);
  const std::int64_t whole = std::min<std::int64_t>(duration.seconds(), kMaxSeconds);
  return milliseconds(whole * 1000 + (std::int64_t{duration.nanos()} + 999'999) / 1'000'000);
}

/// The message in `detail` if it is of that type and can be read.
template <class Message>
std::optional<Message> unpacked(const client::wire::Detail& detail, const char* type) {
  const std::string& url = detail.type_url();
  Message message;
  if (url.substr(url.rfind('/') + 1) != type || !message.ParseFromString(detail.value())) {
    return std::nullopt;
  }
  return message;
}

/// Takes a detail in; true if it is the ErrorInfo of a Remora.
bool apply(const client::wire::Detail& detail, ErrorData& data) {
  if (auto info = unpacked<client::wire::ErrorInfo>(detail, "google.rpc.ErrorInfo")) {
    if (info->domain() != kDomain) return false;
    data.reason = info->reason();
    data.metadata = {info->metadata().begin(), info->metadata().end()};
    data.request_id = data.metadata["request_id"];
    data.trace_id = data.metadata["trace_id"];
    return true;
  }
  if (const auto retry = unpacked<client::wire::RetryInfo>(detail, "google.rpc.RetryInfo")) {
    data.retry_after = duration_of(retry->retry_delay());
  } else if (auto bad = unpacked<client::wire::BadRequest>(detail, "google.rpc.BadRequest")) {
    for (const auto& one : bad->field_violations()) {
      data.field_errors.push_back({one.field(), one.description()});
    }
  } else if (auto report = unpacked<v1::FailoverReport>(detail, "remora.v1.FailoverReport")) {
    data.report = std::move(report);
  }
  return false;
}

std::string in_words(Code code) {
  std::string words = to_string(code);
  for (char& c : words)
    c = c == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return words;
}

void fill(std::string& value, const Trailers& trailers, const char* name) {
  if (const auto found = trailers.find(name); value.empty() && found != trailers.end()) {
    value = found->second;
  }
}

Error local_error(ErrorKind kind, std::optional<Code> code, const char* reason,
                  const char* message) {
  ErrorData data;
  data.kind = kind;
  data.code = code;
  data.reason = reason;
  data.message = message;
  return Error(std::move(data));
}

}  // namespace

Trailers trailers_of(CallScope& scope) {
  Trailers trailers;
  const auto& received = scope.context().GetServerTrailingMetadata();
  for (const char* name : {kRequestId, kTraceId}) {
    if (const auto found = received.find(name); found != received.end()) {
      trailers[name] = std::string(found->second.data(), found->second.size());
    }
  }
  return trailers;
}

Error error_from(Code code, const std::string& message, const std::string& details,
                 const Trailers& trailers, const std::string& address) {
  ErrorData data;
  data.code = code;
  bool is_remora = false;
  if (client::wire::Status status; status.ParseFromString(details)) {
    for (const auto& detail : status.details()) is_remora |= apply(detail, data);
  }
  if (code == Code::unavailable && !is_remora) {
    data.kind = ErrorKind::sidecar_lost;
    data.message = "the connection to the sidecar at " + address + " broke; the call may have run";
  } else if (code == Code::deadline_exceeded && !is_remora) {
    data.kind = ErrorKind::deadline_exceeded;
    data.message = "the call's time ran out";
  } else {
    data.kind = kind_of_reason(data.reason).value_or(kind_of_code(code));
    data.message = message.empty() ? in_words(code) : message;
  }
  fill(data.request_id, trailers, kRequestId);
  fill(data.trace_id, trailers, kTraceId);
  return Error(std::move(data));
}

Error cancelled_error(std::optional<Code> code) {
  return local_error(ErrorKind::cancelled, code, "CANCELLED", "the call was cancelled");
}

Error incomplete_error() {
  return local_error(ErrorKind::stream_broken, std::nullopt, "STREAM_BROKEN",
                     "the stream ended without `completed`");
}

Error discarded_error() {
  return local_error(
      ErrorKind::text_discarded, std::nullopt, "",
      "text already handed out became void: give next_text an on_discard, or read the events");
}

}  // namespace remora::detail

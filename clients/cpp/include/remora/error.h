#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "remora/v1/report.pb.h"

namespace remora {

/// What a caller would do about a failed call.
enum class ErrorKind {
  sidecar_unreachable,  ///< No sidecar took the call: start it, check REMORA_ADDRESS. Nothing was
                        ///< sent.
  invalid_request,      ///< Change the request; `field_errors` names the fields.
  context_too_long,     ///< Shorten the conversation; metadata `limit`, tokens, if known.
  content_filtered,     ///< A provider's safety system refused: change what is asked.
  request_too_large,    ///< Over 32 MiB. Nothing was sent.
  not_found,            ///< No such model, request id or scope; metadata `closest` has known names.
  unauthenticated,      ///< This caller's own token is missing or wrong.
  credentials_rejected,  ///< A provider refuses the sidecar's key: the operator's to mend.
  resource_exhausted,    ///< Something is used up.
  rate_limited,          ///< Come back after `retry_after`.
  quota_exhausted,       ///< Money or quota is gone: waiting a little does not help.
  unavailable,           ///< Every target failed or is parked; `retry_after` if known.
  stream_broken,         ///< The answer broke off; what arrived is the stream's `text_so_far`.
  sidecar_lost,          ///< The connection to the sidecar broke; the call may have run.
  deadline_exceeded,     ///< The timeout ran out.
  cancelled,             ///< The call was cancelled.
  not_built,             ///< This version of the sidecar does not do that; metadata `field`.
  internal,              ///< A bug in Remora; metadata `error_id` is in its log.
  text_discarded,        ///< `next_text` only: text already handed out became void.
  other,                 ///< None of these.
};

/// The kind in capitals, such as "RATE_LIMITED".
const char* to_string(ErrorKind kind);

/// gRPC's status codes, with gRPC's numbers.
enum class Code {
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// The code as gRPC writes it, such as "UNAVAILABLE".
const char* to_string(Code code);

/// One thing wrong with a request: the field's path, such as "messages[1].parts[0]", and what is
/// wrong.
struct FieldError {
  std::string field;
  std::string description;
};

/// What an error says.
struct ErrorData {
  ErrorKind kind = ErrorKind::other;
  std::optional<Code> code;
  std::string reason;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_after;
  std::vector<FieldError> field_errors;
  std::map<std::string, std::string> metadata;
  std::optional<v1::FailoverReport> report;
  std::string request_id;
  std::string trace_id;
};

/// A call failed. Never says what the caller wrote or a model answered. Cheap to copy.
class Error : public std::runtime_error {
 public:
  explicit Error(ErrorData data);

  /// What to do.
  ErrorKind kind() const noexcept { return data_->kind; }

  /// Why: the name of a remora.v1.ErrorReason without its prefix, also of a later version's. Empty:
  /// not told.
  const std::string& reason() const noexcept { return data_->reason; }

  /// The gRPC status. None: nothing was sent.
  std::optional<Code> code() const noexcept { return data_->code; }

  /// One line for a person. `what()` says the reason, the request id and the field errors too.
  const std::string& message() const noexcept { return data_->message; }

  /// How long until a target is callable again, 0 or more. None: not known.
  std::optional<std::chrono::milliseconds> retry_after() const noexcept {
    return data_->retry_after;
  }

  /// Every field that is wrong; empty unless the request was.
  const std::vector<FieldError>& field_errors() const noexcept { return data_->field_errors; }

  /// What the reason adds, by the names of error_reason.proto.
  const std::map<std::string, std::string>& metadata() const noexcept { return data_->metadata; }

  /// What was tried, within 4 KiB; `Client::get_report` has it whole for ten minutes.
  const std::optional<v1::FailoverReport>& report() const noexcept { return data_->report; }

  /// Empty: not told.
  const std::string& request_id() const noexcept { return data_->request_id; }

  /// 32 hexadecimal digits. Empty: not told.
  const std::string& trace_id() const noexcept { return data_->trace_id; }

 private:
  std::shared_ptr<const ErrorData> data_;
};

}  // namespace remora

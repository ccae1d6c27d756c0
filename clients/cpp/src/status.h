#pragma once

#include <map>
#include <optional>
#include <string>

#include "remora/error.h"

namespace remora::detail {

class CallScope;

/// The trailers an error reads, by name.
using Trailers = std::map<std::string, std::string>;

/// The request id and the trace id of a call that has ended.
Trailers trailers_of(CallScope& scope);

/// The typed error of a status: its kind by reason, else by code. `details` are the bytes of
/// `grpc-status-details-bin`; what of them cannot be read is left out.
Error error_from(Code code, const std::string& message, const std::string& details,
                 const Trailers& trailers, const std::string& address);

/// The error of a call that this side cancelled. `code` none: nothing was sent.
Error cancelled_error(std::optional<Code> code);

/// The error of a stream that ended well without `completed`.
Error incomplete_error();

/// The error of text that was handed out and became void.
Error discarded_error();

}  // namespace remora::detail

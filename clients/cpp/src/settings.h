#pragma once

#include <string>
#include <string_view>

#include "remora/options.h"

namespace remora::detail {

/// The options with what is empty taken from REMORA_ADDRESS, REMORA_TOKEN and the defaults.
/// std::invalid_argument for what cannot be.
ClientOptions settings_from(ClientOptions options);

/// Throws std::invalid_argument unless a timeout is over 0.
void check_timeout(std::chrono::milliseconds timeout, const char* name);

/// Throws std::invalid_argument, which does not repeat the value, for characters that a header
/// cannot carry.
void check_header(std::string_view value, const char* name);

}  // namespace remora::detail

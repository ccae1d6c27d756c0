#pragma once

#include <string>

namespace remora::detail {

/// The gRPC target of `host:port`, `[::1]:port` or `unix:///path`; std::invalid_argument for
/// anything else.
std::string target_of(const std::string& address);

}  // namespace remora::detail

#pragma once

namespace remora {

/// The version of this client; the build reads it from here.
inline constexpr const char* version = "0.1.0";

}  // namespace remora

#pragma once

#include <string>
#include <string_view>

/// RFC 4648, section 4, with padding.
std::string base64_encoded(std::string_view bytes);

/// The bytes; std::invalid_argument for what is no base64.
std::string base64_decoded(std::string_view text);

#pragma once

#include <cstddef>
#include <string_view>

namespace remora::detail {

/// How many bytes the first so many code points of a UTF-8 text have; all of them if there are no
/// more.
std::size_t bytes_of_code_points(std::string_view text, std::size_t count);

/// Whether a text is UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace remora::detail

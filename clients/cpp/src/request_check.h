#pragma once

#include <google/protobuf/message.h>

#include <cstddef>

namespace remora::detail {

/// Throws the Error of a request that could not be sent, or not be read: over so many bytes, or
/// text that is not UTF-8.
void check_request(const google::protobuf::Message& request, std::size_t max_bytes);

}  // namespace remora::detail

#include "settings.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "address.h"

namespace remora {

std::string traceparent(std::string_view trace_id, std::string_view span_id, bool is_sampled) {
  return "00-" + std::string(trace_id) + "-" + std::string(span_id) + (is_sampled ? "-01" : "-00");
}

namespace detail {
namespace {

void fill(std::string& value, const char* variable, const char* otherwise) {
  if (!value.empty()) return;
  const char* found = std::getenv(variable);
  value = found != nullptr && *found != '\0' ? found : otherwise;
}

}  // namespace

ClientOptions settings_from(ClientOptions options) {
  fill(options.address, "REMORA_ADDRESS", "127.0.0.1:7650");
  fill(options.token, "REMORA_TOKEN", "");
  target_of(options.address);
  check_header(options.token, "token");
  check_timeout(options.timeout, "timeout");
  check_timeout(options.connect_timeout, "connect_timeout");
  if (options.connect_timeout == no_timeout) {
    throw std::invalid_argument("connect_timeout must have an end");
  }
  return options;
}

void check_timeout(std::chrono::milliseconds timeout, const char* name) {
  if (timeout.count() <= 0) throw std::invalid_argument(std::string(name) + " must be over 0");
}

void check_header(std::string_view value, const char* name) {
  const bool is_fit =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (!is_fit) {
    throw std::invalid_argument(std::string(name) +
                                " has characters that no header can carry, such as a line's end");
  }
}

}  // namespace detail
}  // namespace remora

#include "address.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <stdexcept>
#include <string_view>

namespace remora::detail {
namespace {

constexpr std::string_view kUnix = "unix://";
/// Linux: sockaddr_un.sun_path has 108 bytes, the last one a zero.
constexpr std::size_t kMaxUnixPath = 107;

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), [](char c) {
        return std::isdigit(static_cast<unsigned char>(c)) != 0;
      })) {
    return false;
  }
  const int port = std::stoi(std::string(text));
  return port >= 1 && port <= 65535;
}

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    return text.find(':') != text.npos && text.find_first_of("[]/ ") == text.npos;
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  });
}

/// A path as gRPC reads it in a URI (RFC 3986, section 2.1).
std::string percent_encoded(std::string_view path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 &&
        (std::isalnum(byte) != 0 || std::string_view("/._-~").find(c) != std::string_view::npos)) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace

std::string target_of(const std::string& address) {
  if (address.compare(0, kUnix.size(), kUnix) == 0) {
    const std::string_view path = std::string_view(address).substr(kUnix.size());
    if (path.size() > 1 && path.size() <= kMaxUnixPath && path.front() == '/') {
      return std::string(kUnix) + percent_encoded(path);
    }
  } else if (const std::size_t colon = address.rfind(':'); colon != std::string::npos) {
    const std::string_view whole = address;
    if (is_host(whole.substr(0, colon)) && is_port(whole.substr(colon + 1))) {
      // With the scheme written out no host, such as one named "unix", is taken for a scheme.
      return "dns:///" + address;
    }
  }
  throw std::invalid_argument(
      "the sidecar's address must be host:port, [::1]:port or unix:///path (at most 107 bytes), "
      "not \"" +
      address + "\"");
}

}  // namespace remora::detail

// Plays one case of the clients' suite: an order as JSON on standard input, what happened as lines
// of JSON.

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "remora/client.h"
#include "run.h"

namespace {

remora::ClientOptions options_from(const nlohmann::json& given) {
  const auto milliseconds = [&](const char* name, std::chrono::milliseconds otherwise) {
    if (!given.contains(name)) return otherwise;
    const double seconds = given[name].get<double>();
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  };
  remora::ClientOptions options;
  options.address = given.value("address", "");
  options.token = given.value("token", "");
  options.timeout = milliseconds("timeout_s", options.timeout);
  options.connect_timeout = milliseconds("connect_timeout_s", options.connect_timeout);
  options.trace_context = active_span;
  return options;
}

}  // namespace

int main() {
  try {
    const auto order = nlohmann::json::parse(std::cin);
    const remora::Client client(options_from(order.at("client")));
    std::optional<remora::v1::Message> answer;
    for (const auto& call : order.at("calls")) answer = Run(client, call, answer).play();
  } catch (const std::exception& error) {
    std::cerr << "conformance: " << error.what() << '\n';
    return 2;
  }
  return 0;
}

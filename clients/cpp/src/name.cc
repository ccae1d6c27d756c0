#include "remora/name.h"

#include <cstring>

namespace remora {
namespace {

std::string without(const char* prefix, const std::string& name, int value) {
  if (value == 0) return "";
  return name.empty() ? std::to_string(value) : name.substr(std::strlen(prefix));
}

}  // namespace

std::string short_name(v1::ErrorReason reason) {
  return without("ERROR_REASON_", v1::ErrorReason_Name(reason), reason);
}

std::string short_name(v1::FinishReason reason) {
  return without("FINISH_REASON_", v1::FinishReason_Name(reason), reason);
}

std::string short_name(v1::BreakerState state) {
  return without("BREAKER_STATE_", v1::BreakerState_Name(state), state);
}

std::string target_name(const v1::Target& target) {
  return target.provider() + "/" + target.model();
}

}  // namespace remora

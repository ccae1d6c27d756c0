#pragma once

#include <string>

#include "remora/v1/chat.pb.h"
#include "remora/v1/error_reason.pb.h"
#include "remora/v1/health.pb.h"
#include "remora/v1/report.pb.h"

namespace remora {

/// An enum's value without its prefix, such as "RATE_LIMITED". Empty: unspecified. A number: a
/// later version's value.
std::string short_name(v1::ErrorReason reason);
std::string short_name(v1::FinishReason reason);
std::string short_name(v1::BreakerState state);

/// "provider/model".
std::string target_name(const v1::Target& target);

}  // namespace remora

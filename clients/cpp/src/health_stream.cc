#include "remora/health_stream.h"

#include <utility>

#include "health_stream_state.h"

namespace remora {

HealthStream::HealthStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
HealthStream::HealthStream(HealthStream&&) noexcept = default;
HealthStream& HealthStream::operator=(HealthStream&&) noexcept = default;
HealthStream::~HealthStream() = default;

const v1::HealthResponse* HealthStream::next() {
  return state_->call.read(state_->change) ? &state_->change : nullptr;
}

void HealthStream::cancel() { state_->call.cancel(); }

}  // namespace remora

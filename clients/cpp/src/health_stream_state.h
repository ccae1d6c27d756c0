#pragma once

#include "remora/health_stream.h"
#include "stream_call.h"

namespace remora {

struct HealthStream::State {
  State(std::shared_ptr<const detail::Connection> connection,
        std::unique_ptr<detail::CallScope> scope,
        detail::StreamCall<v1::HealthResponse>::Reader reader)
      : call(std::move(connection), std::move(scope), std::move(reader)) {}

  detail::StreamCall<v1::HealthResponse> call;
  v1::HealthResponse change;
};

}  // namespace remora

#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>

namespace remora::detail {

/// Asks grpc.health.v1 about the server as a whole; `is_serving` is the answer if the status is OK.
grpc::Status check_serving(const std::shared_ptr<grpc::Channel>& channel,
                           grpc::ClientContext& context, bool& is_serving);

}  // namespace remora::detail

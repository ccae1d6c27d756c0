#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "call_scope.h"
#include "remora/error.h"
#include "remora/options.h"

namespace remora::detail {

/// Bytes a request may have, and an answer's event.
inline constexpr int kMaxMessageBytes = 32 * 1024 * 1024;

/// The channel to one sidecar, and how a call on it begins and fails.
class Connection {
 public:
  /// std::invalid_argument for options that cannot be.
  explicit Connection(ClientOptions options);

  /// The scope of a call, ready to be made: the request is sound, the sidecar is there, deadline
  /// and metadata are set. `timeout`: of calls without one of their own.
  std::unique_ptr<CallScope> begin(const google::protobuf::Message& request,
                                   const CallOptions& options,
                                   std::chrono::milliseconds timeout) const;

  /// The same for the client's own timeout.
  std::unique_ptr<CallScope> begin(const google::protobuf::Message& request,
                                   const CallOptions& options) const {
    return begin(request, options, options_.timeout);
  }

  /// The error of a call that ended with a status other than OK.
  Error error(CallScope& scope, const grpc::Status& status) const;

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& address() const { return options_.address; }
  const Cancellation& cancellation() const { return cancellation_; }

 private:
  void wait(const CallScope& scope, std::chrono::milliseconds timeout) const;
  bool is_still_ready() const;
  void add_metadata(grpc::ClientContext& context, const TraceContext& trace) const;

  const ClientOptions options_;
  const Cancellation cancellation_;
  const std::shared_ptr<grpc::Channel> channel_;
  /// When the connected channel was last looked at, on the steady clock.
  mutable std::atomic<std::chrono::steady_clock::rep> looked_at_{0};
};

}  // namespace remora::detail

#pragma once

#include <grpcpp/client_context.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "remora/cancellation.h"

namespace remora {

struct Cancellation::State {
  std::mutex mutex;
  bool is_cancelled = false;
  std::unordered_set<grpc::ClientContext*> contexts;
};

namespace detail {

/// One call's gRPC context, cancelled by itself, by its client or by its caller.
class CallScope {
 public:
  CallScope(const Cancellation& client, const std::optional<Cancellation>& caller);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  grpc::ClientContext& context() { return context_; }

  /// Cancels the call; from any thread, while this exists.
  void cancel();

  /// Whether this side, rather than the sidecar, cancelled it.
  bool is_cancelled() const;

 private:
  void attach(const Cancellation& cancellation);
  void detach(const Cancellation& cancellation);

  const Cancellation client_;
  const std::optional<Cancellation> caller_;
  std::atomic<bool> is_cancelled_{false};
  grpc::ClientContext context_;
};

}  // namespace detail
}  // namespace remora

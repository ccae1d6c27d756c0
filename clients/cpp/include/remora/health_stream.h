#pragma once

#include <memory>

#include "remora/stream_iterator.h"
#include "remora/v1/health.pb.h"

namespace remora {

/// Upstream state as it changes: a snapshot, then each change with its cause; a later snapshot
/// replaces everything told before. Read by one thread at a time; its destructor ends the call.
/// Errors are thrown where it is read.
class HealthStream {
 public:
  using iterator = StreamIterator<HealthStream, v1::HealthResponse>;

  HealthStream(HealthStream&&) noexcept;
  HealthStream& operator=(HealthStream&&) noexcept;
  ~HealthStream();

  /// Waits for the next snapshot or change, valid until the next read; null: the sidecar ended the
  /// stream.
  const v1::HealthResponse* next();

  /// For `for (const auto& change : stream)`.
  iterator begin() { return iterator(*this); }
  iterator end() { return iterator(); }

  /// Ends the call from any thread, also while another one reads; that one gets
  /// ErrorKind::cancelled.
  void cancel();

 private:
  friend class Client;
  struct State;
  explicit HealthStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace remora

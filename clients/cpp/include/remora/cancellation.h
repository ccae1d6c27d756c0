#pragma once

#include <memory>

namespace remora {

namespace detail {
class CallScope;
}

/// Cancels calls from anywhere: give it to calls as CallOptions::cancellation, keep a copy, and
/// call `cancel()`.
///
/// Copies are one and the same. Every member may be called from any thread. It stays cancelled for
/// good.
class Cancellation {
 public:
  Cancellation();

  /// Cancels the calls it was given to, and every call it will be given to. They fail with
  /// ErrorKind::cancelled.
  void cancel() const;

  /// Whether `cancel` was called.
  bool is_cancelled() const;

 private:
  friend class detail::CallScope;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace remora

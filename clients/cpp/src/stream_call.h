#pragma once

#include <grpcpp/support/sync_stream.h>

#include <memory>
#include <optional>
#include <utility>

#include "connection.h"

namespace remora::detail {

/// A server-streaming call that never outlives this object: the destructor cancels it and reads
/// what is left.
template <class Response>
class StreamCall {
 public:
  using Reader = std::unique_ptr<grpc::ClientReader<Response>>;

  StreamCall(std::shared_ptr<const Connection> connection, std::unique_ptr<CallScope> scope,
             Reader reader)
      : connection_(std::move(connection)), scope_(std::move(scope)), reader_(std::move(reader)) {}

  ~StreamCall() {
    if (is_ended_) return;
    scope_->cancel();
    drain();
  }

  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

  /// Reads the next message; false at the end, again at every later call. Throws the error of a
  /// failed call, likewise.
  bool read(Response& into) {
    if (!is_ended_) {
      if (!scope_->is_cancelled() && reader_->Read(&into) && !scope_->is_cancelled()) return true;
      const grpc::Status status = drain();
      if (!status.ok() || scope_->is_cancelled()) error_ = connection_->error(*scope_, status);
    }
    if (error_) throw Error(*error_);
    return false;
  }

  /// Makes this the end of the stream. Throws it.
  [[noreturn]] void fail(Error error) {
    error_ = std::move(error);
    throw Error(*error_);
  }

  /// From any thread.
  void cancel() { scope_->cancel(); }

 private:
  grpc::Status drain() {
    for (Response dropped; reader_->Read(&dropped);) {
    }
    is_ended_ = true;
    return reader_->Finish();
  }

  const std::shared_ptr<const Connection> connection_;
  const std::unique_ptr<CallScope> scope_;
  const Reader reader_;
  bool is_ended_ = false;
  std::optional<Error> error_;
};

}  // namespace remora::detail

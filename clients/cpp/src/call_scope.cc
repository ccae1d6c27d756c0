#include "call_scope.h"

namespace remora {

Cancellation::Cancellation() : state_(std::make_shared<State>()) {}

void Cancellation::cancel() const {
  const std::lock_guard lock(state_->mutex);
  state_->is_cancelled = true;
  for (grpc::ClientContext* context : state_->contexts) context->TryCancel();
}

bool Cancellation::is_cancelled() const {
  const std::lock_guard lock(state_->mutex);
  return state_->is_cancelled;
}

namespace detail {

CallScope::CallScope(const Cancellation& client, const std::optional<Cancellation>& caller)
    : client_(client), caller_(caller) {
  attach(client_);
  if (caller_) attach(*caller_);
}

CallScope::~CallScope() {
  if (caller_) detach(*caller_);
  detach(client_);
}

void CallScope::cancel() {
  is_cancelled_ = true;
  context_.TryCancel();
}

bool CallScope::is_cancelled() const {
  return is_cancelled_ || client_.is_cancelled() || (caller_ && caller_->is_cancelled());
}

void CallScope::attach(const Cancellation& cancellation) {
  const std::lock_guard lock(cancellation.state_->mutex);
  cancellation.state_->contexts.insert(&context_);
  if (cancellation.state_->is_cancelled) context_.TryCancel();
}

void CallScope::detach(const Cancellation& cancellation) {
  const std::lock_guard lock(cancellation.state_->mutex);
  cancellation.state_->contexts.erase(&context_);
}

}  // namespace detail
}  // namespace remora

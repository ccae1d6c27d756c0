#include "remora/request.h"

namespace remora {
namespace {

template <class Request>
Request request_from(std::string model, const Prompt& prompt) {
  Request request;
  request.set_model(std::move(model));
  request.mutable_messages()->Assign(prompt.messages().begin(), prompt.messages().end());
  return request;
}

}  // namespace

v1::ChatRequest chat_request(std::string model, const Prompt& prompt) {
  return request_from<v1::ChatRequest>(std::move(model), prompt);
}

v1::CompleteRequest complete_request(std::string model, const Prompt& prompt) {
  return request_from<v1::CompleteRequest>(std::move(model), prompt);
}

}  // namespace remora

#include "remora/client.h"

#include <utility>

#include "chat_stream_state.h"
#include "connection.h"
#include "health_stream_state.h"
#include "remora/v1/chat.grpc.pb.h"
#include "remora/v1/health.grpc.pb.h"
#include "serving.h"

namespace remora {

struct Client::State {
  explicit State(ClientOptions options)
      : connection(std::make_shared<detail::Connection>(std::move(options))),
        chat(connection->channel()),
        health(connection->channel()) {}

  /// Makes a call with one answer by the stub's method.
  template <class Stub, class Request, class Response>
  Response unary(Stub& stub,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                 const Request& request, const CallOptions& options) {
    const auto scope = connection->begin(request, options);
    Response response;
    const grpc::Status status = (stub.*method)(&scope->context(), request, &response);
    if (!status.ok()) throw connection->error(*scope, status);
    return response;
  }

  const std::shared_ptr<const detail::Connection> connection;
  v1::ChatService::Stub chat;
  v1::HealthService::Stub health;
};

Client::Client() : Client(ClientOptions()) {}
Client::Client(ClientOptions options) : state_(std::make_shared<State>(std::move(options))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

ChatStream Client::chat(std::string model, const Prompt& prompt, const CallOptions& options) const {
  return chat(chat_request(std::move(model), prompt), options);
}

ChatStream Client::chat(const v1::ChatRequest& request, const CallOptions& options) const {
  auto scope = state_->connection->begin(request, options);
  auto reader = state_->chat.Chat(&scope->context(), request);
  return ChatStream(
      std::make_unique<ChatStream::State>(state_->connection, std::move(scope), std::move(reader)));
}

v1::CompleteResponse Client::complete(std::string model, const Prompt& prompt,
                                      const CallOptions& options) const {
  return complete(complete_request(std::move(model), prompt), options);
}

v1::CompleteResponse Client::complete(const v1::CompleteRequest& request,
                                      const CallOptions& options) const {
  return state_->unary(state_->chat, &v1::ChatService::Stub::Complete, request, options);
}

v1::EmbedResponse Client::embed(std::string model, const std::vector<std::string>& inputs,
                                const CallOptions& options) const {
  v1::EmbedRequest request;
  request.set_model(std::move(model));
  request.mutable_inputs()->Assign(inputs.begin(), inputs.end());
  return embed(request, options);
}

v1::EmbedResponse Client::embed(const v1::EmbedRequest& request, const CallOptions& options) const {
  return state_->unary(state_->chat, &v1::ChatService::Stub::Embed, request, options);
}

v1::ListModelsResponse Client::list_models(const v1::ListModelsRequest& request,
                                           const CallOptions& options) const {
  return state_->unary(state_->chat, &v1::ChatService::Stub::ListModels, request, options);
}

v1::HealthResponse Client::health(const CallOptions& options) const {
  const v1::HealthRequest request;
  auto scope = state_->connection->begin(request, options);
  auto reader = state_->health.Health(&scope->context(), request);
  detail::StreamCall<v1::HealthResponse> call(state_->connection, std::move(scope),
                                              std::move(reader));
  v1::HealthResponse snapshot;
  if (!call.read(snapshot)) {
    ErrorData data;
    data.message = "the sidecar sent no snapshot";
    throw Error(std::move(data));
  }
  for (v1::HealthResponse more; call.read(more);) {
  }
  return snapshot;
}

HealthStream Client::watch_health(const CallOptions& options) const {
  v1::HealthRequest request;
  request.set_watch(true);
  auto scope = state_->connection->begin(request, options, no_timeout);
  auto reader = state_->health.Health(&scope->context(), request);
  return HealthStream(std::make_unique<HealthStream::State>(state_->connection, std::move(scope),
                                                            std::move(reader)));
}

v1::ResetHealthResponse Client::reset_health(const v1::ResetHealthRequest& request,
                                             const CallOptions& options) const {
  return state_->unary(state_->health, &v1::HealthService::Stub::ResetHealth, request, options);
}

v1::GetReportResponse Client::get_report(std::string request_id, const CallOptions& options) const {
  v1::GetReportRequest request;
  request.set_request_id(std::move(request_id));
  return state_->unary(state_->health, &v1::HealthService::Stub::GetReport, request, options);
}

bool Client::is_serving(const CallOptions& options) const {
  const auto scope = state_->connection->begin(v1::HealthRequest(), options);
  bool is_serving = false;
  const grpc::Status status =
      detail::check_serving(state_->connection->channel(), scope->context(), is_serving);
  if (!status.ok()) throw state_->connection->error(*scope, status);
  return is_serving;
}

void Client::close() const { state_->connection->cancellation().cancel(); }

const std::string& Client::address() const { return state_->connection->address(); }

}  // namespace remora

#include "scripted_sidecar.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <thread>
#include <utility>

using std::chrono::milliseconds;
namespace v1 = remora::v1;

ScriptedSidecar::ScriptedSidecar(Chatting chatting, int port) : chatting_(std::move(chatting)) {
  static const bool has_health = (grpc::EnableDefaultHealthCheckService(true), true);
  static_cast<void>(has_health);
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

ScriptedSidecar::~ScriptedSidecar() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

remora::Client ScriptedSidecar::client(remora::ClientOptions options) const {
  options.address = address();
  options.connect_timeout = milliseconds(2500);
  return remora::Client(std::move(options));
}

std::map<std::string, std::string> ScriptedSidecar::metadata() const {
  const std::lock_guard lock(mutex_);
  return metadata_;
}

bool ScriptedSidecar::saw_hang_up() const {
  for (int i = 0; i < 500 && !hung_up_; ++i) std::this_thread::sleep_for(milliseconds(10));
  return hung_up_;
}

grpc::Status ScriptedSidecar::wait_for_hang_up(grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::sleep_for(milliseconds(5));
  hung_up_ = true;
  return grpc::Status::CANCELLED;
}

grpc::Status ScriptedSidecar::Chat(grpc::ServerContext* context, const v1::ChatRequest*,
                                   Writer* writer) {
  ++calls_;
  {
    const std::lock_guard lock(mutex_);
    metadata_.clear();
    for (const auto& [key, value] : context->client_metadata()) {
      metadata_[{key.data(), key.size()}] = {value.data(), value.size()};
    }
  }
  return chatting_(*context, *writer);
}

grpc::Status ScriptedSidecar::Complete(grpc::ServerContext* context, const v1::CompleteRequest*,
                                       v1::CompleteResponse*) {
  ++calls_;
  return wait_for_hang_up(*context);
}

v1::ChatResponse text_event(const std::string& text, int part_index) {
  v1::ChatResponse event;
  event.mutable_text_delta()->set_part_index(part_index);
  event.mutable_text_delta()->set_text(text);
  return event;
}

v1::ChatResponse discard_event(int part_index, int offset) {
  v1::ChatResponse event;
  event.mutable_part_discarded()->set_part_index(part_index);
  event.mutable_part_discarded()->set_offset(offset);
  return event;
}

v1::ChatResponse restart_event() {
  v1::ChatResponse event;
  event.mutable_restarted();
  return event;
}

v1::ChatResponse done_event() {
  v1::ChatResponse event;
  event.mutable_completed()->set_finish_reason(v1::FINISH_REASON_STOP);
  event.mutable_completed()->mutable_usage()->set_output_tokens(3);
  return event;
}

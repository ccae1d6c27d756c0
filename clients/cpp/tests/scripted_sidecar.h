#pragma once

#include <grpcpp/server.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "remora/client.h"
#include "remora/v1/chat.grpc.pb.h"
#include "remora/v1/health.grpc.pb.h"

/// A gRPC server on loopback whose calls do what a test says.
class ScriptedSidecar final : public remora::v1::ChatService::Service {
 public:
  using Writer = grpc::ServerWriter<remora::v1::ChatResponse>;
  using Chatting = std::function<grpc::Status(grpc::ServerContext&, Writer&)>;

  /// `port` 0: any.
  explicit ScriptedSidecar(Chatting chatting = nullptr, int port = 0);
  ~ScriptedSidecar() override;

  /// A client of it that waits for it half a second at the most.
  remora::Client client(remora::ClientOptions options = {}) const;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  int calls() const { return calls_; }

  /// The metadata of the newest call.
  std::map<std::string, std::string> metadata() const;

  /// Whether a call that waited in `wait_for_hang_up` was hung up on, within five seconds.
  bool saw_hang_up() const;

  /// For a script: waits until the caller hangs up.
  grpc::Status wait_for_hang_up(grpc::ServerContext& context);

 private:
  grpc::Status Chat(grpc::ServerContext* context, const remora::v1::ChatRequest* request,
                    Writer* writer) override;
  grpc::Status Complete(grpc::ServerContext* context, const remora::v1::CompleteRequest* request,
                        remora::v1::CompleteResponse* response) override;

  Chatting chatting_;
  int port_ = 0;
  std::atomic<int> calls_{0};
  std::atomic<bool> hung_up_{false};
  mutable std::mutex mutex_;
  std::map<std::string, std::string> metadata_;
  std::unique_ptr<grpc::Server> server_;
};

/// Events as a sidecar sends them.
remora::v1::ChatResponse text_event(const std::string& text, int part_index = 0);
remora::v1::ChatResponse discard_event(int part_index, int offset);
remora::v1::ChatResponse restart_event();
remora::v1::ChatResponse done_event();

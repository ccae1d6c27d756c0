#pragma once

#include <memory>
#include <string>
#include <vector>

#include "remora/answer.h"
#include "remora/cancellation.h"
#include "remora/chat_stream.h"
#include "remora/error.h"
#include "remora/health_stream.h"
#include "remora/message.h"
#include "remora/name.h"
#include "remora/options.h"
#include "remora/request.h"
#include "remora/version.h"

namespace remora {

/// Calls a sidecar. Make one and share it: every member may be called from any thread.
///
/// Requests are the contract's messages; their fields are explained in remora/v1/*.proto. An empty
/// `model` is the sidecar's default. Every failed call throws Error; options that cannot be are
/// std::invalid_argument, before anything is sent. No call is ever repeated.
class Client {
 public:
  /// A client of the sidecar at REMORA_ADDRESS, else at 127.0.0.1:7650.
  Client();

  /// Connects with the first call. std::invalid_argument for options that cannot be.
  explicit Client(ClientOptions options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Starts an answer and gives the stream of its events.
  ChatStream chat(std::string model, const Prompt& prompt, const CallOptions& options = {}) const;
  ChatStream chat(const v1::ChatRequest& request, const CallOptions& options = {}) const;

  /// The whole answer in one piece; a break on the way is recovered by the sidecar without a trace.
  v1::CompleteResponse complete(std::string model, const Prompt& prompt,
                                const CallOptions& options = {}) const;
  v1::CompleteResponse complete(const v1::CompleteRequest& request,
                                const CallOptions& options = {}) const;

  /// One vector for each text, in order.
  v1::EmbedResponse embed(std::string model, const std::vector<std::string>& inputs,
                          const CallOptions& options = {}) const;
  v1::EmbedResponse embed(const v1::EmbedRequest& request, const CallOptions& options = {}) const;

  /// What can be asked for, and whether it is available now.
  v1::ListModelsResponse list_models(const v1::ListModelsRequest& request = {},
                                     const CallOptions& options = {}) const;

  /// How every entry and profile is.
  v1::HealthResponse health(const CallOptions& options = {}) const;

  /// The same, and then each change. Without a time limit unless the call has its own.
  HealthStream watch_health(const CallOptions& options = {}) const;

  /// Forgets breakers, streaks and cooldowns of one entry, one profile, or all.
  v1::ResetHealthResponse reset_health(const v1::ResetHealthRequest& request,
                                       const CallOptions& options = {}) const;

  /// What happened to the last ten minutes' calls with that id, newest first; ErrorKind::not_found
  /// for none.
  v1::GetReportResponse get_report(std::string request_id, const CallOptions& options = {}) const;

  /// Whether the sidecar takes calls: it listens, and does not drain. Needs no token.
  bool is_serving(const CallOptions& options = {}) const;

  /// Cancels every call that runs, and every later one. The destructor does not: a stream may
  /// outlive its client.
  void close() const;

  /// Where the sidecar is expected.
  const std::string& address() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace remora

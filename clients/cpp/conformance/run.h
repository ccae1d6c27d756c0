#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "remora/client.h"

/// One call of an order: makes it and prints what comes of it, a line each.
class Run {
 public:
  /// `answer`: the turn that the call before gave, if any.
  Run(const remora::Client& client, const nlohmann::json& call,
      std::optional<remora::v1::Message> answer);

  /// The assistant's turn, if there is one. std::invalid_argument for an order that is none.
  std::optional<remora::v1::Message> play();

 private:
  void play_rpc(const std::string& rpc);
  void chat();
  void complete();
  void embed();
  void list_models();
  void watch_health();

  /// Reads as it is told; false: stopped before the end.
  bool read(remora::ChatStream& stream);
  bool read_text(remora::ChatStream& stream, const remora::OnDiscard& on_discard);

  /// Prints a line and pauses where it is told; false: it is time to stop.
  bool say_on(const nlohmann::json& line);
  void linger() const;

  template <class Request>
  Request request() const;
  template <class Request>
  Request question() const;

  const remora::Client& client_;
  const nlohmann::json& call_;
  remora::CallOptions options_;
  std::optional<remora::v1::Message> answer_;
  std::optional<remora::v1::Message> turn_;
  std::string text_;
  int printed_ = 0;
};

/// The span that is active by the order, or none: what an application's tracing would tell the
/// client.
remora::TraceContext active_span();

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "remora/cancellation.h"

namespace grpc {
class ChannelCredentials;
}

namespace remora {

/// As a timeout: none.
inline constexpr std::chrono::milliseconds no_timeout = std::chrono::milliseconds::max();

/// Where in a trace a call is made, as W3C headers. Empty: not told.
struct TraceContext {
  std::string traceparent;
  std::string tracestate;
};

/// The W3C header of a span: `trace_id` of 32 and `span_id` of 16 hexadecimal digits, lower case.
std::string traceparent(std::string_view trace_id, std::string_view span_id, bool is_sampled);

/// How a client reaches its sidecar.
struct ClientOptions {
  /// `host:port`, `[::1]:port` or `unix:///path`. Empty: REMORA_ADDRESS, else 127.0.0.1:7650.
  std::string address;

  /// The caller's own token, sent where the sidecar asks for one. Empty: REMORA_TOKEN, else none.
  std::string token;

  /// How long a call may take in all, over 0; it travels to the sidecar as the deadline.
  std::chrono::milliseconds timeout{300'000};

  /// How long a call may wait for a sidecar that is not up, over 0 and not `no_timeout`.
  std::chrono::milliseconds connect_timeout{5'000};

  /// TLS, for a sidecar that is not on this host. Null: plain text.
  std::shared_ptr<grpc::ChannelCredentials> credentials;

  /// Asked at each call, by its thread, for the active span. Null: calls carry no trace of their
  /// own. What it throws reaches the caller before anything is sent.
  std::function<TraceContext()> trace_context;
};

/// What one call has of its own.
struct CallOptions {
  /// How long it may take in all, over 0. Absent: the client's.
  std::optional<std::chrono::milliseconds> timeout;

  /// Goes before the client's `trace_context` if its traceparent is not empty.
  TraceContext trace;

  /// Cancels it from another thread. Absent: nothing but its stream, or `Client::close`, does.
  std::optional<Cancellation> cancellation;
};

}  // namespace remora

#include "connection.h"

#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <string>
#include <utility>

#include "address.h"
#include "remora/version.h"
#include "request_check.h"
#include "settings.h"
#include "status.h"

namespace remora::detail {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// How soon a call that waits for its sidecar takes notice of having been cancelled.
constexpr milliseconds kNotice{100};
/// How long a connected channel is looked at before a call. gRPC reads a connection only while
/// somebody waits on it: without a look, a call after an idle time would go to a sidecar that has
/// said goodbye, or is gone.
constexpr milliseconds kLook{1};
/// How often it is read at least: each time reads what one connection has.
constexpr int kReads = 3;
/// How long a look holds: calls in quick succession do not pay for one each.
constexpr milliseconds kLookHolds{50};
/// A deadline further off than a century is none; nanoseconds since some instant would overflow
/// after three.
constexpr milliseconds kNever = std::chrono::hours(24 * 365 * 100);

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetUserAgentPrefix(std::string("remora-client-cpp/") + version);
  // The sidecar is the one owner of retries: no service config may make gRPC repeat a call.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A sidecar is local: neither a proxy from the environment nor a service config from DNS has a
  // say.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // A sidecar that is just starting is found within a tenth of a second. The minimum is how long
  // one attempt may take.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  return arguments;
}

std::shared_ptr<grpc::Channel> new_channel(const ClientOptions& options) {
  const auto credentials =
      options.credentials ? options.credentials : grpc::InsecureChannelCredentials();
  return grpc::CreateCustomChannel(target_of(options.address), credentials, channel_arguments());
}

/// On the clock that nobody sets.
gpr_timespec instant_after(Clock::duration duration) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(ns, GPR_TIMESPAN));
}

Error unreachable(const std::string& address, milliseconds waited) {
  std::string seconds = std::to_string(waited.count() / 1000);
  if (const auto rest = waited.count() % 1000; rest != 0) {
    const std::string digits = std::to_string(1000 + rest).substr(1);
    seconds += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  ErrorData data;
  data.kind = ErrorKind::sidecar_unreachable;
  data.message = "no sidecar answers at " + address + " (waited " + seconds +
                 " s): is `remora serve` running, and is REMORA_ADDRESS right?";
  return Error(std::move(data));
}

}  // namespace

Connection::Connection(ClientOptions options)
    : options_(settings_from(std::move(options))), channel_(new_channel(options_)) {}

std::unique_ptr<CallScope> Connection::begin(const google::protobuf::Message& request,
                                             const CallOptions& options,
                                             milliseconds timeout) const {
  const auto started = Clock::now();
  const milliseconds limit = options.timeout.value_or(timeout);
  check_timeout(limit, "timeout");
  check_request(request, kMaxMessageBytes);
  auto scope = std::make_unique<CallScope>(cancellation_, options.cancellation);
  add_metadata(scope->context(), options.trace);
  wait(*scope, std::min({limit, options_.connect_timeout, kNever}));
  if (limit < kNever) {
    const auto remaining = limit - (Clock::now() - started);
    scope->context().set_deadline(
        instant_after(std::max<Clock::duration>(remaining, milliseconds(1))));
  }
  return scope;
}

Error Connection::error(CallScope& scope, const grpc::Status& status) const {
  if (scope.is_cancelled()) return cancelled_error(Code::cancelled);
  return error_from(static_cast<Code>(status.error_code()), status.error_message(),
                    status.error_details(), trailers_of(scope), options_.address);
}

void Connection::wait(const CallScope& scope, milliseconds timeout) const {
  const auto limit = Clock::now() + timeout;
  while (!scope.is_cancelled()) {
    const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY && is_still_ready()) return;
    if (state == GRPC_CHANNEL_READY) continue;
    const auto left = limit - Clock::now();
    if (left <= Clock::duration::zero() || state == GRPC_CHANNEL_SHUTDOWN) {
      throw unreachable(options_.address, timeout);
    }
    channel_->WaitForStateChange(state, instant_after(std::min<Clock::duration>(left, kNotice)));
  }
  throw cancelled_error(std::nullopt);
}

bool Connection::is_still_ready() const {
  const auto since = Clock::now().time_since_epoch() - Clock::duration(looked_at_);
  if (since < kLookHolds) return true;
  if (channel_->WaitForStateChange(GRPC_CHANNEL_READY, instant_after(kLook))) return false;
  // On a busy machine that time can be over before anything was read. A queue is read once whatever
  // the time.
  for (int i = 0; i < kReads; ++i) {
    grpc::CompletionQueue queue;
    void* tag = nullptr;
    bool is_ok = false;
    queue.AsyncNext(&tag, &is_ok, instant_after(Clock::duration::zero()));
  }
  if (channel_->GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_READY) return false;
  looked_at_ = Clock::now().time_since_epoch().count();
  return true;
}

void Connection::add_metadata(grpc::ClientContext& context, const TraceContext& own) const {
  if (!options_.token.empty()) context.AddMetadata("authorization", "Bearer " + options_.token);
  TraceContext trace = own;
  if (trace.traceparent.empty() && options_.trace_context) trace = options_.trace_context();
  if (trace.traceparent.empty()) return;
  check_header(trace.traceparent, "traceparent");
  check_header(trace.tracestate, "tracestate");
  context.AddMetadata("traceparent", trace.traceparent);
  if (!trace.tracestate.empty()) context.AddMetadata("tracestate", trace.tracestate);
}

}  // namespace remora::detail

#include "run.h"

#include <chrono>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base64.h"
#include "fields.h"

using nlohmann::json;
namespace v1 = remora::v1;

namespace {

remora::TraceContext active;

void say(const json& line) { std::cout << line.dump() << std::endl; }

std::chrono::milliseconds milliseconds_of(const json& seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds.get<double>() * 1000));
}

/// A tool result for the call "@" is one for the answer's first call.
void answer_tool(v1::Message& message, const v1::Message& answer) {
  const auto calls = remora::tool_calls(answer);
  for (v1::Part& part : *message.mutable_parts()) {
    if (part.tool_result().tool_call_id() != "@") continue;
    if (calls.empty()) throw std::invalid_argument("no tool call to answer");
    part.mutable_tool_result()->set_tool_call_id(calls.front().id());
  }
}

}  // namespace

remora::TraceContext active_span() { return active; }

Run::Run(const remora::Client& client, const json& call, std::optional<v1::Message> answer)
    : client_(client), call_(call), answer_(std::move(answer)) {
  if (call.contains("timeout_s")) options_.timeout = milliseconds_of(call["timeout_s"]);
  options_.trace.traceparent = call.value("traceparent", "");
  active = {};
  if (call.contains("otel")) {
    const auto trace_id = call["otel"]["trace_id"].get<std::string>();
    const auto span_id = call["otel"]["span_id"].get<std::string>();
    active.traceparent = remora::traceparent(trace_id, span_id, /*is_sampled=*/true);
  }
}

std::optional<v1::Message> Run::play() {
  try {
    play_rpc(call_.at("rpc").get<std::string>());
  } catch (const remora::Error& error) {
    say({{"error", error_fields(error, text_)}});
  }
  return turn_;
}

void Run::play_rpc(const std::string& rpc) {
  if (rpc == "chat") return chat();
  if (rpc == "complete") return complete();
  if (rpc == "embed") return embed();
  if (rpc == "list_models") return list_models();
  if (rpc == "health") return say({{"end", health_fields(client_.health(options_))}});
  if (rpc == "watch_health") return watch_health();
  throw std::invalid_argument("no such rpc: " + rpc);
}

void Run::chat() {
  std::optional<remora::ChatStream> stream = client_.chat(question<v1::ChatRequest>(), options_);
  bool is_whole = false;
  try {
    is_whole = read(*stream);
    if (is_whole) stream->finish();
  } catch (const remora::Error&) {
    text_ = stream->text_so_far();
    throw;
  }
  text_ = stream->text_so_far();
  if (!is_whole) {
    if (call_.value("stop", "leave") == "leave") stream.reset();
    linger();
    say({{"stopped", {{"text", text_}}}});
    return;
  }
  linger();
  turn_ = stream->message();
  say({{"end", answer_fields(*stream->completed(), *turn_, text_)}});
}

void Run::complete() {
  const v1::CompleteResponse answer = client_.complete(question<v1::CompleteRequest>(), options_);
  turn_ = answer.message();
  say({{"end", answer_fields(answer, *turn_, remora::text(answer))}});
}

void Run::embed() {
  say({{"end", vectors_fields(client_.embed(request<v1::EmbedRequest>(), options_))}});
}

void Run::list_models() {
  const auto asked =
      call_.contains("request") ? request<v1::ListModelsRequest>() : v1::ListModelsRequest();
  say({{"end", models_fields(client_.list_models(asked, options_))}});
}

void Run::watch_health() {
  std::optional<remora::HealthStream> changes = client_.watch_health(options_);
  for (const v1::HealthResponse& change : *changes) {
    if (say_on({{"change", health_fields(change)}})) continue;
    if (call_.value("stop", "leave") == "cancel") {
      changes->cancel();
    } else {
      changes.reset();
    }
    linger();
    say({{"stopped", {{"text", ""}}}});
    return;
  }
  say({{"end", json::object()}});
}

bool Run::read(remora::ChatStream& stream) {
  const std::string read = call_.value("read", "events");
  if (read == "final") {
    stream.final_text();
    return true;
  }
  if (read == "text") return read_text(stream, nullptr);
  if (read == "text_discards") {
    return read_text(stream, [this](const std::string& text) { say_on({{"discarded", text}}); });
  }
  if (read != "events") throw std::invalid_argument("no such way to read: " + read);
  for (const v1::ChatResponse& event : stream) {
    if (say_on({{"event", event_fields(event)}})) continue;
    if (call_.value("stop", "leave") == "cancel") stream.cancel();
    return false;
  }
  return true;
}

bool Run::read_text(remora::ChatStream& stream, const remora::OnDiscard& on_discard) {
  while (const auto piece = stream.next_text(on_discard)) {
    if (say_on({{"piece", *piece}})) continue;
    if (call_.value("stop", "leave") == "cancel") stream.cancel();
    return false;
  }
  return true;
}

bool Run::say_on(const json& line) {
  say(line);
  ++printed_;
  if (printed_ == call_.value("pause_after", 0)) {
    std::this_thread::sleep_for(milliseconds_of(call_.at("pause_s")));
  }
  return printed_ != call_.value("stop_after", 0);
}

void Run::linger() const {
  if (call_.contains("linger_s")) std::this_thread::sleep_for(milliseconds_of(call_["linger_s"]));
}

template <class Request>
Request Run::request() const {
  Request request;
  if (!request.ParseFromString(base64_decoded(call_.at("request").get<std::string>()))) {
    throw std::invalid_argument("the request cannot be read");
  }
  return request;
}

template <class Request>
Request Run::question() const {
  Request question = request<Request>();
  if (!call_.value("append_answer", false)) return question;
  if (!answer_ || question.messages().empty()) throw std::invalid_argument("no answer to append");
  answer_tool(*question.mutable_messages()->rbegin(), *answer_);
  *question.add_messages() = *answer_;
  question.mutable_messages()->SwapElements(question.messages_size() - 2,
                                            question.messages_size() - 1);
  return question;
}

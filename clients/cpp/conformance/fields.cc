#include "fields.h"

#include <vector>

#include "base64.h"

using nlohmann::json;
namespace v1 = remora::v1;

namespace {

json text_or_null(const std::string& text) { return text.empty() ? json() : json(text); }

json delta_fields(const char* kind, int part_index, const std::string& text) {
  return {{"kind", kind}, {"part_index", part_index}, {"text", text}};
}

json tool_call_fields(const v1::ToolCallDelta& delta) {
  return {{"kind", "tool_call_delta"},
          {"part_index", delta.part_index()},
          {"id", delta.id()},
          {"name", delta.name()},
          {"arguments_fragment", delta.arguments_fragment()}};
}

json part_fields(const v1::PartCompleted& part) {
  return {{"kind", "part_completed"},
          {"part_index", part.part_index()},
          {"issuer", part.issuer()},
          {"opaque_state",
           part.has_opaque_state() ? json(base64_encoded(part.opaque_state())) : json()}};
}

json completed_fields(const v1::Completed& completed) {
  return {{"kind", "completed"},
          {"finish_reason", text_or_null(remora::short_name(completed.finish_reason()))},
          {"end_inferred", completed.end_inferred()},
          {"target", remora::target_name(completed.target())},
          {"failed_over", completed.failed_over()}};
}

json report_fields(const v1::FailoverReport& report) {
  json attempts = json::array();
  for (const auto& one : report.attempts()) {
    attempts.push_back({{"target", remora::target_name(one.target())},
                        {"reason", text_or_null(remora::short_name(one.reason()))}});
  }
  return {{"attempts", attempts},
          {"attempts_left_out", report.truncated().attempts()},
          {"failed_over", report.failed_over()}};
}

}  // namespace

json event_fields(const v1::ChatResponse& event) {
  switch (event.event_case()) {
    case v1::ChatResponse::kStarted:
      return {{"kind", "started"},
              {"target", remora::target_name(event.started().target())},
              {"failed_over", event.started().failed_over()}};
    case v1::ChatResponse::kTextDelta:
      return delta_fields("text_delta", event.text_delta().part_index(), event.text_delta().text());
    case v1::ChatResponse::kReasoningDelta:
      return delta_fields("reasoning_delta", event.reasoning_delta().part_index(),
                          event.reasoning_delta().text());
    case v1::ChatResponse::kRefusalDelta:
      return delta_fields("refusal_delta", event.refusal_delta().part_index(),
                          event.refusal_delta().text());
    case v1::ChatResponse::kToolCallDelta:
      return tool_call_fields(event.tool_call_delta());
    case v1::ChatResponse::kPartCompleted:
      return part_fields(event.part_completed());
    case v1::ChatResponse::kCitation:
      return {{"kind", "citation"},
              {"part_index", event.citation().part_index()},
              {"uri", event.citation().uri()}};
    case v1::ChatResponse::kAttempt:
      return {{"kind", "attempt"},
              {"target", remora::target_name(event.attempt().attempt().target())},
              {"reason", text_or_null(remora::short_name(event.attempt().attempt().reason()))}};
    case v1::ChatResponse::kFailed:
      return {{"kind", "failed"},
              {"reason", text_or_null(remora::short_name(event.failed().reason()))},
              {"message", event.failed().message()}};
    case v1::ChatResponse::kResumed:
      return {{"kind", "resumed"},
              {"target", remora::target_name(event.resumed().target())},
              {"part_index", event.resumed().part_index()},
              {"offset", event.resumed().offset()}};
    case v1::ChatResponse::kRestarted:
      return {{"kind", "restarted"}, {"target", remora::target_name(event.restarted().target())}};
    case v1::ChatResponse::kPartDiscarded:
      return {{"kind", "part_discarded"},
              {"part_index", event.part_discarded().part_index()},
              {"offset", event.part_discarded().offset()}};
    case v1::ChatResponse::kCompleted:
      return completed_fields(event.completed());
    case v1::ChatResponse::EVENT_NOT_SET:
      break;
  }
  return {{"kind", "unknown"}};
}

json health_fields(const v1::HealthResponse& health) {
  json entries = json::array();
  for (const auto& one : health.entries()) {
    entries.push_back(
        {{"entry", one.entry()}, {"state", text_or_null(remora::short_name(one.state()))}});
  }
  return {{"snapshot", health.snapshot()}, {"entries", entries}};
}

json vectors_fields(const v1::EmbedResponse& answer) {
  json vectors = json::array();
  for (const auto& one : answer.embeddings()) {
    vectors.push_back(std::vector<float>(one.values().begin(), one.values().end()));
  }
  return {{"vectors", vectors}, {"target", remora::target_name(answer.target())}};
}

json models_fields(const v1::ListModelsResponse& answer) {
  json models = json::array();
  json aliases = json::array();
  for (const auto& one : answer.models()) models.push_back(one.reference());
  for (const auto& one : answer.aliases()) aliases.push_back(one.name());
  return {{"models", models}, {"aliases", aliases}, {"default_model", answer.default_model()}};
}

json error_fields(const remora::Error& error, const std::string& text) {
  json field_errors = json::array();
  for (const auto& one : error.field_errors()) {
    field_errors.push_back({{"field", one.field}, {"description", one.description}});
  }
  const auto code = error.code();
  const auto retry_after = error.retry_after();
  return {{"kind", remora::to_string(error.kind())},
          {"code", code ? json(remora::to_string(*code)) : json()},
          {"reason", text_or_null(error.reason())},
          {"message", error.message()},
          {"retry_after_s",
           retry_after ? json(static_cast<double>(retry_after->count()) / 1000) : json()},
          {"field_errors", field_errors},
          {"metadata", error.metadata()},
          {"request_id", error.request_id()},
          {"trace_id", error.trace_id()},
          {"report", error.report() ? report_fields(*error.report()) : json()},
          {"text", text}};
}

template <class Answer>
json answer_fields(const Answer& answer, const v1::Message& message, const std::string& text) {
  json tool_calls = json::array();
  for (const auto& call : remora::tool_calls(message)) {
    tool_calls.push_back(
        {{"id", call.id()}, {"name", call.name()}, {"arguments_json", call.arguments_json()}});
  }
  return {{"text", text},
          {"message", base64_encoded(message.SerializeAsString())},
          {"finish_reason", text_or_null(remora::short_name(answer.finish_reason()))},
          {"target", remora::target_name(answer.target())},
          {"failed_over", answer.failed_over()},
          {"end_inferred", answer.end_inferred()},
          {"output_tokens", answer.usage().output_tokens()},
          {"request_id", answer.report().request_id()},
          {"trace_id", answer.trace_id()},
          {"tool_calls", tool_calls},
          {"reasoning", remora::reasoning(message)}};
}

template json answer_fields(const v1::Completed&, const v1::Message&, const std::string&);
template json answer_fields(const v1::CompleteResponse&, const v1::Message&, const std::string&);

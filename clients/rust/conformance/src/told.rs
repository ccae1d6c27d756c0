//! What the client gives, as the suite's JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use remora_client::pb::{
    Attempt, EmbedResponse, ErrorReason, FailoverReport, FinishReason, HealthResponse, ListModelsResponse, Usage,
};
use remora_client::{CompleteResponse, Completed, Error, Event, Message, Target};
use serde_json::{Value, json};

/// Either kind of answer.
pub trait Answer {
    fn told(&self, message: &Message) -> Value;
}

macro_rules! answer {
    ($answer:ty) => {
        impl Answer for $answer {
            fn told(&self, message: &Message) -> Value {
                let calls = self.tool_calls();
                json!({
                    "text": self.text(),
                    "message": STANDARD.encode(message.encode_to_vec()),
                    "finish_reason": finish_reason(self.finish_reason()),
                    "target": self.answered_by().to_string(),
                    "failed_over": self.failed_over,
                    "end_inferred": self.end_inferred,
                    "output_tokens": self.usage.as_ref().map_or(0, |usage: &Usage| usage.output_tokens),
                    "request_id": self.request_id(),
                    "trace_id": self.trace_id,
                    "tool_calls": calls
                        .map(|call| json!({"id": call.id, "name": call.name, "arguments_json": call.arguments_json}))
                        .collect::<Vec<_>>(),
                    "reasoning": self.reasoning(),
                })
            }
        }
    };
}

answer!(Completed);
answer!(CompleteResponse);

pub fn answer(answer: &impl Answer, message: &Message) -> Value {
    answer.told(message)
}

/// An event under its name in the contract.
pub fn event(event: &Event) -> Value {
    match event {
        Event::Started(body) => {
            json!({"kind": "started", "target": target(body.target.as_ref()), "failed_over": body.failed_over})
        }
        Event::TextDelta(body) => json!({"kind": "text_delta", "part_index": body.part_index, "text": body.text}),
        Event::ReasoningDelta(body) => {
            json!({"kind": "reasoning_delta", "part_index": body.part_index, "text": body.text})
        }
        Event::RefusalDelta(body) => json!({"kind": "refusal_delta", "part_index": body.part_index, "text": body.text}),
        Event::ToolCallDelta(body) => json!({
            "kind": "tool_call_delta",
            "part_index": body.part_index,
            "id": body.id,
            "name": body.name,
            "arguments_fragment": body.arguments_fragment,
        }),
        Event::PartCompleted(body) => json!({
            "kind": "part_completed",
            "part_index": body.part_index,
            "issuer": body.issuer,
            "opaque_state": body.opaque_state.as_ref().map(|state| STANDARD.encode(state)),
        }),
        Event::Citation(body) => json!({"kind": "citation", "part_index": body.part_index, "uri": body.uri}),
        Event::AttemptEnded(body) => {
            let mut told = attempt(&body.attempt.clone().unwrap_or_default());
            told["kind"] = "attempt".into();
            told
        }
        Event::Failed(body) => json!({"kind": "failed", "reason": reason(body.reason()), "message": body.message}),
        Event::Resumed(body) => json!({
            "kind": "resumed",
            "target": target(body.target.as_ref()),
            "part_index": body.part_index,
            "offset": body.offset,
        }),
        Event::Restarted(body) => json!({"kind": "restarted", "target": target(body.target.as_ref())}),
        Event::PartDiscarded(body) => {
            json!({"kind": "part_discarded", "part_index": body.part_index, "offset": body.offset})
        }
        Event::Completed(body) => json!({
            "kind": "completed",
            "finish_reason": finish_reason(body.finish_reason()),
            "end_inferred": body.end_inferred,
            "target": body.answered_by().to_string(),
            "failed_over": body.failed_over,
        }),
        other => json!({"kind": format!("{other:?}")}),
    }
}

pub fn embeddings(answer: &EmbedResponse) -> Value {
    json!({"vectors": answer.vectors().collect::<Vec<_>>(), "target": target(answer.target.as_ref())})
}

pub fn catalog(answer: &ListModelsResponse) -> Value {
    json!({
        "models": answer.models.iter().map(|model| &model.reference).collect::<Vec<_>>(),
        "aliases": answer.aliases.iter().map(|alias| &alias.name).collect::<Vec<_>>(),
        "default_model": answer.default_model,
    })
}

/// A snapshot, or a change.
pub fn health(health: &HealthResponse) -> Value {
    let entries = health.entries.iter();
    let entries = entries.map(|entry| json!({"entry": entry.entry, "state": entry.state().name()}));
    json!({"snapshot": health.snapshot, "entries": entries.collect::<Vec<_>>()})
}

pub fn error(error: &Error, text: &str) -> Value {
    let fields = error.field_errors().iter();
    let fields = fields.map(|one| json!({"field": one.field, "description": one.description}));
    json!({
        "kind": error.kind().name(),
        "code": error.code().map(|code| screaming(&format!("{code:?}"))),
        "reason": error.reason(),
        "message": error.message(),
        "retry_after_s": error.retry_after().map(|wait| wait.as_secs_f64()),
        "field_errors": fields.collect::<Vec<_>>(),
        "metadata": error.metadata(),
        "request_id": error.request_id(),
        "trace_id": error.trace_id(),
        "report": error.report().map(report),
        "text": text,
    })
}

fn report(report: &FailoverReport) -> Value {
    json!({
        "attempts": report.attempts.iter().map(attempt).collect::<Vec<_>>(),
        "attempts_left_out": report.truncated.as_ref().map_or(0, |truncated| truncated.attempts),
        "failed_over": report.failed_over,
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({"target": target(attempt.target.as_ref()), "reason": reason(attempt.reason())})
}

fn target(target: Option<&Target>) -> String {
    target.map(ToString::to_string).unwrap_or_default()
}

fn reason(reason: ErrorReason) -> Option<&'static str> {
    (reason != ErrorReason::Unspecified).then(|| reason.name())
}

fn finish_reason(reason: FinishReason) -> Option<&'static str> {
    (reason != FinishReason::Unspecified).then(|| reason.name())
}

/// `DataLoss` as `DATA_LOSS`.
fn screaming(camel: &str) -> String {
    let mut name = String::new();
    for letter in camel.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

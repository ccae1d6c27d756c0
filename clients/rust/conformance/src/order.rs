//! What the runner is told to do.

use std::error::Error;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use remora_client::{Client, ClientBuilder};
use serde_json::Value;

type Problem = Box<dyn Error>;

/// A client, and the calls to make on it.
pub struct Order {
    pub client: ClientBuilder,
    pub calls: Vec<Asked>,
}

/// One call.
pub struct Asked {
    pub rpc: String,
    pub request: Vec<u8>,
    pub append_answer: bool,
    pub timeout: Option<Duration>,
    pub traceparent: Option<String>,
    pub span: Option<SpanContext>,
    pub read: String,
    pub stop_after: Option<usize>,
    pub stop_by_cancel: bool,
    pub linger: Duration,
    pub pause_after: Option<usize>,
    pub pause: Duration,
}

impl Order {
    pub fn read(text: &str) -> Result<Self, Problem> {
        let order: Value = serde_json::from_str(text)?;
        let given = &order["client"];
        let mut client = Client::builder();
        if let Some(address) = given["address"].as_str() {
            client = client.address(address);
        }
        if let Some(token) = given["token"].as_str() {
            client = client.token(token);
        }
        if let Some(timeout) = seconds(&given["timeout_s"])? {
            client = client.timeout(timeout);
        }
        if let Some(timeout) = seconds(&given["connect_timeout_s"])? {
            client = client.connect_timeout(timeout);
        }
        let calls = order["calls"].as_array().ok_or("an order has calls")?;
        Ok(Self { client, calls: calls.iter().map(Asked::read).collect::<Result<_, _>>()? })
    }
}

impl Asked {
    fn read(call: &Value) -> Result<Self, Problem> {
        Ok(Self {
            rpc: call["rpc"].as_str().ok_or("a call has an rpc")?.to_owned(),
            request: STANDARD.decode(call["request"].as_str().unwrap_or_default())?,
            append_answer: call["append_answer"].as_bool().unwrap_or_default(),
            timeout: seconds(&call["timeout_s"])?,
            traceparent: call["traceparent"].as_str().map(str::to_owned),
            span: span(&call["otel"])?,
            read: call["read"].as_str().unwrap_or("events").to_owned(),
            stop_after: count(&call["stop_after"]),
            stop_by_cancel: call["stop"] == "cancel",
            linger: seconds(&call["linger_s"])?.unwrap_or_default(),
            pause_after: count(&call["pause_after"]),
            pause: seconds(&call["pause_s"])?.unwrap_or_default(),
        })
    }
}

fn seconds(value: &Value) -> Result<Option<Duration>, Problem> {
    Ok(value.as_f64().map(Duration::try_from_secs_f64).transpose()?)
}

fn count(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|count| usize::try_from(count).ok())
}

fn span(value: &Value) -> Result<Option<SpanContext>, Problem> {
    let (Some(trace), Some(span)) = (value["trace_id"].as_str(), value["span_id"].as_str()) else {
        return Ok(None);
    };
    let (trace, span) = (TraceId::from_hex(trace)?, SpanId::from_hex(span)?);
    Ok(Some(SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE)))
}

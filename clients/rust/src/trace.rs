//! W3C trace context of the calling code, as call metadata.

use tonic::metadata::MetadataMap;

use crate::{Error, Kind};

const PARENT: &str = "traceparent";

/// Adds the given `traceparent`, else that of the active OpenTelemetry span with its state, else nothing.
pub(crate) fn add(metadata: &mut MetadataMap, given: Option<&str>) -> Result<(), Error> {
    let Some(given) = given else {
        add_active(metadata);
        return Ok(());
    };
    let value = given.parse().map_err(|_| Error::new(Kind::InvalidRequest, "the traceparent is no header value"))?;
    metadata.insert(PARENT, value);
    Ok(())
}

#[cfg(feature = "opentelemetry")]
fn add_active(metadata: &mut MetadataMap) {
    use opentelemetry::trace::TraceContextExt as _;

    let context = opentelemetry::Context::current();
    let span = context.span().span_context().clone();
    if !span.is_valid() {
        return;
    }
    let parent = format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags());
    if let Ok(value) = parent.parse() {
        metadata.insert(PARENT, value);
    }
    let state = span.trace_state().header();
    if let Some(value) = state.parse().ok().filter(|_| !state.is_empty()) {
        metadata.insert("tracestate", value);
    }
}

#[cfg(not(feature = "opentelemetry"))]
fn add_active(_: &mut MetadataMap) {}

//! Turns a gRPC status into the client's error: the only place that reads status details.

use std::time::Duration;

use prost::Message;
use prost_types::Any;
use tonic::Code;

use crate::details::{BadRequest, ErrorInfo, RetryInfo, Status};
use crate::error::{Error, FieldError, Inner};
use crate::kind::Kind;
use crate::pb::FailoverReport;

const DOMAIN: &str = "remora";

/// The error of a failed call. What cannot be read of its details is left out.
pub(crate) fn error_from(status: &tonic::Status, address: &str) -> Error {
    if let Some(own) = own_error(status) {
        return own.clone();
    }
    let details = Status::decode(status.details()).unwrap_or_default().details;
    let mut infos = details.iter().filter_map(|any| unpacked::<ErrorInfo>(any, "google.rpc.ErrorInfo"));
    let info = infos.find(|info| info.domain == DOMAIN);
    if info.is_none() && status.code() == Code::Unavailable {
        let message = format!("the connection to the sidecar at {address} broke; the call may have run");
        return Error::new(Kind::SidecarLost, message).with(|inner| inner.code = Some(Code::Unavailable));
    }
    let (reason, metadata) = info.map(|info| (info.reason, info.metadata)).unwrap_or_default();
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    let kind = Kind::of(reason.as_deref(), status.code());
    Error::new(kind, message_of(status)).with(|inner| {
        inner.code = Some(status.code());
        inner.reason = reason;
        inner.metadata = metadata.into_iter().collect();
        for detail in &details {
            apply(inner, detail);
        }
        inner.request_id = identity(inner, "request_id", status, "remora-request-id");
        inner.trace_id = identity(inner, "trace_id", status, "remora-trace-id");
    })
}

/// The client's own error, where it travelled inside a status.
fn own_error(status: &tonic::Status) -> Option<&Error> {
    std::error::Error::source(status)?.downcast_ref()
}

fn message_of(status: &tonic::Status) -> &str {
    if status.message().is_empty() { status.code().description() } else { status.message() }
}

fn apply(inner: &mut Inner, detail: &Any) {
    if let Some(retry) = unpacked::<RetryInfo>(detail, "google.rpc.RetryInfo") {
        let delay = retry.retry_delay.unwrap_or_default();
        inner.retry_after = Some(Duration::try_from(delay).unwrap_or_default());
    } else if let Some(bad) = unpacked::<BadRequest>(detail, "google.rpc.BadRequest") {
        let errors = bad.field_violations.into_iter();
        inner.field_errors = errors.map(|one| FieldError { field: one.field, description: one.description }).collect();
    } else if let Some(report) = unpacked::<FailoverReport>(detail, "remora.v1.FailoverReport") {
        inner.report = Some(report);
    }
}

fn unpacked<M: Message + Default>(any: &Any, name: &str) -> Option<M> {
    let (_, found) = any.type_url.rsplit_once('/')?;
    (found == name).then(|| M::decode(any.value.as_slice()).ok())?
}

fn identity(inner: &Inner, key: &str, status: &tonic::Status, trailer: &str) -> String {
    let told = inner.metadata.get(key).filter(|id| !id.is_empty()).map(String::as_str);
    let told_last = || status.metadata().get(trailer)?.to_str().ok();
    told.or_else(told_last).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prost::Message as _;
    use prost_types::Any;
    use tonic::Code;
    use tonic::metadata::MetadataMap;

    use super::error_from;
    use crate::Kind;
    use crate::details::{BadRequest, ErrorInfo, FieldViolation, RetryInfo, Status};

    fn any(name: &str, message: &impl prost::Message) -> Any {
        Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
    }

    fn status(code: Code, details: Vec<Any>) -> tonic::Status {
        let packed = Status { details, ..Status::default() }.encode_to_vec();
        let mut trailers = MetadataMap::new();
        trailers.insert("remora-request-id", "r-of-trailers".parse().unwrap());
        tonic::Status::with_details_and_metadata(code, "told", packed.into(), trailers)
    }

    fn info(reason: &str, domain: &str) -> Any {
        let metadata = [("trace_id".to_owned(), "t-1".to_owned())].into();
        any("google.rpc.ErrorInfo", &ErrorInfo { reason: reason.into(), domain: domain.into(), metadata })
    }

    #[test]
    fn a_reason_goes_before_the_code() {
        for (reason, kind) in [
            ("CONTEXT_LENGTH", Kind::ContextTooLong),
            ("BUSY", Kind::RateLimited),
            ("SPEND_LIMIT", Kind::QuotaExhausted),
            ("SOLAR_FLARE", Kind::Internal),
        ] {
            let error = error_from(&status(Code::Internal, vec![info(reason, "remora")]), "here");
            assert_eq!((error.kind(), error.reason()), (kind, Some(reason)));
            assert_eq!((error.request_id(), error.trace_id()), ("r-of-trailers", "t-1"));
        }
    }

    #[test]
    fn unavailable_without_our_details_is_a_lost_sidecar() {
        let error = error_from(&status(Code::Unavailable, vec![info("RATE_LIMITED", "example.org")]), "here");
        assert_eq!(error.kind(), Kind::SidecarLost);
        assert_eq!(error.message(), "the connection to the sidecar at here broke; the call may have run");
    }

    #[test]
    fn all_details_are_taken_and_broken_ones_are_left_out() {
        let delay = prost_types::Duration { seconds: 1, nanos: 500_000_000 };
        let violation = FieldViolation { field: "messages[0]".into(), description: "is empty".into() };
        let broken = Any { type_url: "type.googleapis.com/remora.v1.FailoverReport".into(), value: vec![0xff] };
        let details = vec![
            any("google.rpc.RetryInfo", &RetryInfo { retry_delay: Some(delay) }),
            any("google.rpc.BadRequest", &BadRequest { field_violations: vec![violation] }),
            broken,
        ];
        let error = error_from(&status(Code::InvalidArgument, details), "here");
        assert_eq!((error.kind(), error.reason()), (Kind::InvalidRequest, None));
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
        assert_eq!(error.field_errors()[0].field, "messages[0]");
        assert!(error.report().is_none());
        assert_eq!(error.to_string(), "told (request r-of-trailers)\n  messages[0]: is empty");
    }

    #[test]
    fn what_the_message_tells_is_not_told_twice() {
        let wrong = |field: &str| FieldViolation { field: field.into(), description: "wrong".into() };
        let violations = BadRequest { field_violations: vec![wrong("top_k"), wrong("top_p")] };
        let mut status = status(Code::InvalidArgument, vec![any("google.rpc.BadRequest", &violations)]);
        status =
            tonic::Status::with_details(status.code(), "top_k: wrong (and 1 more)", status.details().to_vec().into());
        assert_eq!(error_from(&status, "here").to_string(), "top_k: wrong (and 1 more)\n  top_p: wrong");
    }

    #[test]
    fn a_status_without_a_message_says_its_code() {
        let error = error_from(&tonic::Status::new(Code::DataLoss, ""), "here");
        assert_eq!((error.kind(), error.code()), (Kind::Other, Some(Code::DataLoss)));
        assert!(!error.message().is_empty());
    }
}

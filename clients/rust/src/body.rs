//! The body of an answer, with every way it can break off turned into a status.

use std::error::Error as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http_body::Frame;
use hyper::body::{Bytes, Incoming};
use tonic::{Code, Status};

const STATUS: &str = "grpc-status";
const DETAILS: &str = "grpc-status-details-bin";

/// Base64 as gRPC writes it, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An answer's body. One that ends without a status was cut off.
pub(crate) struct AnswerBody {
    incoming: Incoming,
    has_status: bool,
}

impl AnswerBody {
    /// The answer with its body wrapped.
    pub(crate) fn of(answer: http::Response<Incoming>) -> http::Response<Self> {
        let (mut head, incoming) = answer.into_parts();
        leave_out_unreadable(&mut head.headers);
        let has_status = head.headers.contains_key(STATUS) || head.status != http::StatusCode::OK;
        http::Response::from_parts(head, Self { incoming, has_status })
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        Poll::Ready(match frame {
            Some(Ok(mut frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    leave_out_unreadable(trailers);
                    self.has_status |= trailers.contains_key(STATUS);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(broken(&error))),
            None if self.has_status => None,
            None => {
                self.has_status = true;
                Some(Err(Status::unavailable("the answer ended without a status")))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.has_status && self.incoming.is_end_stream()
    }
}

/// The status of a connection or stream that broke: by the code of a reset (gRPC over HTTP2, "Errors"), else UNAVAILABLE.
pub(crate) fn broken(error: &hyper::Error) -> Status {
    let cause = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    let reset = cause.filter(|cause| cause.is_reset() && cause.is_remote()).and_then(h2::Error::reason);
    let code = match reset {
        None | Some(h2::Reason::REFUSED_STREAM | h2::Reason::NO_ERROR) => Code::Unavailable,
        Some(h2::Reason::CANCEL) => Code::Cancelled,
        Some(h2::Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
        Some(h2::Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        Some(_) => Code::Internal,
    };
    Status::new(code, "the connection to the sidecar broke")
}

/// Details that are no base64 would be fatal to tonic, which takes them for granted.
fn leave_out_unreadable(headers: &mut HeaderMap) {
    if headers.get(DETAILS).is_some_and(|value| BASE64.decode(value.as_bytes()).is_err()) {
        headers.remove(DETAILS);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::{DETAILS, leave_out_unreadable};

    #[test]
    fn only_details_that_are_no_base64_are_left_out() {
        for (value, stays) in [("CAM=", true), ("CAM", true), ("%%", false), ("", true)] {
            let mut headers = HeaderMap::new();
            headers.insert(DETAILS, value.parse().unwrap());
            leave_out_unreadable(&mut headers);
            assert_eq!(headers.contains_key(DETAILS), stays, "{value}");
        }
    }
}

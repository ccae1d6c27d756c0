//! What carries one call: a connection, and what goes along with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{HeaderValue, USER_AGENT};
use tonic::body::Body;

use crate::allowance::Allowance;
use crate::body::{AnswerBody, broken};
use crate::dial::Sender;
use crate::link::Link;

const TIMEOUT: &str = "grpc-timeout";
const AGENT: HeaderValue = HeaderValue::from_static(concat!("remora-client-rust/", env!("CARGO_PKG_VERSION")));

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The carrier of one call, on a connection that was open a moment ago.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) link: Arc<Link>,
    pub(crate) sender: Sender,
    pub(crate) allowance: Allowance,
}

impl Transport {
    /// Sends the request once. A connection that closed before any of it was sent is replaced by a new one.
    async fn sent(mut self, mut request: http::Request<Body>) -> Result<http::Response<AnswerBody>, BoxError> {
        request.headers_mut().insert(USER_AGENT, AGENT);
        loop {
            if let Some(left) = self.allowance.header() {
                request.headers_mut().insert(TIMEOUT, left);
            }
            let mut failure = match self.sender.try_send_request(request).await {
                Ok(answer) => return Ok(AnswerBody::of(answer)),
                Err(failure) => failure,
            };
            let Some(unsent) = failure.take_message() else {
                return Err(broken(failure.error()).into());
            };
            request = unsent;
            self.sender = self.link.connected(self.allowance.connect()).await?;
        }
    }
}

impl tower_service::Service<http::Request<Body>> for Transport {
    type Response = http::Response<AnswerBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.clone().sent(request))
    }
}

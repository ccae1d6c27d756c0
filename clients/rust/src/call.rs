//! A call that is about to be made: a request, and the options of the call itself.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tokio::time::timeout_at;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::allowance::Allowance;
use crate::client::Client;
use crate::incoming::Incoming;
use crate::status::error_from;
use crate::transport::Transport;
use crate::{Error, Kind, MAX_MESSAGE_BYTES, Rpc, trace};

/// A call to be made: awaiting it makes it.
///
/// Dropping what is awaited, or the stream it gave, cancels the call; the sidecar then hangs up on the provider.
#[must_use = "a call is made by awaiting it"]
pub struct Call<R> {
    client: Client,
    pub(crate) request: R,
    timeout: Option<Duration>,
    traceparent: Option<String>,
}

impl<R: Rpc> Call<R> {
    pub(crate) fn new(client: Client, request: R) -> Self {
        let timeout = client.settings.timeout;
        Self { client, request, timeout, traceparent: None }
    }

    /// How long this call may take in all, waiting for the sidecar included; over 0. It travels to the sidecar as the gRPC
    /// deadline. `None`: no limit. Default: the client's.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Where in a trace the call is made, as W3C `traceparent`. Default: the active OpenTelemetry span, with the feature
    /// `opentelemetry`.
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    /// The request as it will be sent.
    pub fn request(&self) -> &R {
        &self.request
    }

    /// Makes the call: the same as awaiting it.
    pub async fn send(self) -> Result<R::Answer, Error> {
        self.request.made(Making { client: self.client, timeout: self.timeout, traceparent: self.traceparent }).await
    }
}

impl<R: Rpc> IntoFuture for Call<R> {
    type Output = Result<R::Answer, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Never shows what the request holds.
impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Call");
        shown.field("client", &self.client).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// What a request needs to be made into a call.
#[derive(Debug)]
pub struct Making {
    client: Client,
    timeout: Option<Duration>,
    traceparent: Option<String>,
}

impl Making {
    /// Checks the request, and waits for the sidecar. Nothing has been sent yet.
    pub(crate) async fn begun<Q: Message>(self, request: &Q) -> Result<Begun, Error> {
        check_size(request.encoded_len())?;
        let settings = &self.client.settings;
        let allowance = Allowance::new(self.timeout, settings.connect_timeout)?;
        let mut metadata = MetadataMap::new();
        if let Some(authorization) = &settings.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        trace::add(&mut metadata, self.traceparent.as_deref())?;
        let link = Arc::clone(&self.client.link);
        let sender = link.connected(allowance.connect()).await?;
        Ok(Begun { transport: Transport { link, sender, allowance }, metadata })
    }
}

/// A call on its way.
pub(crate) struct Begun {
    transport: Transport,
    metadata: MetadataMap,
}

impl Begun {
    /// What carries the call, and where its requests go.
    pub(crate) fn carrier(&self) -> (Transport, http::Uri) {
        let origin = self.transport.link.origin().path_and_query("/").build();
        (self.transport.clone(), origin.expect("an address that was read is an authority"))
    }

    pub(crate) fn request<Q>(&mut self, message: Q) -> tonic::Request<Q> {
        let mut request = tonic::Request::new(message);
        *request.metadata_mut() = std::mem::take(&mut self.metadata);
        request
    }

    /// Waits for what the call gives, no longer than it may take.
    pub(crate) async fn given<A>(
        &self,
        call: impl Future<Output = Result<tonic::Response<A>, Status>>,
    ) -> Result<A, Error> {
        let allowance = &self.transport.allowance;
        let given = match allowance.deadline() {
            Some(deadline) => timeout_at(deadline, call).await.map_err(|_| allowance.exceeded())?,
            None => call.await,
        };
        given.map(tonic::Response::into_inner).map_err(|status| error_from(&status, self.transport.link.address()))
    }

    /// The messages of a stream, within the same time.
    pub(crate) fn incoming<A>(self, messages: tonic::Streaming<A>) -> Incoming<A> {
        Incoming::new(messages, self.transport.allowance, self.transport.link.address().to_owned())
    }
}

fn check_size(bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_MESSAGE_BYTES {
        return Ok(());
    }
    let message = format!(
        "the request has {bytes} bytes, {} over the limit of {MAX_MESSAGE_BYTES} (32 MiB): give large images and documents \
         as URLs",
        bytes - MAX_MESSAGE_BYTES,
    );
    Err(Error::new(Kind::RequestTooLarge, message))
}

#[cfg(test)]
mod tests {
    use super::check_size;
    use crate::{Client, Kind, MAX_MESSAGE_BYTES};

    #[test]
    fn the_limit_itself_is_allowed() {
        assert!(check_size(MAX_MESSAGE_BYTES).is_ok());
        let error = check_size(MAX_MESSAGE_BYTES + 7).unwrap_err();
        assert_eq!(error.kind(), Kind::RequestTooLarge);
        assert!(error.message().contains("7 over the limit") && error.message().contains("32 MiB"));
    }

    #[test]
    fn a_call_does_not_show_what_it_asks() {
        let remora = Client::builder().address("localhost:1").build().unwrap();
        assert!(!format!("{:?}", remora.chat("smart", "a secret")).contains("secret"));
    }
}

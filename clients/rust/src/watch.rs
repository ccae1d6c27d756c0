//! Upstream state as it changes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::incoming::Incoming;
use crate::pb::HealthResponse;
use crate::{Error, Kind};

/// A snapshot of upstream state, and then each change. A later snapshot replaces everything told before.
///
/// It gives a failure once, and then ends. Dropping it, or [`HealthStream::cancel`], ends the call.
#[must_use = "dropping a stream cancels its call"]
pub struct HealthStream {
    incoming: Option<Incoming<HealthResponse>>,
}

impl HealthStream {
    pub(crate) fn new(incoming: Incoming<HealthResponse>) -> Self {
        Self { incoming: Some(incoming) }
    }

    /// The next state; `None` after the last one, and after a failure.
    pub async fn next(&mut self) -> Option<Result<HealthResponse, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Ends the call if it still runs.
    pub fn cancel(&mut self) {
        self.incoming = None;
    }

    /// The one snapshot of a call that does not watch, read to its end.
    pub(crate) async fn snapshot(mut self) -> Result<HealthResponse, Error> {
        let none = || Error::new(Kind::Other, "the sidecar sent no snapshot");
        let first = self.next().await.ok_or_else(none)??;
        while let Some(more) = self.next().await {
            more?;
        }
        Ok(first)
    }
}

impl Stream for HealthStream {
    type Item = Result<HealthResponse, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let read = ready!(incoming.poll_message(cx));
        if !matches!(read, Some(Ok(_))) {
            self.incoming = None;
        }
        Poll::Ready(read)
    }
}

impl fmt::Debug for HealthStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthStream").finish_non_exhaustive()
    }
}

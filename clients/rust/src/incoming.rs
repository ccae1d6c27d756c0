//! The messages of a stream as they come, within the call's time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::time::{Sleep, sleep_until};

use crate::Error;
use crate::allowance::Allowance;
use crate::status::error_from;

/// The messages. Dropping it cancels the call.
pub(crate) struct Incoming<A> {
    messages: tonic::Streaming<A>,
    allowance: Allowance,
    end: Option<Pin<Box<Sleep>>>,
    address: String,
}

impl<A> Incoming<A> {
    pub(crate) fn new(messages: tonic::Streaming<A>, allowance: Allowance, address: String) -> Self {
        let end = allowance.deadline().map(|deadline| Box::pin(sleep_until(deadline)));
        Self { messages, allowance, end, address }
    }

    /// The next message; `None` after the last.
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<A, Error>>> {
        if let Poll::Ready(message) = Pin::new(&mut self.messages).poll_next(cx) {
            return Poll::Ready(message.map(|read| read.map_err(|status| error_from(&status, &self.address))));
        }
        match &mut self.end {
            Some(end) => ready!(end.as_mut().poll(cx)),
            None => return Poll::Pending,
        }
        Poll::Ready(Some(Err(self.allowance.exceeded())))
    }
}

//! The stream of an answer.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::assembly::Assembly;
use crate::incoming::Incoming;
use crate::pb::{ChatResponse, Completed, Message};
use crate::text::TextStream;
use crate::{Error, Event, Kind};

/// The events of one answer. Reading them keeps [`ChatStream::text_so_far`] and [`ChatStream::completed`] up to date.
///
/// As a `futures` stream it gives a failure once, and then ends; [`ChatStream::text`], [`ChatStream::finish`] and
/// [`ChatStream::final_text`] tell of it whenever they are asked, so that an answer that broke off never looks whole.
/// Dropping it, or [`ChatStream::cancel`], cancels the call.
#[must_use = "dropping a stream cancels its call"]
pub struct ChatStream {
    incoming: Option<Incoming<ChatResponse>>,
    assembly: Assembly,
    outcome: Option<Result<(), Error>>,
    is_told: bool,
}

/// What was read: an event, and whether it made text void.
pub(crate) type Read = Result<(Event, bool), Error>;

impl ChatStream {
    pub(crate) fn new(incoming: Incoming<ChatResponse>) -> Self {
        Self { incoming: Some(incoming), assembly: Assembly::default(), outcome: None, is_told: false }
    }

    /// The next event; `None` after the last one, and after a failure.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The text piece by piece, from where the stream has been read to.
    pub fn text(&mut self) -> TextStream<'_> {
        TextStream::new(self)
    }

    /// Reads to the end; the event that ended the answer.
    pub async fn finish(&mut self) -> Result<Completed, Error> {
        while let Some(read) = poll_fn(|cx| self.poll_read(cx)).await {
            read?;
        }
        self.completed().cloned().ok_or_else(unfinished)
    }

    /// Reads to the end; the whole text, without what became void.
    pub async fn final_text(&mut self) -> Result<String, Error> {
        self.finish().await?;
        Ok(self.text_so_far())
    }

    /// The text read so far, without what became void.
    #[must_use]
    pub fn text_so_far(&self) -> String {
        self.assembly.text()
    }

    /// The reasoning read so far, without what became void.
    #[must_use]
    pub fn reasoning_so_far(&self) -> String {
        self.assembly.reasoning()
    }

    /// The event that ended the answer; `None` until it has been read.
    #[must_use]
    pub fn completed(&self) -> Option<&Completed> {
        self.assembly.completed()
    }

    /// The assistant's turn, ready to append to the conversation; `None` until the answer is whole.
    #[must_use]
    pub fn message(&self) -> Option<Message> {
        self.assembly.message()
    }

    /// Cancels the call if it still runs: the sidecar hangs up on the provider. Reading on is then `Kind::Cancelled`.
    pub fn cancel(&mut self) {
        if self.outcome.is_none() {
            let error = Error::new(Kind::Cancelled, "the stream was closed before its end");
            self.end(Err(error.with(|inner| inner.reason = Some("CANCELLED".to_owned()))));
        }
    }

    /// Reads on; after the end it gives the same end again, a failure too.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Read>> {
        while let Some(incoming) = &mut self.incoming {
            match ready!(incoming.poll_message(cx)) {
                Some(Ok(message)) => {
                    if let Some(event) = Event::of(message) {
                        let is_void = self.assembly.add(&event);
                        return Poll::Ready(Some(Ok((event, is_void))));
                    }
                }
                Some(Err(error)) => self.end(Err(error)),
                None if self.completed().is_none() => self.end(Err(unfinished())),
                None => self.end(Ok(())),
            }
        }
        Poll::Ready(match &self.outcome {
            Some(Err(error)) => Some(Err(error.clone())),
            _ => None,
        })
    }

    /// Dropping what comes in cancels the call, if it still runs.
    fn end(&mut self, outcome: Result<(), Error>) {
        self.incoming = None;
        self.outcome = Some(outcome);
    }
}

impl Stream for ChatStream {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_told {
            return Poll::Ready(None);
        }
        let read = ready!(self.poll_read(cx));
        self.is_told = !matches!(read, Some(Ok(_)));
        Poll::Ready(read.map(|read| read.map(|(event, _)| event)))
    }
}

/// Never shows what was answered.
impl fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatStream").field("outcome", &self.outcome).finish_non_exhaustive()
    }
}

/// An end without `completed` is a hole, whatever the status says.
fn unfinished() -> Error {
    let error = Error::new(Kind::StreamBroken, "the stream ended without `completed`");
    error.with(|inner| inner.reason = Some("STREAM_BROKEN".to_owned()))
}

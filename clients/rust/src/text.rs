//! The text of an answer, piece by piece.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::stream::ChatStream;
use crate::{Error, Event, Kind};

/// The pieces of text of a [`ChatStream`], from where that has been read to. Giving it up leaves the stream as it is.
///
/// Where text handed out becomes void (a restart, which the policy decides), [`TextStream::on_discard`] is told the text
/// that holds; without it reading fails with `Kind::TextDiscarded`, so that a wrong text never looks whole.
#[must_use = "a stream does nothing unless it is read"]
pub struct TextStream<'a, F = fn(&str)> {
    stream: &'a mut ChatStream,
    on_discard: Option<F>,
    is_told: bool,
}

impl<'a> TextStream<'a> {
    pub(crate) fn new(stream: &'a mut ChatStream) -> Self {
        Self { stream, on_discard: None, is_told: false }
    }

    /// Is called with the text that holds, whenever text handed out before became void.
    pub fn on_discard<F: FnMut(&str) + Unpin>(self, told: F) -> TextStream<'a, F> {
        TextStream { stream: self.stream, on_discard: Some(told), is_told: self.is_told }
    }
}

impl<F: FnMut(&str) + Unpin> TextStream<'_, F> {
    /// The next piece, never empty; `None` after the last one, and after a failure.
    pub async fn next(&mut self) -> Option<Result<String, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn discarded(&mut self) -> Result<(), Error> {
        let told = self.on_discard.as_mut().ok_or_else(|| {
            let message = "text already handed out became void: give on_discard to text(), or read the events";
            Error::new(Kind::TextDiscarded, message)
        })?;
        told(&self.stream.text_so_far());
        Ok(())
    }
}

impl<F: FnMut(&str) + Unpin> Stream for TextStream<'_, F> {
    type Item = Result<String, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.is_told {
            let failure = match ready!(self.stream.poll_read(cx)) {
                Some(Ok((Event::TextDelta(delta), _))) if !delta.text.is_empty() => {
                    return Poll::Ready(Some(Ok(delta.text)));
                }
                Some(Ok((_, is_void))) => match if is_void { self.discarded() } else { Ok(()) } {
                    Ok(()) => continue,
                    Err(error) => Some(error),
                },
                Some(Err(error)) => Some(error),
                None => None,
            };
            self.is_told = true;
            return Poll::Ready(failure.map(Err));
        }
        Poll::Ready(None)
    }
}

impl<F> fmt::Debug for TextStream<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}

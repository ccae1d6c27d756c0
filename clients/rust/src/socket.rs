//! A byte stream to the sidecar that tells when an HTTP/2 server has answered on it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// Any byte stream.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// Length of a frame's header, and the type of a settings frame (RFC 9113, sections 4.1 and 6.5).
const HEADER_BYTES: usize = 9;
const SETTINGS: u8 = 4;

/// The byte stream. A server's first frame must be its settings (RFC 9113, section 3.4): whoever accepts a connection and
/// never sends them, or sends something else, is no sidecar.
pub(crate) struct Socket {
    bytes: Box<dyn Bytes>,
    begun: Vec<u8>,
    greeted: Option<oneshot::Sender<bool>>,
}

impl Socket {
    /// The stream, and what tells whether its first frame was one of settings.
    pub(crate) fn new(bytes: Box<dyn Bytes>) -> (Self, oneshot::Receiver<bool>) {
        let (greeted, greeting) = oneshot::channel();
        (Self { bytes, begun: Vec::with_capacity(HEADER_BYTES), greeted: Some(greeted) }, greeting)
    }

    fn note(&mut self, fresh: &[u8]) {
        let missing = HEADER_BYTES - self.begun.len();
        self.begun.extend(fresh.iter().take(missing));
        if self.begun.len() == HEADER_BYTES
            && let Some(greeted) = self.greeted.take()
        {
            let _ = greeted.send(self.begun[3] == SETTINGS && self.begun[5..] == [0; 4]);
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.bytes).poll_read(cx, buf))?;
        if self.greeted.is_some() {
            let fresh = &buf.filled()[before..];
            if fresh.is_empty() {
                self.greeted = None;
            }
            self.note(fresh);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.bytes.is_write_vectored()
    }
}

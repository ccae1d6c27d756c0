//! What there is of TLS without the feature `tls`: nothing.

use std::io;

use crate::socket::Bytes;

/// How to secure a connection: there is no way.
#[derive(Clone, Copy)]
pub(crate) enum Tls {}

impl Tls {
    #[expect(clippy::unused_async, reason = "the same shape as with TLS")]
    pub(crate) async fn secured(self, _: Box<dyn Bytes>) -> io::Result<Box<dyn Bytes>> {
        match self {}
    }
}

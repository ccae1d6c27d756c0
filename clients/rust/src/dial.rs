//! One attempt to connect.

use std::io;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tonic::body::Body;

use crate::address::Address;
use crate::socket::{Bytes, Socket};
use crate::tls::Tls;

/// Sends requests on one connection; clones share it.
pub(crate) type Sender = http2::SendRequest<Body>;

/// How to connect.
pub(crate) struct Dialer {
    pub(crate) address: Address,
    pub(crate) tls: Option<Tls>,
}

impl Dialer {
    /// Connects, and returns once a server has answered in HTTP/2.
    pub(crate) async fn dial(&self) -> io::Result<Sender> {
        let (socket, greeting) = Socket::new(self.secured(self.opened().await?).await?);
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
        let (sender, connection) = handshake.await.map_err(io::Error::other)?;
        // It ends with the last sender and the last answer, or when the connection breaks, which those are told.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        match greeting.await {
            Ok(true) => Ok(sender),
            Ok(false) => Err(io::Error::new(io::ErrorKind::InvalidData, "what listens there does not speak HTTP/2")),
            Err(_) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed before any answer")),
        }
    }

    async fn opened(&self) -> io::Result<Box<dyn Bytes>> {
        match &self.address {
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            #[cfg(unix)]
            Address::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "unix sockets need a unix system")),
        }
    }

    async fn secured(&self, bytes: Box<dyn Bytes>) -> io::Result<Box<dyn Bytes>> {
        match &self.tls {
            Some(tls) => tls.secured(bytes).await,
            None => Ok(bytes),
        }
    }

    /// The scheme of requests.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

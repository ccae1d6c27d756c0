//! TLS on a connection, with the caller's own rustls configuration.

use std::io;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::address::Address;
use crate::socket::Bytes;
use crate::{Error, Kind};

/// What HTTP/2 is called in the handshake (RFC 9113, section 3.2).
const ALPN: &[u8] = b"h2";

/// How to secure a connection.
pub(crate) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// The configuration, asking for HTTP/2; the certificate must be the address's host's.
    pub(crate) fn new(config: &Arc<ClientConfig>, address: &Address) -> Result<Self, Error> {
        let mut config = ClientConfig::clone(config);
        config.alpn_protocols = vec![ALPN.to_vec()];
        let host = match address {
            Address::Tcp { host, .. } => host.clone(),
            Address::Unix(_) => address.authority(),
        };
        let name = ServerName::try_from(host).map_err(|_| {
            Error::new(Kind::InvalidRequest, format!("no certificate can name the host of the address {address}"))
        })?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    pub(crate) async fn secured(&self, bytes: Box<dyn Bytes>) -> io::Result<Box<dyn Bytes>> {
        Ok(Box::new(self.connector.connect(self.name.clone(), bytes).await?))
    }
}

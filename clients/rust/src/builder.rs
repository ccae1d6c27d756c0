//! How a client is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};

use crate::address::{self, Address};
use crate::client::{Client, Settings};
use crate::dial::Dialer;
use crate::link::Link;
use crate::{Error, Kind};

const ADDRESS: &str = "REMORA_ADDRESS";
const TOKEN: &str = "REMORA_TOKEN";
const TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of a [`Client`]; what is not set comes from the environment, else has the defaults told with each.
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    address: Option<String>,
    token: Option<String>,
    timeout: Option<Duration>,
    connect_timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<Arc<crate::rustls::ClientConfig>>,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            address: None,
            token: None,
            timeout: Some(TIMEOUT),
            connect_timeout: CONNECT_TIMEOUT,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Where the sidecar is: `host:port`, `[::1]:port` or `unix:///path`. Default: `REMORA_ADDRESS`, else
    /// `127.0.0.1:7650`.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// The caller's own token, sent as `authorization: Bearer …`. Default: `REMORA_TOKEN`, else none.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// How long each call may take in all, waiting for the sidecar included; over 0. `None`: no limit. Default: 300 s.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// How long a call waits for a sidecar that is not up; over 0. Default: 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// TLS, for a sidecar that is not on this host: whom to trust, and this caller's certificate if it needs one. The
    /// sidecar's certificate must be for the address's host. Default: plain text.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: impl Into<Arc<crate::rustls::ClientConfig>>) -> Self {
        self.tls = Some(config.into());
        self
    }

    /// The client. It connects with its first call. `Kind::InvalidRequest` for settings that cannot be.
    pub fn build(self) -> Result<Client, Error> {
        let given = self.address.or_else(|| variable(ADDRESS));
        let address = Address::parse(given.as_deref().unwrap_or(address::DEFAULT))?;
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) || self.connect_timeout.is_zero() {
            return Err(Error::new(Kind::InvalidRequest, "a timeout must be over 0"));
        }
        let authorization = self.token.or_else(|| variable(TOKEN)).map(|token| bearer(&token)).transpose()?;
        #[cfg(not(feature = "tls"))]
        let tls = None;
        #[cfg(feature = "tls")]
        let tls = self.tls.map(|config| crate::tls::Tls::new(&config, &address)).transpose()?;
        let settings = Settings { authorization, timeout: self.timeout, connect_timeout: self.connect_timeout };
        Ok(Client { link: Arc::new(Link::new(Dialer { address, tls })), settings: Arc::new(settings) })
    }
}

/// Never shows the token.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ClientBuilder");
        shown.field("address", &self.address).field("has_token", &self.token.is_some());
        shown.field("timeout", &self.timeout).field("connect_timeout", &self.connect_timeout).finish_non_exhaustive()
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn bearer(token: &str) -> Result<MetadataValue<Ascii>, Error> {
    let refused = |_| Error::new(Kind::InvalidRequest, "the token has characters that no header can carry");
    let mut value = MetadataValue::try_from(format!("Bearer {token}")).map_err(refused)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Client, Kind};

    #[test]
    fn the_token_is_never_shown() {
        let builder = Client::builder().token("secret-token");
        assert!(!format!("{builder:?}").contains("secret"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("secret"));
        let error = Client::builder().token("secret\n").build().unwrap_err();
        assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
    }

    #[test]
    fn settings_that_cannot_be_are_told_at_once() {
        for builder in [
            Client::builder().address("http://localhost:1"),
            Client::builder().timeout(Duration::ZERO),
            Client::builder().connect_timeout(Duration::ZERO),
        ] {
            assert_eq!(builder.build().unwrap_err().kind(), Kind::InvalidRequest);
        }
    }

    #[test]
    fn a_client_needs_no_runtime_until_it_calls() {
        assert_eq!(Client::builder().address("[::1]:1").build().unwrap().address(), "[::1]:1");
    }
}

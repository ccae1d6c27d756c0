//! Where the sidecar is.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;

use crate::{Error, Kind};

/// Where a client looks if it is told nothing.
pub(crate) const DEFAULT: &str = "127.0.0.1:7650";

const UNIX: &str = "unix://";

/// A place to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A name or IP address without brackets, and a port.
    Tcp { host: String, port: u16 },
    /// The path of a unix socket.
    Unix(PathBuf),
}

impl Address {
    /// Reads `host:port`, `[::1]:port` or `unix:///path`.
    pub(crate) fn parse(given: &str) -> Result<Self, Error> {
        let found = match given.strip_prefix(UNIX) {
            Some(path) => unix(path),
            None => tcp(given),
        };
        found.ok_or_else(|| {
            let message = format!("the address must be host:port, [::1]:port or unix:///path, not {given:?}");
            Error::new(Kind::InvalidRequest, message)
        })
    }

    /// The authority of requests.
    pub(crate) fn authority(&self) -> String {
        match self {
            Self::Tcp { .. } => self.to_string(),
            Self::Unix(_) => "localhost".to_owned(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

fn unix(path: &str) -> Option<Address> {
    (path.len() > 1 && path.starts_with('/')).then(|| Address::Unix(path.into()))
}

fn tcp(given: &str) -> Option<Address> {
    let (host, digits) = given.rsplit_once(':')?;
    let port = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(|_| inner)?,
        None => is_host(host).then_some(host)?,
    };
    (port > 0).then(|| Address::Tcp { host: host.to_owned(), port })
}

/// A DNS name or an IPv4 address: what may stand in an authority.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn three_forms_are_read_and_told_as_they_were() {
        for form in ["127.0.0.1:7650", "localhost:1", "my-host.example_1.org:65535", "[::1]:7650", "unix:///run/r.sock"]
        {
            assert_eq!(Address::parse(form).unwrap().to_string(), form);
        }
    }

    #[test]
    fn an_address_of_ipv6_loses_its_brackets_for_connecting() {
        let expected = Address::Tcp { host: "::1".to_owned(), port: 80 };
        assert_eq!(Address::parse("[::1]:80").unwrap(), expected);
        assert_eq!(expected.authority(), "[::1]:80");
    }

    #[test]
    fn everything_else_is_refused_at_once_with_the_forms() {
        for form in [
            "",
            "localhost",
            ":7650",
            "host:",
            "host:0",
            "host:65536",
            "host:+1",
            "host:x",
            "::1:7650",
            "[::1]",
            "[x]:1",
            "http://host:1",
            "dns:///host:1",
            "host:1/path",
            "user@host:1",
            "a b:1",
            "unix:/path",
            "unix://path",
            "unix:///",
        ] {
            let error = Address::parse(form).unwrap_err();
            assert!(error.message().contains("unix:///path"), "{form}: {error}");
        }
    }
}

//! The time one call may take.

use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use crate::{Error, Kind};

/// The longest time told to the sidecar: eight digits of seconds, the most that gRPC's header takes.
const LONGEST_S: u128 = 99_999_999;

/// A call's time, running from its creation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    limit: Option<Duration>,
    deadline: Option<Instant>,
    connect: Duration,
}

impl Allowance {
    /// `limit` `None`: no deadline. `connect`: how long the sidecar may be waited for.
    pub(crate) fn new(limit: Option<Duration>, connect: Duration) -> Result<Self, Error> {
        if limit.is_some_and(|limit| limit.is_zero()) {
            return Err(Error::new(Kind::InvalidRequest, "a timeout must be over 0; None for no limit"));
        }
        // A limit beyond what the clock can hold is none.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        Ok(Self { limit: deadline.and(limit), deadline, connect })
    }

    /// When the call ends at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How long the sidecar may be waited for from now on.
    pub(crate) fn connect(&self) -> Duration {
        self.left().map_or(self.connect, |left| left.min(self.connect))
    }

    /// What is left, as gRPC's header; never less than the caller waits itself.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let left = self.left()?;
        let millis = left.as_nanos().div_ceil(1_000_000).max(1);
        let text = if millis <= LONGEST_S {
            format!("{millis}m")
        } else {
            format!("{}S", u128::from(left.as_secs() + 1).min(LONGEST_S))
        };
        HeaderValue::try_from(text).ok()
    }

    /// The error of a call whose time ran out.
    pub(crate) fn exceeded(&self) -> Error {
        let limit = self.limit.unwrap_or_default().as_secs_f64();
        let error = Error::new(Kind::DeadlineExceeded, format!("the call's time limit of {limit} s ran out"));
        error.with(|inner| inner.code = Some(tonic::Code::DeadlineExceeded))
    }

    fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Allowance;

    const FIVE: Duration = Duration::from_secs(5);

    #[test]
    fn the_header_has_at_most_eight_digits() {
        for (limit, least, most) in
            [(300.0, "299", "300000m"), (1e6, "10000", "1000001S"), (1e9, "99999999S", "99999999S")]
        {
            let allowance = Allowance::new(Some(Duration::from_secs_f64(limit)), FIVE).unwrap();
            let header = allowance.header().unwrap();
            let text = header.to_str().unwrap();
            assert!(text.len() <= 9 && (text.starts_with(least) || text == most), "{text}");
        }
    }

    #[test]
    fn waiting_for_the_sidecar_takes_no_longer_than_the_call() {
        let short = Allowance::new(Some(Duration::from_millis(200)), FIVE).unwrap();
        assert!(short.connect() <= Duration::from_millis(200));
        assert_eq!(Allowance::new(None, FIVE).unwrap().connect(), FIVE);
    }

    #[test]
    fn no_time_at_all_is_refused_and_endless_time_is_no_deadline() {
        assert!(Allowance::new(Some(Duration::ZERO), FIVE).is_err());
        let endless = Allowance::new(Some(Duration::MAX), FIVE).unwrap();
        assert!(endless.deadline().is_none() && endless.header().is_none());
    }
}

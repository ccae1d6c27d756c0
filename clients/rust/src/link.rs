//! The one connection that all clones of a client share: found open, or dialled until it is.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::dial::{Dialer, Sender};
use crate::{Error, Kind};

/// The pause before the next attempt to connect: doubled after each that failed.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The connection to the sidecar.
pub(crate) struct Link {
    dialer: Arc<Dialer>,
    address: String,
    state: Mutex<State>,
}

enum State {
    /// Connected, unless the connection has broken since.
    Open(Sender),
    /// Being dialled, as long as somebody waits for it; else not connected.
    Dialling(Weak<watch::Sender<Progress>>),
}

/// What the dialling tells who waits: the connection, or why the last attempt failed.
#[derive(Clone, Default)]
struct Progress {
    sender: Option<Sender>,
    failure: Option<Arc<io::Error>>,
}

impl Link {
    pub(crate) fn new(dialer: Dialer) -> Self {
        let address = dialer.address.to_string();
        Self { dialer: Arc::new(dialer), address, state: Mutex::new(State::Dialling(Weak::new())) }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Scheme and authority of requests.
    pub(crate) fn origin(&self) -> http::uri::Builder {
        http::Uri::builder().scheme(self.dialer.scheme()).authority(self.dialer.address.authority())
    }

    /// The open connection, dialling until there is one. Nothing has been sent where it fails.
    pub(crate) async fn connected(&self, limit: Duration) -> Result<Sender, Error> {
        let until = Instant::now() + limit;
        loop {
            let mut dialling = match self.look() {
                Ok(sender) => return Ok(sender),
                Err(dialling) => dialling,
            };
            let opened = timeout_at(until, dialling.wait_for(|progress| progress.sender.is_some())).await;
            match opened.map(|found| found.map(|progress| progress.sender.clone())) {
                Ok(Ok(Some(sender))) => {
                    *self.state() = State::Open(sender.clone());
                    return Ok(sender);
                }
                // The dialling ended with the runtime that it ran on: it begins anew on this one.
                Ok(_) => {}
                Err(_) => return Err(self.unreachable(limit, dialling.borrow().failure.clone())),
            }
        }
    }

    /// The connection if it is open, else the dialling of it, begun if need be.
    fn look(&self) -> Result<Sender, watch::Receiver<Progress>> {
        let mut state = self.state();
        match &*state {
            State::Open(sender) if !sender.is_closed() => return Ok(sender.clone()),
            State::Open(_) => {}
            State::Dialling(dialling) => {
                if let Some(live) = dialling.upgrade() {
                    return Err(live.subscribe());
                }
            }
        }
        let (progress, dialling) = watch::channel(Progress::default());
        let progress = Arc::new(progress);
        *state = State::Dialling(Arc::downgrade(&progress));
        tokio::spawn(dial_until_open(Arc::clone(&self.dialer), progress));
        Err(dialling)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreachable(&self, waited: Duration, failure: Option<Arc<io::Error>>) -> Error {
        let message = format!(
            "no sidecar answers at {} (waited {} s): is `remora serve` running, and is REMORA_ADDRESS right?",
            self.address,
            waited.as_secs_f64(),
        );
        let error = Error::new(Kind::SidecarUnreachable, message);
        error.with(|inner| inner.source = failure.map(|failure| failure as _))
    }
}

/// Dials with growing pauses until it succeeds, or nobody waits any more.
async fn dial_until_open(dialer: Arc<Dialer>, progress: Arc<watch::Sender<Progress>>) {
    let mut pause = FIRST_PAUSE;
    let attempts = async {
        loop {
            let next_at = Instant::now() + pause;
            match dialer.dial().await {
                Ok(sender) => return progress.send_modify(|told| told.sender = Some(sender)),
                Err(failure) => progress.send_modify(|told| told.failure = Some(Arc::new(failure))),
            }
            sleep_until(next_at).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    tokio::select! {
        () = attempts => {}
        () = progress.closed() => {}
    }
}

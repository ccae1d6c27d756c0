//! A gRPC server on loopback that answers every call with the same steps.

#![allow(dead_code, reason = "each test uses what it needs of it")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use remora_client::pb::{ChatResponse, Completed, PartDiscarded, Restarted, TextDelta, chat_response::Event};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

/// What the server does, one after the other.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends bytes, here a message with its prefix.
    Send(Vec<u8>),
    /// Ends the call with a status and trailers.
    End(Vec<(&'static str, String)>),
    /// Waits until the caller hangs up.
    Hang,
    /// The same as the first step, before even the headers.
    Silence,
    /// Ends the body without a status.
    Break,
}

/// The server.
pub struct Fake {
    pub address: String,
    pub seen: Arc<Mutex<Seen>>,
    hanging_up: Arc<Notify>,
}

/// What the server saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub headers: Vec<HeaderMap>,
    pub bodies: Vec<Bytes>,
    pub connections: usize,
    pub hung_up: usize,
}

impl Fake {
    pub async fn serving(steps: Vec<Step>) -> Self {
        Self::serving_at("127.0.0.1:0", steps).await
    }

    pub async fn serving_at(address: &str, steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind(address).await.expect("loopback");
        let address = listener.local_addr().expect("bound").to_string();
        let fake = Self { address, seen: Arc::default(), hanging_up: Arc::default() };
        let (seen, hanging_up) = (Arc::clone(&fake.seen), Arc::clone(&fake.hanging_up));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (serving, hanging_up) = (serve(stream, steps.clone(), Arc::clone(&seen)), Arc::clone(&hanging_up));
                tokio::spawn(async move {
                    tokio::select! {
                        () = serving => {}
                        () = hanging_up.notified() => {}
                    }
                });
            }
        });
        fake
    }

    /// Closes every connection.
    pub fn hang_up(&self) {
        self.hanging_up.notify_waiters();
    }

    /// Waits until this holds of what was seen; fails after ten seconds.
    pub async fn wait_for(&self, holds: impl Fn(&Seen) -> bool) {
        for _ in 0..2000 {
            if holds(&self.seen.lock().unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("not seen: {:?}", self.seen.lock().unwrap());
    }
}

/// Serves one connection until it ends.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    steps: Vec<Step>,
    seen: Arc<Mutex<Seen>>,
) {
    seen.lock().unwrap().connections += 1;
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        answered(request, steps.clone(), Arc::clone(&seen))
    });
    let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn answered(
    request: Request<Incoming>,
    steps: Vec<Step>,
    seen: Arc<Mutex<Seen>>,
) -> Result<Response<Answer>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    {
        let mut seen = seen.lock().unwrap();
        seen.headers.push(head.headers);
        seen.bodies.push(body);
    }
    if matches!(steps.first(), Some(Step::Silence)) {
        let _counted = HungUp(seen);
        std::future::pending::<()>().await;
        unreachable!("the caller hung up");
    }
    let (frames, received) = mpsc::channel(1);
    tokio::spawn(play(steps, frames, seen));
    let answer = Response::builder().header("content-type", "application/grpc");
    Ok(answer.body(Answer(received)).expect("these are headers"))
}

async fn play(steps: Vec<Step>, frames: mpsc::Sender<Frame<Bytes>>, seen: Arc<Mutex<Seen>>) {
    for step in steps {
        let frame = match step {
            Step::Send(bytes) => Frame::data(bytes.into()),
            Step::End(trailers) => {
                let trailers = trailers.into_iter();
                let map = trailers.map(|(key, value)| (key.parse().expect("a name"), value.parse().expect("a value")));
                Frame::trailers(map.collect())
            }
            Step::Hang | Step::Silence => {
                frames.closed().await;
                seen.lock().unwrap().hung_up += 1;
                return;
            }
            Step::Break => return,
        };
        if frames.send(frame).await.is_err() {
            return;
        }
    }
}

/// Counts that the caller hung up, once it is dropped.
struct HungUp(Arc<Mutex<Seen>>);

impl Drop for HungUp {
    fn drop(&mut self) {
        self.0.lock().unwrap().hung_up += 1;
    }
}

/// A body of what is sent to it.
struct Answer(mpsc::Receiver<Frame<Bytes>>);

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

/// A message with gRPC's prefix: a byte for no compression, and the length.
pub fn sent(message: &impl prost::Message) -> Step {
    let mut bytes = vec![0];
    bytes.extend(u32::try_from(message.encoded_len()).expect("small").to_be_bytes());
    bytes.extend(message.encode_to_vec());
    Step::Send(bytes)
}

pub fn event(event: Event) -> Step {
    sent(&ChatResponse { event: Some(event) })
}

pub fn delta(part_index: i32, text: &str) -> Step {
    event(Event::TextDelta(TextDelta { part_index, text: text.into() }))
}

pub fn discarded(part_index: i32, offset: i32) -> Step {
    event(Event::PartDiscarded(PartDiscarded { part_index, offset }))
}

pub fn restarted() -> Step {
    event(Event::Restarted(Restarted::default()))
}

pub fn completed() -> Step {
    event(Event::Completed(Completed::default()))
}

pub fn ok() -> Step {
    status("0", &[])
}

pub fn status(code: &str, more: &[(&'static str, &str)]) -> Step {
    let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
    Step::End([("grpc-status", code.to_owned())].into_iter().chain(more).collect())
}

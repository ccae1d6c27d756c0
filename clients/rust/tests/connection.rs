//! Finding the sidecar, waiting for it, and what goes along with a call.

mod fake;

use std::error::Error as _;
use std::time::{Duration, Instant};

use fake::{Fake, Seen, Step, completed, delta, ok, serve};
use remora_client::{Client, ClientBuilder, Kind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};

const SHORT: Duration = Duration::from_millis(300);
/// What a client waits that was told of no limit.
const DEFAULT: Duration = Duration::from_secs(5);

fn steps() -> Vec<Step> {
    vec![delta(0, "here"), completed(), ok()]
}

fn client(address: &str) -> ClientBuilder {
    Client::builder().address(address).connect_timeout(Duration::from_secs(5))
}

async fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn text(remora: &Client) -> String {
    remora.chat("smart", "Why?").await.unwrap().final_text().await.unwrap()
}

#[tokio::test]
async fn nobody_there_is_told_in_time_with_the_cause() {
    let remora = client(&free_address().await).connect_timeout(SHORT).build().unwrap();
    let began = Instant::now();
    let error = remora.chat("smart", "Why?").await.unwrap_err();
    assert!((SHORT..DEFAULT).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!((error.kind(), error.code()), (Kind::SidecarUnreachable, None));
    assert!(error.message().contains("waited 0.3 s"), "{error}");
    assert!(error.source().unwrap().to_string().contains("refused"));
}

#[tokio::test]
async fn a_call_waits_no_longer_than_it_may_take() {
    let remora = client(&free_address().await).build().unwrap();
    let began = Instant::now();
    let error = remora.complete("smart", "Why?").timeout(SHORT).await.unwrap_err();
    assert!(began.elapsed() < DEFAULT);
    assert_eq!(error.kind(), Kind::SidecarUnreachable);
}

#[tokio::test]
async fn a_sidecar_that_is_still_starting_is_waited_for() {
    let address = free_address().await;
    let remora = client(&address).build().unwrap();
    let calling = tokio::spawn(async move { text(&remora).await });
    tokio::time::sleep(SHORT).await;
    let _fake = Fake::serving_at(&address, steps()).await;
    assert_eq!(calling.await.unwrap(), "here");
}

#[tokio::test]
async fn who_does_not_speak_http2_is_no_sidecar() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.read_buf(&mut Vec::with_capacity(1024)).await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await.unwrap();
        }
    });
    let remora = client(&address).connect_timeout(SHORT).build().unwrap();
    let error = remora.chat("smart", "Why?").await.unwrap_err();
    assert_eq!(error.kind(), Kind::SidecarUnreachable);
    assert!(error.source().unwrap().to_string().contains("HTTP/2"), "{error:?}");
}

#[tokio::test]
async fn who_accepts_and_says_nothing_is_no_sidecar() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let remora = client(&listener.local_addr().unwrap().to_string()).connect_timeout(SHORT).build().unwrap();
    assert_eq!(remora.chat("smart", "Why?").await.unwrap_err().kind(), Kind::SidecarUnreachable);
}

#[tokio::test]
async fn calls_at_once_share_one_connection() {
    let fake = Fake::serving(steps()).await;
    let remora = client(&fake.address).build().unwrap();
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(text_of(remora.clone()))).collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), "here");
    }
    assert_eq!(fake.seen.lock().unwrap().connections, 1);
}

async fn text_of(remora: Client) -> String {
    text(&remora).await
}

#[tokio::test]
async fn a_caller_that_stops_polling_holds_nobody_up() {
    let address = free_address().await;
    let remora = client(&address).build().unwrap();
    let mut stuck = Box::pin(remora.chat("smart", "Why?").send());
    tokio::select! {
        biased;
        _ = &mut stuck => panic!("nobody is there yet"),
        () = tokio::task::yield_now() => {}
    }
    let _fake = Fake::serving_at(&address, steps()).await;
    assert_eq!(text(&remora).await, "here");
    assert_eq!(stuck.await.unwrap().final_text().await.unwrap(), "here");
}

#[tokio::test]
async fn a_connection_that_was_closed_is_replaced_without_a_failed_call() {
    let fake = Fake::serving(steps()).await;
    let remora = client(&fake.address).build().unwrap();
    for expected in 1..=20 {
        assert_eq!(text(&remora).await, "here");
        assert_eq!(fake.seen.lock().unwrap().connections, expected);
        fake.hang_up();
        if expected % 2 == 0 {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[test]
fn a_client_outlives_the_runtime_it_connected_on() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime();
    let fake = server.block_on(Fake::serving(steps()));
    let remora = client(&fake.address).build().unwrap();
    for _ in 0..3 {
        assert_eq!(runtime().block_on(text(&remora)), "here");
    }
}

#[tokio::test]
async fn a_stream_outlives_its_client() {
    let fake = Fake::serving(steps()).await;
    let mut stream = client(&fake.address).build().unwrap().chat("smart", "Why?").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(stream.final_text().await.unwrap(), "here");
}

#[tokio::test]
async fn a_unix_socket_is_an_address_like_any_other() {
    let path = std::env::temp_dir().join(format!("remora-client-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, steps(), std::sync::Arc::default()));
        }
    });
    let remora = client(&format!("unix://{}", path.display())).build().unwrap();
    assert_eq!(text(&remora).await, "here");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_call_says_who_calls_and_how_long_it_waits() {
    let fake = Fake::serving(steps()).await;
    let remora = client(&fake.address).token("mine").build().unwrap();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let call = remora.chat("smart", "Why?").traceparent(parent).timeout(Duration::from_secs(20));
    call.await.unwrap().finish().await.unwrap();
    let header = |seen: &Seen, name: &str| seen.headers[0][name].to_str().unwrap().to_owned();
    let seen = fake.seen.lock().unwrap();
    assert_eq!(header(&seen, "authorization"), "Bearer mine");
    assert_eq!(header(&seen, "user-agent"), "remora-client-rust/0.1.0");
    assert_eq!(header(&seen, "traceparent"), parent);
    let timeout = header(&seen, "grpc-timeout");
    let millis: u64 = timeout.strip_suffix('m').unwrap().parse().unwrap();
    assert!((19_000..=20_000).contains(&millis), "{timeout}");
}

#[tokio::test]
async fn without_a_token_a_trace_or_a_limit_none_is_sent() {
    let fake = Fake::serving(steps()).await;
    let remora = client(&fake.address).timeout(None).build().unwrap();
    assert_eq!(text(&remora).await, "here");
    let seen = fake.seen.lock().unwrap();
    for name in ["authorization", "traceparent", "grpc-timeout"] {
        assert!(!seen.headers[0].contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_traceparent_that_no_header_can_carry_is_refused() {
    let fake = Fake::serving(steps()).await;
    let remora = client(&fake.address).build().unwrap();
    let error = remora.chat("smart", "Why?").traceparent("a\nb").await.unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    assert!(fake.seen.lock().unwrap().headers.is_empty());
}

#[cfg(feature = "opentelemetry")]
#[tokio::test]
async fn the_active_span_goes_along() {
    use opentelemetry::Context;
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};

    let fake = Fake::serving(steps()).await;
    let remora = client(&fake.address).build().unwrap();
    let state = TraceState::from_key_value([("vendor", "x")]).unwrap();
    let span = SpanContext::new(TraceId::from(7), SpanId::from(9), TraceFlags::SAMPLED, false, state);
    let active = Context::new().with_remote_span_context(span).attach();
    let mut stream = remora.chat("smart", "Why?").await.unwrap();
    stream.finish().await.unwrap();
    drop(active);
    let seen = fake.seen.lock().unwrap();
    assert_eq!(seen.headers[0]["traceparent"], "00-00000000000000000000000000000007-0000000000000009-01");
    assert_eq!(seen.headers[0]["tracestate"], "vendor=x");
}

//! Reading an answer: its text, its ends, and giving it up.

mod fake;

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use fake::{Fake, Step, completed, delta, discarded, event, ok, restarted, sent, status};
use futures_core::Stream as _;
use remora_client::pb::{CompleteResponse, HealthResponse, ToolCallDelta, chat_response};
use remora_client::{ChatStream, Client, Code, Event, Kind, assistant};

const MOMENT: Duration = Duration::from_millis(1500);

async fn serving(steps: Vec<Step>) -> (Fake, Client) {
    let fake = Fake::serving(steps).await;
    let remora = Client::builder().address(&fake.address).build().unwrap();
    (fake, remora)
}

async fn asked(steps: Vec<Step>) -> (Fake, ChatStream) {
    let (fake, remora) = serving(steps).await;
    let stream = remora.chat("smart", "Why?").await.unwrap();
    (fake, stream)
}

#[tokio::test]
async fn the_text_comes_in_pieces_and_is_whole_at_the_end() {
    let (_fake, mut stream) = asked(vec![delta(0, "a😀"), delta(0, "b"), completed(), ok()]).await;
    let mut text = stream.text();
    assert_eq!(text.next().await.unwrap().unwrap(), "a😀");
    assert_eq!(text.next().await.unwrap().unwrap(), "b");
    assert!(text.next().await.is_none() && text.next().await.is_none());
    assert_eq!(stream.message().unwrap(), assistant("a😀b"));
    assert_eq!(stream.final_text().await.unwrap(), "a😀b");
}

#[tokio::test]
async fn text_that_becomes_void_is_told() {
    let steps =
        vec![delta(0, "a😀wrong"), discarded(0, 2), delta(0, "!"), restarted(), delta(0, "new"), completed(), ok()];
    let (_fake, mut stream) = asked(steps).await;
    let mut told = Vec::new();
    let mut pieces = Vec::new();
    let mut text = stream.text().on_discard(|holds| told.push(holds.to_owned()));
    while let Some(piece) = text.next().await {
        pieces.push(piece.unwrap());
    }
    assert_eq!(pieces, ["a😀wrong", "!", "new"]);
    assert_eq!(told, ["a😀", ""]);
    assert_eq!(stream.text_so_far(), "new");
}

#[tokio::test]
async fn text_that_becomes_void_untold_ends_the_reading_of_text_only() {
    let (_fake, mut stream) = asked(vec![delta(0, "wrong"), restarted(), delta(0, "right"), completed(), ok()]).await;
    let mut text = stream.text();
    assert_eq!(text.next().await.unwrap().unwrap(), "wrong");
    assert_eq!(text.next().await.unwrap().unwrap_err().kind(), Kind::TextDiscarded);
    assert!(text.next().await.is_none());
    assert_eq!(stream.final_text().await.unwrap(), "right");
}

#[tokio::test]
async fn what_is_no_text_makes_none_void() {
    let call = ToolCallDelta { part_index: 1, id: "c".into(), ..ToolCallDelta::default() };
    let call = event(chat_response::Event::ToolCallDelta(call));
    let (_fake, mut stream) = asked(vec![delta(0, "a"), call, discarded(1, 0), delta(1, "b"), completed(), ok()]).await;
    let mut text = stream.text();
    assert_eq!(text.next().await.unwrap().unwrap(), "a");
    assert_eq!(text.next().await.unwrap().unwrap(), "b");
    assert!(text.next().await.is_none());
}

#[tokio::test]
async fn an_end_without_completed_is_told_to_everybody_who_asks() {
    let (_fake, mut stream) = asked(vec![delta(0, "half"), ok()]).await;
    assert!(matches!(stream.next().await, Some(Ok(Event::TextDelta(_)))));
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), Kind::StreamBroken);
    assert!(stream.next().await.is_none(), "as a stream it gives a failure once");
    for _ in 0..2 {
        assert_eq!(stream.final_text().await.unwrap_err().reason(), Some("STREAM_BROKEN"));
        assert_eq!(stream.text().next().await.unwrap().unwrap_err().kind(), Kind::StreamBroken);
    }
    assert_eq!(stream.text_so_far(), "half");
}

#[tokio::test]
async fn events_of_later_versions_are_passed_over() {
    // Field 999 of ChatResponse, a message.
    let future = Step::Send(vec![0, 0, 0, 0, 6, 0xba, 0x3e, 0x03, 0x0a, 0x01, b'x']);
    let (_fake, mut stream) = asked(vec![future.clone(), delta(0, "a"), future, completed(), ok()]).await;
    assert!(matches!(stream.next().await, Some(Ok(Event::TextDelta(_)))));
    assert!(matches!(stream.next().await, Some(Ok(Event::Completed(_)))));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn it_is_a_stream_of_futures_too() {
    let (_fake, mut stream) = asked(vec![delta(0, "a"), completed(), ok()]).await;
    let mut count = 0;
    while let Some(event) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
        event.unwrap();
        count += 1;
    }
    assert_eq!(count, 2);
}

#[tokio::test]
async fn a_cancelled_stream_is_hung_up_on_and_says_so() {
    let (fake, mut stream) = asked(vec![delta(0, "a"), Step::Hang]).await;
    stream.next().await.unwrap().unwrap();
    stream.cancel();
    fake.wait_for(|seen| seen.hung_up == 1).await;
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (Kind::Cancelled, Some("CANCELLED")));
    assert_eq!(stream.text_so_far(), "a");
}

#[tokio::test]
async fn whatever_is_dropped_is_hung_up_on() {
    let (fake, stream) = asked(vec![delta(0, "a"), Step::Hang]).await;
    drop(stream);
    fake.wait_for(|seen| seen.hung_up == 1).await;

    let (fake, remora) = serving(vec![Step::Silence]).await;
    assert!(tokio::time::timeout(MOMENT, remora.chat("smart", "Why?").send()).await.is_err());
    fake.wait_for(|seen| seen.hung_up == 1).await;
    assert!(tokio::time::timeout(MOMENT, remora.complete("smart", "Why?").send()).await.is_err());
    fake.wait_for(|seen| seen.hung_up == 2).await;
    let state = HealthResponse { snapshot: true, ..HealthResponse::default() };
    let (fake, remora) = serving(vec![sent(&state), Step::Hang]).await;
    let mut changes = remora.watch_health().await.unwrap();
    assert!(changes.next().await.unwrap().unwrap().snapshot);
    changes.cancel();
    fake.wait_for(|seen| seen.hung_up == 1).await;
    assert!(changes.next().await.is_none());
}

#[tokio::test]
async fn a_task_that_is_aborted_hangs_up() {
    let (fake, mut stream) = asked(vec![delta(0, "a"), Step::Hang]).await;
    let reading = tokio::spawn(async move { stream.final_text().await });
    tokio::time::sleep(MOMENT).await;
    reading.abort();
    fake.wait_for(|seen| seen.hung_up == 1).await;
}

#[tokio::test]
async fn the_deadline_ends_a_stream_and_keeps_what_came() {
    let (fake, remora) = serving(vec![delta(0, "half"), Step::Hang]).await;
    let mut stream = remora.chat("smart", "Why?").timeout(MOMENT).await.unwrap();
    let error = stream.final_text().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::DeadlineExceeded, Some(Code::DeadlineExceeded)));
    assert_eq!(stream.text_so_far(), "half");
    fake.wait_for(|seen| seen.hung_up == 1).await;
}

#[tokio::test]
async fn the_deadline_ends_a_call_that_nobody_answers() {
    let (fake, remora) = serving(vec![Step::Silence]).await;
    for error in [
        remora.chat("smart", "Why?").timeout(MOMENT).await.unwrap_err(),
        remora.complete("smart", "Why?").timeout(MOMENT).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::DeadlineExceeded);
        assert_eq!(error.message(), "the call's time limit of 1.5 s ran out");
    }
    fake.wait_for(|seen| seen.hung_up == 2).await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_lost_sidecar() {
    let (_fake, mut stream) = asked(vec![delta(0, "half"), Step::Break]).await;
    let error = stream.final_text().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::SidecarLost, Some(Code::Unavailable)));
    assert!(error.message().contains("the call may have run"));

    let (fake, mut stream) = asked(vec![delta(0, "half"), Step::Hang]).await;
    fake.hang_up();
    assert_eq!(stream.final_text().await.unwrap_err().kind(), Kind::SidecarLost);
    assert_eq!(stream.text_so_far(), "half");
}

#[tokio::test]
async fn details_that_are_no_base64_are_left_out() {
    let broken = status("3", &[("grpc-message", "told"), ("grpc-status-details-bin", "%%%")]);
    let (_fake, remora) = serving(vec![broken]).await;
    let error = remora.complete("smart", "Why?").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::InvalidRequest, "told"));
}

#[tokio::test]
async fn a_failed_call_is_made_once() {
    let (fake, remora) = serving(vec![status("14", &[("grpc-retry-pushback-ms", "1")])]).await;
    assert!(remora.complete("smart", "Why?").await.is_err());
    assert_eq!(fake.seen.lock().unwrap().headers.len(), 1);
}

#[tokio::test]
async fn a_whole_answer_has_its_text_in_easy_reach() {
    let answer = CompleteResponse { message: Some(assistant("said")), ..CompleteResponse::default() };
    let (_fake, remora) = serving(vec![sent(&answer), ok()]).await;
    let answer = remora.complete("", "Why?").await.unwrap();
    assert_eq!((answer.text().as_str(), answer.tool_calls().count()), ("said", 0));
    assert_eq!(answer.request_id(), "");
}

#[tokio::test]
async fn serving_is_one_question() {
    let (fake, remora) = serving(vec![Step::Send(vec![0, 0, 0, 0, 2, 8, 1]), ok()]).await;
    assert!(remora.is_serving().await.unwrap());
    assert_eq!(fake.seen.lock().unwrap().bodies[0].as_ref(), [0; 5]);
}

//! Makes the calls, and prints what comes of each.

use std::future::IntoFuture as _;

use opentelemetry::Context;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::TraceContextExt as _;
use remora_client::pb::{EmbedRequest, ListModelsRequest, part};
use remora_client::{Call, ChatRequest, ChatStream, Client, CompleteRequest, Error, Message, Rpc};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::order::{Asked, Order};
use crate::told;

/// Plays every call on one client.
pub async fn played(order: Order) {
    let remora = match order.client.build() {
        Ok(remora) => remora,
        Err(error) => return say("error", told::error(&error, "")),
    };
    let mut answer = None;
    for asked in order.calls {
        let context = asked.span.clone().map(|span| Context::new().with_remote_span_context(span));
        let play = Play { remora: remora.clone(), asked, answer: answer.take(), printed: 0, text: String::new() };
        answer = play.played().with_context(context.unwrap_or_default()).await;
    }
}

/// One call.
struct Play {
    remora: Client,
    asked: Asked,
    answer: Option<Message>,
    printed: usize,
    text: String,
}

/// Why a call has no answer.
enum Ended {
    Failed(Error),
    Stopped,
}

type Outcome<T> = Result<T, Ended>;

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Play {
    /// Prints what comes of the call; the assistant's turn if there is one.
    async fn played(mut self) -> Option<Message> {
        let ended = match self.asked.rpc.as_str() {
            "chat" => self.chat().await,
            "complete" => self.complete().await,
            "watch_health" => self.watch_health().await,
            _ => self.told().await,
        };
        match ended {
            Ok((end, message)) => {
                say("end", end);
                return message;
            }
            Err(Ended::Stopped) => say("stopped", json!({ "text": self.text })),
            Err(Ended::Failed(error)) => say("error", told::error(&error, &self.text)),
        }
        None
    }

    async fn chat(&mut self) -> Outcome<(Value, Option<Message>)> {
        let mut request: ChatRequest = self.request();
        self.insert_answer(&mut request.messages);
        let mut stream = self.call(request).await?;
        let read = self.read(&mut stream).await;
        self.text = stream.text_so_far();
        if let Err(Ended::Stopped) = read {
            if self.asked.stop_by_cancel {
                stream.cancel();
            }
            drop(stream);
            sleep(self.asked.linger).await;
            return Err(Ended::Stopped);
        }
        sleep(self.asked.linger).await;
        read?;
        let completed = stream.finish().await?;
        let message = stream.message().unwrap_or_default();
        let mut end = told::answer(&completed, &message);
        end["text"] = self.text.as_str().into();
        Ok((end, Some(message)))
    }

    async fn complete(&mut self) -> Outcome<(Value, Option<Message>)> {
        let mut request: CompleteRequest = self.request();
        self.insert_answer(&mut request.messages);
        let answer = self.call(request).await?;
        let message = answer.message.clone().unwrap_or_default();
        Ok((told::answer(&answer, &message), Some(message)))
    }

    async fn watch_health(&mut self) -> Outcome<(Value, Option<Message>)> {
        let call = self.timed(self.remora.watch_health());
        let mut changes = call.await?;
        while let Some(change) = changes.next().await {
            say("change", told::health(&change?));
            if self.is_stopped().await {
                if self.asked.stop_by_cancel {
                    changes.cancel();
                }
                drop(changes);
                sleep(self.asked.linger).await;
                return Err(Ended::Stopped);
            }
        }
        Ok((json!({}), None))
    }

    async fn told(&mut self) -> Outcome<(Value, Option<Message>)> {
        let end = match self.asked.rpc.as_str() {
            "embed" => told::embeddings(&self.call(self.request::<EmbedRequest>()).await?),
            "list_models" => told::catalog(&self.call(self.request::<ListModelsRequest>()).await?),
            "health" => told::health(&self.timed(self.remora.health()).await?),
            other => usage(&format!("no such rpc: {other}")),
        };
        Ok((end, None))
    }

    /// Reads as it is told.
    async fn read(&mut self, stream: &mut ChatStream) -> Outcome<()> {
        match self.asked.read.as_str() {
            "text" => self.read_text(stream).await,
            "text_discards" => self.read_text_with_discards(stream).await,
            "final" => Ok(stream.final_text().await.map(drop)?),
            _ => self.read_events(stream).await,
        }
    }

    async fn read_events(&mut self, stream: &mut ChatStream) -> Outcome<()> {
        while let Some(event) = stream.next().await {
            say("event", told::event(&event?));
            self.go_on().await?;
        }
        Ok(())
    }

    async fn read_text(&mut self, stream: &mut ChatStream) -> Outcome<()> {
        let mut text = stream.text();
        while let Some(piece) = text.next().await {
            say("piece", piece?.into());
            self.go_on().await?;
        }
        Ok(())
    }

    async fn read_text_with_discards(&mut self, stream: &mut ChatStream) -> Outcome<()> {
        let mut text = stream.text().on_discard(|holds| say("discarded", holds.into()));
        while let Some(piece) = text.next().await {
            say("piece", piece?.into());
            self.go_on().await?;
        }
        Ok(())
    }

    /// After a printed line: pauses and stops as it is told.
    async fn go_on(&mut self) -> Outcome<()> {
        if self.is_stopped().await { Err(Ended::Stopped) } else { Ok(()) }
    }

    async fn is_stopped(&mut self) -> bool {
        self.printed += 1;
        if self.asked.pause_after == Some(self.printed) {
            sleep(self.asked.pause).await;
        }
        self.asked.stop_after == Some(self.printed)
    }

    fn request<M: prost::Message + Default>(&self) -> M {
        M::decode(self.asked.request.as_slice()).unwrap_or_else(|error| usage(&error.to_string()))
    }

    fn insert_answer(&mut self, messages: &mut Vec<Message>) {
        if self.asked.append_answer {
            let answer = self.answer.take().unwrap_or_else(|| usage("there is no answer to append"));
            if let Some(last) = messages.last_mut() {
                name_tool_call(last, &answer);
            }
            messages.insert(messages.len().saturating_sub(1), answer);
        }
    }

    async fn call<R: Rpc>(&self, request: R) -> Result<R::Answer, Error> {
        self.timed(self.remora.call(request)).into_future().await
    }

    fn timed<R: Rpc>(&self, mut call: Call<R>) -> Call<R> {
        if let Some(timeout) = self.asked.timeout {
            call = call.timeout(timeout);
        }
        match &self.asked.traceparent {
            Some(traceparent) => call.traceparent(traceparent),
            None => call,
        }
    }
}

/// A tool result for "@" is for the answer's first tool call.
fn name_tool_call(message: &mut Message, answer: &Message) {
    for part in &mut message.parts {
        if let Some(part::Content::ToolResult(result)) = &mut part.content
            && result.tool_call_id == "@"
        {
            result.tool_call_id = answer.tool_calls().next().map(|call| call.id.clone()).unwrap_or_default();
        }
    }
}

/// One line, written at once.
fn say(kind: &str, value: Value) {
    use std::io::Write as _;

    let mut line = serde_json::Map::new();
    line.insert(kind.to_owned(), value);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", Value::Object(line)).and_then(|()| out.flush()).expect("standard output is open");
}

/// A mistake in the order.
fn usage(problem: &str) -> ! {
    eprintln!("{problem}");
    std::process::exit(2)
}

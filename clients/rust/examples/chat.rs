//! A small chat on the terminal that shows failovers as they happen: `cargo run --example chat [MODEL]`.
//!
//! It looks for the sidecar at `REMORA_ADDRESS`; `remora serve --simulator` is one without any key.

use std::io::{self, Write as _};

use remora_client::{ChatStream, Client, Error, Event, Message, user};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = std::env::args().nth(1).unwrap_or_default();
    let remora = Client::new()?;
    let mut lines = BufReader::new(stdin()).lines();
    let mut conversation: Vec<Message> = Vec::new();
    loop {
        write!(io::stdout(), "> ")?;
        io::stdout().flush()?;
        let Some(line) = lines.next_line().await? else {
            return Ok(());
        };
        conversation.push(user(line));
        let call = remora.chat(&model, &conversation).include_attempts(true);
        let answered = match call.await {
            Ok(mut stream) => shown(&mut stream).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(turn) => conversation.extend(turn),
            Err(error) => {
                eprintln!("\n[{}: {error}]", error.kind());
                conversation.pop();
            }
        }
    }
}

/// Prints the answer as it comes; the assistant's turn.
async fn shown(stream: &mut ChatStream) -> Result<Option<Message>, Error> {
    while let Some(event) = stream.next().await {
        match event? {
            Event::TextDelta(delta) => print!("{}", delta.text),
            Event::AttemptEnded(ended) => tell_attempt(&ended.attempt.unwrap_or_default()),
            Event::Resumed(resumed) => eprint!("[{} goes on]", resumed.target.unwrap_or_default()),
            Event::Restarted(restarted) => {
                eprintln!("\n[{} begins again]", restarted.target.unwrap_or_default());
            }
            Event::PartDiscarded(_) => print!("\n[this holds so far]\n{}", stream.text_so_far()),
            Event::Completed(answer) if answer.failed_over => println!("\n[answered by {}]", answer.answered_by()),
            Event::Completed(_) => println!(),
            _ => {}
        }
        let _ = io::stdout().flush();
    }
    Ok(stream.message())
}

fn tell_attempt(attempt: &remora_client::pb::Attempt) {
    use remora_client::pb::ErrorReason;

    if attempt.reason() != ErrorReason::Unspecified {
        let target = attempt.target.clone().unwrap_or_default();
        eprintln!("[{target} failed: {}]", attempt.reason());
    }
}

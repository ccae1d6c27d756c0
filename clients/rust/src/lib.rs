//! The Rust client of Remora, the sidecar that keeps LLM calls answered: one typed, streaming call for any model
//! behind it.
//!
//! ```no_run
//! # async fn example() -> Result<(), remora_client::Error> {
//! let remora = remora_client::Client::new()?;
//! let mut stream = remora.chat("smart", "Why is the sky blue?").temperature(0.2).await?;
//! while let Some(piece) = stream.text().next().await {
//!     print!("{}", piece?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Client`] makes the calls, [`Call`] holds a call's options, [`ChatStream`] gives an answer as it comes, [`Error`]
//! says what to do about a failure. The messages of the contract are in [`pb`]; the most used are here too.
//!
//! The client never repeats a call, never logs, and never puts what a caller wrote or a model answered into an error.

mod address;
mod allowance;
mod answer;
mod assembly;
mod body;
mod builder;
mod call;
mod client;
mod conversation;
mod details;
mod dial;
mod display;
mod embedding;
mod error;
mod event;
mod incoming;
mod kind;
mod link;
mod option;
pub mod pb;
mod rpc;
mod serving;
mod socket;
mod status;
mod stream;
mod text;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod trace;
mod transport;
mod watch;

pub use builder::ClientBuilder;
pub use call::Call;
pub use client::Client;
pub use conversation::{
    Content, Prompt, assistant, audio, cached, document, failed_tool_result, image, image_url, json_schema, named_tool,
    system, text, tool, tool_call, tool_result, user,
};
pub use error::{Error, FieldError};
pub use event::Event;
pub use kind::Kind;
pub use pb::{
    ChatRequest, CompleteRequest, CompleteResponse, Completed, ErrorReason, FinishReason, Message, OnContentFiltered,
    OnContextOverflow, OnSlow, OnStreamBreak, Part, Policy, PromptGuidedTools, Target, Tool,
};
pub use rpc::{Rpc, WatchHealth};
pub use serving::IsServing;
pub use stream::ChatStream;
pub use text::TextStream;
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
pub use tonic::Code;
pub use watch::HealthStream;

/// The version of this client, as its user agent says it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The most bytes a message may have, either way: 32 MiB.
pub const MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;

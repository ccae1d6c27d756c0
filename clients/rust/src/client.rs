//! The client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};

use crate::builder::ClientBuilder;
use crate::call::Call;
use crate::conversation::Prompt;
use crate::link::Link;
use crate::pb::{
    ChatRequest, CompleteRequest, EmbedRequest, GetReportRequest, HealthRequest, ListModelsRequest, ResetHealthRequest,
    reset_health_request::Scope,
};
use crate::rpc::WatchHealth;
use crate::serving::IsServing;
use crate::{Error, Rpc};

/// Calls the sidecar. Clones share one connection: make one, and clone it into tasks and threads.
///
/// Every method gives a [`Call`]: set its options, then await it. Dropping the last clone, and what its calls gave,
/// disconnects.
///
/// The connection lives in the tokio runtime whose call opened it. When that runtime is gone the next call opens another;
/// a call of another runtime that is under way at that moment is `Kind::SidecarLost`, so give each runtime its own client.
#[derive(Clone)]
pub struct Client {
    pub(crate) link: Arc<Link>,
    pub(crate) settings: Arc<Settings>,
}

pub(crate) struct Settings {
    pub(crate) authorization: Option<MetadataValue<Ascii>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Duration,
}

impl Client {
    /// A client of the sidecar at `REMORA_ADDRESS`, else at `127.0.0.1:7650`. It connects with its first call.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Where the sidecar is expected.
    #[must_use]
    pub fn address(&self) -> &str {
        self.link.address()
    }

    /// Asks a model, and gives the stream of its answer. `model`: an alias, a pool, `provider/model-id` or a model id;
    /// empty: the sidecar's default. `prompt`: a text, a message, or a conversation.
    ///
    /// Awaiting it waits for the first sign of an answer; a call that fails before fails there.
    pub fn chat(&self, model: impl Into<String>, prompt: impl Into<Prompt>) -> Call<ChatRequest> {
        let messages = prompt.into().messages;
        self.call(ChatRequest { model: model.into(), messages, ..ChatRequest::default() })
    }

    /// The same with the whole answer in one piece; a break on the way is recovered without a trace.
    pub fn complete(&self, model: impl Into<String>, prompt: impl Into<Prompt>) -> Call<CompleteRequest> {
        let messages = prompt.into().messages;
        self.call(CompleteRequest { model: model.into(), messages, ..CompleteRequest::default() })
    }

    /// Embeds texts: one vector for each, in order.
    pub fn embed<T: Into<String>>(
        &self,
        model: impl Into<String>,
        inputs: impl IntoIterator<Item = T>,
    ) -> Call<EmbedRequest> {
        let inputs = inputs.into_iter().map(Into::into).collect();
        self.call(EmbedRequest { model: model.into(), inputs, ..EmbedRequest::default() })
    }

    /// What can be asked for, and whether it is available now.
    pub fn list_models(&self) -> Call<ListModelsRequest> {
        self.call(ListModelsRequest::default())
    }

    /// A snapshot of every entry and profile.
    pub fn health(&self) -> Call<HealthRequest> {
        self.call(HealthRequest::default())
    }

    /// A stream of a snapshot and then each change; without a time limit unless the call sets one.
    pub fn watch_health(&self) -> Call<WatchHealth> {
        self.call(WatchHealth::default()).timeout(None)
    }

    /// What happened to the last ten minutes' calls with that request id: newest first, at most 10.
    pub fn get_report(&self, request_id: impl Into<String>) -> Call<GetReportRequest> {
        self.call(GetReportRequest { request_id: request_id.into() })
    }

    /// Forgets breakers and cooldowns of one entry, one profile, or all.
    pub fn reset_health(&self, scope: Scope) -> Call<ResetHealthRequest> {
        self.call(ResetHealthRequest { scope: Some(scope) })
    }

    /// Whether the sidecar takes calls: it listens, and does not drain. Needs no token.
    pub fn is_serving(&self) -> Call<IsServing> {
        self.call(IsServing::default())
    }

    /// Makes the call of a request message, such as a [`ChatRequest`] that was built elsewhere.
    pub fn call<R: Rpc>(&self, request: R) -> Call<R> {
        Call::new(self.clone(), request)
    }
}

/// Never shows the token.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address()).finish_non_exhaustive()
    }
}

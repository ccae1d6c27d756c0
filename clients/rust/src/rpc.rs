//! The calls of the contract: which request gives what.

use std::future::Future;

use crate::Error;
use crate::MAX_MESSAGE_BYTES;
use crate::call::{Begun, Making};
use crate::pb::chat_service_client::ChatServiceClient;
use crate::pb::health_service_client::HealthServiceClient;
use crate::pb::{
    ChatRequest, CompleteRequest, CompleteResponse, EmbedRequest, EmbedResponse, FailoverReport, GetReportRequest,
    HealthRequest, HealthResponse, ListModelsRequest, ListModelsResponse, ResetHealthRequest, ResetHealthResponse,
};
use crate::stream::ChatStream;
use crate::transport::Transport;
use crate::watch::HealthStream;

/// A request that [`crate::Client::call`] can make. It is implemented here only.
pub trait Rpc: sealed::Sealed + Sized + Send + 'static {
    /// What the call gives.
    type Answer: Send;

    #[doc(hidden)]
    fn made(self, making: Making) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// Asks for upstream state as it changes: see [`crate::Client::watch_health`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchHealth {}

pub(crate) mod sealed {
    /// Keeps the trait for the crate.
    pub trait Sealed {}
}

impl Begun {
    fn chat_service(&self) -> ChatServiceClient<Transport> {
        let (transport, origin) = self.carrier();
        ChatServiceClient::with_origin(transport, origin).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn health_service(&self) -> HealthServiceClient<Transport> {
        let (transport, origin) = self.carrier();
        HealthServiceClient::with_origin(transport, origin).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }
}

impl Rpc for ChatRequest {
    type Answer = ChatStream;

    async fn made(self, making: Making) -> Result<ChatStream, Error> {
        let mut begun = making.begun(&self).await?;
        let request = begun.request(self);
        let messages = begun.given(begun.chat_service().chat(request)).await?;
        Ok(ChatStream::new(begun.incoming(messages)))
    }
}

impl Rpc for WatchHealth {
    type Answer = HealthStream;

    async fn made(self, making: Making) -> Result<HealthStream, Error> {
        let asked = HealthRequest { watch: true };
        let mut begun = making.begun(&asked).await?;
        let request = begun.request(asked);
        let messages = begun.given(begun.health_service().health(request)).await?;
        Ok(HealthStream::new(begun.incoming(messages)))
    }
}

impl Rpc for HealthRequest {
    type Answer = HealthResponse;

    async fn made(self, making: Making) -> Result<HealthResponse, Error> {
        let asked = HealthRequest { watch: false };
        let mut begun = making.begun(&asked).await?;
        let request = begun.request(asked);
        let messages = begun.given(begun.health_service().health(request)).await?;
        HealthStream::new(begun.incoming(messages)).snapshot().await
    }
}

/// A call with one answer: the method of its service, and what of the answer is given.
macro_rules! unary {
    ($request:ty => $answer:ty, $service:ident, $method:ident, $given:expr) => {
        impl Rpc for $request {
            type Answer = $answer;

            async fn made(self, making: Making) -> Result<$answer, Error> {
                let mut begun = making.begun(&self).await?;
                let request = begun.request(self);
                let answer = begun.given(begun.$service().$method(request)).await?;
                Ok($given(answer))
            }
        }
    };
}

unary!(CompleteRequest => CompleteResponse, chat_service, complete, std::convert::identity);
unary!(EmbedRequest => EmbedResponse, chat_service, embed, std::convert::identity);
unary!(ListModelsRequest => ListModelsResponse, chat_service, list_models, std::convert::identity);
unary!(ResetHealthRequest => ResetHealthResponse, health_service, reset_health, std::convert::identity);
unary!(GetReportRequest => Vec<FailoverReport>, health_service, get_report, |answer: crate::pb::GetReportResponse| {
    answer.reports
});

macro_rules! sealed {
    ($($request:ty),*) => {
        $(impl sealed::Sealed for $request {})*
    };
}

sealed!(ChatRequest, CompleteRequest, EmbedRequest, ListModelsRequest, HealthRequest, WatchHealth);
sealed!(GetReportRequest, ResetHealthRequest, crate::serving::IsServing);

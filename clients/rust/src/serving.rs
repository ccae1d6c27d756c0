//! `grpc.health.v1` in as much as a caller needs of it: one question, and whether the answer is SERVING.
//!
//! The messages are those of github.com/grpc/grpc, `health.proto`.

use tonic::client::Grpc;
use tonic_prost::ProstCodec;

use crate::call::Making;
use crate::{Error, Rpc};

const CHECK: &str = "/grpc.health.v1.Health/Check";
const SERVING: i32 = 1;

/// Asks whether the sidecar takes calls: see [`crate::Client::is_serving`].
#[derive(Clone, PartialEq, prost::Message)]
#[non_exhaustive]
pub struct IsServing {
    /// The service asked about; empty: the server as a whole.
    #[prost(string, tag = "1")]
    pub service: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Checked {
    #[prost(int32, tag = "1")]
    status: i32,
}

impl Rpc for IsServing {
    type Answer = bool;

    async fn made(self, making: Making) -> Result<bool, Error> {
        let mut begun = making.begun(&self).await?;
        let request = begun.request(self);
        let (transport, origin) = begun.carrier();
        let mut check = Grpc::with_origin(transport, origin);
        let path = http::uri::PathAndQuery::from_static(CHECK);
        let codec = ProstCodec::<Self, Checked>::default();
        let checked = begun.given(async { check.unary(request, path, codec).await }).await?;
        Ok(checked.status == SERVING)
    }
}

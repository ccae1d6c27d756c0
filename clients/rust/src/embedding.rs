//! The options of `embed` and `list_models`, and what they give, in easy reach.

use crate::call::Call;
use crate::pb::{EmbedRequest, EmbedResponse, EmbedTask, ListModelsRequest, Policy};

impl Call<EmbedRequest> {
    /// Length of the vectors, from 1.
    pub fn dimensions(mut self, dimensions: i32) -> Self {
        self.request.dimensions = Some(dimensions);
        self
    }

    /// What the embeddings are for.
    pub fn task(mut self, task: EmbedTask) -> Self {
        self.request.task = task.into();
        self
    }

    /// The switches of this call.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.request.policy = Some(policy);
        self
    }

    /// A label of the caller's, at most 128 printable ASCII characters.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request.request_id = Some(id.into());
        self
    }
}

impl Call<ListModelsRequest> {
    /// Only this provider's.
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.request.provider = Some(provider.into());
        self
    }
}

impl EmbedResponse {
    /// The vectors, one for each text, in order.
    #[must_use]
    pub fn vectors(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.embeddings.iter().map(|embedding| embedding.values.as_slice())
    }
}

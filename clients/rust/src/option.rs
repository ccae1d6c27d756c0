//! The options of `chat` and `complete`, which are fields of the request; bounds and defaults are told there.

use crate::call::Call;
use crate::pb::reasoning::Effort;
use crate::pb::{ChatRequest, CompleteRequest, Policy, Reasoning, ResponseFormat, Tool, ToolChoice};

macro_rules! options {
    ($request:ty) => {
        /// The options of the request; bounds and defaults are those of its fields.
        impl Call<$request> {
            /// References to try after the model, in order, before the configured fallbacks.
            pub fn fallback_models<T: Into<String>>(mut self, models: impl IntoIterator<Item = T>) -> Self {
                self.request.fallback_models = models.into_iter().map(Into::into).collect();
                self
            }

            /// The tools the model may call.
            pub fn tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
                self.request.tools = tools.into_iter().collect();
                self
            }

            /// Which tools it may or must call: a [`crate::pb::tool_choice::Mode`], or [`crate::named_tool`].
            pub fn tool_choice(mut self, choice: impl Into<ToolChoice>) -> Self {
                self.request.tool_choice = Some(choice.into());
                self
            }

            /// Whether it may call several tools at once.
            pub fn parallel_tool_calls(mut self, may: bool) -> Self {
                self.request.parallel_tool_calls = Some(may);
                self
            }

            /// What form the answer must have: a [`crate::pb::response_format::Kind`], or [`crate::json_schema`].
            pub fn response_format(mut self, format: impl Into<ResponseFormat>) -> Self {
                self.request.response_format = Some(format.into());
                self
            }

            /// Output tokens at the most, from 1.
            pub fn max_output_tokens(mut self, tokens: i32) -> Self {
                self.request.max_output_tokens = Some(tokens);
                self
            }

            /// Sampling temperature, 0 to 2.
            pub fn temperature(mut self, temperature: f64) -> Self {
                self.request.temperature = Some(temperature);
                self
            }

            /// Nucleus sampling, over 0 to 1.
            pub fn top_p(mut self, top_p: f64) -> Self {
                self.request.top_p = Some(top_p);
                self
            }

            /// Only the k likeliest tokens, from 1.
            pub fn top_k(mut self, top_k: i32) -> Self {
                self.request.top_k = Some(top_k);
                self
            }

            /// Texts that end the answer. At most 16, none empty.
            pub fn stop<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
                self.request.stop = texts.into_iter().map(Into::into).collect();
                self
            }

            /// Seed of the sampling, where the provider has one.
            pub fn seed(mut self, seed: i64) -> Self {
                self.request.seed = Some(seed);
                self
            }

            /// Presence penalty, -2 to 2.
            pub fn presence_penalty(mut self, penalty: f64) -> Self {
                self.request.presence_penalty = Some(penalty);
                self
            }

            /// Frequency penalty, -2 to 2.
            pub fn frequency_penalty(mut self, penalty: f64) -> Self {
                self.request.frequency_penalty = Some(penalty);
                self
            }

            /// How hard the model thinks.
            pub fn reasoning_effort(mut self, effort: Effort) -> Self {
                self.request.reasoning.get_or_insert_with(Reasoning::default).effort = effort.into();
                self
            }

            /// At most this many tokens of reasoning, from 1.
            pub fn reasoning_budget_tokens(mut self, tokens: i32) -> Self {
                self.request.reasoning.get_or_insert_with(Reasoning::default).budget_tokens = Some(tokens);
                self
            }

            /// Settings of one wire protocol, such as `openai`: a JSON object, merged into the upstream body.
            pub fn provider_options(mut self, protocol: impl Into<String>, json: impl Into<String>) -> Self {
                self.request.provider_options.insert(protocol.into(), json.into());
                self
            }

            /// The switches of this call: failover, hedging, stream breaks, boundaries.
            pub fn policy(mut self, policy: Policy) -> Self {
                self.request.policy = Some(policy);
                self
            }

            /// Calls with the same key prefer the same profile, so that provider-side prompt caches survive.
            pub fn affinity_key(mut self, key: impl Into<String>) -> Self {
                self.request.affinity_key = Some(key.into());
                self
            }

            /// A label of the caller's, at most 128 printable ASCII characters; two calls with it are two calls.
            pub fn request_id(mut self, id: impl Into<String>) -> Self {
                self.request.request_id = Some(id.into());
                self
            }

            /// The application's id of its end user, passed on to providers that take one.
            pub fn end_user_id(mut self, id: impl Into<String>) -> Self {
                self.request.end_user_id = Some(id.into());
                self
            }

            /// A tag for spans and spend; call it for each, at most 16.
            pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
                self.request.metadata.insert(key.into(), value.into());
                self
            }

            /// Whether to tell of each attempt as it ends.
            pub fn include_attempts(mut self, include: bool) -> Self {
                self.request.include_attempts = include;
                self
            }

            /// Whether to leave the assistant's turn out of the end.
            pub fn omit_message(mut self, omit: bool) -> Self {
                self.request.omit_message = omit;
                self
            }
        }
    };
}

options!(ChatRequest);
options!(CompleteRequest);

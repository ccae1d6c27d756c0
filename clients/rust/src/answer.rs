//! What is wanted of an answer, in easy reach.

use crate::pb::part::Content;
use crate::pb::{CompleteResponse, Completed, Message, Part, Target, ToolCallPart};

impl Message {
    /// The texts of the turn, joined.
    #[must_use]
    pub fn text(&self) -> String {
        self.joined(|content| if let Content::Text(text) = content { Some(text.as_str()) } else { None })
    }

    /// The reasoning that the provider showed.
    #[must_use]
    pub fn reasoning(&self) -> String {
        self.joined(|content| if let Content::Reasoning(part) = content { Some(part.text.as_str()) } else { None })
    }

    /// The model's refusal in its own words; empty if it did not refuse.
    #[must_use]
    pub fn refusal(&self) -> String {
        self.joined(|content| if let Content::Refusal(text) = content { Some(text.as_str()) } else { None })
    }

    /// The calls the model wants made, in order. Answer each with [`crate::tool_result`].
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCallPart> {
        self.parts.iter().filter_map(|part| match &part.content {
            Some(Content::ToolCall(call)) => Some(call),
            _ => None,
        })
    }

    fn joined(&self, text: impl Fn(&Content) -> Option<&str>) -> String {
        self.parts.iter().filter_map(|part: &Part| text(part.content.as_ref()?)).collect()
    }
}

/// The answer of either call: the messages have the same fields.
macro_rules! answer {
    ($answer:ty) => {
        impl $answer {
            /// The text of the answer; empty with `omit_message`.
            #[must_use]
            pub fn text(&self) -> String {
                self.message.as_ref().map(Message::text).unwrap_or_default()
            }

            /// The reasoning that the provider showed.
            #[must_use]
            pub fn reasoning(&self) -> String {
                self.message.as_ref().map(Message::reasoning).unwrap_or_default()
            }

            /// The model's refusal in its own words; empty if it did not refuse.
            #[must_use]
            pub fn refusal(&self) -> String {
                self.message.as_ref().map(Message::refusal).unwrap_or_default()
            }

            /// The calls the model wants made, in order. Answer each with [`crate::tool_result`].
            pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCallPart> {
                self.message.iter().flat_map(Message::tool_calls)
            }

            /// What answered.
            #[must_use]
            pub fn answered_by(&self) -> &Target {
                static NOBODY: Target = Target { provider: String::new(), model: String::new(), profile: None };
                self.target.as_ref().unwrap_or(&NOBODY)
            }

            /// The call's request id: the caller's, or the one generated.
            #[must_use]
            pub fn request_id(&self) -> &str {
                self.report.as_ref().map_or("", |report| &report.request_id)
            }
        }
    };
}

answer!(Completed);
answer!(CompleteResponse);

//! The events of an answer.

use crate::pb::{
    AttemptEnded, ChatResponse, Citation, Completed, Failed, PartCompleted, PartDiscarded, ReasoningDelta,
    RefusalDelta, Restarted, Resumed, Started, TextDelta, ToolCallDelta, chat_response,
};

/// One event of an answer. Kinds of later versions are passed over.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An answer begins: comes once, right before the first content.
    Started(Started),
    /// A piece of text.
    TextDelta(TextDelta),
    /// A piece of reasoning.
    ReasoningDelta(ReasoningDelta),
    /// A piece of a tool call. Its id and name come with the first piece and are empty after.
    ToolCallDelta(ToolCallDelta),
    /// A piece of the model's refusal.
    RefusalDelta(RefusalDelta),
    /// A source cited for a text part.
    Citation(Citation),
    /// A part is whole.
    PartCompleted(PartCompleted),
    /// An attempt ended. Only with `include_attempts`.
    AttemptEnded(AttemptEnded),
    /// The call is about to end with an error; this report is whole. Only with `include_attempts`.
    Failed(Failed),
    /// Another target goes on from what was sent. Nothing is void.
    Resumed(Resumed),
    /// The answer begins again: everything received so far is void.
    Restarted(Restarted),
    /// What is at and behind this code point of the part is void; 0: the whole part.
    PartDiscarded(PartDiscarded),
    /// The answer is whole. Ends every successful stream.
    Completed(Box<Completed>),
}

impl Event {
    /// The event a message carries; `None` for a kind this version does not know.
    pub(crate) fn of(message: ChatResponse) -> Option<Self> {
        use chat_response::Event as Sent;
        Some(match message.event? {
            Sent::Started(body) => Self::Started(body),
            Sent::TextDelta(body) => Self::TextDelta(body),
            Sent::ReasoningDelta(body) => Self::ReasoningDelta(body),
            Sent::ToolCallDelta(body) => Self::ToolCallDelta(body),
            Sent::RefusalDelta(body) => Self::RefusalDelta(body),
            Sent::Citation(body) => Self::Citation(body),
            Sent::PartCompleted(body) => Self::PartCompleted(body),
            Sent::Attempt(body) => Self::AttemptEnded(body),
            Sent::Failed(body) => Self::Failed(body),
            Sent::Resumed(body) => Self::Resumed(body),
            Sent::Restarted(body) => Self::Restarted(body),
            Sent::PartDiscarded(body) => Self::PartDiscarded(body),
            Sent::Completed(body) => Self::Completed(Box::new(body)),
        })
    }
}

//! Conversations: what builds messages, their parts, and tools.

use crate::pb::part::Content as PartContent;
use crate::pb::tool_choice::Mode;
use crate::pb::{
    AudioPart, CacheHint, FilePart, ImagePart, Message, Part, ResponseFormat, Role, Tool, ToolCallPart, ToolChoice,
    ToolResultPart, file_part, image_part, response_format,
};

/// What a model is asked: one user turn as text, one message, or the conversation so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    pub(crate) messages: Vec<Message>,
}

macro_rules! prompt {
    ($($given:ty => |$name:ident| $messages:expr,)*) => {
        $(impl From<$given> for Prompt {
            fn from($name: $given) -> Self {
                Self { messages: $messages }
            }
        })*
    };
}

prompt! {
    &str => |text| vec![user(text)],
    &String => |text| vec![user(text.as_str())],
    String => |text| vec![user(text)],
    Message => |message| vec![message],
    Vec<Message> => |messages| messages,
    &Vec<Message> => |messages| messages.clone(),
    &[Message] => |messages| messages.to_vec(),
}

impl<const N: usize> From<[Message; N]> for Prompt {
    fn from(messages: [Message; N]) -> Self {
        Self { messages: messages.into() }
    }
}

/// What a turn says: a text, a part, or several parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    parts: Vec<Part>,
}

impl From<&str> for Content {
    fn from(said: &str) -> Self {
        text(said).into()
    }
}

impl From<String> for Content {
    fn from(said: String) -> Self {
        text(said).into()
    }
}

impl From<Part> for Content {
    fn from(part: Part) -> Self {
        Self { parts: vec![part] }
    }
}

impl From<Vec<Part>> for Content {
    fn from(parts: Vec<Part>) -> Self {
        Self { parts }
    }
}

impl<const N: usize> From<[Part; N]> for Content {
    fn from(parts: [Part; N]) -> Self {
        Self { parts: parts.into() }
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role: role.into(), parts }
}

fn part(content: PartContent) -> Part {
    Part { content: Some(content), ..Part::default() }
}

/// Instructions of the application.
#[must_use]
pub fn system(instructions: impl Into<String>) -> Message {
    message(Role::System, vec![text(instructions)])
}

/// A turn of the user: a text, or parts such as [`text`], [`image`] and [`document`].
#[must_use]
pub fn user(content: impl Into<Content>) -> Message {
    message(Role::User, content.into().parts)
}

/// A turn of the model, written by hand. Answers are appended as they are: `answer.message`.
#[must_use]
pub fn assistant(content: impl Into<Content>) -> Message {
    message(Role::Assistant, content.into().parts)
}

/// The result of the tool call with that id: text, often JSON.
#[must_use]
pub fn tool_result(call_id: impl Into<String>, result: impl Into<String>) -> Message {
    let answered = ToolResultPart { tool_call_id: call_id.into(), text: result.into(), ..ToolResultPart::default() };
    message(Role::Tool, vec![part(PartContent::ToolResult(answered))])
}

/// The same of a call that failed; the text says how.
#[must_use]
pub fn failed_tool_result(call_id: impl Into<String>, failure: impl Into<String>) -> Message {
    let (tool_call_id, text) = (call_id.into(), failure.into());
    let answered = ToolResultPart { tool_call_id, text, is_error: true, ..ToolResultPart::default() };
    message(Role::Tool, vec![part(PartContent::ToolResult(answered))])
}

/// A piece of text.
#[must_use]
pub fn text(said: impl Into<String>) -> Part {
    part(PartContent::Text(said.into()))
}

/// A picture: its bytes, at most 20 MiB, and their media type, such as `image/png`.
#[must_use]
pub fn image(data: impl Into<Vec<u8>>, media_type: impl Into<String>) -> Part {
    let source = Some(image_part::Source::Data(data.into()));
    part(PartContent::Image(ImagePart { source, media_type: Some(media_type.into()), ..ImagePart::default() }))
}

/// A picture that the provider fetches: an `https:` or `data:` URL.
#[must_use]
pub fn image_url(url: impl Into<String>) -> Part {
    let source = Some(image_part::Source::Uri(url.into()));
    part(PartContent::Image(ImagePart { source, ..ImagePart::default() }))
}

/// A document: its bytes, at most 30 MiB, their media type, such as `application/pdf`, and the name shown to the model.
#[must_use]
pub fn document(data: impl Into<Vec<u8>>, media_type: impl Into<String>, filename: impl Into<String>) -> Part {
    let source = Some(file_part::Source::Data(data.into()));
    part(PartContent::File(FilePart { source, media_type: Some(media_type.into()), filename: Some(filename.into()) }))
}

/// A sound: its bytes, at most 25 MiB, and their media type, `audio/wav` or `audio/mpeg`.
#[must_use]
pub fn audio(data: impl Into<Vec<u8>>, media_type: impl Into<String>) -> Part {
    part(PartContent::Audio(AudioPart { data: data.into(), media_type: media_type.into() }))
}

/// A tool call the model made, for [`assistant`]. `arguments_json`: as the model wrote them.
#[must_use]
pub fn tool_call(id: impl Into<String>, name: impl Into<String>, arguments_json: impl Into<String>) -> Part {
    let arguments_json = arguments_json.into();
    part(PartContent::ToolCall(ToolCallPart { id: id.into(), name: name.into(), arguments_json }))
}

/// The part, asking the provider to cache the conversation up to it.
#[must_use]
pub fn cached(part: Part) -> Part {
    Part { cache_hint: Some(CacheHint::default()), ..part }
}

/// A tool the model may call. `parameters_json`: the JSON schema of its arguments, an object.
#[must_use]
pub fn tool(name: impl Into<String>, description: impl Into<String>, parameters_json: impl Into<String>) -> Tool {
    let (name, description, parameters_json) = (name.into(), description.into(), Some(parameters_json.into()));
    Tool { name, description, parameters_json, strict: None }
}

/// A tool choice: the model must call this one.
#[must_use]
pub fn named_tool(name: impl Into<String>) -> ToolChoice {
    ToolChoice { mode: Mode::Named.into(), name: Some(name.into()) }
}

impl From<Mode> for ToolChoice {
    fn from(mode: Mode) -> Self {
        Self { mode: mode.into(), name: None }
    }
}

/// A response format: JSON that follows the schema.
#[must_use]
pub fn json_schema(schema_json: impl Into<String>) -> ResponseFormat {
    let kind = response_format::Kind::JsonSchema.into();
    ResponseFormat { kind, schema_json: Some(schema_json.into()), ..ResponseFormat::default() }
}

impl From<response_format::Kind> for ResponseFormat {
    fn from(kind: response_format::Kind) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Prompt, cached, image, system, text, user};
    use crate::pb::Role;

    #[test]
    fn a_text_is_one_turn_of_the_user() {
        let prompt = Prompt::from("Why?");
        assert_eq!(prompt.messages, [user("Why?")]);
        assert_eq!((prompt.messages[0].role(), prompt.messages[0].text().as_str()), (Role::User, "Why?"));
    }

    #[test]
    fn turns_take_texts_and_parts() {
        let turn = user([text("What is this?"), cached(image([0x89, b'P'], "image/png"))]);
        assert!(turn.parts[1].cache_hint.is_some());
        assert_eq!(Prompt::from([system("Be brief."), turn]).messages.len(), 2);
    }
}

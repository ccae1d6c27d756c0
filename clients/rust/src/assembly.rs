//! Puts an answer together from its events: what holds so far, with everything void taken out.

use std::collections::BTreeMap;

use crate::Event;
use crate::pb::part::Content;
use crate::pb::{
    Completed, Message, Part, PartCompleted, PartDiscarded, ReasoningPart, Role, ToolCallDelta, ToolCallPart,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    Text,
    // Reasoning whose provider shows no text arrives as its state alone.
    #[default]
    Reasoning,
    Refusal,
    ToolCall,
}

/// One part as received. `text` is a tool call's arguments.
#[derive(Debug, Default)]
struct Piece {
    sort: Sort,
    text: String,
    id: String,
    name: String,
    issuer: String,
    opaque_state: Option<Vec<u8>>,
}

/// The answer so far. Feed it every event in order; offsets count code points.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    pieces: BTreeMap<i32, Piece>,
    completed: Option<Completed>,
}

impl Assembly {
    /// Takes an event in; true if it made text void that was there before.
    pub(crate) fn add(&mut self, event: &Event) -> bool {
        match event {
            Event::TextDelta(delta) => self.piece(delta.part_index, Sort::Text).text += &delta.text,
            Event::ReasoningDelta(delta) => self.piece(delta.part_index, Sort::Reasoning).text += &delta.text,
            Event::RefusalDelta(delta) => self.piece(delta.part_index, Sort::Refusal).text += &delta.text,
            Event::ToolCallDelta(delta) => self.add_tool_call(delta),
            Event::PartCompleted(part) => self.finish_part(part),
            Event::Restarted(_) => {
                let was_there = self.has_text();
                self.pieces.clear();
                return was_there;
            }
            Event::PartDiscarded(discarded) => return self.discard(*discarded),
            Event::Completed(completed) => self.completed = Some(Completed::clone(completed)),
            _ => {}
        }
        false
    }

    /// The text that holds.
    pub(crate) fn text(&self) -> String {
        self.joined(Sort::Text)
    }

    /// The reasoning that holds.
    pub(crate) fn reasoning(&self) -> String {
        self.joined(Sort::Reasoning)
    }

    pub(crate) fn completed(&self) -> Option<&Completed> {
        self.completed.as_ref()
    }

    /// The assistant's turn: the sidecar's own if it sent one, else put together; `None` before the answer is whole.
    pub(crate) fn message(&self) -> Option<Message> {
        let sent = self.completed.as_ref()?.message.clone();
        Some(sent.unwrap_or_else(|| Message {
            role: Role::Assistant.into(),
            parts: self.pieces.values().map(Piece::part).collect(),
        }))
    }

    fn add_tool_call(&mut self, delta: &ToolCallDelta) {
        let piece = self.piece(delta.part_index, Sort::ToolCall);
        piece.text += &delta.arguments_fragment;
        for (held, told) in [(&mut piece.id, &delta.id), (&mut piece.name, &delta.name)] {
            if !told.is_empty() {
                held.clone_from(told);
            }
        }
    }

    fn finish_part(&mut self, part: &PartCompleted) {
        let piece = self.pieces.entry(part.part_index).or_default();
        piece.issuer.clone_from(&part.issuer);
        piece.opaque_state.clone_from(&part.opaque_state);
    }

    fn discard(&mut self, discarded: PartDiscarded) -> bool {
        let Some(piece) = self.pieces.get_mut(&discarded.part_index) else {
            return false;
        };
        let kept = usize::try_from(discarded.offset).unwrap_or(0);
        let end = piece.text.char_indices().nth(kept).map_or(piece.text.len(), |(at, _)| at);
        let is_void = piece.sort == Sort::Text && end < piece.text.len();
        if kept == 0 {
            self.pieces.remove(&discarded.part_index);
        } else {
            piece.text.truncate(end);
        }
        is_void
    }

    /// The part with that index; a part of another sort in its place is void.
    fn piece(&mut self, index: i32, sort: Sort) -> &mut Piece {
        let piece = self.pieces.entry(index).or_insert_with(|| Piece { sort, ..Piece::default() });
        if piece.sort != sort {
            *piece = Piece { sort, ..Piece::default() };
        }
        piece
    }

    fn has_text(&self) -> bool {
        self.pieces.values().any(|piece| piece.sort == Sort::Text && !piece.text.is_empty())
    }

    fn joined(&self, sort: Sort) -> String {
        self.pieces.values().filter(|piece| piece.sort == sort).map(|piece| piece.text.as_str()).collect()
    }
}

impl Piece {
    fn part(&self) -> Part {
        let text = self.text.clone();
        let content = match self.sort {
            Sort::Text => Content::Text(text),
            Sort::Refusal => Content::Refusal(text),
            Sort::Reasoning => Content::Reasoning(ReasoningPart { text }),
            Sort::ToolCall => {
                Content::ToolCall(ToolCallPart { id: self.id.clone(), name: self.name.clone(), arguments_json: text })
            }
        };
        Part {
            content: Some(content),
            issuer: (!self.issuer.is_empty()).then(|| self.issuer.clone()),
            opaque_state: self.opaque_state.clone(),
            cache_hint: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Assembly;
    use crate::Event;
    use crate::pb::{PartCompleted, PartDiscarded, ReasoningDelta, Restarted, TextDelta, ToolCallDelta};

    fn text(part_index: i32, text: &str) -> Event {
        Event::TextDelta(TextDelta { part_index, text: text.into() })
    }

    fn discarded(part_index: i32, offset: i32) -> Event {
        Event::PartDiscarded(PartDiscarded { part_index, offset })
    }

    fn of(events: &[Event]) -> Assembly {
        let mut assembly = Assembly::default();
        for event in events {
            assembly.add(event);
        }
        assembly
    }

    #[test]
    fn parts_are_read_in_the_order_of_their_index() {
        assert_eq!(of(&[text(2, "c"), text(0, "a"), text(1, "b"), text(0, "A")]).text(), "aAbc");
    }

    #[test]
    fn offsets_count_code_points() {
        for (offset, left) in
            [(1, "a"), (2, "a😀"), (3, "a😀e"), (4, "a😀e\u{301}"), (5, "a😀e\u{301}𝄞"), (9, "a😀e\u{301}𝄞")]
        {
            assert_eq!(of(&[text(0, "a😀e\u{301}𝄞"), discarded(0, offset)]).text(), left);
        }
    }

    #[test]
    fn offset_zero_takes_the_whole_part_which_may_begin_again() {
        let mut assembly = of(&[text(0, "one"), text(1, "two")]);
        assert!(assembly.add(&discarded(0, 0)));
        assert_eq!(assembly.text(), "two");
        assembly.add(&text(0, "new"));
        assert_eq!(assembly.text(), "newtwo");
    }

    #[test]
    fn only_what_takes_text_away_makes_text_void() {
        let call = Event::ToolCallDelta(ToolCallDelta { part_index: 1, id: "c".into(), ..ToolCallDelta::default() });
        let mut assembly = of(&[text(0, "one"), call]);
        assert!(!assembly.add(&discarded(1, 0)));
        assert!(!assembly.add(&discarded(7, 0)));
        assert!(!assembly.add(&discarded(0, 3)));
        assert!(assembly.add(&Event::Restarted(Restarted::default())));
        assert!(!assembly.add(&Event::Restarted(Restarted::default())));
    }

    #[test]
    fn the_turn_is_put_together_with_its_state() {
        let fragment = |id: &str, name: &str, arguments_fragment: &str| {
            let (id, name, arguments_fragment) = (id.into(), name.into(), arguments_fragment.into());
            Event::ToolCallDelta(ToolCallDelta { part_index: 2, id, name, arguments_fragment })
        };
        let state = PartCompleted { part_index: 0, issuer: "anthropic".into(), opaque_state: Some(vec![1]) };
        let events = [
            Event::ReasoningDelta(ReasoningDelta { part_index: 0, text: "hm".into() }),
            Event::PartCompleted(state),
            text(1, "said"),
            fragment("c1", "weather", "{\"a"),
            fragment("", "", "\": 1}"),
        ];
        let mut assembly = of(&events);
        assert!(assembly.message().is_none());
        assembly.add(&Event::Completed(Box::default()));
        let message = assembly.message().unwrap();
        assert_eq!((message.reasoning().as_str(), message.text().as_str()), ("hm", "said"));
        assert_eq!((message.parts[0].issuer(), message.parts[0].opaque_state()), ("anthropic", &[1][..]));
        assert_eq!(message.tool_calls().next().unwrap().arguments_json, "{\"a\": 1}");
    }
}

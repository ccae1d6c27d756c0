"""What may be left out of the beginning of a conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.content import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Request,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from sidecar.core.turns import MARGIN, MEDIA_TOKENS, droppable_turns, tokens, turns_to_drop, without_oldest

SYSTEM = Message(Role.SYSTEM, (Part(Text("Be brief.")),))


def user(text: str = "ask") -> Message:
    return Message(Role.USER, (Part(Text(text)),))


def answer(text: str = "say") -> Message:
    return Message(Role.ASSISTANT, (Part(Text(text)),))


def call(*ids: str) -> Message:
    return Message(Role.ASSISTANT, tuple(Part(ToolCall(i, "look", "{}")) for i in ids))


def result(*ids: str) -> Message:
    return Message(Role.TOOL, tuple(Part(ToolResult(i, "seen")) for i in ids))


def ids_of(messages: tuple[Message, ...], kind: type[ToolCall] | type[ToolResult]) -> set[str]:
    found = (part.content for message in messages for part in message.parts)
    return {c.id if isinstance(c, ToolCall) else c.tool_call_id for c in found if isinstance(c, kind)}


def test_a_turn_goes_with_its_answer_its_calls_and_their_results() -> None:
    talk = (user("one"), call("a"), result("a"), answer(), user("two"), answer(), user("three"))
    assert droppable_turns(talk) == [1, 2]
    assert without_oldest(talk, 1) == talk[4:]
    assert without_oldest(talk, 2) == talk[6:]


def test_no_turn_less_is_the_conversation_as_it_is() -> None:
    talk = (user(), answer(), user())
    assert without_oldest(talk, 0) is talk


@pytest.mark.parametrize("talk", [(user(),), (SYSTEM, user()), (user(), call("a"), result("a")), (SYSTEM,), ()])
def test_of_a_single_turn_nothing_can_be_dropped(talk: tuple[Message, ...]) -> None:
    assert droppable_turns(talk) == []
    assert turns_to_drop(Request("m", talk), 10) == 0


def test_system_messages_stay_wherever_they_stand() -> None:
    talk = (SYSTEM, user("one"), answer(), SYSTEM, user("two"), answer(), user("three"))
    assert without_oldest(talk, 2) == (SYSTEM, SYSTEM, user("three"))


def test_what_the_user_says_in_several_messages_is_one_turn() -> None:
    talk = (user("one"), answer(), user("look:"), user("two"))
    assert droppable_turns(talk) == [1]
    assert without_oldest(talk, 1) == (user("look:"), user("two"))


def test_a_conversation_that_begins_with_an_answer_has_that_in_its_first_turn() -> None:
    talk = (answer("Hello!"), user("one"), answer(), user("two"))
    assert droppable_turns(talk) == [1, 2]
    assert without_oldest(talk, 1) == talk[1:]


def test_a_turn_whose_call_is_answered_later_stays_with_that_answer() -> None:
    talk = (user("one"), call("a"), user("wait"), result("a"), answer(), user("two"))
    assert droppable_turns(talk) == [2]


def test_a_result_belongs_to_the_later_of_two_calls_with_one_id() -> None:
    talk = (user("one"), call("a"), result("a"), user("two"), call("a"), result("a"), user("three"))
    assert droppable_turns(talk) == [1, 2]


def test_with_an_unknown_window_half_of_the_turns_go() -> None:
    talk = tuple(message for i in range(5) for message in (user(str(i)), answer()))
    assert turns_to_drop(Request("m", talk), None) == 3
    assert turns_to_drop(Request("m", talk[:4]), None) == 1


def test_with_an_unknown_window_the_next_possible_number_at_least_half_goes_else_the_most() -> None:
    held = (user("0"), answer(), user("1"), call("a"), user("2"), result("a"), user("3"), answer(), user("4"))
    assert droppable_turns(held) == [1, 3, 4]
    assert turns_to_drop(Request("m", held[:7]), None) == 3
    late = (user("0"), answer(), user("1"), call("a"), user("2"), call("b"), user("3"), result("a", "b"))
    assert turns_to_drop(Request("m", late), None) == 1


@pytest.mark.parametrize(
    ("window", "output", "expected"), [(400, None, 1), (250, None, 3), (500, 150, 2), (100, 400, 4), (10, None, 4)]
)
def test_the_fewest_turns_go_that_leave_room_for_prompt_and_output(
    window: int, output: int | None, expected: int
) -> None:
    talk = tuple(message for _ in range(5) for message in (user("q" * 200), answer("a" * 200)))[:-1]
    assert turns_to_drop(Request("m", talk, max_output_tokens=output), window) == expected


def test_an_estimate_that_would_have_fitted_is_scaled_by_the_evidence_that_it_did_not() -> None:
    talk = tuple(message for _ in range(10) for message in (user("q" * 40), answer("a" * 40)))[:-1]
    assert tokens(talk) < 200
    assert turns_to_drop(Request("m", talk), 10_000) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (Text("x" * 40), 10.0),
        (Text("é" * 40), 20.0),
        (Text("\ud800" * 4), 3.0),
        (Text(""), 1.0),
        (Reasoning("x" * 8), 2.0),
        (Image(b"data"), MEDIA_TOKENS),
        (Audio(b"data"), MEDIA_TOKENS),
        (File(b"data"), MEDIA_TOKENS),
        (ToolCall("a", "look", "x" * 36), 10.0),
        (ToolResult("a", "x" * 40, (Image(b"1"), Image(b"2"))), 10.0 + 2 * MEDIA_TOKENS),
    ],
)
def test_tokens_are_a_quarter_of_the_bytes_and_a_thousand_for_a_medium(content: object, expected: float) -> None:
    assert tokens((Message(Role.USER, (Part(content),)),)) == expected  # type: ignore[arg-type]


MESSAGE = st.one_of(
    st.just(SYSTEM),
    st.integers(0, 400).map(lambda n: user("x" * n)),
    st.integers(0, 400).map(lambda n: answer("x" * n)),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=2).map(lambda ids: call(*ids)),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=2).map(lambda ids: result(*ids)),
)
TALK = st.lists(MESSAGE, max_size=14).map(tuple)


@given(TALK)
def test_dropping_never_parts_a_result_from_its_call_nor_loses_a_system_message_or_the_last_turn(
    talk: tuple[Message, ...],
) -> None:
    for count in droppable_turns(talk):
        left = without_oldest(talk, count)
        gone = [m for m in talk if not any(m is kept for kept in left)]
        assert gone
        assert [m for m in left if m.role is Role.SYSTEM] == [m for m in talk if m.role is Role.SYSTEM]
        if any(m.role is Role.USER for m in talk):
            last = max(i for i, m in enumerate(talk) if m.role is Role.USER)
            assert left[-(len(talk) - last) :] == talk[last:]
        orphans = ids_of(talk, ToolResult) - ids_of(talk, ToolCall)
        assert ids_of(left, ToolResult) - ids_of(left, ToolCall) <= orphans | ids_before_their_calls(talk)


def ids_before_their_calls(talk: tuple[Message, ...]) -> set[str]:
    """Results that no call precedes: they never had one to lose."""
    called: set[str] = set()
    found: set[str] = set()
    for message in talk:
        found |= ids_of((message,), ToolResult) - called
        called |= ids_of((message,), ToolCall)
    return found


@given(TALK, st.none() | st.integers(1, 600), st.none() | st.integers(1, 300))
def test_the_number_dropped_is_possible_and_the_smallest_that_fits(
    talk: tuple[Message, ...], window: int | None, output: int | None
) -> None:
    asked = Request("m", talk, max_output_tokens=output)
    count, possible = turns_to_drop(asked, window), droppable_turns(talk)
    assert (count in possible) if possible else count == 0
    if window is None or not possible:
        return
    prompt = window - (output or 0)
    scale = max(1.0, prompt / tokens(talk))

    def fits(dropped: int) -> bool:
        return tokens(without_oldest(talk, dropped)) * scale <= MARGIN * window - (output or 0)

    assert fits(count) or count == possible[-1]
    assert not any(fits(fewer) for fewer in possible if fewer < count)

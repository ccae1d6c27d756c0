"""A conversation's tool-call ids as the next target accepts them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.content import Message, Part, Role, Text, ToolCall, ToolResult
from sidecar.providers.history import with_accepted_ids

SHORT = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def accepts(call_id: str) -> bool:
    return SHORT.fullmatch(call_id) is not None


def calls(*ids: str) -> Message:
    return Message(Role.ASSISTANT, tuple(Part(ToolCall(call_id, "look", "{}")) for call_id in ids))


def results(*ids: str) -> Message:
    return Message(Role.TOOL, tuple(Part(ToolResult(call_id, "seen")) for call_id in ids))


def ids(messages: tuple[Message, ...]) -> list[str]:
    out: list[str] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part.content, ToolCall):
                out.append(part.content.id)
            elif isinstance(part.content, ToolResult):
                out.append(part.content.tool_call_id)
    return out


def test_accepted_ids_that_are_their_own_stay() -> None:
    talk = (Message(Role.USER, (Part(Text("hi")),)), calls("a", "b"), results("b", "a"))
    assert with_accepted_ids(talk, accepts) is talk


def test_an_id_that_is_not_accepted_is_replaced_in_its_results_too_and_others_stay() -> None:
    call, kept, result, kept_result = ids(with_accepted_ids((calls("a b", "c"), results("a b", "c")), accepts))
    assert (call, kept) == (result, kept_result)
    assert kept == "c"
    assert accepts(call)


def test_a_new_id_is_the_same_in_the_next_turn() -> None:
    first = ids(with_accepted_ids((calls("a b"), results("a b")), accepts))
    later = ids(with_accepted_ids((calls("a b"), results("a b"), calls("c d"), results("c d")), accepts))
    assert later[:2] == first


def test_an_id_used_again_in_a_later_turn_becomes_another_and_results_follow_their_calls() -> None:
    talk = (calls("x"), results("x"), calls("x"), results("x"))
    first, first_result, second, second_result = ids(with_accepted_ids(talk, accepts))
    assert (first, first_result) == ("x", "x")
    assert second == second_result != "x"


def test_parallel_calls_that_share_an_id_are_answered_in_their_order() -> None:
    one, two, first, second, again = ids(with_accepted_ids((calls("x", "x"), results("x", "x", "x")), accepts))
    assert (first, second, again) == (one, two, two)
    assert one != two


def test_an_unanswered_call_of_an_earlier_turn_takes_no_result_of_a_later_one() -> None:
    _, later, result = ids(with_accepted_ids((calls("x"), calls("x"), results("x")), accepts))
    assert result == later


def test_a_new_id_never_takes_one_that_is_there() -> None:
    (made,) = ids(with_accepted_ids((calls("a b"),), accepts))
    new, there = ids(with_accepted_ids((calls("a b", made),), accepts))
    assert there == made
    assert new not in (made, "a b")


@given(st.lists(st.lists(st.text(min_size=1, max_size=3), max_size=4), max_size=5))
def test_whatever_the_ids_every_call_gets_an_accepted_one_of_its_own(turns: list[list[str]]) -> None:
    talk = tuple(message for turn in turns for message in (calls(*turn), results(*turn)))
    rewritten = with_accepted_ids(talk, accepts)
    made = [ids((message,)) for message in rewritten]
    all_calls = [call_id for turn in made[::2] for call_id in turn]
    assert len(set(all_calls)) == len(all_calls)
    assert all(map(accepts, all_calls))
    assert made[::2] == made[1::2]

"""What follows when an answer breaks off whose beginning the caller has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.assembly import Assembly
from sidecar.core.content import FormatKind, Request, ResponseFormat
from sidecar.core.events import Delta, Finish, Kind, PartCompleted
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.recovery import MAX_RESUMED_CHARACTERS, After, Recovery, Resumption, recover, rule_of

from .build import request

TEXT, REASONING, REFUSAL, TOOL_CALL = Kind.TEXT, Kind.REASONING, Kind.REFUSAL, Kind.TOOL_CALL
FAIL, RESTART, RESUME = OnStreamBreak.FAIL, OnStreamBreak.RESTART, OnStreamBreak.RESUME
RESUME_OR_RESTART, BUFFER = OnStreamBreak.RESUME_OR_RESTART, OnStreamBreak.BUFFER
ERROR = Recovery(After.ERROR)
ASKED = request()


def had(*parts: tuple[Kind, bool, str]) -> Assembly:
    """What the caller has: of each part its kind, whether it is whole, and its pieces, apart by `|`."""
    assembly = Assembly()
    for index, (kind, is_whole, text) in enumerate(parts):
        for piece in text.split("|"):
            assembly.add(Delta(kind, index, piece))
        if is_whole:
            assembly.complete(PartCompleted(index, "vendor"))
    return assembly


def after(assembly: Assembly, rule: OnStreamBreak | None = None, asked: Request = ASKED) -> Recovery:
    return recover(assembly, Policy(on_stream_break=rule), asked)


def resumed(assembly: Assembly, asked: Request = ASKED) -> Resumption:
    resumption = after(assembly, None, asked).resumption
    assert resumption is not None
    return resumption


HALF_TEXT = (TEXT, False, "one |two")


@pytest.mark.parametrize(
    ("policy", "is_held", "rule"),
    [
        (Policy(), False, RESUME),
        (Policy(on_stream_break=FAIL), False, FAIL),
        (Policy(on_stream_break=FAIL), True, FAIL),
        (Policy(on_stream_break=BUFFER), True, BUFFER),
        (Policy(on_stream_break=BUFFER), False, RESUME),
        (Policy(on_stream_break=BUFFER, buffer_then=RESTART), False, RESTART),
        (Policy(on_stream_break=BUFFER, buffer_then=RESTART), True, BUFFER),
        (Policy(on_stream_break=FAIL, buffer_then=RESTART), False, FAIL),
    ],
)
def test_the_switch_that_holds_is_buffer_only_while_the_answer_is_held_back(
    policy: Policy, is_held: bool, rule: OnStreamBreak
) -> None:
    assert rule_of(policy, is_held=is_held) is rule


def test_by_default_half_a_text_goes_on_where_it_stops() -> None:
    assert after(had(HALF_TEXT)) == Recovery(After.RESUME, resumption=Resumption("one two", 0, 7, 1))


def test_the_policy_fail_ends_in_the_error_whatever_was_sent() -> None:
    assert after(had(HALF_TEXT), FAIL) == ERROR
    assert after(had((TOOL_CALL, True, "{}")), FAIL) == ERROR


def test_the_policy_restart_begins_again_and_voids_no_single_part() -> None:
    assert after(had(HALF_TEXT, (TOOL_CALL, False, "{")), RESTART) == Recovery(After.RESTART)


def test_resume_or_restart_goes_on_and_keeps_the_other_in_mind() -> None:
    found = after(had(HALF_TEXT), RESUME_OR_RESTART)
    assert (found.after, found.or_restart, found.discarded) == (After.RESUME, True, ())
    assert found.resumption == Resumption("one two", 0, 7, 1)


def test_a_broken_answer_that_was_held_back_long_enough_goes_on_as_the_policy_says_then() -> None:
    held = Policy(on_stream_break=BUFFER, buffer_then=RESTART)
    assert recover(had(HALF_TEXT), held, ASKED) == Recovery(After.RESTART)
    assert recover(had(HALF_TEXT), replace(held, buffer_then=None), ASKED).after is After.RESUME


@pytest.mark.parametrize("rule", [None, RESTART, RESUME, RESUME_OR_RESTART, BUFFER])
def test_after_a_finished_tool_call_the_answer_ends_there(rule: OnStreamBreak | None) -> None:
    assert after(had((TOOL_CALL, True, "{}")), rule) == Recovery(After.END, (), Finish.TOOL_CALLS)


def test_unfinished_parts_behind_a_finished_tool_call_are_void_and_those_before_it_stand() -> None:
    parts = [HALF_TEXT, (REASONING, False, "hm"), (TOOL_CALL, False, "{"), (TOOL_CALL, True, "{}")]
    assembly = had(*parts, (TEXT, True, "so"), HALF_TEXT, (REASONING, False, "hm"), (TOOL_CALL, False, "{"))
    assert after(assembly) == Recovery(After.END, (2, 5, 6, 7), Finish.TOOL_CALLS)


def test_of_two_finished_tool_calls_the_first_decides_what_is_behind() -> None:
    assert after(had((TOOL_CALL, True, "{}"), HALF_TEXT, (TOOL_CALL, True, "{}"))).discarded == (1,)


@pytest.mark.parametrize("rule", [None, RESTART, RESUME_OR_RESTART])
def test_where_no_end_may_be_inferred_a_finished_tool_call_makes_it_the_error(rule: OnStreamBreak | None) -> None:
    calls = had((TOOL_CALL, True, "{}"))
    assert recover(calls, Policy(on_stream_break=rule, infer_tool_end=False), ASKED) == ERROR
    assert recover(calls, Policy(on_stream_break=rule, infer_tool_end=True), ASKED).after is After.END


def test_without_a_finished_tool_call_that_switch_changes_nothing() -> None:
    assert recover(had(HALF_TEXT), Policy(infer_tool_end=False), ASKED).after is After.RESUME


@pytest.mark.parametrize("is_whole", [True, False])
def test_nobody_goes_on_with_a_refusal(is_whole: bool) -> None:
    refusal = had((REFUSAL, is_whole, "I can't"))
    assert after(refusal) == ERROR
    assert after(refusal, RESUME_OR_RESTART) == Recovery(After.RESTART)


def test_nobody_goes_on_with_a_million_characters() -> None:
    assert after(had((TEXT, False, "a" * MAX_RESUMED_CHARACTERS))).after is After.RESUME
    too_long = had((TEXT, False, "a" * MAX_RESUMED_CHARACTERS + "|b"))
    assert after(too_long) == ERROR
    assert after(too_long, RESUME_OR_RESTART) == Recovery(After.RESTART)


def test_half_a_tool_call_is_void_wherever_it_stands_and_the_text_goes_on() -> None:
    found = after(had((TOOL_CALL, False, "{"), HALF_TEXT, (TOOL_CALL, False, "{")))
    assert found == Recovery(After.RESUME, (0, 2), resumption=Resumption("one two", 1, 7, 3))


def test_a_thought_in_which_the_answer_broke_off_is_void() -> None:
    found = after(had((TEXT, True, "one two"), (REASONING, False, "hm")))
    assert found == Recovery(After.RESUME, (1,), resumption=Resumption("one two", None, 0, 2))


def test_a_thought_that_something_followed_was_thought_through_and_stands() -> None:
    found = after(had((REASONING, False, "hm"), HALF_TEXT))
    assert found == Recovery(After.RESUME, resumption=Resumption("one two", 1, 7, 2))
    found = after(had((REASONING, False, "hm"), (TOOL_CALL, False, "{")))
    assert found == Recovery(After.RESUME, (1,), resumption=Resumption("", None, 0, 2))


def test_where_nothing_came_nothing_is_void_and_all_is_asked_for() -> None:
    assert after(had()) == Recovery(After.RESUME, resumption=Resumption("", None, 0, 0))


def test_behind_a_finished_thought_the_text_goes_on_and_the_thought_stands() -> None:
    found = after(had((REASONING, True, "hm"), HALF_TEXT))
    assert found == Recovery(After.RESUME, resumption=Resumption("one two", 1, 7, 2))


def test_a_whole_text_takes_no_more_so_what_comes_is_a_new_part() -> None:
    found = after(had((TEXT, True, "one two"), (TOOL_CALL, False, "{")))
    assert found == Recovery(After.RESUME, (1,), resumption=Resumption("one two", None, 0, 2))


def test_half_a_text_before_another_finished_part_takes_no_more() -> None:
    assert resumed(had(HALF_TEXT, (REASONING, True, "hm"))) == Resumption("one two", None, 0, 2)


def test_all_texts_were_sent_and_the_last_is_the_one_that_is_open() -> None:
    assert resumed(had((TEXT, True, "one |"), (TEXT, False, "日本|語"))) == Resumption("one 日本語", 1, 3, 2)


def test_an_index_that_was_void_before_is_not_used_again() -> None:
    assembly = had((REASONING, False, "hm"), HALF_TEXT, (TOOL_CALL, False, "{"))
    assembly.discard(0)
    assembly.discard(2)
    assert resumed(assembly) == Resumption("one two", 1, 7, 3)


def test_where_only_half_a_thought_came_nothing_was_sent() -> None:
    found = after(had((REASONING, False, "hm")))
    assert found == Recovery(After.RESUME, (0,), resumption=Resumption("", None, 0, 1))


def test_the_next_target_is_shown_the_text_without_white_space_at_its_end() -> None:
    assert Resumption(" one \n", 0, 6, 1).given == " one"
    assert Resumption("\n ", 0, 2, 1).given == ""


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        ("ab", 9),  # two characters a piece at the least
        ("a", 9),  # one is no token, so a sixth of the characters, but one token at the least
        ("ab|cd|ef", 7),
        ("a" * 12, 9),
        ("a" * 13, 8),  # a longer piece is several tokens: 13 // 6
        ("a" * 24 + "|" + "a", 6),  # 12.5 characters a piece: 25 // 6
        ("a|b|c|d|e|f|g|h", 9),  # one character a piece: 8 // 6
    ],
)
def test_the_output_limit_shrinks_by_the_pieces_sent_where_they_look_like_tokens(pieces: str, left: int) -> None:
    assert resumed(had((TEXT, False, pieces)), request(max_output_tokens=10)).most_tokens == left


def test_without_a_limit_none_is_left_to_ask_for() -> None:
    assert resumed(had(HALF_TEXT)).most_tokens is None


def test_where_no_text_was_sent_the_whole_limit_is_left() -> None:
    assert resumed(had((REASONING, False, "some |thought")), request(max_output_tokens=1)).most_tokens == 1


def test_an_answer_that_has_used_up_its_limit_ends_by_length_without_what_is_void() -> None:
    assembly = had((TEXT, False, "one |two |six "), (TOOL_CALL, False, "{"))
    for most in (3, 1):
        found = after(assembly, RESUME_OR_RESTART, request(max_output_tokens=most))
        assert found == Recovery(After.END, (1,), Finish.LENGTH)
    left = after(assembly, RESUME_OR_RESTART, request(max_output_tokens=4))
    assert left.resumption is not None
    assert left.resumption.most_tokens == 1


@pytest.mark.parametrize(
    ("kind", "is_structured"),
    [(None, False), (FormatKind.TEXT, False), (FormatKind.JSON, True), (FormatKind.JSON_SCHEMA, True)],
)
def test_only_an_answer_in_json_has_to_be_json_as_a_whole(kind: FormatKind | None, is_structured: bool) -> None:
    form = ResponseFormat(kind) if kind is not None else None
    assert resumed(had(HALF_TEXT), request(response_format=form)).is_structured is is_structured


def test_a_thought_that_text_of_an_earlier_part_has_followed_stands() -> None:
    assembly = Assembly()
    assembly.add(Delta(TEXT, 0, "One "))
    assembly.add(Delta(REASONING, 1, "hm"))
    assembly.add(Delta(TEXT, 0, "two "))
    assert after(assembly, RESUME_OR_RESTART, request()).discarded == ()
    assembly.add(Delta(REASONING, 1, "m"))
    assert after(assembly, RESUME_OR_RESTART, request()).discarded == (1,)


def test_where_a_character_is_a_token_each_is_counted() -> None:
    assert resumed(had((TEXT, False, "日|本|語")), request(max_output_tokens=10)).most_tokens == 7
    assert resumed(had((TEXT, False, "日本語日本語")), request(max_output_tokens=10)).most_tokens == 9

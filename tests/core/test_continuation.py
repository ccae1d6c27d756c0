"""The request that asks a target to go on with a broken answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.content import CacheHint, FormatKind, Message, Part, Reasoning, ResponseFormat, Role, Text
from sidecar.core.continuation import DEFAULT_INSTRUCTION, continued
from sidecar.core.recovery import Resumption
from sidecar.core.seam import Way

from .build import request

PREFILL, INSTRUCTION = Way.PREFILL, Way.INSTRUCTION
SENT = Resumption("one two \n", 0, 9, 1)
ASKED = request(seed=3, stop=("END",))
ASKS = Message(Role.USER, (Part(Text("Go on.")),))
both_ways = pytest.mark.parametrize("way", list(Way))


def said(*texts: str) -> Message:
    return Message(Role.ASSISTANT, tuple(Part(Text(text)) for text in texts))


def test_by_prefill_the_sent_text_is_the_beginning_of_the_last_turn_and_nothing_else_changes() -> None:
    got = continued(ASKED, SENT, PREFILL, "openai", "Go on.")
    assert got == replace(ASKED, messages=(*ASKED.messages, said("one two")))


def test_by_instruction_a_short_turn_of_the_user_follows_it() -> None:
    got = continued(ASKED, SENT, INSTRUCTION, "openai", "Go on.")
    assert got == replace(ASKED, messages=(*ASKED.messages, said("one two"), ASKS))


@both_ways
def test_where_no_text_was_sent_the_request_is_made_anew(way: Way) -> None:
    for sent in ("", " \n"):
        assert continued(ASKED, Resumption(sent, None, 0, 1), way, "anthropic", "Go on.") == ASKED


@both_ways
@pytest.mark.parametrize("sent", ["", "one"])
@pytest.mark.parametrize(
    ("asked", "left", "most"), [(100, 40, 40), (30, 40, 30), (100, None, 100), (None, 40, None), (None, None, None)]
)
def test_no_more_output_is_asked_for_than_is_left_nor_than_the_target_takes(
    way: Way, sent: str, asked: int | None, left: int | None, most: int | None
) -> None:
    limited = continued(request(max_output_tokens=asked), Resumption(sent, None, 0, 1, left), way, "openai", "Go on.")
    assert limited.max_output_tokens == most


def test_it_goes_on_behind_what_the_caller_began_of_the_answer() -> None:
    begun = replace(ASKED, messages=(*ASKED.messages, said("Well, ")))
    assert continued(begun, SENT, PREFILL, "openai", "").messages == (*ASKED.messages, said("Well, one two"))
    by_instruction = continued(begun, SENT, INSTRUCTION, "openai", "Go on.").messages
    assert by_instruction == (*ASKED.messages, said("Well, one two"), ASKS)


def test_only_the_last_part_of_what_the_caller_began_is_gone_on_with() -> None:
    thought = Part(Reasoning("hm"), "vendor", b"state")
    begun = Message(Role.ASSISTANT, (thought, Part(Text("Well, "), cache_hint=CacheHint(60.0))))
    got = continued(replace(ASKED, messages=(*ASKED.messages, begun)), SENT, PREFILL, "openai", "")
    assert got.messages == (*ASKED.messages, Message(Role.ASSISTANT, (thought, Part(Text("Well, one two")))))


@pytest.mark.parametrize("parts", [(), (Part(Reasoning("hm"), "vendor", b"state"),)])
def test_a_beginning_of_the_callers_without_text_at_its_end_gets_a_text(parts: tuple[Part, ...]) -> None:
    begun = replace(ASKED, messages=(*ASKED.messages, Message(Role.ASSISTANT, parts)))
    last = continued(begun, SENT, PREFILL, "openai", "").messages[1:]
    assert last == (Message(Role.ASSISTANT, (*parts, Part(Text("one two")))),)


@pytest.mark.parametrize(
    ("way", "protocol", "effort", "asked"),
    [
        (PREFILL, "anthropic", "high", "none"),
        (PREFILL, "anthropic", None, None),
        (PREFILL, "openai", "high", "high"),
        (INSTRUCTION, "anthropic", "high", "high"),
    ],
)
def test_thinking_is_off_where_it_and_a_prefill_exclude_each_other(
    way: Way, protocol: str, effort: str | None, asked: str | None
) -> None:
    assert continued(request(reasoning_effort=effort), SENT, way, protocol, "").reasoning_effort == asked


def test_json_is_not_asked_for_of_a_rest_that_is_none_by_itself() -> None:
    json, plain = ResponseFormat(FormatKind.JSON), ResponseFormat(FormatKind.TEXT)
    rest = replace(SENT, is_structured=True)
    assert continued(request(response_format=json), rest, PREFILL, "openai", "").response_format is None
    assert continued(request(response_format=plain), SENT, PREFILL, "openai", "").response_format == plain
    anew = Resumption("", None, 0, 1, is_structured=True)
    assert continued(request(response_format=json), anew, PREFILL, "openai", "").response_format == json


def test_the_instruction_is_at_most_forty_tokens() -> None:
    assert 0 < len(DEFAULT_INSTRUCTION) <= 4 * 40

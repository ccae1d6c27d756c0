"""Conversations as turns of the Messages API: what is joined, moved, left out, and told."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core import content as c
from sidecar.providers.anthropic_content import WRAPPED
from sidecar.providers.anthropic_conversation import BLANK_ASKED, SYSTEM_ASKS, SYSTEM_MOVED, USER_BEGINS
from sidecar.providers.history import FOREIGN_LEFT_OUT

from .anthropic_bodies import NEW, PNG, asked, body, model, repairs, results, system, thought, user

CALL = c.ToolCall("c1", "look", "{}")
HINT = c.CacheHint()
LONG = c.CacheHint(3600.0)


def turns(*messages: c.Message, **more: Any) -> list[tuple[str, Any]]:
    return [(turn["role"], turn["content"]) for turn in body(asked(*messages, **more))["messages"]]


def hinted(text: str, hint: c.CacheHint = HINT) -> c.Part:
    return c.Part(c.Text(text), cache_hint=hint)


def marks(request: c.Request) -> list[tuple[str, str]]:
    read = body(request)
    system_blocks = read.get("system") if isinstance(read.get("system"), list) else []
    blocks = [*(system_blocks or ()), *(b for turn in read["messages"] for b in turn["content"] if isinstance(b, dict))]
    return [(b["text"], b["cache_control"].get("ttl", "5m")) for b in blocks if "cache_control" in b]


def test_turns_of_one_role_are_one_turn() -> None:
    assert turns(user("a"), user("b"), model("c")) == [
        ("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        ("assistant", "c"),
    ]


def test_results_stand_right_behind_their_calls_before_anything_else() -> None:
    calls = model(CALL, c.ToolCall("c2", "look", "{}"))
    talk = [user("a"), calls, results(c.ToolResult("c1", "x")), user("b"), results(c.ToolResult("c2", "y"))]
    (_, content) = turns(*talk)[-1]
    assert [block["type"] for block in content] == ["tool_result", "tool_result", "text"]
    assert [block.get("tool_use_id") for block in content[:2]] == ["c1", "c2"]


def test_a_result_that_says_nothing_has_no_content_and_a_failure_always_has() -> None:
    (_, content) = turns(user("a"), model(CALL), results(c.ToolResult("c1", " ")))[-1]
    assert content == [{"type": "tool_result", "tool_use_id": "c1"}]
    (_, content) = turns(user("a"), model(CALL), results(c.ToolResult("c1", "", is_error=True)))[-1]
    assert content[0]["content"] == [{"type": "text", "text": "Error"}]


def test_blank_texts_are_not_sent_and_neither_are_turns_without_anything_else() -> None:
    assert turns(user("a", " \n"), model(""), user("b")) == [
        ("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])
    ]


def test_a_begun_answer_is_sent_last_without_white_space_at_its_end() -> None:
    assert turns(user("a"), model("Once upon \n")) == [("user", "a"), ("assistant", "Once upon")]
    assert turns(user("a"), model("  \n")) == [("user", "a")]


def test_a_conversation_that_begins_with_the_model_is_given_a_user_turn_and_it_is_told() -> None:
    assert [role for role, _ in turns(model("hello"), user("a"))] == ["user", "assistant", "user"]
    assert repairs(asked(model("hello"), user("a"))) == (USER_BEGINS,)


def test_instructions_alone_are_asked_by_the_user() -> None:
    assert turns(system("Say hi.")) == [("user", "Say hi.")]
    assert repairs(asked(system("Say hi."))) == (SYSTEM_ASKS,)
    assert repairs(asked(user(" "))) == (BLANK_ASKED,)
    assert body(asked(user(" ")))["messages"][0]["role"] == "user"


def test_later_system_messages_move_to_the_beginning_and_it_is_told() -> None:
    request = asked(system("one"), user("a"), system("two"), user("b"))
    assert body(request)["system"] == [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert repairs(request) == (SYSTEM_MOVED,)


def test_models_that_take_them_get_system_messages_where_they_stand() -> None:
    request = asked(system("one"), user("a"), system("two"), model("b"), user("c"), system("three"))
    read = body(request, NEW)
    assert read["system"] == "one"
    assert [turn["role"] for turn in read["messages"]] == ["user", "system", "assistant", "user", "system"]
    assert repairs(request, NEW) == ()


@pytest.mark.parametrize(
    "talk",
    [
        (user("a"), system("two"), user("b")),
        (user("a"), model("b"), system("two"), user("c")),
        (user(" "), system("two"), model("b"), user("c")),
    ],
)
def test_they_move_where_the_protocol_does_not_let_them_stand(talk: tuple[c.Message, ...]) -> None:
    read = body(asked(*talk), NEW)
    assert read["system"] == "two"
    assert "system" not in [turn["role"] for turn in read["messages"]]


@pytest.mark.parametrize("arguments", ['["a"]', "not json", '{"a": ', "7"])
def test_arguments_that_are_no_object_are_wrapped_and_told(arguments: str) -> None:
    request = asked(user("a"), model(c.ToolCall("c1", "look", arguments)), results(c.ToolResult("c1", "x")))
    assert body(request)["messages"][1]["content"][0]["input"] == {"arguments": arguments}
    assert repairs(request) == (WRAPPED,)


@pytest.mark.parametrize("arguments", ["", "  ", "{}"])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    request = asked(user("a"), model(c.ToolCall("c1", "look", arguments)), results(c.ToolResult("c1", "x")))
    assert body(request)["messages"][1]["content"][0]["input"] == {}
    assert repairs(request) == ()


def test_tools_called_before_are_declared_but_may_not_be_called_when_the_request_has_none() -> None:
    read = body(asked(user("a"), model(c.ToolCall("c1", "look.at it", "{}")), results(c.ToolResult("c1", "x"))))
    assert read["tools"] == [{"name": "look_at_it", "input_schema": {"type": "object", "properties": {}}}]
    assert read["messages"][1]["content"][0]["name"] == "look_at_it"
    assert read["tool_choice"] == {"type": "none"}


def test_own_thinking_goes_back_unchanged_where_it_stood() -> None:
    turn = model(thought("hm", "thinking:sig=="), thought("", "redacted:data=="), "I look.", CALL)
    request = asked(user("a"), turn, results(c.ToolResult("c1", "x")))
    assert body(request)["messages"][1]["content"][:3] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig=="},
        {"type": "redacted_thinking", "data": "data=="},
        {"type": "text", "text": "I look."},
    ]
    assert repairs(request) == ()


@pytest.mark.parametrize(
    "part",
    [
        c.Part(c.Reasoning("hm"), "somebody", b"thinking:sig"),
        c.Part(c.Reasoning("hm"), "claude-house"),
        c.Part(c.Reasoning("hm"), None, b"thinking:sig"),
        c.Part(c.Reasoning("hm"), "claude-house", b"\xff\xfe"),
        c.Part(c.Reasoning("hm"), "claude-house", b"other"),
    ],
)
def test_reasoning_of_others_or_without_its_state_is_left_out_and_told_once(part: c.Part) -> None:
    request = asked(user("a"), model(part, "b"), user("c"), model(part, "d"), user("e"))
    assert [turn["content"] for turn in body(request)["messages"]] == ["a", "b", "c", "d", "e"]
    assert repairs(request) == (FOREIGN_LEFT_OUT,)


def test_no_turn_of_the_model_ends_in_thinking() -> None:
    assert turns(user("a"), model(thought("hm", "thinking:s")), user("b")) == [
        ("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])
    ]


def test_cache_hints_mark_their_blocks() -> None:
    request = asked(system(hinted("one")), user("a", hinted("b", LONG)))
    assert body(request)["system"] == [
        {"type": "text", "text": "one", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]
    assert marks(request) == [("one", "1h"), ("b", "1h")]
    assert marks(asked(user(hinted("b", LONG), hinted("c", c.CacheHint(300.0))))) == [("b", "1h"), ("c", "5m")]


def test_the_last_four_cache_marks_stay() -> None:
    assert [text for text, _ in marks(asked(system(hinted("0")), user(*map(hinted, "12345"))))] == ["2", "3", "4", "5"]
    options = {"anthropic": '{"cache_control": {"type": "ephemeral"}}'}
    request = asked(user(*map(hinted, "12345")), provider_options=options)
    assert [text for text, _ in marks(request)] == ["3", "4", "5"]


def test_results_and_pictures_are_marked_and_thinking_is_not() -> None:
    result = c.Part(c.ToolResult("c1", "x", (PNG,)), cache_hint=HINT)
    thinking = c.Part(c.Reasoning("hm"), "claude-house", b"thinking:s", HINT)
    read = body(
        asked(user("a", c.Part(PNG, cache_hint=HINT)), model(thinking, CALL), c.Message(c.Role.TOOL, (result,)))
    )
    assert "cache_control" in read["messages"][0]["content"][1]
    assert "cache_control" not in read["messages"][1]["content"][0]
    assert "cache_control" in read["messages"][2]["content"][0]


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://x.example/i.png", {"type": "url", "url": "https://x.example/i.png"}),
        ("data:image/jpg;base64,AQI=", {"type": "base64", "media_type": "image/jpeg", "data": "AQI="}),
        ("data:image/png,%01%02", {"type": "base64", "media_type": "image/png", "data": "AQI="}),
        ("data:image/png;base64,A", {"type": "url", "url": "data:image/png;base64,A"}),
        ("data:nothing", {"type": "url", "url": "data:nothing"}),
    ],
)
def test_pictures_by_address_and_inside_one(uri: str, source: dict[str, str]) -> None:
    assert body(asked(user("a", c.Image(uri=uri))))["messages"][0]["content"][1]["source"] == source

"""What is different in the request of one target from what the caller asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sidecar.core.adjustment import AS_ASKED, DROPPABLE, PREFILL, STREAM_OPTIONS, Adjustment, adjusted
from sidecar.core.catalog import Prefill
from sidecar.core.content import CacheHint, Message, Part, Reasoning, Request, Role, Text, ToolCall

from .build import request
from .repair_walk import talk

FULL = request(
    temperature=0.0,
    top_p=0.5,
    top_k=3,
    seed=0,
    presence_penalty=0.1,
    frequency_penalty=0.2,
    reasoning_effort="low",
    parallel_tool_calls=False,
    end_user_id="u",
    max_output_tokens=100,
    stop=("END",),
)


def test_without_adjustment_the_request_is_the_callers_own() -> None:
    assert adjusted(FULL, AS_ASKED, "openai") is FULL


@pytest.mark.parametrize("field", sorted(DROPPABLE))
def test_a_field_left_out_is_the_only_difference(field: str) -> None:
    changed = adjusted(FULL, Adjustment(left_out=frozenset({field})), "openai")
    without: dict[str, Any] = {field: None}
    assert changed == replace(FULL, **without)
    assert changed != FULL


@pytest.mark.parametrize(
    "adjustment",
    [
        Adjustment(left_out=frozenset({STREAM_OPTIONS})),
        Adjustment(left_out=frozenset({PREFILL})),
        Adjustment(prefill=Prefill.PARTIAL),
        Adjustment(limit_name="max_completion_tokens"),
        Adjustment(is_prompted=True),
    ],
)
def test_how_a_codec_spells_things_changes_nothing_of_the_request(adjustment: Adjustment) -> None:
    assert adjusted(FULL, adjustment, "openai") == FULL


@pytest.mark.parametrize(("limit", "asked"), [(64, 64), (0, None)])
def test_the_output_limit_is_lowered_or_with_zero_not_asked_for(limit: int, asked: int | None) -> None:
    assert adjusted(FULL, Adjustment(max_output_tokens=limit), "openai") == replace(FULL, max_output_tokens=asked)


def test_the_oldest_turns_are_dropped_with_whatever_else_is_changed() -> None:
    whole = replace(talk(3), seed=1)
    changed = adjusted(whole, Adjustment(turns_dropped=2, left_out=frozenset({"seed"})), "openai")
    assert changed == replace(whole, messages=whole.messages[4:], seed=None)


def thoughtful() -> Request:
    hint = CacheHint(60.0)
    return Request(
        "m",
        (
            Message(Role.USER, (Part(Text("ask")),)),
            Message(Role.ASSISTANT, (Part(Reasoning("only this"), "p", b"state"),)),
            Message(
                Role.ASSISTANT,
                (
                    Part(Reasoning("hm"), "p", b"state"),
                    Part(Text("said"), "p"),
                    Part(ToolCall("a", "look", "{}"), "p", b"signed", hint),
                ),
            ),
        ),
        reasoning_effort="high",
    )


@pytest.mark.parametrize(("protocol", "effort"), [("anthropic", "none"), ("openai", None)])
def test_without_thought_reasoning_and_opaque_state_of_anybody_are_gone_and_no_effort_is_asked_for(
    protocol: str, effort: str | None
) -> None:
    changed = adjusted(thoughtful(), Adjustment(is_thoughtless=True), protocol)
    assert changed.reasoning_effort == effort
    kept = (Part(Text("said"), "p"), Part(ToolCall("a", "look", "{}"), cache_hint=CacheHint(60.0)))
    assert changed.messages == (thoughtful().messages[0], Message(Role.ASSISTANT, kept))

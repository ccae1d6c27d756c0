"""Repairs of one target's request, each kind once, and never seen by another target."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core.adjustment import AS_ASKED, Adjustment
from sidecar.core.catalog import Feature, Model
from sidecar.core.chain import Link
from sidecar.core.content import (
    Message,
    Part,
    Reasoning,
    Request,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
)
from sidecar.core.lessons import Lesson, Lessons
from sidecar.core.mending import PROMPTED, Mended, Mending
from sidecar.core.policy import Policy, PromptGuidedTools
from sidecar.core.reasons import Reason

from .build import link, request, target, verdict
from .repair_walk import model_entry, talk

HERE, THERE = model_entry("p"), model_entry("q")
TOOLS = (Tool("look"),)
FORBID = Policy(prompt_guided_tools=PromptGuidedTools.FORBID)
ALLOW = Policy(prompt_guided_tools=PromptGuidedTools.ALLOW)


def mending(lessons: Lessons | None = None, **fields: Any) -> Mending:
    return Mending(request(**fields), lessons or Lessons())


def mend(it: Mending, reason: Reason, link: Link = HERE, **fields: Any) -> Mended | None:
    return it.mend(link, link.targets[0], verdict(reason, **fields), 0.0)


def of(it: Mending, link: Link = HERE) -> Adjustment:
    return it.adjustment(link, link.targets[0], 0.0)


def test_nothing_is_changed_before_anything_is_refused() -> None:
    it = mending()
    assert it.told(HERE, HERE.targets[0], 0.0) == ()
    assert of(it) == AS_ASKED


def test_too_many_output_tokens_are_lowered_to_the_ceiling_the_error_names() -> None:
    it = mending(max_output_tokens=9000)
    done = mend(it, Reason.MAX_TOKENS, limit=4096)
    assert done == Mended(Reason.MAX_TOKENS, "at most 4096 output tokens asked for instead of 9000")
    assert of(it) == Adjustment(max_output_tokens=4096)


def test_a_ceiling_is_asked_for_where_the_caller_named_none() -> None:
    it = mending()
    done = mend(it, Reason.MAX_TOKENS, limit=4096)
    assert done == Mended(Reason.MAX_TOKENS, "at most 4096 output tokens asked for")
    assert of(it) == Adjustment(max_output_tokens=4096)


@pytest.mark.parametrize("ceiling", [None, 0, 9000, 9001])
def test_without_a_ceiling_that_is_lower_the_output_limit_is_left_out(ceiling: int | None) -> None:
    it = mending(max_output_tokens=9000)
    assert mend(it, Reason.MAX_TOKENS, limit=ceiling) == Mended(Reason.MAX_TOKENS, "max_output_tokens of 9000 left out")
    assert of(it) == Adjustment(max_output_tokens=0)


def test_without_a_limit_of_either_side_there_is_nothing_to_lower() -> None:
    it = mending()
    assert mend(it, Reason.MAX_TOKENS) is None
    assert of(it) == AS_ASKED


def test_the_output_limit_is_lowered_once() -> None:
    it = mending(max_output_tokens=9000)
    mend(it, Reason.MAX_TOKENS, limit=4096)
    assert mend(it, Reason.MAX_TOKENS, limit=1024) is None
    assert of(it) == Adjustment(max_output_tokens=4096)


def test_a_repair_is_seen_by_its_target_only_not_by_its_other_profile_nor_by_other_entries() -> None:
    both = link(target(profile="one"), target(profile="two"))
    it = mending(max_output_tokens=9000)
    mend(it, Reason.MAX_TOKENS, both, limit=4096)
    assert it.adjustment(both, both.targets[1], 0.0) == AS_ASKED
    assert of(it, THERE) == AS_ASKED
    mend(it, Reason.MAX_TOKENS, THERE, limit=100)
    assert (of(it, both).max_output_tokens, of(it, THERE).max_output_tokens) == (4096, 100)


def test_repairs_of_different_kinds_add_up() -> None:
    it = mending(max_output_tokens=9000, seed=1)
    mend(it, Reason.MAX_TOKENS, limit=4096)
    mend(it, Reason.UNSUPPORTED_PARAMETER, parameter="seed")
    assert of(it) == Adjustment(left_out=frozenset({"seed"}), max_output_tokens=4096)


def test_an_overflow_drops_the_oldest_turns_and_tells_how_many() -> None:
    one = Mending(talk(5), Lessons())
    assert mend(one, Reason.CONTEXT_LENGTH, limit=400) == Mended(
        Reason.CONTEXT_LENGTH, "the 1 oldest turn left out of the conversation"
    )
    more = Mending(talk(5), Lessons())
    assert mend(more, Reason.CONTEXT_LENGTH, limit=250) == Mended(
        Reason.CONTEXT_LENGTH, "the 3 oldest turns left out of the conversation"
    )
    assert (of(one).turns_dropped, of(more).turns_dropped) == (1, 3)


def test_the_window_is_that_of_the_error_else_that_of_the_model_else_unknown() -> None:
    declared = model_entry("p", window=250)
    for found, limit, expected in ((declared, 400, 1), (declared, None, 3), (HERE, None, 3)):
        it = Mending(talk(5), Lessons())
        mend(it, Reason.CONTEXT_LENGTH, found, limit=limit)
        assert of(it, found).turns_dropped == expected


def test_turns_are_dropped_once_and_never_the_last() -> None:
    it = Mending(talk(5), Lessons())
    mend(it, Reason.CONTEXT_LENGTH, limit=400)
    assert mend(it, Reason.CONTEXT_LENGTH, limit=200) is None
    assert mend(Mending(talk(1), Lessons()), Reason.CONTEXT_LENGTH, limit=200) is None


@pytest.mark.parametrize("policy", [Policy(), ALLOW])
def test_refused_native_tools_are_given_as_instructions_once(policy: Policy) -> None:
    here = model_entry("p", policy=policy)
    it = mending(tools=TOOLS)
    assert mend(it, Reason.TOOL_SCHEMA, here) == Mended(Reason.TOOL_SCHEMA, PROMPTED)
    assert of(it, here) == Adjustment(is_prompted=True)
    assert mend(it, Reason.TOOL_SCHEMA, here) is None


def test_tools_are_not_given_as_instructions_where_that_is_forbidden_or_there_are_none() -> None:
    assert mend(mending(tools=TOOLS), Reason.TOOL_SCHEMA, model_entry("p", policy=FORBID)) is None
    assert mend(mending(), Reason.TOOL_SCHEMA) is None


def test_where_they_were_instructions_from_the_beginning_nothing_is_left_to_repair() -> None:
    bare = model_entry("p", policy=ALLOW, features=frozenset())
    it = mending(tools=TOOLS)
    assert it.told(bare, bare.targets[0], 0.0) == (Mended(Reason.TOOL_SCHEMA, PROMPTED),)
    assert of(it, bare) == Adjustment(is_prompted=True)
    assert mend(it, Reason.TOOL_SCHEMA, bare) is None


@pytest.mark.parametrize("policy", [Policy(), FORBID])
def test_only_an_allowing_policy_gives_tools_as_instructions_from_the_beginning(policy: Policy) -> None:
    bare = model_entry("p", policy=policy, features=frozenset())
    assert of(mending(tools=TOOLS), bare) == AS_ASKED


@pytest.mark.parametrize("features", [None, frozenset({Feature.TOOLS})])
def test_a_model_not_known_to_lack_tools_gets_them_natively(features: frozenset[Feature] | None) -> None:
    able = model_entry("p", policy=ALLOW, features=features)
    assert of(mending(tools=TOOLS), able) == AS_ASKED
    assert of(mending(), model_entry("p", policy=ALLOW, features=frozenset())) == AS_ASKED


def spoken(*parts: Part, **fields: Any) -> Mending:
    messages = (Message(Role.USER, (Part(Text("ask")),)), Message(Role.ASSISTANT, parts))
    return Mending(Request("m", messages, **fields), Lessons())


@pytest.mark.parametrize(
    ("part", "effort"),
    [
        (Part(Reasoning("hm")), None),
        (Part(ToolCall("a", "look", "{}"), "p", b"signed"), None),
        (Part(Text("said")), "low"),
    ],
)
def test_a_foreign_signature_ends_thinking_for_the_target_once(part: Part, effort: str | None) -> None:
    it = spoken(part, reasoning_effort=effort)
    done = mend(it, Reason.FOREIGN_REASONING)
    message = "reasoning left out of the conversation, and thinking switched off"
    assert done == Mended(Reason.FOREIGN_REASONING, message)
    assert of(it) == Adjustment(is_thoughtless=True)
    assert mend(it, Reason.FOREIGN_REASONING) is None
    assert of(it, THERE) == AS_ASKED


@pytest.mark.parametrize("effort", [None, "none"])
def test_without_reasoning_there_is_none_to_leave_out(effort: str | None) -> None:
    assert mend(spoken(Part(Text("said")), reasoning_effort=effort), Reason.FOREIGN_REASONING) is None


@pytest.mark.parametrize("reason", [Reason.INVALID_REQUEST, Reason.SERVER_ERROR, Reason.CONTENT_FILTERED])
def test_nothing_else_can_be_repaired(reason: Reason) -> None:
    it = mending(max_output_tokens=9000, tools=TOOLS, seed=1)
    assert mend(it, reason, limit=10, parameter="seed") is None
    assert of(it) == AS_ASKED


def test_what_entries_have_refused_in_other_calls_is_left_out_and_told_before_they_are_asked() -> None:
    lessons = Lessons()
    lessons.learn(HERE.entry, Lesson(frozenset({"seed", "top_k", "stream_options"}), "max_completion_tokens"), 0.0)
    it = mending(lessons, seed=1, max_output_tokens=5)
    told = it.told(HERE, HERE.targets[0], 1.0)
    assert told == (Mended(Reason.UNSUPPORTED_PARAMETER, "seed left out: the model refuses it"),)
    assert it.told(HERE, HERE.targets[0], 1.0) == ()
    assert of(it).left_out == {"seed", "top_k", "stream_options"}
    assert of(it).limit_name == "max_completion_tokens"
    assert of(it, THERE) == AS_ASKED


def test_what_is_learned_while_a_call_is_under_way_does_not_change_what_its_target_is_sent() -> None:
    lessons = Lessons()
    it = mending(lessons, seed=1)
    assert of(it) == AS_ASKED
    lessons.learn(HERE.entry, Lesson(frozenset({"seed"})), 0.0)
    assert of(it) == AS_ASKED


def test_a_model_that_refused_tools_gets_them_as_instructions_unless_that_is_forbidden() -> None:
    lessons = Lessons()
    lessons.learn(HERE.entry, Lesson(lacking=frozenset({"tools", "stop"})), 0.0)
    for policy, is_prompted in ((Policy(), True), (ALLOW, True), (FORBID, False)):
        here = link(HERE.targets[0], policy=policy, model=Model("m"))
        assert of(mending(lessons, tools=TOOLS), here) == Adjustment(is_prompted=is_prompted)
        assert of(mending(lessons), here) == AS_ASKED, "there is nothing to write into the prompt"


@pytest.mark.parametrize("policy", [Policy(), ALLOW, FORBID])
def test_a_model_that_refused_a_choice_of_tools_never_gets_them_as_instructions_for_that(policy: Policy) -> None:
    lessons = Lessons()
    lessons.learn(HERE.entry, Lesson(lacking=frozenset({"tool_choice"})), 0.0)
    here = link(HERE.targets[0], policy=policy, model=Model("m"))
    assert of(mending(lessons, tools=TOOLS, tool_choice=ToolChoice(ToolMode.REQUIRED)), here) == AS_ASKED
    assert of(mending(lessons, tools=TOOLS), here) == AS_ASKED


def test_a_history_with_calls_is_written_into_the_prompt_though_the_request_offers_no_tools() -> None:
    bare = model_entry("p", policy=ALLOW, features=frozenset())
    it = spoken(Part(ToolCall("a", "look", "{}")))
    assert it.told(bare, bare.targets[0], 0.0) == (Mended(Reason.TOOL_SCHEMA, PROMPTED),)
    assert of(it, bare) == Adjustment(is_prompted=True)
    refusing = spoken(Part(ToolCall("a", "look", "{}")))
    assert of(refusing) == AS_ASKED
    assert mend(refusing, Reason.TOOL_SCHEMA) == Mended(Reason.TOOL_SCHEMA, PROMPTED)

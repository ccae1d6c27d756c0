"""Efforts as each generation takes them, and what switches thinking off."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core import content as c
from sidecar.core.catalog import Model
from sidecar.providers.anthropic_family import family_of
from sidecar.providers.history import FOREIGN_LEFT_OUT

from .anthropic_bodies import ISSUER, NEW, OLD, asked, body, model, repairs, results, thought, user

CALL = c.ToolCall("c1", "look", "{}")
TOOLS = (c.Tool("look"),)
OFF = "thinking was switched off: "
LATEST = "claude-opus-4-8"


def thinking(request: c.Request, target: str | Model = OLD) -> tuple[Any, Any, int]:
    read = body(request, target)
    return read.get("thinking"), read.get("output_config", {}).get("effort"), read["max_tokens"]


@pytest.mark.parametrize(("effort", "budget"), [("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 16384)])
def test_older_models_get_a_budget_and_room_for_the_answer_beside_it(effort: str, budget: int) -> None:
    request = asked(reasoning_effort=effort)
    assert thinking(request) == ({"type": "enabled", "budget_tokens": budget}, None, 4096 + budget)


def test_a_budget_is_at_most_half_of_a_limit_that_is_given() -> None:
    request = asked(reasoning_effort="high", max_output_tokens=5000)
    assert thinking(request) == ({"type": "enabled", "budget_tokens": 2500}, None, 5000)
    known = Model(OLD, max_output_tokens=8000)
    assert thinking(asked(reasoning_effort="high"), known) == ({"type": "enabled", "budget_tokens": 4000}, None, 8000)


def test_a_limit_with_no_room_for_thinking_switches_it_off_and_it_is_told() -> None:
    request = asked(reasoning_effort="low", max_output_tokens=2047)
    assert thinking(request) == (None, None, 2047)
    assert repairs(request) == (OFF + "an answer of at most 2047 tokens leaves no room for it",)


@pytest.mark.parametrize(
    ("effort", "sent"), [("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high")]
)
def test_newer_models_get_an_effort_and_are_asked_to_show_their_thinking(effort: str, sent: str) -> None:
    config, effort_sent, max_tokens = thinking(asked(reasoning_effort=effort), LATEST)
    assert (config, effort_sent) == ({"type": "adaptive", "display": "summarized"}, sent)
    assert max_tokens > 4096


def test_a_model_that_shows_its_thinking_is_not_asked_to() -> None:
    assert thinking(asked(reasoning_effort="low"), "claude-opus-4-6")[0] == {"type": "adaptive"}


def test_no_effort_asked_for_sends_nothing() -> None:
    for target in (OLD, LATEST, NEW, "claude-fable-5", "other-vendors-model"):
        assert thinking(asked(), target) == (None, None, 4096)


@pytest.mark.parametrize(
    ("target", "config", "effort"),
    [(OLD, None, None), (LATEST, None, None), (NEW, {"type": "disabled"}, None), ("claude-fable-5", None, "low")],
)
def test_no_reasoning_is_said_as_far_as_the_model_lets_one(target: str, config: Any, effort: str | None) -> None:
    assert thinking(asked(reasoning_effort="none"), target) == (config, effort, 4096)


@pytest.mark.parametrize("target", [OLD, LATEST])
@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (
            asked(reasoning_effort="high", tools=TOOLS, tool_choice=c.ToolChoice(c.ToolMode.REQUIRED)),
            "it excludes a tool call that must be made",
        ),
        (
            asked(reasoning_effort="high", response_format=c.ResponseFormat(c.FormatKind.JSON)),
            "it excludes a tool call that must be made",
        ),
        (asked(user("a"), model("b"), reasoning_effort="high"), "it excludes an answer whose beginning is given"),
    ],
)
def test_what_excludes_thinking_switches_it_off_and_is_told(target: str, request_: c.Request, why: str) -> None:
    assert thinking(request_, target)[0] is None
    assert OFF + why in repairs(request_, target)


def test_a_model_that_thinks_unasked_is_told_not_to_where_a_tool_must_be_called() -> None:
    forced = asked(tools=TOOLS, tool_choice=c.ToolChoice(c.ToolMode.REQUIRED))
    assert thinking(forced, NEW)[0] == {"type": "disabled"}
    assert repairs(forced, NEW) == (OFF + "it excludes a tool call that must be made",)
    assert thinking(forced, OLD)[0] is None
    assert repairs(forced, OLD) == ()
    assert thinking(asked(tools=TOOLS, tool_choice=forced.tool_choice, reasoning_effort="low"), NEW)[:2] == (
        {"type": "disabled"},
        "low",
    )


def test_a_model_that_always_thinks_is_never_told_not_to() -> None:
    forced = asked(tools=TOOLS, tool_choice=c.ToolChoice(c.ToolMode.REQUIRED), reasoning_effort="high")
    assert thinking(forced, "claude-fable-5")[0] == {"type": "adaptive", "display": "summarized"}
    assert repairs(forced, "claude-fable-5") == ()


RESULT = results(c.ToolResult("c1", "x"))
OWN_CALL = c.Part(CALL, ISSUER)
OWN = model(thought("hm", "thinking:s"), CALL)
FOREIGN = model(thought("hm", "thinking:s", "another"), CALL)


@pytest.mark.parametrize(
    "talk",
    [
        (user("a"), FOREIGN, RESULT),
        (user("a"), FOREIGN, RESULT, user("and?")),
        (user("a"), OWN, RESULT, model("b"), user("c"), FOREIGN, RESULT),
        (user("a"), OWN, RESULT, user("and?"), FOREIGN, RESULT),
        (user("a"), OWN, RESULT, FOREIGN, RESULT),
        (user("a"), FOREIGN, RESULT, OWN, RESULT, model(CALL), RESULT),
        (user("a"), FOREIGN, RESULT, model(OWN_CALL), RESULT),
    ],
)
def test_calls_of_another_provider_that_wait_for_the_answer_switch_a_budget_off_and_it_is_told(
    talk: tuple[c.Message, ...],
) -> None:
    request = asked(*talk, tools=TOOLS, reasoning_effort="high")
    assert thinking(request)[0] is None
    assert OFF + "the last tool calls have no reasoning this provider issued" in repairs(request)
    assert thinking(request, LATEST)[0] is not None
    assert repairs(request, LATEST) == (FOREIGN_LEFT_OUT,)


@pytest.mark.parametrize(
    "talk",
    [
        (user("a"), OWN, RESULT),
        (user("a"), OWN, RESULT, model(OWN_CALL), RESULT),
        (user("a"), FOREIGN, RESULT, OWN, RESULT),
        (user("a"), FOREIGN, RESULT, model("b"), user("c")),
        (user("a"), FOREIGN, RESULT, model("b"), user("c"), OWN, RESULT),
    ],
)
def test_thinking_stays_on_where_the_turn_that_goes_on_has_its_own_or_called_nothing(
    talk: tuple[c.Message, ...],
) -> None:
    request = asked(*talk, tools=TOOLS, reasoning_effort="low")
    assert thinking(request)[0] == {"type": "enabled", "budget_tokens": 2048}


def test_a_begun_answer_takes_no_thinking_back() -> None:
    read = body(asked(user("a"), model(thought("hm", "thinking:s"), "b")))
    assert read["messages"][-1] == {"role": "assistant", "content": "b"}


def test_sampling_settings_are_left_out_beside_thinking_and_it_is_told() -> None:
    request = asked(reasoning_effort="low", temperature=0.5, top_p=0.9)
    assert not {"temperature", "top_p"} & body(request).keys()
    assert repairs(request) == ("temperature, top_p left out: thinking excludes sampling settings",)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("claude-3-haiku-20240307", "old"),
        ("claude-3-7-sonnet-20250219", "old"),
        ("claude-opus-4-20250514", "old"),
        ("claude-opus-4-1-20250805", "old"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "formats"),
        ("anthropic/claude-4.5-sonnet", "formats"),
        ("claude-sonnet-4-6", "adaptive"),
        ("claude-opus-4-7", "plain"),
        ("claude-opus-4-8", "turns"),
        ("claude-haiku-5-5", "unasked"),
        ("Claude-Mythos-5-2", "always"),
    ],
)
def test_a_models_name_says_its_generation(name: str, version: str) -> None:
    family = family_of(name)
    order = ["old", "formats", "adaptive", "plain", "turns", "unasked", "always"]
    says = (
        family.takes_formats,
        family.is_adaptive,
        not family.takes_sampling and family.hides_thinking,
        family.takes_system_turns,
        family.thinks_unasked,
        family.always_thinks,
    )
    assert says == tuple(order.index(version) > i for i in range(6))


@pytest.mark.parametrize("name", ["claude-sonnet-latest", "claude-x"])
def test_a_claude_without_a_number_is_a_new_one_that_takes_sampling_settings(name: str) -> None:
    family = family_of(name)
    assert (family.is_adaptive, family.takes_sampling, family.thinks_unasked) == (True, True, False)


def test_models_of_other_vendors_get_the_older_form() -> None:
    assert thinking(asked(reasoning_effort="low"), "glm-5")[0] == {"type": "enabled", "budget_tokens": 2048}

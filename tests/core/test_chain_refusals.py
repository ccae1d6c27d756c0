"""Entries passed over for what they refused before, and tools written into the prompt."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core.catalog import Entry, Feature, Model
from sidecar.core.chain import Chain, Refused, build_chain
from sidecar.core.content import FormatKind, Message, Part, ResponseFormat, Role, Tool, ToolCall, ToolChoice, ToolMode
from sidecar.core.errors import CallError
from sidecar.core.policy import Policy, PromptGuidedTools
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause

from .build import catalog, provider, request, targets_of

BARE = provider("bare", (Model("x", features=frozenset({Feature.IMAGES})),))
FULL = provider("full", ("y",))
KNOWN = catalog(BARE, FULL)
TOOLS = (Tool("look"),)
ALLOW = Policy(prompt_guided_tools=PromptGuidedTools.ALLOW)
FORBID = Policy(prompt_guided_tools=PromptGuidedTools.FORBID)


def built(first: str, refused: dict[str, set[str]] | None = None, policy: Policy | None = None, **fields: Any) -> Chain:
    """A chain of both entries; `refused` by entry."""
    found = refused or {}
    of: Refused = lambda entry: frozenset(found.get(str(entry), ()))  # noqa: E731
    other = "y" if first == "x" else "x"
    asked = request(first, fallback_models=(other,), policy=policy or Policy(), **fields)
    return build_chain(asked, KNOWN, targets_of(KNOWN), None, of)


def names(chain: Chain) -> list[str]:
    return [str(link.entry) for link in chain.links]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stop", ("END",)),
        ("max_output_tokens", 100),
    ],
)
def test_an_entry_that_refused_a_field_is_passed_over_by_requests_that_say_it(field: str, value: Any) -> None:
    chain = built("y", {"full/y": {field}}, **{field: value})
    assert str(chain.first) == "full/y"
    assert "full/y" not in names(chain)
    (skip,) = [skip for skip in chain.skipped if skip.entry == Entry("full", "y")]
    assert (skip.cause, skip.message) == (SkipCause.CAPABILITY, f"cannot do {field} (it refused that before)")


def test_a_request_that_does_not_say_the_field_is_sent_there() -> None:
    refused = {"full/y": {"stop", "tools", "response_format"}}
    plain = ResponseFormat(FormatKind.TEXT)
    assert names(built("y", refused, response_format=plain)) == ["full/y", "bare/x"]


def test_without_another_entry_the_error_names_what_was_refused() -> None:
    asked = request("y", stop=("END",), tools=TOOLS, policy=FORBID)
    with pytest.raises(CallError) as caught:
        build_chain(asked, KNOWN, targets_of(KNOWN), None, lambda entry: frozenset({"stop", "tools"}))
    assert caught.value.reason is Reason.CAPABILITY
    missing = "stop (it refused that before), tools (it refused that before)"
    assert caught.value.metadata == {"missing": missing}


@pytest.mark.parametrize("policy", [Policy(), FORBID])
def test_a_model_without_tools_is_passed_over_where_they_may_not_be_written_into_the_prompt(policy: Policy) -> None:
    assert names(built("x", policy=policy, tools=TOOLS)) == ["full/y"]


def test_where_they_may_be_written_into_the_prompt_prompt_guided_tools_count_as_tools() -> None:
    chain = built("x", policy=ALLOW, tools=TOOLS)
    assert names(chain) == ["bare/x", "full/y"]
    assert [link.lacks_tools for link in chain.links] == [True, False]


def test_refused_tools_are_no_lack_unless_prompts_are_forbidden_and_other_fields_are() -> None:
    refused = {"full/y": {"tools", "stop"}}
    asked: dict[str, Any] = {"tools": TOOLS, "tool_choice": ToolChoice(ToolMode.AUTO)}
    assert names(built("y", refused, ALLOW, **asked)) == ["full/y", "bare/x"]
    assert names(built("y", refused, ALLOW, **asked, stop=("END",))) == ["bare/x"]
    assert names(built("y", refused, **asked)) == ["full/y"]
    with pytest.raises(CallError) as caught:
        built("y", refused, FORBID, **asked)
    assert caught.value.reason is Reason.CAPABILITY


@pytest.mark.parametrize("policy", [Policy(), ALLOW, FORBID])
def test_a_refused_choice_of_tools_is_a_lack_whatever_may_be_written_into_the_prompt(policy: Policy) -> None:
    refused = {"full/y": {"tool_choice"}}
    asked: dict[str, Any] = {"tools": TOOLS, "tool_choice": ToolChoice(ToolMode.AUTO)}
    assert "full/y" in names(built("y", refused, policy, tools=TOOLS)), "without a choice it takes native tools"
    if policy is ALLOW:
        assert names(built("y", refused, policy, **asked)) == ["bare/x"]
        return
    with pytest.raises(CallError) as caught:
        built("y", refused, policy, **asked)
    assert caught.value.reason is Reason.CAPABILITY
    assert "tool_choice (it refused that before)" in caught.value.metadata["missing"]


def test_a_history_with_calls_needs_tools_too() -> None:
    called = Message(Role.ASSISTANT, (Part(ToolCall("a", "look", "{}")),))
    asked = request("x", fallback_models=("y",))
    with_calls = request("x", fallback_models=("y",), policy=ALLOW)
    for one, expected in ((asked, ["full/y"]), (with_calls, ["bare/x", "full/y"])):
        said = type(one)(one.model, (*one.messages, called), one.fallback_models, policy=one.policy)
        assert names(build_chain(said, KNOWN, targets_of(KNOWN))) == expected


def test_a_model_of_which_nothing_is_declared_does_not_lack_tools() -> None:
    assert not built("y").links[0].lacks_tools
    able = catalog(provider("able", (Model("z", features=frozenset({Feature.TOOLS})),)))
    assert not build_chain(request("z"), able, targets_of(able)).links[0].lacks_tools

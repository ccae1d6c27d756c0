"""Calls that a model without native tools writes wrong, in virtual time: the next entry answers, and nobody's health is
touched."""

from __future__ import annotations

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.catalog import Model
from sidecar.core.content import Request, Tool
from sidecar.core.events import Delta, Kind
from sidecar.core.policy import OnStreamBreak, Policy, PromptGuidedTools
from sidecar.core.reasons import Reason
from sidecar.transport.double import Play

from .rig import Heard, Rig, ask, chunk, good, hear, provider, steps, text
from .virtual import run

BARE = Model("m", features=frozenset())
A, B = provider("a", "k1", "k2", models=(BARE,)), provider("b")
CALL = '<tool_call>\n{"name": "look", "arguments": {"at": "sea"}}\n</tool_call>'
BAD = {
    "no JSON": "<tool_call>\nlook(sea)\n</tool_call>",
    "a tool that was not offered": '<tool_call>{"name":"remove"}</tool_call>',
    "arguments that are no object": '<tool_call>{"name":"look","arguments":[1]}</tool_call>',
    "no end": '<tool_call>{"name":"look","arguments":{"at":',
}


def guided(on_stream_break: OnStreamBreak | None = None) -> Request:
    """A question with a tool, which may be given as instructions."""
    policy = Policy(prompt_guided_tools=PromptGuidedTools.ALLOW, on_stream_break=on_stream_break)
    return ask(policy=policy, tools=(Tool("look"),))


def rig(*plays: Play) -> Rig:
    """`a/m`, which has no native tools, plays these; `b/m` answers."""
    return Rig({"a/m": list(plays), "b/m": [good("Native.")]}, (A, B), ("b/m",))


def calls(heard: Heard) -> list[tuple[str, str]]:
    """Tool calls, as name and arguments."""
    return [(e.name, e.text) for e in heard.events if isinstance(e, Delta) and e.kind is Kind.TOOL_CALL]


def check_health_is_untouched(rig: Rig) -> None:
    state = rig.engine.services.health.entry(rig.target("a/m"))
    assert (state.failures, state.consecutive_failures) == (0, 0)
    assert state.breaker.state(1000.0) is BreakerState.CLOSED
    assert all(rig.engine.services.health.unavailable(rig.target("a/m", i), 1000.0) is None for i in (0, 1))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_goes_to_the_next_entry_at_once_and_touches_nobodys_health(name: str) -> None:
    asked = rig(good(BAD[name]))
    heard = run(hear(asked, guided()))
    assert heard.reasons == ["TOOL_SCHEMA", ""]
    assert asked.asked == ["a/m/k1", "b/m/k1"]
    assert asked.times == [0.0, 0.0]
    assert heard.text == "Native."
    check_health_is_untouched(asked)


def test_however_many_bad_calls_a_model_writes_it_is_asked_again_in_the_next_call() -> None:
    asked = rig(*[good(BAD["no JSON"])] * 30, good(CALL))

    async def many() -> list[Heard]:
        return [await hear(asked, guided()) for _ in range(31)]

    *before, last = run(many())
    assert {tuple(heard.reasons) for heard in before} == {("TOOL_SCHEMA", "")}
    assert last.reasons == [""]
    assert calls(last) == [("look", '{"at": "sea"}')]
    check_health_is_untouched(asked)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_behind_text_that_has_reached_the_caller_ends_the_call_where_the_policy_is_fail(name: str) -> None:
    asked = rig(good("I look.", "\n", BAD[name]))
    heard = run(hear(asked, guided(OnStreamBreak.FAIL)))
    assert heard.error is not None
    assert heard.error.reason is Reason.TOOL_SCHEMA
    assert heard.reasons == ["TOOL_SCHEMA"]
    assert heard.text == "I look."
    assert asked.asked == ["a/m/k1"]
    check_health_is_untouched(asked)


@pytest.mark.parametrize("name", BAD)
def test_behind_a_bad_call_the_next_entry_goes_on_with_the_text_that_was_sent(name: str) -> None:
    asked = rig(good("I look.", "\n", BAD[name]))
    heard = run(hear(asked, guided()))
    assert heard.reasons == ["TOOL_SCHEMA", ""]
    assert heard.kinds == ["first", "resume"]
    assert heard.text == "I look.Native."
    check_health_is_untouched(asked)


def test_text_before_a_bad_call_is_dropped_where_the_caller_has_not_seen_it() -> None:
    heard = run(hear(rig(good("I look.\n", BAD["no JSON"])), guided(), buffered=True))
    assert heard.reasons == ["TOOL_SCHEMA", ""]
    assert heard.completed.message is not None
    assert [part.content.text for part in heard.completed.message.parts if hasattr(part.content, "text")] == ["Native."]


def test_without_another_entry_the_call_fails_with_what_the_model_did() -> None:
    alone = Rig({"a/m": [good(BAD["no end"])]}, (A,))
    heard = run(hear(alone, guided()))
    assert heard.error is not None
    assert heard.error.reason is Reason.TOOL_SCHEMA
    assert heard.reasons == ["TOOL_SCHEMA"]
    assert "look" not in heard.error.message
    check_health_is_untouched(alone)


def test_a_stream_cut_inside_a_call_is_still_the_providers_fault() -> None:
    asked = rig(steps(chunk({"role": "assistant"}), *text(BAD["no end"])))
    heard = run(hear(asked, guided()))
    assert heard.reasons[0] == "MALFORMED_RESPONSE"
    assert asked.engine.services.health.entry(asked.target("a/m")).failures > 0


def test_a_tag_that_is_only_spoken_of_is_text() -> None:
    words = "Calls stand between <tool_call> and </tool_call>, as `<tool_call>{…}</tool_call>`."
    asked = rig(good("Calls stand between <tool_", words.removeprefix("Calls stand between <tool_")))
    heard = run(hear(asked, guided()))
    assert heard.reasons == [""]
    assert heard.text == words
    assert calls(heard) == []

"""Random answers of thoughts, texts, refusals and tool calls that break off anywhere: the events come in the order that was
promised, every part once, and the turn at the end is what they said."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.core.catalog import Prefill
from sidecar.core.content import Tool
from sidecar.core.events import CallerEvent, Completed, Delta, Started
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play, Step

from .rig import DONE, Heard, Rig, ask, chunk, hear, provider
from .told import Caller
from .virtual import run

RULES = tuple(OnStreamBreak)
OWNERS = (provider("a", prefill=Prefill.PLAIN), provider("b"), provider("c", prefill=Prefill.PREFIX))
KINDS = ("thought", "text", "text", "refusal", "call", "calls")
Script = tuple[list[tuple[str, int]], int, bool]
"""Kinds of parts and in how many pieces; after how many pieces it breaks off; whether it is complete instead."""


def scripts() -> st.SearchStrategy[list[Script]]:
    parts = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 4)), min_size=1, max_size=4)
    one = st.tuples(parts, st.integers(1, 12), st.sampled_from((False, False, True)))
    return st.lists(one, min_size=1, max_size=4)


def call(arguments: str, index: int, *, is_first: bool) -> bytes:
    begun = {"id": f"id{index}", "type": "function", "function": {"name": "look", "arguments": arguments}}
    rest = {"function": {"arguments": arguments}}
    return chunk({"tool_calls": [{"index": index, **(begun if is_first else rest)}]})


def part(kind: str, pieces: int, word: str, calls: int) -> list[bytes]:
    """Its pieces; no two say the same."""
    if kind in ("call", "calls"):
        ends = ["{}"] if kind == "call" else ['{"at":', *(["1"] * (pieces - 1)), "}"]
        return [call(end, calls, is_first=place == 0) for place, end in enumerate(ends)]
    field = {"thought": "reasoning_content", "text": "content", "refusal": "refusal"}[kind]
    return [chunk({field: f"{kind}{word}{piece} "}) for piece in range(pieces)]


def play(script: Script, number: int) -> Play:
    parts, breaks_after, is_complete = script
    said: list[Step] = []
    calls = 0
    for place, (kind, pieces) in enumerate(parts):
        said += part(kind, pieces, f"-{number}-{place}-", calls)
        calls += kind in ("call", "calls")
    finish = "tool_calls" if calls else "stop"
    return Play((*said, chunk({}, finish), DONE) if is_complete else (*said[:breaks_after], Cut()))


def heard(answers: dict[str, list[Script]], rule: OnStreamBreak, *, buffered: bool = False) -> Heard:
    plays = {
        f"{owner}/m": [play(script, 10 * place + number) for number, script in enumerate(scripts_of)]
        for place, (owner, scripts_of) in enumerate(answers.items())
    }
    rig = Rig(plays, OWNERS, ("b/m", "c/m"))
    request = ask(policy=Policy(on_stream_break=rule), tools=(Tool("look"),))
    return run(hear(rig, request, 200.0, buffered=buffered))


def contents(events: list[CallerEvent]) -> list[CallerEvent]:
    return [event for event in events if isinstance(event, Delta)]


@settings(max_examples=300)
@given(st.fixed_dictionaries({"a": scripts(), "b": scripts(), "c": scripts()}), st.sampled_from(RULES))
def test_events_come_in_the_order_that_was_promised(answers: dict[str, list[Script]], rule: OnStreamBreak) -> None:
    got = heard(answers, rule)
    caller = Caller().take(got.events)
    assert caller.is_over == (got.error is None)
    if got.error is None:
        assert isinstance(got.events[-1], Completed)
        assert got.completed.message is not None
        caller.agrees(got.completed.message)
    else:
        assert got.error.reason is not Reason.INTERNAL
        assert got.error.report is not None
    if rule is OnStreamBreak.FAIL:
        assert (caller.resumptions, caller.restarts, caller.discards) == (0, 0, 0)
    if rule in (OnStreamBreak.RESUME, OnStreamBreak.BUFFER):
        assert caller.restarts == 0
    if rule is OnStreamBreak.RESTART:
        assert caller.resumptions == 0


@settings(max_examples=150)
@given(st.fixed_dictionaries({"a": scripts(), "b": scripts(), "c": scripts()}), st.sampled_from(RULES))
def test_of_a_buffered_call_nothing_is_told_but_its_end(answers: dict[str, list[Script]], rule: OnStreamBreak) -> None:
    got = heard(answers, rule, buffered=True)
    assert all(isinstance(event, Completed) for event in got.events)
    assert len(got.events) == (got.error is None)


def test_a_complete_answer_is_told_part_by_part() -> None:
    got = heard({"a": [([("thought", 1), ("text", 2), ("call", 1)], 0, True)], "b": [], "c": []}, OnStreamBreak.RESUME)
    caller = Caller().take(got.events)
    assert isinstance(got.events[0], Started)
    assert [part.is_whole for part in caller.parts.values()] == [True, True, True]
    assert len(contents(got.events)) == 3

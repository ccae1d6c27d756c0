"""What becomes of tool calls, thoughts and refusals when the answer they stand in breaks off."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core.content import Tool
from sidecar.core.events import Completed, Delta, Finish, Kind, PartCompleted, PartDiscarded, Resumed, Started
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play

from ..providers import anthropic_chunks as claude
from .hedged import attempts
from .resuming import (
    CLAUDE,
    EITHER,
    INSTRUCTION,
    QUESTION,
    RESTART,
    A,
    B,
    anthropic,
    assistant,
    calling,
    chain,
    claude_steps,
    cut,
    discards,
    message_of,
    read,
    restarts,
    seams,
    told,
    whole,
)
from .rig import DONE, ask, chunk, good, steps, text

TOOLS = ask(tools=(Tool("look"), Tool("walk")))
OTHER_CLAUDE = anthropic("claudia")
TEXT_BLOCK = claude.begin(0, type="text", text="")
THINKING = claude.begin(0, type="thinking", thinking="", signature="")


def thought(index: int, words: str) -> list[dict[str, Any]]:
    """A finished one, signed."""
    return claude.block(
        index,
        claude.delta(index, type="thinking_delta", thinking=words),
        claude.delta(index, type="signature_delta", signature="c2ln"),
        type="thinking",
        thinking="",
        signature="",
    )


def calls(*finished: tuple[str, str]) -> Play:
    """An answer that is one tool call."""
    return steps(
        *(calling(arguments, f"c{i}", name, i) for i, (name, arguments) in enumerate(finished)),
        chunk({}, "tool_calls"),
        DONE,
    )


# Tool calls that are not finished.


def test_half_a_tool_call_is_void_and_asked_for_anew_behind_the_text_before_it() -> None:
    rig = chain((A, steps(*text("I look."), calling('{"at": "s'), Cut())), (B, calls(("look", '{"at": "sea"}'))))
    heard = told(rig, TOOLS)
    assert discards(heard) == [1]
    assert [type(event) for event in heard.events] == [
        Started,
        Delta,
        Delta,
        PartDiscarded,
        Resumed,
        Delta,
        PartCompleted,
        Completed,
    ]
    assert message_of(heard) == [(Kind.TEXT, "I look."), (Kind.TOOL_CALL, '{"at": "sea"}')]
    assert sorted(read(heard.events)) == [0, 2]
    assert heard.completed.finish is Finish.TOOL_CALLS
    assert not heard.completed.end_inferred
    assert rig.last_body["messages"] == [QUESTION, assistant("I look."), INSTRUCTION]


def test_where_there_was_nothing_but_half_a_call_the_question_is_asked_anew() -> None:
    rig = chain((A, steps(calling('{"at": "s'), Cut())), (B, calls(("walk", "{}"))))
    heard = told(rig, TOOLS)
    assert discards(heard) == [0]
    assert seams(heard) == [("b", 1, 0)]
    assert message_of(heard) == [(Kind.TOOL_CALL, "{}")]
    assert heard.kinds == ["first", "resume"]
    first, second = rig.bodies
    assert first == second


def test_half_a_call_of_the_messages_api_is_void_too() -> None:
    broken = claude_steps(
        claude.said(0, "I look."),
        claude.begin(1, type="tool_use", id="t1", name="look", input={}),
        claude.fragment(1, '{"at'),
        broken=True,
    )
    heard = told(chain((CLAUDE, broken), (OTHER_CLAUDE, claude_steps(claude.call(0, "{}")))), TOOLS)
    assert discards(heard) == [1]
    assert message_of(heard) == [(Kind.TEXT, "I look."), (Kind.TOOL_CALL, "{}")]


# Tool calls that are.


def finished_call(*more: dict[str, Any] | list[dict[str, Any]]) -> Play:
    """Text, a finished call, and what comes behind it; then it breaks off."""
    return claude_steps(claude.said(0, "I look."), claude.call(1, '{"at": "sea"}'), *more, broken=True)


HALF_CALL = (claude.begin(2, type="tool_use", id="t2", name="walk", input={}), claude.fragment(2, '{"to'))
HALF_TEXT = (claude.begin(2, type="text", text=""), claude.text(2, "Then"))
BEHIND: dict[str, tuple[tuple[Any, ...], list[int]]] = {
    "nothing": ((), []),
    "half a call": (HALF_CALL, [2]),
    "half a text": (HALF_TEXT, [2]),
}


@pytest.mark.parametrize("policy", [None, EITHER, RESTART], ids=["resume", "either", "restart"])
@pytest.mark.parametrize("behind", BEHIND)
def test_behind_a_finished_tool_call_the_answer_is_over_and_what_was_unfinished_is_void(
    behind: str, policy: Policy | None
) -> None:
    more, void = BEHIND[behind]
    rig = chain((CLAUDE, finished_call(*more)), (B, good("x")))
    heard = told(rig, ask(tools=TOOLS.tools, policy=policy or Policy()))
    assert heard.completed.finish is Finish.TOOL_CALLS
    assert heard.completed.end_inferred
    assert discards(heard) == void
    assert message_of(heard) == [(Kind.TEXT, "I look."), (Kind.TOOL_CALL, '{"at": "sea"}')]
    assert rig.who == ["claude"]
    assert attempts(heard) == [("claude/m", "first", "STREAM_BROKEN")]
    assert (seams(heard), restarts(heard)) == ([], [])


@pytest.mark.parametrize("behind", BEHIND)
def test_where_the_end_must_not_be_inferred_a_finished_call_makes_the_break_an_error(behind: str) -> None:
    rig = chain((CLAUDE, finished_call(*BEHIND[behind][0])), (B, good("x")))
    heard = told(rig, ask(tools=TOOLS.tools, policy=Policy(infer_tool_end=False)))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert discards(heard) == []
    assert rig.who == ["claude"]


def test_a_complete_that_breaks_behind_a_finished_call_begins_again_since_nobody_has_seen_it() -> None:
    rig = chain((CLAUDE, finished_call()), (B, good("Done")))
    heard = told(rig, TOOLS, buffered=True)
    assert heard.completed.message is not None
    assert message_of(heard) == [(Kind.TEXT, "Done")]
    assert rig.last_body["messages"] == [QUESTION]


# Thoughts.


def test_half_a_thought_is_void_and_the_question_is_asked_anew() -> None:
    rig = chain((A, steps(chunk({"reasoning_content": "Hm, "}), Cut())), (B, good("Because.")))
    heard = told(rig)
    assert discards(heard) == [0]
    assert seams(heard) == [("b", 1, 0)]
    assert message_of(heard) == [(Kind.TEXT, "Because.")]
    assert rig.last_body["messages"] == [QUESTION]


def test_a_finished_thought_stands_and_the_text_behind_it_goes_on() -> None:
    broken = claude_steps(
        thought(0, "Hm."), claude.begin(1, type="text", text=""), claude.text(1, "Because"), broken=True
    )
    rig = chain((CLAUDE, broken), (B, good(" of light.")))
    heard = told(rig)
    assert discards(heard) == []
    assert seams(heard) == [("b", 1, 7)]
    assert message_of(heard) == [(Kind.REASONING, "Hm."), (Kind.TEXT, "Because of light.")]
    assert rig.last_body["messages"] == [QUESTION, assistant("Because"), INSTRUCTION]


def test_a_thought_behind_finished_text_is_void_and_the_text_stands() -> None:
    broken = claude_steps(
        claude.said(0, "First."),
        claude.begin(1, type="thinking", thinking="", signature=""),
        claude.delta(1, type="thinking_delta", thinking="Hm"),
        broken=True,
    )
    heard = told(chain((CLAUDE, broken), (B, good(" Then."))))
    assert discards(heard) == [1]
    assert [said for kind, said in message_of(heard) if kind is Kind.TEXT] == ["First.", " Then."]
    assert whole(heard) == "First. Then."


def test_who_goes_on_may_think_before_it_does() -> None:
    thinking = steps(chunk({"reasoning_content": "Where was I?"}), *text("lo"), chunk({}, "stop"), DONE)
    heard = told(chain((A, cut("Hel")), (B, thinking)))
    assert whole(heard) == "Hello"
    assert (Kind.REASONING, "Where was I?") in message_of(heard)


def test_who_goes_on_may_call_a_tool_behind_the_text() -> None:
    play = steps(*text(" at it."), calling("{}"), chunk({}, "tool_calls"), DONE)
    heard = told(chain((A, cut("I look")), (B, play)), TOOLS)
    assert message_of(heard) == [(Kind.TEXT, "I look at it."), (Kind.TOOL_CALL, "{}")]
    assert heard.completed.finish is Finish.TOOL_CALLS


def test_who_is_asked_to_go_on_may_call_a_tool_at_once() -> None:
    heard = told(chain((A, cut("I look.")), (B, calls(("look", "{}")))), TOOLS)
    assert message_of(heard) == [(Kind.TEXT, "I look."), (Kind.TOOL_CALL, "{}")]


def test_a_finished_text_goes_on_in_a_new_part() -> None:
    broken = claude_steps(claude.said(0, "One. "), broken=True)
    heard = told(chain((CLAUDE, broken), (B, good("Two."))))
    assert seams(heard) == [("b", 1, 0)]
    assert whole(heard) == "One. Two."


# Refusals.


def test_half_a_refusal_is_an_error_and_begins_again_only_where_that_is_allowed() -> None:
    broken = steps(chunk({"refusal": "I can"}), Cut())
    heard = told(chain((A, broken), (B, good("Yes."))))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    heard = told(chain((A, broken), (B, good("Yes."))), ask(policy=EITHER))
    assert restarts(heard) == ["b"]
    assert message_of(heard) == [(Kind.TEXT, "Yes.")]


def test_half_a_text_goes_on_also_where_the_next_one_refuses() -> None:
    refusing = steps(chunk({"refusal": "No."}), chunk({}, "stop"), DONE)
    heard = told(chain((A, cut("Well, ")), (B, refusing)))
    assert message_of(heard) == [(Kind.TEXT, "Well, "), (Kind.REFUSAL, "No.")]

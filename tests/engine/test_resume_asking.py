"""How a target is asked to go on, in the body it is sent: prefill in every style, instruction, and what is refused of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sidecar.core.catalog import Model, Prefill
from sidecar.core.content import Message, Part, Role, Text, ToolCall, ToolResult
from sidecar.core.events import Kind
from sidecar.core.reasons import Reason
from sidecar.transport.double import Play

from .hedged import attempts, outcomes
from .resuming import (
    CLAUDE,
    INSTRUCTION,
    PREFILLED,
    QUESTION,
    A,
    B,
    Breaking,
    anthropic,
    assistant,
    begun_by_caller,
    chain,
    claude_says,
    cut,
    message_of,
    plain,
    told,
    whole,
)
from .rig import ask, error, good, hear
from .virtual import run
from .wires import claude_refused, refused, repairs

NAMED = refused("This model does not support assistant message prefill.")
SAYS_PREFILL = refused("Assistant response prefill is not supported by this model.")
UNNAMED = refused("Invalid request.")
CLAUDE_NAMED = claude_refused("This model does not support assistant message prefill.")
CLAUDE_UNNAMED = claude_refused("messages: something is wrong")

STYLES: dict[Prefill, dict[str, Any]] = {
    Prefill.PLAIN: {"messages": [QUESTION, assistant("Hel")]},
    Prefill.PREFIX: {"messages": [QUESTION, assistant("Hel") | {"prefix": True}]},
    Prefill.PARTIAL: {"messages": [QUESTION, assistant("Hel") | {"partial": True}]},
    Prefill.CONTINUE: {
        "messages": [QUESTION, assistant("Hel")],
        "continue_final_message": True,
        "add_generation_prompt": False,
    },
    Prefill.NONE: {"messages": [QUESTION, assistant("Hel"), INSTRUCTION]},
}


@pytest.mark.parametrize("style", STYLES)
def test_the_beginning_of_the_answer_is_marked_in_the_providers_own_way_and_nothing_else_is_added(
    style: Prefill,
) -> None:
    rig = chain((A, cut("Hel")), (plain("b", style), good("lo")))
    assert whole(told(rig)) == "Hello"
    first, second = rig.bodies
    assert second == first | STYLES[style]


def test_a_model_may_be_told_in_another_way_than_its_provider() -> None:
    rig = chain((A, cut("Hel")), (plain("b", model=Model("m", prefill=Prefill.PREFIX)), good("lo")))
    told(rig)
    assert rig.last_body["messages"][-1] == assistant("Hel") | {"prefix": True}
    rig = chain((A, cut("Hel")), (plain("b", Prefill.PLAIN, Model("m", prefill=Prefill.NONE)), good("lo")))
    told(rig)
    assert rig.last_body["messages"][-1] == INSTRUCTION


def test_the_messages_api_takes_it_as_the_last_turn() -> None:
    rig = chain((A, cut("Hel")), (CLAUDE, claude_says("lo")))
    assert whole(told(rig)) == "Hello"
    last = rig.last_body["messages"][-1]
    assert last["role"] == "assistant"
    assert "Hel" in str(last["content"])
    assert "cut off" not in str(rig.last_body)


def test_an_endpoint_of_the_messages_api_without_prefill_is_asked_by_instruction() -> None:
    rig = chain((A, cut("Hel")), (anthropic("claude", Prefill.NONE), claude_says("lo")))
    assert whole(told(rig)) == "Hello"
    assert [turn["role"] for turn in rig.last_body["messages"]] == ["user", "assistant", "user"]
    assert "system" not in rig.last_body


def test_a_question_that_nobody_answers_behind_a_break_is_not_marked_at_all() -> None:
    rig = chain((plain("a", Prefill.CONTINUE), good("Hello")))
    told(rig)
    assert "continue_final_message" not in rig.last_body


def test_thinking_is_off_where_it_excludes_a_prefill_and_stays_where_it_does_not() -> None:
    asked = ask(reasoning_effort="high")
    rig = chain((A, cut("Hel")), (CLAUDE, claude_says("lo")))
    told(rig, asked)
    assert rig.last_body.get("thinking", {"type": "disabled"}) == {"type": "disabled"}
    assert "effort" not in rig.last_body.get("output_config", {})
    rig = chain((A, cut("Hel")), (PREFILLED, good("lo")))
    told(rig, asked)
    assert rig.last_body["reasoning_effort"] == "high"


def test_the_instruction_is_what_the_operator_writes() -> None:
    rig = chain((A, cut("Hel")), (B, good("lo")))
    rig.engine.services = replace(rig.engine.services, resume_instruction="Weiter.")
    assert whole(told(rig)) == "Hello"
    assert rig.last_body["messages"][-1] == {"role": "user", "content": "Weiter."}


def test_a_conversation_before_is_sent_as_it_was() -> None:
    turns = (
        Message(Role.SYSTEM, (Part(Text("Be brief.")),)),
        Message(Role.USER, (Part(Text("Look.")),)),
        Message(Role.ASSISTANT, (Part(ToolCall("c1", "look", "{}")),)),
        Message(Role.TOOL, (Part(ToolResult("c1", "blue")),)),
    )
    rig = chain((A, cut("It is")), (B, good(" blue")))
    told(rig, ask(messages=turns))
    first, second = rig.bodies
    assert second["messages"] == [*first["messages"], assistant("It is"), INSTRUCTION]


@pytest.mark.parametrize("other", [B, PREFILLED], ids=["instruction", "prefill"])
def test_an_answer_the_caller_began_is_one_turn_with_what_was_sent_of_it(other: Any) -> None:
    rig = chain((A, cut("lo ", "wor")), (other, good("ld")))
    heard = told(rig, begun_by_caller("Hel"))
    assert whole(heard) == "lo world"
    behind = [INSTRUCTION] if other is B else []
    assert rig.last_body["messages"] == [QUESTION, assistant("Hello wor"), *behind]


REFUSING: dict[str, tuple[Any, Play, Play]] = {
    "named": (PREFILLED, NAMED, good("lo")),
    "said in other words": (PREFILLED, SAYS_PREFILL, good("lo")),
    "unnamed": (PREFILLED, UNNAMED, good("lo")),
    "unprocessable": (PREFILLED, error(422, "no"), good("lo")),
    "messages api, named": (CLAUDE, CLAUDE_NAMED, claude_says("lo")),
    "messages api, unnamed": (CLAUDE, CLAUDE_UNNAMED, claude_says("lo")),
}


@pytest.mark.parametrize("name", REFUSING)
def test_a_refused_prefill_becomes_an_instruction_at_the_same_target_and_the_caller_hears_nothing(name: str) -> None:
    owner, refusal, answer = REFUSING[name]
    rig = chain((A, cut("Hel")), (owner, [refusal, answer]))
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert heard.kinds == ["first", "resume", "resume"]
    assert rig.times == [0.0, 0.0, 0.0]
    assert "cut off" in str(rig.bodies[2]["messages"][-1])
    assert outcomes(rig, f"{owner.name}/m") == (1, 0)
    assert [(index, reason) for index, reason, _ in repairs(heard)] == [(2, "UNSUPPORTED_PARAMETER")]


def asked_twice(refusal: Play) -> Breaking:
    rig = chain((A, cut("Hel")), (PREFILLED, [refusal, good("lo"), good("lo")]))

    async def calls() -> None:
        for _ in range(2):
            await hear(rig)

    run(calls())
    return rig


def test_that_prefill_is_refused_by_name_is_known_in_the_next_call() -> None:
    rig = asked_twice(NAMED)
    assert rig.who == ["a", "p", "p", "a", "p"]
    assert rig.last_body["messages"][-1] == INSTRUCTION


def test_a_refusal_that_does_not_name_it_is_no_lesson() -> None:
    rig = asked_twice(UNNAMED)
    assert rig.who == ["a", "p", "p", "a", "p"]
    assert rig.last_body["messages"][-1] == assistant("Hel")


def test_a_prefill_that_the_caller_made_is_no_lesson_of_ours() -> None:
    rig = chain((A, cut("lo ")), (B, [NAMED, good("world")]))
    heard = told(rig, begun_by_caller("Hel"))
    lesson = rig.engine.services.lessons.of(rig.target("b/m").entry, 1000.0)
    assert lesson is None
    assert heard.reasons[0] == "STREAM_BROKEN"


def test_who_refuses_both_ways_is_left_for_the_next_entry() -> None:
    rig = chain((A, cut("Hel")), (PREFILLED, [NAMED, UNNAMED]), (B, good("lo")))
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert rig.who == ["a", "p", "p", "b"]
    assert outcomes(rig, "p/m") == (0, 0)


def test_a_refused_request_ends_a_call_only_where_nobody_had_taken_it() -> None:
    rig = chain((A, cut("Hel")), (B, UNNAMED), (plain("c"), good("lo")))
    heard = told(rig)
    assert attempts(heard)[1:] == [("b/m", "resume", "INVALID_REQUEST"), ("c/m", "resume", "")]
    first = told(chain((A, UNNAMED), (B, good("lo"))))
    assert first.error is not None
    assert first.error.reason is Reason.INVALID_REQUEST


def test_where_nobody_takes_it_up_the_error_tells_the_break() -> None:
    rig = chain((A, cut("Hel")), (PREFILLED, [NAMED, UNNAMED]), policy=None)
    rig.plays["a/m"] = [cut("Hel"), error(401)]
    heard = told(rig)
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.error.message.startswith("the answer broke off and nothing went on with it: ")
    assert heard.text == "Hel"


def test_a_refused_parameter_is_left_out_while_it_goes_on() -> None:
    no_seed = refused("Unsupported parameter: 'seed' is not supported with this model.", "seed")
    rig = chain((A, cut("Hel")), (PREFILLED, [no_seed, good("lo")]))
    heard = told(rig, ask(seed=7))
    assert whole(heard) == "Hello"
    assert message_of(heard) == [(Kind.TEXT, "Hello")]
    assert "seed" not in rig.last_body
    assert rig.last_body["messages"][-1] == assistant("Hel")


def test_that_prefill_is_refused_is_told_only_where_it_would_have_been_used() -> None:
    rig = chain((PREFILLED, [cut("Hel"), NAMED, good("lo"), good("Hello")]))

    async def calls() -> list[tuple[int, str, str]]:
        await hear(rig)
        return repairs(await hear(rig))

    assert run(calls()) == []

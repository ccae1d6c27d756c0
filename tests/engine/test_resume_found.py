"""Corners of recovery: large answers whose caller omits the message, prefills refused beside a hedge, finished thoughts."""

from __future__ import annotations

from dataclasses import replace

from sidecar.core.events import Kind
from sidecar.core.recovery import MAX_RESUMED_CHARACTERS
from sidecar.transport.double import Cut, Wait

from ..providers import anthropic_chunks as claude
from .hedged import HEDGE
from .resuming import (
    CLAUDE,
    EITHER,
    PREFILLED,
    RESTART,
    A,
    B,
    C,
    chain,
    claude_steps,
    cut,
    discards,
    message_of,
    restarts,
    told,
    whole,
)
from .rig import DONE, ask, chunk, error, good, steps, text
from .wires import refused

LONG = "The quick brown fox jumps over the lazy dog"
LATE_FAILURE = replace(error(503), before_headers_s=5)


def test_a_text_too_large_to_go_on_with_begins_again_also_where_the_message_is_omitted() -> None:
    large = steps(*text("x" * 100_000) * (MAX_RESUMED_CHARACTERS // 100_000), *text("x"), Cut())
    heard = told(chain((A, large), (B, good("Hi"))), ask(policy=EITHER, omit_message=True))
    assert restarts(heard) == ["b"]
    assert whole(heard) == "Hi"


def test_behind_a_finished_call_nothing_begins_again_however_large_the_text_before_it_was() -> None:
    pieces = [claude.text(0, "x" * 100_000) for _ in range(11)]
    large = claude_steps(
        claude.begin(0, type="text", text=""), *pieces, claude.end(0), claude.call(1, "{}"), broken=True
    )
    rig = chain((CLAUDE, large), (B, good("Hi")))
    heard = told(rig, ask(policy=RESTART, omit_message=True))
    assert restarts(heard) == []
    assert rig.who == ["claude"]


def test_a_prefill_that_is_refused_beside_a_hedge_becomes_an_instruction_when_the_hedge_has_failed() -> None:
    refusal = replace(refused("This model does not support assistant message prefill."), before_headers_s=12)
    rig = chain((A, [cut("Hel"), error(401)]), (PREFILLED, [refusal, good("lo")]), (C, LATE_FAILURE), policy=HEDGE)
    assert whole(told(rig)) == "Hello"


def test_one_that_begins_again_beside_a_hedge_is_asked_in_the_other_way_when_the_hedge_has_failed() -> None:
    again = steps(Wait(12), *text("The quick brown fox jumps high."), chunk({}, "stop"), DONE)
    rig = chain((A, [cut(LONG), error(401)]), (PREFILLED, [again, good(" and runs.")]), (C, LATE_FAILURE), policy=HEDGE)
    assert whole(told(rig)) == LONG + " and runs."


def test_a_thought_that_text_has_followed_was_finished_and_stands() -> None:
    broken = steps(chunk({"reasoning_content": "Hm."}), *text("Because"), Cut())
    heard = told(chain((A, broken), (B, good(" of light."))))
    assert discards(heard) == []
    assert message_of(heard) == [(Kind.REASONING, "Hm."), (Kind.TEXT, "Because of light.")]


def test_of_several_that_broke_the_one_comes_back_that_broke_less_often() -> None:
    rig = chain((A, [cut("One, "), cut("three, "), good("x")]), (B, [cut("two, "), good("four.")]))
    assert whole(told(rig)) == "One, two, three, four."
    assert rig.who == ["a", "b", "a", "b"]

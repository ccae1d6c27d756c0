"""An answer that breaks off goes on at another target, in both wire protocols and every direction, in virtual time."""

from __future__ import annotations

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.catalog import Provider
from sidecar.core.events import Completed, Delta, PartCompleted, Resumed, Started
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play, Wait

from .hedged import attempts, nothing_is_held, outcomes
from .resuming import (
    CLAUDE,
    FAIL,
    INSTRUCTION,
    PREFILLED,
    QUESTION,
    RESUME,
    A,
    B,
    C,
    anthropic,
    assistant,
    chain,
    claude_cut,
    claude_says,
    cut,
    read,
    seams,
    told,
    whole,
)
from .rig import DONE, ask, chunk, error, good, steps, text

OTHER_CLAUDE = anthropic("claudia")
BROKEN: dict[str, tuple[Provider, Play]] = {
    "openai": (A, cut("The sea", " is blue")),
    "anthropic": (CLAUDE, claude_cut("The sea", " is blue")),
}
GOES_ON: dict[str, tuple[Provider, Play]] = {
    "openai by instruction": (B, good(" because", " of light.")),
    "openai by prefill": (PREFILLED, good(" because", " of light.")),
    "anthropic": (OTHER_CLAUDE, claude_says(" because", " of light.")),
}


@pytest.mark.parametrize("other", GOES_ON)
@pytest.mark.parametrize("first", BROKEN)
def test_the_next_entry_goes_on_from_the_text_that_was_sent(first: str, other: str) -> None:
    rig = chain(BROKEN[first], GOES_ON[other])
    heard = told(rig)
    owner = GOES_ON[other][0].name
    assert whole(heard) == "The sea is blue because of light."
    assert seams(heard) == [(owner, 0, 15)]
    assert heard.kinds == ["first", "resume"]
    assert heard.reasons == ["STREAM_BROKEN", ""]
    assert rig.times == [0.0, 0.0]
    assert heard.completed.target.entry.provider == owner
    assert heard.completed.failed_over
    assert not heard.completed.end_inferred
    assert nothing_is_held(rig)


def test_resume_is_what_happens_where_nobody_says_otherwise() -> None:
    plays = (A, cut("Hel")), (B, good("lo"))
    silent, said = told(chain(*plays)), told(chain(*plays), ask(policy=RESUME))
    assert [type(event) for event in silent.events] == [type(event) for event in said.events]
    assert whole(silent) == whole(said) == "Hello"


def test_the_seam_is_told_right_before_the_first_word_behind_it_and_the_end_once() -> None:
    heard = told(chain((A, cut("Hel")), (B, steps(Wait(2), *text("lo"), chunk({}, "stop"), DONE))))
    assert [type(event) for event in heard.events] == [Started, Delta, Resumed, Delta, PartCompleted, Completed]


def test_what_was_sent_stays_with_the_caller_and_comes_once() -> None:
    heard = told(chain((A, cut("Hel", "lo")), (B, good(" world"))))
    assert heard.text == "Hello world"
    assert read(heard.events) == read(heard.events[:-1])


def test_one_who_goes_on_is_asked_with_the_answer_as_far_as_it_came_and_one_instruction_behind_it() -> None:
    rig = chain((A, cut("Hel")), (B, good("lo")))
    told(rig)
    assert rig.last_body["messages"] == [QUESTION, assistant("Hel"), INSTRUCTION]


def test_everything_else_of_the_request_stays_as_the_caller_made_it() -> None:
    rig = chain((A, cut("Hel")), (B, good("lo")))
    told(rig, ask(temperature=0.5, top_p=0.9, seed=7, stop=("END",), end_user_id="u"))
    first, second = rig.bodies
    assert {**first, "messages": None} == {**second, "messages": None}


@pytest.mark.parametrize("first", BROKEN)
def test_where_the_policy_is_fail_the_call_ends_with_one_honest_error(first: str) -> None:
    rig = chain(BROKEN[first], (B, good()))
    heard = told(rig, ask(policy=FAIL))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.text == "The sea is blue"
    assert len(rig.who) == 1
    assert seams(heard) == []
    assert nothing_is_held(rig)


def test_entries_are_asked_in_the_order_of_the_chain_behind_the_one_that_broke() -> None:
    rig = chain((A, cut("Hel")), (B, error(401)), (C, good("lo")))
    heard = told(rig)
    assert rig.who == ["a", "b", "c"]
    assert attempts(heard) == [
        ("a/m", "first", "STREAM_BROKEN"),
        ("b/m", "resume", "AUTHENTICATION"),
        ("c/m", "resume", ""),
    ]
    assert seams(heard) == [("c", 0, 3)]


def test_an_entry_that_failed_before_is_not_asked_again_behind_a_break() -> None:
    rig = chain((A, error(401)), (B, cut("Hel")), (C, good("lo")))
    heard = told(rig)
    assert rig.who == ["a", "b", "c"]
    assert heard.kinds == ["first", "failover", "resume"]
    assert whole(heard) == "Hello"


def test_the_one_that_broke_is_blamed_and_the_one_that_went_on_is_not() -> None:
    rig = chain((A, cut("Hel")), (B, good("lo")))
    told(rig)
    assert outcomes(rig, "a/m") == (0, 1)
    assert outcomes(rig, "b/m") == (1, 0)


def test_three_broken_answers_open_the_breaker_of_the_one_that_breaks() -> None:
    rig = chain((A, cut("Hel")), (B, good("lo")))
    for _ in range(3):
        told(rig)
    assert rig.engine.services.health.entry(rig.target("a/m")).breaker.state(1000.0) is BreakerState.OPEN
    heard = told(rig)
    assert heard.kinds == ["first"]
    assert rig.who[-1] == "b"


def test_an_error_that_refuses_the_call_by_what_it_asks_ends_it_also_behind_content() -> None:
    event = b'data: {"error":{"message":"filtered","code":"content_filter"}}\n\n'
    rig = chain((A, steps(*text("Hel"), event)), (B, good("lo")))
    heard = told(rig)
    assert heard.error is not None
    assert heard.error.reason is Reason.CONTENT_FILTERED
    assert rig.who == ["a"]


@pytest.mark.parametrize(("code", "reason"), [("429", "RATE_LIMITED"), ("529", "OVERLOADED"), ("500", "SERVER_ERROR")])
def test_an_error_event_inside_an_answer_is_booked_as_what_it_is_and_the_answer_goes_on(code: str, reason: str) -> None:
    event = b'data: {"error":{"message":"no","code":%s}}\n\n' % code.encode()
    rig = chain((A, steps(*text("Hel"), event)), (B, good("lo")))
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert heard.reasons == [reason, ""]


def test_an_overload_inside_an_answer_of_the_messages_api_is_recovered_too() -> None:
    play = claude_cut("Hel")
    event = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    rig = chain((CLAUDE, steps(*play.steps[:-1], event)), (B, good("lo")))
    heard = told(rig)
    assert (whole(heard), heard.reasons) == ("Hello", ["OVERLOADED", ""])


@pytest.mark.parametrize(
    "parts",
    [
        (*text("Hel"), Cut()),
        text("Hel"),
        (*text("Hel"), b"data: {nonsense\n\n", *text("xx")),
        (*text("Hel"), chunk({}, "error"), DONE),
        (*text("Hel"), Wait(1000)),
    ],
    ids=["cut", "end without completion", "no protocol", "finished with an error", "silence"],
)
def test_whatever_way_it_breaks_the_answer_goes_on(parts: tuple[bytes | Cut | Wait, ...]) -> None:
    rig = chain((A, steps(*parts)), (B, good("lo")))
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert heard.reasons == ["STREAM_BROKEN", ""]


def test_a_silence_the_caller_does_not_allow_is_recovered_and_blames_nobody() -> None:
    rig = chain((A, steps(*text("Hel"), Wait(1000))), (B, good("lo")))
    heard = told(rig, ask(policy=Policy(idle_s=3.0)))
    assert whole(heard) == "Hello"
    assert heard.reasons == ["DEADLINE", ""]
    assert rig.times == [0.0, 3.0]
    assert outcomes(rig, "a/m")[1] == 0


def test_a_complete_answer_is_not_touched() -> None:
    heard = told(chain((A, good("Hel", "lo")), (B, good("x"))))
    assert (whole(heard), seams(heard), heard.kinds) == ("Hello", [], ["first"])

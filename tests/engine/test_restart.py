"""An answer that breaks off begins again at the next entry, where the policy says so, in virtual time."""

from __future__ import annotations

import pytest

from sidecar.core.breaker import BreakerState
from sidecar.core.events import Completed, Delta, Kind, PartCompleted, PartDiscarded, Restarted, Resumed, Started
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.transport.double import Cut, Play, Wait

from .hedged import attempts, nothing_is_held, outcomes
from .resuming import (
    CLAUDE,
    EITHER,
    PREFILLED,
    QUESTION,
    RESTART,
    A,
    B,
    C,
    chain,
    claude_cut,
    claude_says,
    cut,
    message_of,
    read,
    restarts,
    seams,
    told,
    whole,
)
from .rig import ask, chunk, error, good, steps, text

LONG = "The quick brown fox jumps over the lazy dog"
DIFFERENT = "The quick brown fox jumps high."
AGAIN = ask(policy=RESTART)


@pytest.mark.parametrize("first", [(A, cut("Hel")), (CLAUDE, claude_cut("Hel"))], ids=["openai", "anthropic"])
@pytest.mark.parametrize("other", [(B, good("Hi")), (CLAUDE, claude_says("Hi"))], ids=["openai", "anthropic"])
def test_what_was_sent_is_void_and_the_next_entry_answers_from_the_beginning(
    first: tuple[object, Play], other: tuple[object, Play]
) -> None:
    if first[0] is other[0]:
        other = (PREFILLED, good("Hi"))
    heard = told(chain(first, other), AGAIN)  # type: ignore[arg-type]
    assert [type(event) for event in heard.events] == [Started, Delta, Restarted, Delta, PartCompleted, Completed]
    assert read(heard.events) == {0: (Kind.TEXT, "Hi")}
    assert message_of(heard) == [(Kind.TEXT, "Hi")]
    assert heard.reasons == ["STREAM_BROKEN", ""]


def test_it_is_asked_as_the_first_one_was() -> None:
    rig = chain((A, cut("Hel")), (PREFILLED, good("Hi")))
    told(rig, AGAIN)
    first, second = rig.bodies
    assert first == second
    assert second["messages"] == [QUESTION]


def test_that_is_a_failover_in_the_report_and_no_resume() -> None:
    rig = chain((A, cut("Hel")), (B, error(401)), (C, good("Hi")))
    heard = told(rig, AGAIN)
    assert heard.kinds == ["first", "failover", "failover"]
    assert seams(heard) == []
    assert restarts(heard) == ["c"]


def test_the_old_text_stands_until_the_new_begins() -> None:
    rig = chain((A, cut("Hel")), (B, error(401)))
    rig.plays["a/m"].append(error(401))
    heard = told(rig, AGAIN)
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert restarts(heard) == []
    assert whole(heard) == "Hel"


def test_each_break_begins_again() -> None:
    rig = chain((A, cut("One")), (B, cut("Two")), (C, good("Three")))
    heard = told(rig, AGAIN)
    assert restarts(heard) == ["b", "c"]
    assert whole(heard) == "Three"
    assert heard.completed.usage.output_tokens <= heard.completed.total_usage.output_tokens


def test_the_only_target_begins_again_itself() -> None:
    rig = chain((A, [cut("Hel"), good("Hello")]))
    heard = told(rig, AGAIN)
    assert (whole(heard), restarts(heard)) == ("Hello", ["a"])
    assert rig.times == [0.0, 0.0]


def test_thoughts_calls_and_refusals_are_void_with_the_text() -> None:
    for field in ("reasoning_content", "refusal"):
        heard = told(chain((A, steps(chunk({field: "Well"}), Cut())), (B, good("Hi"))), AGAIN)
        assert read(heard.events) == {0: (Kind.TEXT, "Hi")}
        assert not any(isinstance(event, PartDiscarded) for event in heard.events)


def test_an_answer_of_any_length_may_begin_again() -> None:
    rig = chain((A, steps(*text("x" * 100_000) * 15, Cut())), (B, good("Hi")))
    for omits in (False, True):
        heard = told(rig, ask(policy=RESTART, omit_message=omits))
        assert restarts(heard) == ["b"]
        assert whole(heard) == "Hi"


# Resume, or else restart.


def test_where_the_next_entry_goes_on_nothing_begins_again() -> None:
    heard = told(chain((A, cut("Hel")), (B, good("lo"))), ask(policy=EITHER))
    assert (whole(heard), seams(heard), restarts(heard)) == ("Hello", [("b", 0, 3)], [])


def test_only_when_no_entry_goes_on_the_answer_begins_again() -> None:
    rig = chain((A, cut(LONG)), (B, [good(DIFFERENT), good("Hi")]), (C, good(" and runs.")))
    heard = told(rig, ask(policy=EITHER))
    assert (whole(heard), restarts(heard)) == (LONG + " and runs.", [])


def test_where_nobody_goes_on_it_begins_again_in_chain_order() -> None:
    rig = chain((A, [cut(LONG), error(401)]), (B, [good(DIFFERENT), good("Hi")]))
    heard = told(rig, ask(policy=EITHER))
    assert whole(heard) == "Hi"
    assert restarts(heard) == ["b"]
    assert not any(isinstance(event, Resumed) for event in heard.events)
    assert rig.last_body["messages"] == [QUESTION]
    assert heard.kinds[-1] != "resume"


def test_where_only_resuming_is_allowed_nothing_ever_begins_again() -> None:
    rig = chain((A, [cut(LONG), error(401)]), (B, [good(DIFFERENT), good("Hi")]))
    heard = told(rig)
    assert heard.error is not None
    assert restarts(heard) == []
    assert whole(heard) == LONG


# Complete: nothing is committed before its end.


@pytest.mark.parametrize("policy", [rule for rule in OnStreamBreak if rule is not OnStreamBreak.BUFFER])
def test_a_break_of_a_complete_stays_invisible_whatever_the_policy(policy: OnStreamBreak) -> None:
    rig = chain((A, cut("Hel")), (B, good("Hi")))
    heard = told(rig, ask(policy=Policy(on_stream_break=policy)), buffered=True)
    assert [type(event) for event in heard.events] == [Completed]
    assert message_of(heard) == [(Kind.TEXT, "Hi")]
    assert heard.reasons == ["STREAM_BROKEN", ""]
    assert heard.kinds == ["first", "failover"]
    assert rig.last_body["messages"] == [QUESTION]


def test_a_complete_that_falls_silent_goes_elsewhere_too() -> None:
    rig = chain((A, steps(*text("Hel"), Wait(1000))), (B, good("Hi")))
    heard = told(rig, buffered=True)
    assert message_of(heard) == [(Kind.TEXT, "Hi")]
    assert rig.times == [0.0, 15.0]


def test_health_and_permits_are_as_after_any_failover() -> None:
    rig = chain((A, cut("Hel")), (B, good("Hi")))
    for _ in range(3):
        told(rig, AGAIN)
    assert outcomes(rig, "a/m") == (0, 3)
    assert rig.engine.services.health.entry(rig.target("a/m")).breaker.state(1000.0) is BreakerState.OPEN
    assert attempts(told(rig, AGAIN)) == [("b/m", "first", "")]
    assert nothing_is_held(rig)

"""More than one break, the only target, other profiles, hedges beside, and the bounds of a call, while an answer goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sidecar.core.catalog import Alias, Catalog
from sidecar.core.content import FormatKind, ResponseFormat
from sidecar.core.policy import OnSlow, OnStreamBreak, Policy
from sidecar.core.reasons import Reason
from sidecar.engine.engine import Engine
from sidecar.transport.double import Cut, Play, Step, Wait

from .hedged import HEDGE, SILENT, attempts, blame, failures, hung_up, nothing_is_held
from .resuming import (
    INSTRUCTION,
    PREFILLED,
    QUESTION,
    A,
    B,
    C,
    assistant,
    chain,
    cut,
    seams,
    told,
    whole,
)
from .rig import DONE, Heard, ask, chunk, error, good, hear, provider, steps, text
from .virtual import run

LONG = "The quick brown fox jumps over the lazy dog"
DRIP: tuple[Step, ...] = (Wait(1.0), text(".")[0]) * 99
DIFFERENT = "The quick brown fox jumps high."


def after(wait_s: float, *pieces: str) -> Play:
    """A whole answer that begins so late."""
    return steps(Wait(wait_s), *text(*pieces), chunk({}, "stop"), DONE)


# A second break.


def test_an_answer_that_went_on_and_breaks_again_goes_on_again() -> None:
    rig = chain((A, cut("One, ")), (B, cut("two, ")), (C, good("three.")))
    heard = told(rig)
    assert whole(heard) == "One, two, three."
    assert seams(heard) == [("b", 0, 5), ("c", 0, 10)]
    assert heard.kinds == ["first", "resume", "resume"]
    assert rig.last_body["messages"] == [QUESTION, assistant("One, two,"), INSTRUCTION]
    assert [failures(rig, name) for name in ("a/m", "b/m", "c/m")] == [1, 1, 0]


def test_the_limit_of_the_output_shrinks_by_every_piece() -> None:
    rig = chain((A, cut(*["word "] * 5)), (B, cut(*["more "] * 5)), (C, good("x")))
    told(rig, ask(max_output_tokens=50))
    assert [body.get("max_completion_tokens") or body.get("max_tokens") for body in rig.bodies] == [50, 45, 40]


def test_one_that_breaks_before_it_said_a_word_is_a_failed_attempt_like_any_other() -> None:
    rig = chain((A, cut("One, ")), (B, steps(chunk({"role": "assistant"}), Cut())), (C, good("two.")))
    heard = told(rig)
    assert whole(heard) == "One, two."
    assert seams(heard) == [("c", 0, 5)]
    assert heard.reasons[1] == "MALFORMED_RESPONSE"


def test_what_one_said_before_it_was_clear_that_it_goes_on_is_not_passed_on_when_it_breaks() -> None:
    rig = chain((A, cut(LONG)), (B, cut(LONG[:20])), (C, good(" and runs.")))
    heard = told(rig)
    assert whole(heard) == LONG + " and runs."
    assert seams(heard) == [("c", 0, len(LONG))]


def test_one_that_broke_comes_back_before_the_call_gives_up_and_not_before_the_others() -> None:
    rig = chain((A, [cut("One, "), good("three.")]), (B, cut("two, ")))
    heard = told(rig)
    assert whole(heard) == "One, two, three."
    assert rig.who == ["a", "b", "a"]
    assert rig.times == [0.0, 0.0, 0.0]


# The only target.


def test_the_only_target_is_asked_to_go_on_at_once() -> None:
    rig = chain((A, [cut("Hel"), good("lo")]))
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert (heard.kinds, rig.times) == (["first", "resume"], [0.0, 0.0])
    assert not heard.completed.failed_over


def test_when_it_breaks_again_there_is_a_pause_before_it_is_asked_again() -> None:
    rig = chain((A, [cut("One, "), cut("two, "), good("three.")]))
    heard = told(rig)
    assert whole(heard) == "One, two, three."
    assert rig.times == [0.0, 0.0, 0.375]


def test_the_attempts_of_a_call_are_limited_also_where_answers_go_on() -> None:
    rig = chain((A, [cut("One, "), cut("two, "), good("three.")]))
    heard = told(rig, ask(policy=Policy(max_attempts=2)))
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert "nothing went on with it" in heard.error.message
    assert heard.text == "One, two, "
    assert len(rig.who) == 2


def test_a_target_that_breaks_every_time_ends_the_call_within_its_attempts() -> None:
    rig = chain((A, cut("a ")), (B, cut("b ")), (C, cut("c ")))
    heard = told(rig)
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert len(rig.who) <= 8
    assert nothing_is_held(rig)


def test_a_target_that_refuses_the_key_when_it_is_asked_to_go_on_is_not_asked_again() -> None:
    rig = chain((A, [cut("Hel"), error(401)]))
    heard = told(rig)
    assert heard.error is not None
    assert heard.error.reason is Reason.STREAM_BROKEN
    assert heard.reasons == ["STREAM_BROKEN", "AUTHENTICATION"]


def test_another_profile_of_the_entry_that_broke_is_asked_rather_than_the_same() -> None:
    rig = chain((provider("a", "k1", "k2"), good("x")))
    rig.plays = {"a/m/k1": [cut("Hel")], "a/m/k2": [good("lo")]}
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert rig.asked == ["a/m/k1", "a/m/k2"]
    assert heard.kinds == ["first", "resume"]


def test_another_entry_comes_before_another_profile() -> None:
    rig = chain((provider("a", "k1", "k2"), good("x")), (B, good("lo")))
    rig.plays["a/m/k1"] = [cut("Hel")]
    assert whole(told(rig)) == "Hello"
    assert rig.asked == ["a/m/k1", "b/m/k1"]


# Hedges.


def test_one_that_is_slow_to_go_on_is_hedged() -> None:
    rig = chain((A, cut("Hel")), (B, SILENT), (C, good("lo")), policy=HEDGE)
    heard = told(rig)
    assert (whole(heard), rig.times) == ("Hello", [0.0, 0.0, 10.0])
    assert seams(heard) == [("c", 0, 3)]
    assert [kind for _, kind, _ in attempts(heard)] == ["first", "resume", "hedge"]
    assert rig.last_body["messages"][-1] == INSTRUCTION
    assert nothing_is_held(rig)


def test_a_slow_one_that_goes_on_first_wins_over_its_hedge() -> None:
    rig = chain((A, cut("Hel")), (B, after(12, "lo")), (C, after(5, "xx")), policy=HEDGE)
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert seams(heard) == [("b", 0, 3)]
    assert hung_up(rig)[2] == 12.0


def test_of_two_that_are_both_held_back_the_one_that_goes_on_wins_and_the_other_gives_up() -> None:
    wrong = steps(Wait(12), *text(LONG[:20]), Wait(5), *text("jumps high."), Wait(50))
    right = steps(Wait(3), *text(LONG[:20]), Wait(7), *text(LONG[20:], " and runs."), chunk({}, "stop"), DONE)
    rig = chain((A, cut(LONG)), (B, wrong), (C, right), policy=HEDGE)
    heard = told(rig)
    assert whole(heard) == LONG + " and runs."
    assert attempts(heard)[1:] == [("b/m", "resume", "CANCELLED"), ("c/m", "hedge", "")]
    assert hung_up(rig)[1] == 17.0
    assert seams(heard) == [("c", 0, len(LONG))]
    assert nothing_is_held(rig)


def test_the_hedge_gives_up_and_the_slow_one_goes_on() -> None:
    rig = chain((A, cut(LONG)), (B, after(20, " and runs.")), (C, good(DIFFERENT)), policy=HEDGE)
    heard = told(rig)
    assert whole(heard) == LONG + " and runs."
    assert attempts(heard)[1:3] == [("b/m", "resume", ""), ("c/m", "hedge", "CANCELLED")]


def test_beside_a_silent_one_the_one_that_broke_goes_on_where_it_is_the_last_one_left() -> None:
    rig = chain((A, [cut("Hel"), good("lo")]), (B, SILENT), policy=HEDGE)
    heard = told(rig)
    assert (whole(heard), rig.times) == ("Hello", [0.0, 0.0, 10.0])
    assert seams(heard) == [("a", 0, 3)]
    assert [kind for _, kind, _ in attempts(heard)] == ["first", "resume", "hedge"]
    assert nothing_is_held(rig)


def test_one_that_only_lost_to_a_hedge_goes_on_when_that_breaks_off() -> None:
    rig = chain((A, [after(40, "late"), good("lo")]), (B, steps(Wait(5), *text("Hel"))), policy=HEDGE)
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert seams(heard) == [("a", 0, 3)]
    assert rig.who == ["a", "b", "a"]
    assert nothing_is_held(rig)


def test_where_nobody_goes_on_the_answer_begins_again_at_one_that_could_not_go_on() -> None:
    either = replace(HEDGE, on_stream_break=OnStreamBreak.RESUME_OR_RESTART)
    rig = chain((A, [cut(LONG), cut("")]), (B, [good(DIFFERENT), good(DIFFERENT), good(DIFFERENT)]), policy=either)
    heard = told(rig)
    assert whole(heard) == DIFFERENT
    assert rig.who.count("a") <= 3
    assert rig.who[-1] == "b"


def test_a_hedge_that_breaks_leaves_the_answer_to_the_slow_one() -> None:
    rig = chain((A, cut("Hel")), (B, after(20, "lo")), (C, error(401)), policy=HEDGE)
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert seams(heard) == [("b", 0, 3)]


def test_an_entry_that_cannot_go_on_is_no_hedge_either() -> None:
    rig = chain((A, cut('{"a": ')), (PREFILLED, after(12, "1}")), (B, good("{}")), policy=HEDGE)
    heard = told(rig, ask(response_format=ResponseFormat(FormatKind.JSON)))
    assert whole(heard) == '{"a": 1}'
    assert rig.who == ["a", "p"]


def test_a_hedged_answer_that_breaks_goes_on_at_the_next_entry() -> None:
    rig = chain((A, SILENT), (B, cut("Hel")), (C, good("lo")), policy=HEDGE)
    heard = told(rig)
    assert whole(heard) == "Hello"
    assert [kind for _, kind, _ in attempts(heard)] == ["first", "hedge", "resume"]


def test_who_is_silent_when_asked_to_go_on_is_left_at_its_first_limit() -> None:
    rig = chain((A, cut("Hel")), (B, SILENT), (C, good("lo")), policy=Policy(on_slow=OnSlow.FAILOVER))
    heard = told(rig)
    assert (whole(heard), rig.times) == ("Hello", [0.0, 0.0, 10.0])
    assert heard.reasons == ["STREAM_BROKEN", "TIMEOUT", ""]
    assert failures(rig, "b/m") == 1


# Boundaries and time.


def test_an_answer_never_goes_on_where_the_caller_forbids_it() -> None:
    rig = chain((A, cut("Hel")), (B, good("xx")), (C, good("lo")))
    assert whole(told(rig, ask(policy=Policy(never_providers=("b",))))) == "Hello"
    assert rig.who == ["a", "c"]
    rig = chain((A, [cut("Hel"), error(401)]), (B, good("xx")))
    heard = told(rig, ask(policy=Policy(only_providers=("a",))))
    assert heard.error is not None
    assert set(rig.who) == {"a"}


def test_a_pinned_call_goes_on_at_its_own_target_alone() -> None:
    rig = chain((A, [cut("Hel"), good("lo")]), (B, good("xx")))
    assert whole(told(rig, ask("a/m", policy=Policy(pin=True)))) == "Hello"
    assert rig.who == ["a", "a"]


@pytest.mark.parametrize("isolated", [True, False])
def test_an_answer_of_an_isolated_alias_goes_on_inside_it_alone(isolated: bool) -> None:
    rig = chain((A, [cut("Hel"), good("lo")]), (B, good("lo")))
    alias = Alias("smart", ("a/m",), isolated=isolated)
    catalog = Catalog({"a": A, "b": B}, {"smart": alias}, fallbacks=("b/m",))
    rig.engine = Engine(catalog, rig.engine.services, 1000, 256 * 1024 * 1024)
    assert whole(told(rig)) == "Hello"
    assert rig.who == (["a", "a"] if isolated else ["a", "b"])


def test_the_deadline_of_the_call_holds_for_all_pieces_together() -> None:
    slow = steps(*text("Hel"), Wait(4), Cut())
    rig = chain((A, slow), (B, steps(*text("lo"), *DRIP)))
    heard = told(rig, deadline_s=8.0)
    assert heard.error is not None
    assert heard.error.reason is Reason.DEADLINE
    assert heard.took_s == 7.75
    assert failures(rig, "b/m") == 0


def test_without_time_for_another_attempt_a_break_is_the_end() -> None:
    rig = chain((A, steps(*text("Hel"), Wait(4), Cut())), (B, good("lo")))
    heard = told(rig, deadline_s=4.5)
    assert heard.error is not None
    assert heard.text == "Hel"
    assert rig.who == ["a"]


def test_a_parked_entry_is_passed_over_when_an_answer_goes_on() -> None:
    rig = chain((A, cut("Hel")), (B, good("xx")), (C, good("lo")))

    async def call() -> Heard:
        blame(rig, "b/m", Reason.SERVER_ERROR, times=3)
        return await hear(rig)

    assert whole(run(call())) == "Hello"
    assert rig.who == ["a", "c"]

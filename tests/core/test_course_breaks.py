"""Who is asked when an answer broke off whose beginning the caller has: others in order, then the one that broke."""

from __future__ import annotations

import pytest

from sidecar.core.budget import Budget
from sidecar.core.catalog import Model
from sidecar.core.classify import Verdict
from sidecar.core.policy import OnContentFiltered, OnContextOverflow, Policy
from sidecar.core.reasons import Reason
from sidecar.core.tuning import RetrySettings, Tuning

from .break_walk import BreakWalk
from .build import link, target, verdict
from .walk import KIND, cool, entry, new_health, only, open_breaker

NO_BUDGET = Budget(0.0, 0.0, 0.0)


def test_an_answer_that_broke_off_goes_on_at_the_next_entry_at_once() -> None:
    walk = BreakWalk(entry("p"), entry("q"), budget=NO_BUDGET)
    assert walk.run(["breaks"]) == ["p", "q"]
    assert (walk.waited_s, walk.made) == (0.0, [("p", KIND.FIRST), ("q", KIND.RESUME)])


def test_others_are_asked_in_the_order_of_the_chain() -> None:
    walk = BreakWalk(entry("p"), entry("q"), entry("r"))
    assert walk.run(["TIMEOUT", "breaks", "TIMEOUT"]) == ["p", "q", "r", "q"]
    assert walk.kinds == ["first", "failover", "resume", "resume"]


def test_an_entry_that_is_not_callable_is_passed_over() -> None:
    health = new_health()
    open_breaker(health, only("q"), 100.0)
    walk = BreakWalk(entry("p"), entry("q"), entry("r"), health=health)
    assert walk.run(["breaks"]) == ["p", "r"]


def test_the_target_that_broke_is_asked_again_when_it_is_the_last_one_left() -> None:
    walk = BreakWalk(entry("p"), entry("q"), budget=NO_BUDGET)
    assert walk.run(["breaks", "TIMEOUT"]) == ["p", "q", "p"]
    assert (walk.waited_s, walk.made[-1]) == (0.0, ("p", KIND.RESUME))


def test_alone_it_goes_on_at_once_and_later_with_a_growing_wait_until_the_attempts_end() -> None:
    walk = BreakWalk(entry("p"), budget=NO_BUDGET)
    walk.go()
    waits = []
    while walk.breaks() == "p":
        waits.append(walk.waited_s)
    assert waits == [0.0, 0.375, 0.75, 1.5, 3.0, 6.0, 7.5]
    assert (walk.kinds, walk.stop.reason) == (["first"] + ["resume"] * 7, Reason.STREAM_BROKEN)


def test_the_waits_before_coming_back_are_those_of_the_settings() -> None:
    walk = BreakWalk(entry("p"), tuning=Tuning(RetrySettings(backoff_s=2.0, backoff_limit_s=3.0)))
    walk.go()
    waits = []
    for _ in range(4):
        walk.breaks()
        waits.append(walk.waited_s)
    assert waits == [0.0, 1.5, 2.25, 2.25]


def test_the_one_that_broke_the_least_often_is_come_back_to_and_each_waits_by_its_own_breaks() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    assert walk.run(["breaks", "breaks"]) == ["p", "q", "p"]
    assert walk.waited_s == 0.0
    assert [(walk.breaks(), walk.waited_s) for _ in range(4)] == [("q", 0.0), ("p", 0.375), ("q", 0.375), ("p", 0.75)]


def test_a_profile_that_was_not_asked_goes_on_rather_than_the_one_that_broke() -> None:
    walk = BreakWalk(entry("p", "one", "two"))
    assert walk.run(["breaks"]) == ["one", "two"]
    assert walk.made[-1] == ("two", KIND.RESUME)


def test_other_entries_come_before_another_profile_of_the_one_that_broke() -> None:
    walk = BreakWalk(entry("p", "one", "two"), entry("q"))
    assert walk.run(["breaks", "TIMEOUT"]) == ["one", "q", "two"]


def test_a_key_refused_in_the_middle_of_an_answer_goes_on_by_another_key_of_its_entry() -> None:
    walk = BreakWalk(entry("p", "one", "two"), entry("q"))
    walk.go()
    assert walk.breaks(Reason.AUTHENTICATION) == "two"
    assert walk.made[-1] == ("two", KIND.RESUME)


@pytest.mark.parametrize("reason", [Reason.AUTHENTICATION, Reason.BILLING, Reason.MODEL_NOT_FOUND, Reason.TOOL_SCHEMA])
def test_what_waiting_cannot_mend_is_not_come_back_to(reason: Reason) -> None:
    walk = BreakWalk(entry("p"))
    walk.go()
    assert walk.breaks(reason) == reason


def test_a_target_that_said_never_to_retry_is_not_come_back_to() -> None:
    walk = BreakWalk(entry("p"))
    walk.go()
    assert walk.breaks(verdict(Reason.SERVER_ERROR, should_retry=False)) == "SERVER_ERROR"


def test_a_target_that_only_failed_is_not_come_back_to_but_the_one_that_broke_is() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    assert walk.run(["TIMEOUT", "breaks"]) == ["p", "q", "q"]


def test_the_first_that_broke_is_the_first_to_be_come_back_to() -> None:
    walk = BreakWalk(entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks", "breaks", "TIMEOUT"]) == ["p", "q", "r", "p"]


SLOW = Verdict(Reason.TIMEOUT, message="no content, and another target answered first", is_own=True)


def test_one_that_lost_by_being_slow_is_asked_to_go_on_before_the_one_that_broke_and_once() -> None:
    walk = BreakWalk(entry("p"), entry("q"), entry("r"))
    walk.go()
    assert walk.fail(SLOW) == "q"
    assert [walk.breaks(), walk.fail(Reason.TIMEOUT)] == ["r", "p"]
    assert walk.made[-1] == ("p", KIND.RESUME)
    assert walk.fail(SLOW) == "q"


def test_one_that_was_slow_and_cannot_go_on_is_not_asked_to() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    walk.able = ("q",)
    walk.go()
    assert walk.fail(SLOW) == "q"
    assert walk.breaks() == "q"


@pytest.mark.parametrize("reason", ["MALFORMED_RESPONSE", "EMPTY_RESPONSE"])
def test_one_that_broke_and_adds_nothing_twice_in_a_row_is_given_up(reason: str) -> None:
    walk = BreakWalk(entry("p"), budget=NO_BUDGET)
    assert walk.run(["breaks", reason, "breaks", reason, reason]) == ["p", *["p"] * 4, "STREAM_BROKEN"]
    assert walk.course.attempts == 5


def test_one_that_is_out_of_order_after_its_break_is_asked_with_a_growing_wait() -> None:
    walk = BreakWalk(entry("p"), budget=NO_BUDGET)
    walk.go()
    walk.breaks()
    waits = []
    while walk.fail(Reason.OVERLOADED) == "p":
        waits.append(walk.waited_s)
    assert waits[:3] == [0.375, 0.75, 1.5]


def test_an_answer_begins_again_at_the_same_target_twice_at_most() -> None:
    walk = BreakWalk(entry("p"), budget=NO_BUDGET)
    assert walk.run(["restarts"] * 3) == ["p", "p", "p", "STREAM_BROKEN"]


def test_what_may_begin_again_does_so_elsewhere_as_soon_as_a_return_adds_nothing() -> None:
    walk = BreakWalk(entry("p"), entry("q"), budget=NO_BUDGET)
    walk.or_restart, walk.able = True, ("p",)
    assert walk.run(["breaks", "breaks", "MALFORMED_RESPONSE"]) == ["p", "p", "p", "q"]
    assert not walk.course.breaks.resumes


def test_the_last_attempt_of_what_may_begin_again_is_kept_for_that() -> None:
    walk = BreakWalk(entry("p", policy=Policy(max_attempts=3)), entry("q"), budget=NO_BUDGET)
    walk.or_restart = True
    assert walk.run(["breaks", "gives_up"]) == ["p", "q", "q"]
    assert not walk.course.breaks.resumes


def test_a_slow_attempt_to_go_on_is_hedged_by_the_entry_that_broke_when_it_is_the_last_one_left() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    assert walk.run(["breaks"]) == ["p", "q"]
    assert walk.course.hedge(walk.now) is None
    hedge = walk.course.hedge(walk.now, walk._start)
    assert hedge is not None
    assert (hedge.target.profile, hedge.kind) == ("p", KIND.HEDGE)


def test_not_by_itself_nor_one_that_must_wait_or_whose_breaker_is_not_closed() -> None:
    alone = BreakWalk(entry("p"))
    assert alone.run(["breaks"]) == ["p", "p"]
    assert alone.course.hedge(alone.now, alone._start) is None
    often = BreakWalk(entry("p"), entry("q"))
    assert often.run(["breaks", "TIMEOUT", "breaks"]) == ["p", "q", "p", "p"]
    assert often.course.hedge(often.now, often._start) is None
    health = new_health()
    parked = BreakWalk(entry("p"), entry("q"), health=health)
    assert parked.run(["breaks"]) == ["p", "q"]
    open_breaker(health, only("p"), parked.now, failures=2)
    assert parked.course.hedge(parked.now, parked._start) is None


def test_without_a_break_nobody_is_come_back_to() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    assert walk.run(["TIMEOUT", "TIMEOUT"]) == ["p", "q", "TIMEOUT"]


def test_the_attempts_of_a_call_are_limited_across_its_breaks() -> None:
    walk = BreakWalk(entry("p", policy=Policy(max_attempts=2)), entry("q"), entry("r"))
    assert walk.run(["breaks", "breaks"]) == ["p", "q", "STREAM_BROKEN"]
    assert walk.course.attempts == 2


def test_so_are_the_attempts_of_the_last_one_left() -> None:
    walk = BreakWalk(entry("p", policy=Policy(max_attempts=1)))
    assert walk.run(["breaks"]) == ["p", "STREAM_BROKEN"]


def test_no_attempt_to_go_on_starts_with_too_little_time_left() -> None:
    walk = BreakWalk(entry("p"), deadline_s=5.0)
    walk.go()
    assert walk.breaks(after_s=4.9) == "DEADLINE"
    assert walk.stop.message == (
        "less than 0.5 s were left for another attempt; the answer broke off and nothing went on with it: "
        "1 entry failed: p/m STREAM_BROKEN"
    )


def test_a_wait_before_coming_back_counts_against_the_deadline() -> None:
    walk = BreakWalk(entry("p"), deadline_s=5.0)
    assert walk.run(["breaks"]) == ["p", "p"]
    left_s = 5.0 - (walk.now - 100.0)
    assert walk.breaks(after_s=left_s - 0.7) == "DEADLINE"


def test_the_call_ends_with_the_reason_of_its_break_whatever_came_after() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    walk.able = ("q",)
    assert walk.run(["breaks", "TIMEOUT"]) == ["p", "q", "STREAM_BROKEN"]
    assert walk.stop.message == (
        "the answer broke off and nothing went on with it: 2 entries failed: p/m STREAM_BROKEN; q/m TIMEOUT"
    )


def test_of_two_breaks_the_later_one_is_the_reason() -> None:
    walk = BreakWalk(entry("p", policy=Policy(max_attempts=2)), entry("q"))
    walk.go()
    walk.breaks()
    assert walk.breaks(Reason.SERVER_ERROR) == "SERVER_ERROR"


def test_a_target_that_broke_and_is_held_for_a_while_is_waited_for() -> None:
    walk = BreakWalk(entry("p"))
    walk.go()
    assert walk.breaks(verdict(Reason.OVERLOADED, 4.0)) == "p"
    assert (walk.waited_s, walk.made[-1]) == (4.5, ("p", KIND.RESUME))


def test_a_retry_of_an_attempt_to_go_on_is_one_too() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    assert walk.run(["breaks", "SERVER_ERROR"]) == ["p", "q", "q"]
    assert walk.made[-1] == ("q", KIND.RESUME)


def test_what_the_first_took_is_no_invalid_request_so_the_next_entry_is_asked_to_go_on() -> None:
    walk = BreakWalk(entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks", "INVALID_REQUEST", "TIMEOUT"]) == ["p", "q", "r", "p"]


def test_other_refusals_that_stop_a_call_stop_it_behind_a_break_too() -> None:
    walk = BreakWalk(entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks", "CONTENT_FILTERED"]) == ["p", "q", "CONTENT_FILTERED"]
    assert walk.stop.retry_after_s is None


@pytest.mark.parametrize(
    ("reason", "policy", "may"),
    [
        (Reason.STREAM_BROKEN, Policy(), True),
        (Reason.SERVER_ERROR, Policy(), True),
        (Reason.RATE_LIMITED, Policy(), True),
        (Reason.INVALID_REQUEST, Policy(), False),
        (Reason.CONTENT_FILTERED, Policy(), False),
        (Reason.CONTENT_FILTERED, Policy(on_content_filtered=OnContentFiltered.FAILOVER), True),
        (Reason.CONTEXT_LENGTH, Policy(on_context_overflow=OnContextOverflow.FAIL), False),
        (Reason.CONTEXT_LENGTH, Policy(on_context_overflow=OnContextOverflow.LARGER_WINDOW), True),
    ],
)
def test_a_break_by_what_stops_a_call_is_its_end(reason: Reason, policy: Policy, may: bool) -> None:
    walk = BreakWalk(entry("p", policy=policy), entry("q", policy=policy))
    walk.go()
    assert walk.course.may_recover(walk._start, verdict(reason)) is may


def test_a_retry_that_was_due_is_not_made_once_the_answer_of_another_broke_off() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    walk.go()
    walk.course.failed(walk._start, verdict(Reason.SERVER_ERROR), walk.now)
    assert walk.breaks() == "q"


def test_a_limited_key_of_a_passed_over_entry_is_waited_for_to_go_on() -> None:
    health = new_health()
    cool(health, only("q"), verdict(Reason.RATE_LIMITED, 8.0), 100.0)
    walk = BreakWalk(entry("p"), entry("q"), health=health)
    walk.go()
    assert walk.breaks(Reason.AUTHENTICATION) == "q"
    assert (walk.waited_s, walk.made[-1]) == (8.25, ("q", KIND.RESUME))


def test_a_window_too_small_to_go_on_in_rules_out_nobody_since_the_first_took_the_prompt() -> None:
    links = [link(target(name, f"m{name}", name), model=Model(f"m{name}", context_window=100)) for name in "pqr"]
    walk = BreakWalk(*links)
    assert walk.run(["breaks", "CONTEXT_LENGTH", "CONTEXT_LENGTH"]) == ["p", "q", "r", "p"]


def test_once_content_came_the_time_to_a_first_content_bounds_nothing() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    walk.go()
    walk.course.content_came()
    assert walk.breaks(after_s=1000.0) == "q"
    late = BreakWalk(entry("p"), entry("q"))
    late.go()
    assert late.breaks(after_s=1000.0) == "DEADLINE"


def test_once_content_came_it_bounds_no_wait_either() -> None:
    health = new_health()
    walk = BreakWalk(entry("p"), entry("q"), health=health)
    walk.go()
    walk.course.content_came()
    for name in ("p", "q"):
        cool(health, only(name), verdict(Reason.RATE_LIMITED, 5.0), 1099.0)
    assert walk.breaks(after_s=1000.0) in ("p", "q")
    assert walk.waited_s > 3.0

"""Entries that do not go on with a broken answer: they are passed over, until it begins again."""

from __future__ import annotations

import pytest

from sidecar.core.catalog import Model
from sidecar.core.chain import Link
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.step import Start

from .break_walk import GAVE_UP, BreakWalk
from .build import link, target, verdict
from .early import opened
from .walk import KIND, cool, entry, new_health, only, open_breaker


def walk_of(able: str, *links: Link, or_restart: bool = False, **more: object) -> BreakWalk:
    """`able`: the providers, a letter each, whose entries can go on."""
    walk = BreakWalk(*links, **more)  # type: ignore[arg-type]
    walk.able, walk.or_restart = tuple(able), or_restart
    return walk


def sized(name: str, window: int) -> Link:
    return link(target(name, f"m{name}", name), model=Model(f"m{name}", context_window=window))


def test_an_entry_that_cannot_go_on_is_passed_over() -> None:
    walk = walk_of("pr", entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks", "TIMEOUT"]) == ["p", "r", "p"]


def test_where_none_can_the_call_ends_with_the_break() -> None:
    walk = walk_of("", entry("p"), entry("q"))
    assert walk.run(["breaks"]) == ["p", "STREAM_BROKEN"]
    assert walk.stop.message == "the answer broke off and nothing went on with it: 1 entry failed: p/m STREAM_BROKEN"


def test_the_target_that_broke_is_not_come_back_to_if_it_cannot_go_on() -> None:
    assert walk_of("q", entry("p"), entry("q")).run(["breaks", "gives_up"]) == ["p", "q", "STREAM_BROKEN"]


def test_an_entry_that_gave_no_continuation_is_not_asked_for_one_again() -> None:
    walk = walk_of("pqr", entry("p", policy=Policy(max_attempts=4)), entry("q", "one", "two"), entry("r"))
    assert walk.run(["breaks", "gives_up", "gives_up", "gives_up"]) == ["p", "one", "r", "p", "STREAM_BROKEN"]


def test_what_it_wrote_instead_is_told_where_nothing_else_is_known_of_it() -> None:
    walk = walk_of("pq", entry("p"), entry("q"))
    walk.run(["breaks", "gives_up"])
    assert walk.gives_up() == "STREAM_BROKEN"
    assert walk.stop.message.endswith(": 2 entries failed: p/m STREAM_BROKEN; q/m did not go on with the answer")


def test_an_answer_that_breaks_again_may_be_gone_on_with_by_who_gave_up_before() -> None:
    walk = walk_of("pqr", entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks", "gives_up", "breaks"]) == ["p", "q", "r", "q"]


def test_who_cannot_go_on_the_second_time_is_passed_over_then() -> None:
    walk = walk_of("pqr", entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks"]) == ["p", "q"]
    walk.able = ("p", "q")
    assert walk.breaks() == "p"


def test_the_same_target_is_asked_in_another_way_at_once_before_any_other() -> None:
    walk = walk_of("pqr", entry("p"), entry("q", "one", "two"), entry("r"))
    walk.run(["breaks"])
    assert walk.asks_otherwise()
    assert (walk.go(), walk.waited_s, walk.made[-1]) == ("one", 0.0, ("one", KIND.RESUME))
    assert isinstance(walk.last, Start)
    assert walk.last.other_callable == 1
    assert walk.gives_up() == "r"


def test_it_is_not_asked_otherwise_beyond_the_attempts_of_an_entry_or_of_the_call() -> None:
    walk = walk_of("pqr", entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks", "SERVER_ERROR"]) == ["p", "q", "q"]
    assert walk.asks_otherwise()
    assert walk.go() == "q"
    assert not walk.asks_otherwise()
    last = walk_of("pq", entry("p", policy=Policy(max_attempts=2)), entry("q"))
    last.run(["breaks"])
    assert not last.asks_otherwise()


def test_it_is_not_asked_otherwise_without_time_or_while_it_is_held_or_once_the_call_is_over() -> None:
    late = walk_of("pq", entry("p"), entry("q"), deadline_s=3.0)
    late.run(["breaks"])
    late.now += 2.5
    assert not late.asks_otherwise()
    held = walk_of("pq", entry("p"), entry("q"))
    held.run(["breaks"])
    cool(held.health, only("q"), verdict(Reason.AUTHENTICATION), held.now)
    assert not held.asks_otherwise()
    over = walk_of("pq", entry("p"), entry("q"))
    over.run(["breaks"])
    over.course.failed(over._start, verdict(Reason.CONTENT_FILTERED), over.now)
    assert not over.asks_otherwise()


def test_a_refusal_known_of_an_entry_is_kept_over_what_it_wrote_later() -> None:
    walk = walk_of("q", entry("p"), entry("q"))
    assert walk.run(["breaks", "SERVER_ERROR", "gives_up"]) == ["p", "q", "q", "STREAM_BROKEN"]
    assert walk.stop.message.endswith(": 2 entries failed: p/m STREAM_BROKEN; q/m SERVER_ERROR")
    walk = walk_of("q", entry("p"), entry("q"))
    walk.run(["breaks"])
    assert walk.asks_otherwise(verdict(Reason.INVALID_REQUEST, status=400))
    walk.go()
    walk.gives_up()
    assert walk.stop.message.endswith("; q/m INVALID_REQUEST 400")
    walk = walk_of("q", entry("p"), entry("q"))
    walk.run(["breaks", "SERVER_ERROR"])
    assert walk.asks_otherwise(verdict(Reason.INVALID_REQUEST, status=400))
    walk.go()
    walk.gives_up()
    assert walk.stop.message.endswith("; q/m SERVER_ERROR")


# What returns later, or may be asked before its time.


def test_an_entry_that_cannot_go_on_is_not_waited_for() -> None:
    health = new_health()
    cool(health, only("q"), verdict(Reason.RATE_LIMITED, 5.0), 100.0)
    walk = walk_of("p", entry("p"), entry("q"), health=health)
    walk.go()
    assert walk.breaks(Reason.AUTHENTICATION) == "AUTHENTICATION"


@pytest.mark.parametrize(("able", "follows"), [("p", "AUTHENTICATION"), ("pq", "q")])
def test_an_entry_is_asked_before_its_time_only_if_it_can_go_on(able: str, follows: str) -> None:
    walk = walk_of(able, entry("p"), entry("q"), health=opened("q"))
    walk.go()
    assert walk.breaks(Reason.AUTHENTICATION) == follows


def test_a_limited_entry_that_gave_no_continuation_is_not_waited_for() -> None:
    walk = walk_of("q", entry("p"), entry("q", "one", "two"))
    assert walk.run(["breaks", "RATE_LIMITED"]) == ["p", "one", "two"]
    assert walk.gives_up() == "STREAM_BROKEN"


def test_an_entry_that_cannot_go_on_counts_for_nothing_when_attempts_are_shared_out() -> None:
    walk = walk_of("pq", entry("p"), entry("q"), entry("r"))
    assert walk.run(["breaks"]) == ["p", "q"]
    assert isinstance(walk.last, Start)
    assert walk.last.other_callable == 0


def test_an_entry_that_cannot_go_on_is_no_hedge_of_one_that_does() -> None:
    walk = walk_of("pqs", entry("p"), entry("q"), entry("r"), entry("s"))
    walk.run(["breaks"])
    hedge = walk.course.hedge(walk.now)
    assert hedge is not None
    assert hedge.target.profile == "s"


# Beginning again.


def test_with_resume_or_restart_the_answer_begins_again_where_nothing_goes_on() -> None:
    walk = walk_of("q", entry("p"), entry("q"), entry("r"), or_restart=True)
    assert walk.run(["breaks", "gives_up"]) == ["p", "q", "q"]
    assert (walk.made[-1], walk.course.breaks.resumes) == (("q", KIND.RETRY), False)


def test_it_begins_again_at_once_where_no_entry_can_go_on() -> None:
    walk = walk_of("", entry("p"), entry("q"), or_restart=True)
    assert walk.run(["breaks"]) == ["p", "q"]
    assert walk.made[-1] == ("q", KIND.FAILOVER)
    assert (walk.course.breaks.resumes, walk.course.breaks.or_restart) == (False, False)


def test_nothing_begins_again_while_something_goes_on() -> None:
    walk = walk_of("p", entry("p"), entry("q"), or_restart=True)
    assert walk.run(["breaks"]) == ["p", "p"]
    assert (walk.made[-1], walk.course.breaks.resumes) == (("p", KIND.RESUME), True)


def test_alone_it_begins_again_at_the_target_that_broke() -> None:
    walk = walk_of("", entry("p"), or_restart=True)
    assert walk.run(["breaks"]) == ["p", "p"]
    assert walk.made[-1] == ("p", KIND.RETRY)


def test_a_policy_of_restart_asks_the_next_entry_and_the_broken_target_last() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    assert walk.run(["restarts", "TIMEOUT"]) == ["p", "q", "p"]
    assert walk.kinds == ["first", "failover", "failover"]
    assert walk.waited_s == 0.0


def test_a_second_break_forgets_that_the_first_might_begin_again() -> None:
    walk = walk_of("pq", entry("p", policy=Policy(max_attempts=5)), entry("q"), or_restart=True)
    walk.run(["breaks"])
    walk.able, walk.or_restart = (), False
    assert walk.breaks() == "STREAM_BROKEN"


def test_what_begins_again_may_break_and_begin_again() -> None:
    walk = walk_of("", entry("p"), entry("q"), entry("r"), or_restart=True)
    assert walk.run(["breaks", "breaks", "breaks"]) == ["p", "q", "r", "p"]


def test_an_entry_that_failed_before_the_break_is_not_asked_to_begin_again() -> None:
    walk = walk_of("", entry("p"), entry("q"), or_restart=True)
    assert walk.run(["MODEL_NOT_FOUND", "breaks"]) == ["p", "q", "q"]
    walk = walk_of("", entry("p", "one", "two"), entry("q"), or_restart=True)
    assert walk.run(["TOOL_SCHEMA", "breaks"]) == ["one", "q", "q"]


def test_where_nothing_is_callable_to_begin_again_the_call_ends_with_the_break() -> None:
    walk = walk_of("", entry("p", policy=Policy(max_wait_s=0.0, last_resort=False)), entry("q"), or_restart=True)
    walk.go()
    open_breaker(walk.health, only("q"), walk.now)
    assert walk.breaks(Reason.AUTHENTICATION) == "AUTHENTICATION"


def test_a_window_too_small_to_go_on_in_forbids_no_smaller_one_to_begin_again() -> None:
    walk = walk_of("r", sized("p", 900), sized("q", 100), sized("r", 500), or_restart=True)
    assert walk.run(["breaks", "CONTEXT_LENGTH"]) == ["p", "r", "q"]


# Breaks that nobody saw.


def test_an_answer_that_broke_off_unseen_is_asked_for_anew_at_others_and_last_where_it_broke() -> None:
    walk = BreakWalk(entry("p"), entry("q"))
    assert walk.run(["breaks_unseen", "TIMEOUT"]) == ["p", "q", "p"]
    assert (walk.kinds, walk.waited_s) == (["first", "failover", "failover"], 0.0)


def test_a_call_all_of_whose_breaks_were_unseen_ends_like_any_other() -> None:
    walk = BreakWalk(entry("p", policy=Policy(max_attempts=2)), entry("q"))
    assert walk.run(["RATE_LIMITED", "breaks_unseen"]) == ["p", "q", "RATE_LIMITED"]
    assert walk.stop.message == "2 entries failed: p/m RATE_LIMITED; q/m STREAM_BROKEN"


def test_a_continuation_that_broke_off_unseen_leaves_what_goes_on_as_it_was() -> None:
    walk = walk_of("prs", entry("p"), entry("q"), entry("r"), entry("s"), or_restart=True)
    assert walk.run(["breaks", "breaks_unseen", "gives_up"]) == ["p", "r", "s", "p"]
    assert walk.kinds == ["first", "resume", "resume", "resume"]
    assert walk.course.breaks.or_restart


def test_that_it_does_not_go_on_may_be_told_twice() -> None:
    walk = walk_of("pqr", entry("p"), entry("q"), entry("r"), or_restart=True)
    walk.run(["breaks"])
    walk.course.passes(walk._start, GAVE_UP)
    assert walk.gives_up() == "r"
    walk.course.breaks.begin_again()
    assert walk.go() == "q"

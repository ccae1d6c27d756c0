"""A prompt that exceeds a window, by each of the four policies."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core.catalog import Model
from sidecar.core.chain import Link
from sidecar.core.overflow import REMEDIES, fits, may_go_elsewhere, may_truncate
from sidecar.core.policy import OnContextOverflow, Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause

from .build import verdict
from .repair_walk import RepairWalk, model_entry, talk
from .walk import KIND, cool, open_breaker

FAIL, LARGER = OnContextOverflow.FAIL, OnContextOverflow.LARGER_WINDOW
TRUNCATE, THEN = OnContextOverflow.TRUNCATE, OnContextOverflow.LARGER_WINDOW_THEN_TRUNCATE
OVERFLOW = Reason.CONTEXT_LENGTH


def walk_of(policy: OnContextOverflow | None, *entries: tuple[str, str, int | None], **more: Any) -> RepairWalk:
    """Entries by provider, model and window; a conversation of five turns."""
    said = Policy(on_context_overflow=policy)
    walk = RepairWalk(*(model_entry(*entry, policy=said) for entry in entries), asked=talk(5), **more)
    walk.next()
    return walk


def passed_over(walk: RepairWalk) -> list[tuple[str, SkipCause]]:
    return [(str(skip.entry), skip.cause) for skip in walk.course.skipped()]


SMALL, LARGE, UNKNOWN = ("p", "small", 1000), ("q", "large", 2000), ("r", "unknown", None)


@pytest.mark.parametrize(
    ("candidate", "limit", "expected"),
    [
        (Model("other", context_window=1001), None, True),
        (Model("other", context_window=1000), None, False),
        (Model("other", context_window=999), None, False),
        (Model("other"), None, True),
        (Model("other", context_window=900), 800, True),
        (Model("other", context_window=800), 800, False),
        (Model("small", context_window=5000), None, False),
        (Model("small"), None, False),
    ],
)
def test_another_model_may_do_whose_window_is_larger_than_what_was_exceeded_or_unknown(
    candidate: Model, limit: int | None, expected: bool
) -> None:
    assert fits(candidate, Model("small", context_window=1000), verdict(OVERFLOW, limit=limit)) is expected


def test_where_the_exceeded_window_is_unknown_any_other_model_may_do() -> None:
    assert fits(Model("other", context_window=10), Model("small"), verdict(OVERFLOW))


@pytest.mark.parametrize(
    ("policy", "elsewhere", "truncates", "truncates_last"),
    [
        (None, True, False, False),
        (FAIL, False, False, False),
        (LARGER, True, False, False),
        (TRUNCATE, False, True, True),
        (THEN, True, False, True),
    ],
)
def test_what_each_policy_wants(
    policy: OnContextOverflow | None, elsewhere: bool, truncates: bool, truncates_last: bool
) -> None:
    said = Policy(on_context_overflow=policy)
    assert may_go_elsewhere(said) is elsewhere
    assert may_truncate(said, fits_elsewhere=True) is truncates
    assert may_truncate(said, fits_elsewhere=False) is truncates_last


def test_fail_ends_the_call_at_once_naming_the_remedies_though_a_larger_window_is_there() -> None:
    walk = walk_of(FAIL, SMALL, LARGE)
    assert walk.refuse(OVERFLOW) == OVERFLOW
    assert walk.stop.message == f"1 entry failed: p/small CONTEXT_LENGTH 400; {REMEDIES}"
    assert walk.stop.retry_after_s is None
    assert walk.course.attempts == 1


@pytest.mark.parametrize("policy", [None, LARGER])
def test_by_default_the_next_entry_with_a_larger_or_unknown_window_is_asked_as_the_caller_asked(
    policy: OnContextOverflow | None,
) -> None:
    for other in (LARGE, UNKNOWN):
        walk = walk_of(policy, SMALL, other)
        assert walk.refuse(OVERFLOW) == other[0]
        assert walk.made[-1][1] is KIND.FAILOVER
        assert walk.told == []


def test_entries_without_a_larger_window_are_never_asked_and_reported_as_skipped() -> None:
    walk = walk_of(LARGER, SMALL, ("q", "tiny", 500), ("s", "small", 1000), LARGE)
    assert walk.refuse(OVERFLOW) == "q"
    assert walk.last.target.entry.model == "large"  # type: ignore[union-attr]
    assert passed_over(walk) == [("q/tiny", SkipCause.CAPABILITY), ("s/small", SkipCause.CAPABILITY)]
    assert {skip.message for skip in walk.course.skipped()} == {
        "its window is no larger than that of p/small, which the prompt exceeds"
    }
    assert all(skip.retry_after_s is None and skip.reason is None for skip in walk.course.skipped())


def test_each_overflow_rules_out_more_and_the_error_names_the_remedies() -> None:
    walk = walk_of(LARGER, SMALL, LARGE, ("r", "same", 2000))
    assert [walk.refuse(OVERFLOW), walk.refuse(OVERFLOW)] == ["q", OVERFLOW]
    assert passed_over(walk) == [("r/same", SkipCause.CAPABILITY)]
    assert walk.stop.message.endswith(f"; {REMEDIES}")
    assert "3 entries failed" in walk.stop.message


def test_the_limit_of_the_error_is_believed_more_than_the_declared_window() -> None:
    walk = walk_of(LARGER, SMALL, ("q", "other", 900))
    assert walk.refuse(OVERFLOW, limit=800) == "q"


def test_an_entry_already_tried_is_not_skipped_but_failed() -> None:
    walk = walk_of(LARGER, ("q", "tiny", 500), SMALL)
    assert walk.refuse(Reason.TIMEOUT) == "p"
    assert walk.refuse(OVERFLOW) == Reason.TIMEOUT
    assert passed_over(walk) == []


def test_an_entry_that_is_ruled_out_is_neither_waited_for_nor_asked_early() -> None:
    cooling, open_ = model_entry("q", "tiny", 500), model_entry("r", "same", 1000)
    walk = RepairWalk(model_entry(*SMALL), cooling, open_)
    cool(walk.health, cooling.targets[0], verdict(Reason.RATE_LIMITED, 2.0), walk.now)
    open_breaker(walk.health, open_.targets[0], walk.now)
    walk.next()
    assert walk.refuse(OVERFLOW) == OVERFLOW
    assert walk.stop.retry_after_s is None
    assert walk.course.attempts == 1


def test_one_ruled_out_by_a_later_overflow_stays_as_it_was_first_reported() -> None:
    walk = walk_of(LARGER, SMALL, ("q", "tiny", 500), LARGE)
    walk.refuse(OVERFLOW)
    walk.refuse(OVERFLOW)
    assert [skip.message for skip in walk.course.skipped()] == [
        "its window is no larger than that of p/small, which the prompt exceeds"
    ]


def test_truncate_drops_the_oldest_turns_on_this_target_and_tells_how_many() -> None:
    walk = walk_of(TRUNCATE, ("p", "small", 250), LARGE)
    assert walk.refuse(OVERFLOW) == "p"
    assert (walk.made[-1][1], walk.waited_s) == (KIND.RETRY, 0.0)
    assert walk.told == ["the 3 oldest turns left out of the conversation"]
    assert walk.adjustment.turns_dropped == 3


def test_a_second_overflow_of_the_truncated_prompt_ends_the_call() -> None:
    walk = walk_of(TRUNCATE, ("p", "small", 250), LARGE)
    assert [walk.refuse(OVERFLOW), walk.refuse(OVERFLOW)] == ["p", OVERFLOW]
    assert walk.stop.message.endswith(REMEDIES)
    assert len(walk.told) == 1


@pytest.mark.parametrize("policy", [TRUNCATE, THEN])
def test_with_nothing_to_drop_the_error_names_the_remedies(policy: OnContextOverflow) -> None:
    walk = RepairWalk(model_entry(*SMALL, policy=Policy(on_context_overflow=policy)))
    walk.next()
    assert walk.refuse(OVERFLOW) == OVERFLOW
    assert walk.stop.message == f"1 entry failed: p/small CONTEXT_LENGTH 400; {REMEDIES}"
    assert walk.told == []


def test_the_truncated_prompt_that_fails_otherwise_goes_on_whole() -> None:
    walk = walk_of(TRUNCATE, ("p", "small", 250), LARGE)
    walk.refuse(OVERFLOW)
    assert walk.refuse(Reason.TIMEOUT) == "q"
    assert walk.adjustment.turns_dropped == 0


def test_a_larger_window_comes_before_dropping_anything() -> None:
    walk = walk_of(THEN, ("p", "small", 250), ("q", "large", 500))
    assert walk.refuse(OVERFLOW) == "q"
    assert walk.told == []
    assert walk.refuse(OVERFLOW) == "q"
    assert walk.told == ["the 1 oldest turn left out of the conversation"]


def test_turns_are_dropped_for_the_first_that_refused_when_no_larger_window_has_answered() -> None:
    walk = walk_of(THEN, ("p", "small", 250), ("q", "large", 500), ("r", "unknown", None))
    assert [walk.refuse(OVERFLOW), walk.refuse(Reason.CONNECTION), walk.refuse(Reason.MODEL_NOT_FOUND)] == [
        "q",
        "r",
        "p",
    ]
    assert walk.told == ["the 3 oldest turns left out of the conversation"]
    assert (walk.made[-1][1], walk.adjustment.turns_dropped) == (KIND.FAILOVER, 3)
    assert walk.refuse(Reason.TIMEOUT) == Reason.TIMEOUT
    assert walk.course.attempts == 4


def test_a_larger_window_that_refuses_too_is_shortened_for_first() -> None:
    walk = walk_of(THEN, ("p", "small", 250), ("q", "large", 350))
    assert [walk.refuse(OVERFLOW), walk.refuse(OVERFLOW), walk.refuse(Reason.TIMEOUT)] == ["q", "q", "p"]
    assert [sent.turns_dropped for _, sent in walk.sent] == [0, 0, 2, 3]
    assert len(walk.told) == 2


@pytest.mark.parametrize(
    ("policy", "reason"),
    [(None, Reason.MODEL_NOT_FOUND), (LARGER, Reason.MODEL_NOT_FOUND), (THEN, Reason.INVALID_REQUEST)],
)
def test_nothing_is_dropped_by_another_policy_or_once_the_call_is_over(
    policy: OnContextOverflow | None, reason: Reason
) -> None:
    walk = walk_of(policy, ("p", "small", 250), ("q", "large", 500))
    assert walk.refuse(OVERFLOW) == "q"
    assert walk.refuse(reason) not in ("p", "q")
    assert walk.told == []


def test_where_nothing_can_be_dropped_the_first_is_not_asked_again() -> None:
    said = Policy(on_context_overflow=THEN)
    walk = RepairWalk(model_entry("p", "small", 250, policy=said), model_entry("q", "large", 500, policy=said))
    walk.next()
    assert walk.refuse(OVERFLOW) == "q"
    assert walk.refuse(Reason.MODEL_NOT_FOUND) not in ("p", "q")


def test_one_that_may_not_be_asked_by_then_is_not() -> None:
    said = Policy(on_context_overflow=THEN)
    here = model_entry("p", "small", 250, policy=said)
    walk = RepairWalk(here, model_entry("q", "large", 500, policy=said), asked=talk(5))
    walk.next()
    assert walk.refuse(OVERFLOW) == "q"
    cool(walk.health, here.targets[0], verdict(Reason.RATE_LIMITED, 600.0), walk.now)
    assert walk.refuse(Reason.MODEL_NOT_FOUND) not in ("p", "q")
    assert walk.told == []


@pytest.mark.parametrize("other", [("q", "small", 5000), ("q", "other", 250)])
def test_turns_are_dropped_at_once_where_no_other_entry_may_be_large_enough(other: tuple[str, str, int]) -> None:
    walk = walk_of(THEN, ("p", "small", 250), other)
    assert walk.refuse(OVERFLOW) == "p"
    assert walk.adjustment.turns_dropped == 3


@pytest.mark.parametrize("hold", ["open", "cooling"])
def test_a_larger_window_that_may_not_be_asked_now_is_none(hold: str) -> None:
    said = Policy(on_context_overflow=THEN)
    away: Link = model_entry("q", "large", 5000, policy=said)
    walk = RepairWalk(model_entry("p", "small", 250, policy=said), away, asked=talk(5))
    if hold == "open":
        open_breaker(walk.health, away.targets[0], walk.now)
    else:
        cool(walk.health, away.targets[0], verdict(Reason.RATE_LIMITED, 60.0), walk.now)
    walk.next()
    assert walk.refuse(OVERFLOW) == "p"
    assert walk.adjustment.turns_dropped == 3


def test_an_overflow_touches_nobodys_health() -> None:
    here = model_entry(*SMALL)
    walk = RepairWalk(here)
    assert walk.next() == "p"
    for _ in range(5):
        walk.refuse(verdict(OVERFLOW, 60.0, 400))
        walk = RepairWalk(here, health=walk.health, now=walk.now)
        assert walk.next() == "p"
    assert walk.health.entry(here.targets[0]).failures == 0

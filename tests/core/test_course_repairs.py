"""Repairs along a walk: the same target at once, by no budget, within every other bound."""

from __future__ import annotations

import pytest

from sidecar.core.adjustment import AS_ASKED, Adjustment
from sidecar.core.budget import Budget
from sidecar.core.lessons import Lessons
from sidecar.core.policy import Policy, PromptGuidedTools
from sidecar.core.reasons import Reason

from .build import link, request, target
from .repair_walk import RepairWalk, model_entry
from .test_mending_parameters import EVERYTHING
from .walk import KIND, open_breaker

ASKED = request(**EVERYTHING)
NO_BUDGET = Budget(0.0, 0.0, 0.0)
ALL = ("seed", "top_k", "top_p", "temperature", "user", "presence_penalty", "frequency_penalty", "reasoning_effort")


def test_a_repaired_request_is_sent_to_the_same_target_at_once_without_budget() -> None:
    walk = RepairWalk(model_entry("p"), model_entry("q"), asked=ASKED, budget=NO_BUDGET)
    walk.next()
    assert walk.refuse(Reason.MAX_TOKENS, limit=64) == "p"
    assert (walk.waited_s, walk.made[-1]) == (0.0, ("p", KIND.RETRY))
    assert walk.sent == [("p", AS_ASKED), ("p", Adjustment(max_output_tokens=64))]
    assert walk.told == ["at most 64 output tokens asked for instead of 100"]


def test_a_refusal_of_the_repaired_request_goes_to_the_next_entry_which_sees_nothing_of_the_repair() -> None:
    walk = RepairWalk(model_entry("p"), model_entry("q"), asked=ASKED)
    walk.next()
    walk.refuse(Reason.MAX_TOKENS, limit=64)
    assert walk.refuse(Reason.MAX_TOKENS, limit=32) == "q"
    assert walk.adjustment == AS_ASKED
    assert walk.made[-1][1] is KIND.FAILOVER


def test_the_last_entry_refusing_its_repaired_request_fails_the_call_with_that() -> None:
    walk = RepairWalk(model_entry("p"), asked=ASKED)
    walk.next()
    walk.refuse(Reason.MAX_TOKENS, limit=64)
    assert walk.refuse(Reason.MAX_TOKENS, limit=32) == Reason.MAX_TOKENS
    assert walk.stop.retry_after_s is None


def test_what_cannot_be_repaired_goes_to_the_next_entry() -> None:
    walk = RepairWalk(model_entry("p"), model_entry("q"), asked=request())
    walk.next()
    assert walk.refuse(Reason.TOOL_SCHEMA) == "q"
    assert walk.told == []


def test_a_field_never_left_out_makes_the_next_entry_be_tried() -> None:
    walk = RepairWalk(model_entry("p"), model_entry("q"), asked=ASKED)
    walk.next()
    assert walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter="response_format") == "q"
    assert (walk.told, walk.adjustment) == ([], AS_ASKED)


def test_another_profile_of_the_entry_is_not_asked_what_its_model_refuses() -> None:
    walk = RepairWalk(link(target(profile="one"), target(profile="two")), model_entry("q"), asked=request())
    walk.next()
    assert walk.refuse(Reason.FOREIGN_REASONING) == "q"


def test_different_kinds_are_repaired_one_after_the_other_on_the_last_entry() -> None:
    walk = RepairWalk(model_entry("p"), asked=ASKED)
    walk.next()
    assert walk.refuse(Reason.MAX_TOKENS, limit=64) == "p"
    assert walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter="max_tokens") == "p"
    assert walk.refuse(Reason.TOOL_SCHEMA) == "p"
    assert walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter="seed") == "p"
    assert walk.adjustment == Adjustment(frozenset({"seed"}), "max_completion_tokens", 64, is_prompted=True)
    assert walk.waited_s == 0.0


def test_repairs_count_among_the_eight_attempts_of_a_call() -> None:
    walk = RepairWalk(model_entry("p"), asked=ASKED)
    walk.next()
    said = [walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter=name) for name in ALL]
    assert said == ["p"] * 7 + [Reason.UNSUPPORTED_PARAMETER]
    assert walk.course.attempts == 8


def test_repairs_stay_within_three_attempts_of_an_entry_while_another_is_callable() -> None:
    walk = RepairWalk(model_entry("p"), model_entry("q"), asked=ASKED)
    walk.next()
    said = [walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter=name) for name in ALL[:3]]
    assert said == ["p", "p", "q"]


def test_an_entry_whose_keys_failed_three_times_is_not_repaired_while_another_is_callable() -> None:
    keys = link(*(target(profile=f"k{i}") for i in range(1, 5)))
    for others, after in (((model_entry("q"),), "q"), ((), "k4")):
        walk = RepairWalk(keys, *others, asked=ASKED)
        walk.next()
        assert [walk.refuse(Reason.AUTHENTICATION) for _ in range(3)] == ["k2", "k3", "k4"]
        assert walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter="seed") == after
        assert walk.told == ([] if others else ["seed left out: the model refuses it"])


def test_repairs_leave_the_last_two_attempts_for_untried_entries() -> None:
    walk = RepairWalk(*(model_entry("p", policy=Policy(max_attempts=3)), model_entry("q")), asked=ASKED)
    walk.next()
    assert walk.refuse(Reason.MAX_TOKENS, limit=64) == "q"


def test_a_repaired_request_is_another_one_so_a_refusal_that_forbids_retries_does_not_forbid_it() -> None:
    walk = RepairWalk(model_entry("p"), model_entry("q"), asked=ASKED)
    walk.next()
    assert walk.refuse(Reason.MAX_TOKENS, limit=64, should_retry=False) == "p"


def test_without_time_for_another_attempt_nothing_is_repaired() -> None:
    walk = RepairWalk(model_entry("p"), asked=ASKED, deadline_s=2.0)
    walk.next()
    assert walk.refuse(Reason.MAX_TOKENS, after_s=1.5, limit=64) == Reason.MAX_TOKENS
    assert walk.course.attempts == 1


def test_a_target_that_closed_meanwhile_is_not_asked_again() -> None:
    here = model_entry("p")
    walk = RepairWalk(here, model_entry("q"), asked=ASKED)
    walk.next()
    open_breaker(walk.health, here.targets[0], walk.now)
    assert walk.refuse(Reason.MAX_TOKENS, limit=64) == "q"


def test_a_refusal_and_its_repair_touch_nobodys_health() -> None:
    here = model_entry("p")
    walk = RepairWalk(here, asked=ASKED)
    walk.next()
    for name in ALL[:5]:
        walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter=name)
    assert walk.health.unavailable(here.targets[0], walk.now) is None
    assert walk.health.entry(here.targets[0]).failures == 0


def test_a_failure_of_the_repaired_request_is_judged_as_any_other() -> None:
    walk = RepairWalk(model_entry("p"), model_entry("q"), asked=ASKED)
    walk.next()
    walk.refuse(Reason.MAX_TOKENS, limit=64)
    assert walk.refuse(Reason.SERVER_ERROR) == "p"
    assert walk.waited_s == pytest.approx(0.375)
    assert walk.adjustment == Adjustment(max_output_tokens=64)


def test_a_later_call_begins_with_what_the_entry_was_found_to_refuse() -> None:
    lessons = Lessons()
    walk = RepairWalk(model_entry("p"), asked=ASKED, lessons=lessons)
    walk.next()
    walk.refuse(Reason.UNSUPPORTED_PARAMETER, parameter="seed")
    later = RepairWalk(model_entry("p"), asked=ASKED, lessons=lessons)
    later.next()
    assert later.sent == [("p", Adjustment(frozenset({"seed"})))]
    assert later.told == ["seed left out: the model refuses it"]


@pytest.mark.parametrize(
    ("policy", "after"), [(None, "p"), (PromptGuidedTools.ALLOW, "p"), (PromptGuidedTools.FORBID, "q")]
)
def test_refused_tools_become_instructions_unless_the_policy_forbids(
    policy: PromptGuidedTools | None, after: str
) -> None:
    said = Policy(prompt_guided_tools=policy)
    walk = RepairWalk(model_entry("p", policy=said), model_entry("q", policy=said), asked=ASKED)
    walk.next()
    assert walk.refuse(Reason.TOOL_SCHEMA) == after
    assert walk.adjustment.is_prompted is (after == "p")

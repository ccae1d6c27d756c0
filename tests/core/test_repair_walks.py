"""Random refusals of random chains: what holds for every walk with repairs."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.adjustment import AS_ASKED
from sidecar.core.budget import Budget
from sidecar.core.classify import Verdict
from sidecar.core.policy import OnContextOverflow, Policy, PromptGuidedTools
from sidecar.core.reasons import Reason
from sidecar.core.report import SkipCause
from sidecar.core.step import Start

from .build import verdict
from .repair_walk import RepairWalk, model_entry, talk
from .test_mending_parameters import EVERYTHING, REMAINS, RENAMES, WIRE_NAMES

ASKED = replace(talk(5), **EVERYTHING)
PARAMETERS = [name for name, _ in (*WIRE_NAMES, *REMAINS, *RENAMES)]
REASONS = [
    Reason.MAX_TOKENS,
    Reason.UNSUPPORTED_PARAMETER,
    Reason.UNSUPPORTED_PARAMETER,
    Reason.CONTEXT_LENGTH,
    Reason.TOOL_SCHEMA,
    Reason.FOREIGN_REASONING,
    Reason.SERVER_ERROR,
]


def some_verdict(random: Random) -> Verdict:
    limit = random.choice([None, 10, 300, 800])
    parameter = random.choice([None, *PARAMETERS])
    retry = random.choice([None, None, None, False])
    return verdict(random.choice(REASONS), limit=limit, parameter=parameter, should_retry=retry, status=400)


def some_walk(random: Random) -> RepairWalk:
    policy = Policy(
        on_context_overflow=random.choice([None, *OnContextOverflow]),
        prompt_guided_tools=random.choice([None, *PromptGuidedTools]),
        max_attempts=random.choice([None, None, 2, 4]),
    )
    links = [
        model_entry(owner, random.choice("mno"), random.choice([None, 100, 400, 900]), policy)
        for owner in "pqrs"[: random.randint(1, 4)]
    ]
    return RepairWalk(*links, asked=ASKED, budget=Budget(0.0, 0.0, 0.0))


@given(st.integers(0, 2**32))
def test_what_holds_for_every_walk_with_repairs(seed: int) -> None:
    random = Random(seed)
    walk = some_walk(random)
    walk.next()
    refused: set[str] = set()
    while isinstance(walk.last, Start):
        check_attempt(walk, refused)
        asked, told = walk.made[-1][0], some_verdict(random)
        before = len(walk.repairs)
        after = walk.refuse(told)
        refused.add(asked)
        if len(walk.repairs) > before and after != asked:
            assert after in refused, "a request that is repaired later goes to the first target that refused it"
            assert walk.repairs[-1].reason is Reason.CONTEXT_LENGTH
            assert policy_of(walk) is OnContextOverflow.LARGER_WINDOW_THEN_TRUNCATE
        elif len(walk.repairs) > before:
            assert walk.repairs[-1].reason in (told.reason, Reason.CONTEXT_LENGTH)
        elif after == asked:
            raise AssertionError("without budget and repair nothing is asked again")
    check_end(walk)


def policy_of(walk: RepairWalk) -> OnContextOverflow | None:
    assert isinstance(walk.last, Start)
    return walk.last.link.policy.on_context_overflow


def check_attempt(walk: RepairWalk, refused: set[str]) -> None:
    """Of the newest attempt, before its outcome."""
    assert isinstance(walk.last, Start)
    asked = walk.made[-1][0]
    assert walk.waited_s == 0.0, "repairs wait for nothing"
    here = [profile for profile, _ in walk.made].count(asked)
    assert len(walk.made) <= (walk.last.link.policy.max_attempts or 8)
    if asked not in refused:
        assert walk.adjustment.turns_dropped == 0
        assert walk.adjustment == AS_ASKED, "nothing of another target's repairs is seen here"
    if walk.last.other_callable:
        assert here <= 3
        assert len(walk.made) <= (walk.last.link.policy.max_attempts or 8) - 2 or here == 1


def check_end(walk: RepairWalk) -> None:
    """When the call has failed."""
    assert len(walk.repairs) <= len(walk.made) - 1
    tried = {profile for profile, _ in walk.made}
    for skip in walk.course.skipped():
        assert skip.cause is SkipCause.CAPABILITY
        assert skip.entry.provider not in tried
    for profile in tried:
        changes = [adjustment for asked, adjustment in walk.sent if asked == profile]
        assert len(changes) == len(set(map(repr, changes))), "each repair changes something"

"""Stories of keys: rate limits, waits that providers state, and a key that is refused."""

from __future__ import annotations

from collections.abc import Sequence

from ..scenery import NORTH_SAYS, SOUTH_SAYS, Endpoint, Fault
from ..stage import Stage
from ..story import story
from ..verdict import Check, Evidence, asked_in_order, first, gap, told, took, whole

RETRY_AFTER_S = 2.0
LONG_RETRY_AFTER_S = 30.0
_SECOND_CALLER_S = 0.5


def _chat(stage: Stage) -> None:
    stage.chat()


def _chat_twice(stage: Stage) -> None:
    stage.chat()
    stage.chat()


def judge_healthy(evidence: Evidence) -> Sequence[Check]:
    """One request, one answer that came as a stream."""
    (heard,) = evidence.heard
    first_s = heard.first_text_s if heard.first_text_s is not None else heard.ended_s
    streamed_s = heard.ended_s - first_s
    return (
        whole(heard, NORTH_SAYS, "north main"),
        asked_in_order(evidence.asked, [("north main", 200)]),
        Check(
            streamed_s >= 0.3, f"it came as it was written, over {streamed_s:.2f} s", f"all within {streamed_s:.3f} s"
        ),
    )


HEALTHY = story(
    "healthy",
    "All is well: the answer streams through",
    [Endpoint(name="north", says=NORTH_SAYS)],
    _chat,
    judge_healthy,
)


def judge_rotation(evidence: Evidence) -> Sequence[Check]:
    """The limited key once, then the other one, at once."""
    (heard,) = evidence.heard
    return (
        whole(heard, NORTH_SAYS, "north spare"),
        asked_in_order(evidence.asked, [("north main", 429), ("north spare", 200)]),
        told(heard, [("north main", "RATE_LIMITED"), ("north spare", None)]),
        Check(not heard.failed_over, "the same model answered, so this is no failover", "it calls itself failed over"),
        took(heard, 2.0, "no waiting"),
    )


ROTATION = story(
    "rotation",
    "A key runs into its rate limit (429): the next key answers",
    [Endpoint(name="north", says=NORTH_SAYS, keys=("main", "spare"), faults=(Fault(action={"status": 429}),))],
    _chat,
    judge_rotation,
)


def _two_callers(stage: Stage) -> None:
    with stage.second_caller(_SECOND_CALLER_S):
        stage.chat()


def judge_retry_after(evidence: Evidence) -> Sequence[Check]:
    """After the 429 nobody asks before the stated instant; then both callers are answered."""
    asked, one, two = evidence.asked, evidence.heard[0], evidence.heard[1]
    early = [a for a in asked[1:] if a.at_s < asked[0].at_s + RETRY_AFTER_S]
    overlap = len(evidence.heard) == 2 and one.asked_s < two.asked_s < one.asked_s + RETRY_AFTER_S
    return (
        asked_in_order(asked, [("north main", 429), ("north main", 200), ("north main", 200)]),
        gap(first(asked), first(asked, 1), RETRY_AFTER_S, f"nobody asked earlier than the stated {RETRY_AFTER_S:g} s"),
        Check(overlap and not early, "not for the second caller either, who came meanwhile", f"{len(early)} early"),
        whole(one, NORTH_SAYS, "north main", "the first caller"),
        whole(two, NORTH_SAYS, "north main", "the second caller"),
        told(one, [("north main", "RATE_LIMITED"), ("north main", None)]),
        told(two, [("north main", None)]),
    )


RETRY_AFTER = story(
    "retry-after",
    f"The only key must wait (Retry-After: {RETRY_AFTER_S:g}): it is not asked a moment earlier",
    [
        Endpoint(
            name="north",
            says=NORTH_SAYS,
            faults=(Fault(action={"status": 429, "retry_after": RETRY_AFTER_S}, times=1),),
        )
    ],
    _two_callers,
    judge_retry_after,
)


def judge_long_limit(evidence: Evidence) -> Sequence[Check]:
    """A wait too long to wait for: the next model at once, and the limited one is left alone afterwards."""
    asked, heard = evidence.asked, evidence.heard
    return (
        asked_in_order(asked, [("north main", 429), ("south main", 200), ("south main", 200)]),
        told(heard[0], [("north main", "RATE_LIMITED"), ("south main", None)]),
        told(heard[1], [("south main", None)]),
        whole(heard[0], SOUTH_SAYS, "south main", "the first call"),
        whole(heard[1], SOUTH_SAYS, "south main", "the second call"),
    )


LONG_LIMIT = story(
    "long-limit",
    f"A model must wait long (Retry-After: {LONG_RETRY_AFTER_S:g}): the next one answers, now and the next time",
    [
        Endpoint(
            name="north",
            says=NORTH_SAYS,
            faults=(Fault(action={"status": 429, "retry_after": LONG_RETRY_AFTER_S}),),
        ),
        Endpoint(name="south", says=SOUTH_SAYS, model="small"),
    ],
    _chat_twice,
    judge_long_limit,
)


def judge_invalid_key(evidence: Evidence) -> Sequence[Check]:
    """The refused key is asked once, and not again by the following call."""
    asked, heard = evidence.asked, evidence.heard
    return (
        asked_in_order(asked, [("north old", 401), ("north new", 200), ("north new", 200)]),
        told(heard[0], [("north old", "AUTHENTICATION"), ("north new", None)]),
        told(heard[1], [("north new", None)]),
        whole(heard[0], NORTH_SAYS, "north new", "the first call"),
        whole(heard[1], NORTH_SAYS, "north new", "the second call"),
    )


INVALID_KEY = story(
    "invalid-key",
    "A key is refused (401): the next key answers, and the bad one is not asked again",
    [Endpoint(name="north", says=NORTH_SAYS, keys=("old", "new"), refused_keys=frozenset({"old"}))],
    _chat_twice,
    judge_invalid_key,
)

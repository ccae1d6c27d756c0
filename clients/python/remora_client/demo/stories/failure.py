"""Stories of endpoints that fail: errors, nobody there, silence, everything down, and a breaker that opens."""

from __future__ import annotations

from collections.abc import Sequence

from ..heard import Heard
from ..scenery import NORTH_SAYS, SOUTH_SAYS, Endpoint, Fault
from ..stage import Stage
from ..story import story
from ..verdict import Check, Evidence, asked_in_order, error, first, gap, hung_up, told, took, whole

FIRST_CONTENT_S = 1.0
STATED_S = 30.0
_BACKOFF_S = 0.25
_OPEN_S = (17.0, 22.0)  # 20 s, a tenth more or less, and what the call itself took
_CALLS = 5
_BRIEFLY = "South is here, alive and well."
_OPENS_AFTER = 2


def _chat(stage: Stage) -> None:
    stage.chat()


_SOUTH = Endpoint(name="south", says=SOUTH_SAYS, model="small")


def judge_outage(evidence: Evidence) -> Sequence[Check]:
    """The failing target once more after a pause, then the next entry."""
    (heard,) = evidence.heard
    north = evidence.of("north main")
    return (
        whole(heard, SOUTH_SAYS, "south main"),
        asked_in_order(evidence.asked, [("north main", 503), ("north main", 503), ("south main", 200)]),
        gap(first(north), first(north, 1), _BACKOFF_S, "it took a breath before asking again"),
        told(heard, [("north main", "SERVER_ERROR"), ("north main", "SERVER_ERROR"), ("south main", None)]),
        Check(heard.failed_over, "and says that it failed over", "it does not say that it failed over"),
    )


OUTAGE = story(
    "outage",
    "A model is down (503): one more try, then the next model answers",
    [Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"status": 503}),)), _SOUTH],
    _chat,
    judge_outage,
)


def judge_refused(evidence: Evidence) -> Sequence[Check]:
    """The judge is refused there too; the next entry answered, and at once."""
    (heard,) = evidence.heard
    return (
        Check("north" in evidence.refused, "the judge knocked at north itself and was refused", "somebody is there"),
        whole(heard, SOUTH_SAYS, "south main"),
        asked_in_order(evidence.asked, [("south main", 200)]),
        told(heard, [("north main", "CONNECTION"), ("south main", None)]),
        took(heard, 2.0, "no waiting for a connection that was refused"),
    )


REFUSED = story(
    "refused",
    "Nobody is there (connection refused): the next model answers",
    [Endpoint(name="north", says=NORTH_SAYS, listener="dead"), _SOUTH],
    _chat,
    judge_refused,
)


def judge_silence(evidence: Evidence) -> Sequence[Check]:
    """Given up at its limit, and the provider notices; then the next entry."""
    (heard,) = evidence.heard
    north, south = first(evidence.of("north main")), first(evidence.of("south main"))
    due_s = (north.at_s if north is not None else 0.0) + FIRST_CONTENT_S
    return (
        whole(heard, SOUTH_SAYS, "south main"),
        asked_in_order(evidence.asked, [("north main", None), ("south main", 200)]),
        hung_up(north, due_s, 0.05, 0.5, f"the provider saw the hang-up at the limit of {FIRST_CONTENT_S:g} s"),
        gap(north, south, FIRST_CONTENT_S - 0.05, "the next model was asked when the limit had passed, not before"),
        told(heard, [("north main", "TIMEOUT"), ("south main", None)]),
    )


SILENCE = story(
    "silence",
    f"A model falls silent: after {FIRST_CONTENT_S:g} s without a word it is left, and the next one answers",
    [
        Endpoint(
            name="north",
            says=NORTH_SAYS,
            faults=(Fault(action={"silence": True}),),
            policy={"first_content_s": FIRST_CONTENT_S, "on_slow": "failover"},
        ),
        _SOUTH,
    ],
    _chat,
    judge_silence,
)


def _chat_twice(stage: Stage) -> None:
    stage.chat()
    stage.chat()


def judge_all_down(evidence: Evidence) -> Sequence[Check]:
    """Errors that say what happened, from what the providers saw; and, once it is known, when to come back."""
    one, two = evidence.heard
    down = ("north main", 503)
    reported = [(t.who, t.status) for h in evidence.heard for t in h.tried if t.status is not None]
    refusals = [[t.reason for t in h.tried if t.who == "west main"] for h in evidence.heard]
    return (
        error(one, "UNAVAILABLE", "SERVER_ERROR", "the first call"),
        error(two, "UNAVAILABLE", "SERVER_ERROR", "the second call"),
        Check(one.text + two.text == "", "not a word that looks like an answer", repr(one.text + two.text)),
        asked_in_order(evidence.asked, [down, down, ("south main", 429), down]),
        Check(
            reported == [(a.who, a.status) for a in evidence.asked] and all(h.told == h.tried for h in (one, two)),
            "the reports name every attempt, the very requests that the providers saw",
            f"{[[str(t) for t in h.tried] for h in evidence.heard]}",
        ),
        Check(
            "west" in evidence.refused and all(found and set(found) == {"CONNECTION"} for found in refusals),
            "and the connections that nobody took",
            f"refused: {sorted(evidence.refused)}, reported: {refusals}",
        ),
        Check(two.skipped == ("south",), "and that south was left alone, as it had asked", f"skipped: {two.skipped}"),
        _return_known(two),
    )


def _return_known(heard: Heard) -> Check:
    """By then everything rests, and the first to return is a breaker's model."""
    wait_s = heard.retry_after_s
    claim = f"now that everything rests, it says when to come back: in {wait_s or 0.0:.1f} s"
    return Check(wait_s is not None and _OPEN_S[0] <= wait_s <= _OPEN_S[1], claim, f"{wait_s}, not {_OPEN_S}")


ALL_DOWN = story(
    "all-down",
    "Everything is down: one honest error for each call, with all that was tried",
    [
        Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"status": 503}),)),
        Endpoint(
            name="south",
            says=SOUTH_SAYS,
            model="small",
            faults=(Fault(action={"status": 429, "retry_after": STATED_S}),),
        ),
        Endpoint(name="west", says=SOUTH_SAYS, model="tiny", listener="dead"),
    ],
    _chat_twice,
    judge_all_down,
)


def _chat_often(stage: Stage) -> None:
    for _ in range(_CALLS):
        stage.chat()


def judge_breaker(evidence: Evidence) -> Sequence[Check]:
    """Three failures over two calls open the breaker; the calls after that leave the model alone."""
    north, heard = evidence.of("north main"), evidence.heard
    later = heard[_OPENS_AFTER:]
    touched = [a for a in north if later and a.at_s >= later[0].asked_s]
    dead, south = ("north main", 503), ("south main", 200)
    return (
        asked_in_order(evidence.asked, [dead, dead, south, dead, south, *(south for _ in later)]),
        Check(
            len(later) == _CALLS - _OPENS_AFTER and not touched,
            f"the dead model not once in the {_CALLS - _OPENS_AFTER} calls after its third failure",
            f"{len(touched)} times in {len(later)} calls",
        ),
        Check(
            all(h.text == _BRIEFLY and h.by == "south main" and h.code is None for h in heard),
            f"all {_CALLS} calls have the whole answer of south main",
            f"{[h.reason or h.text for h in heard]}",
        ),
        Check(
            all([t.who for t in h.tried] == ["south main"] for h in later),
            "the later ones in one attempt",
            f"{[[str(t) for t in h.tried] for h in later]}",
        ),
    )


BREAKER = story(
    "breaker",
    "A model stays dead: its breaker opens, and later calls no longer lose time with it",
    [
        Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"status": 503}),)),
        Endpoint(name="south", says=_BRIEFLY, model="small"),
    ],
    _chat_often,
    judge_breaker,
)

"""Stories of streams: cut and resumed, ended too early, cut without recovery, recovered in one piece, cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from ...policy import Policy
from ..heard import Heard
from ..scenery import NORTH_SAYS, SOUTH_SAYS, Endpoint, Fault
from ..stage import Stage
from ..story import story
from ..verdict import Check, Evidence, asked_in_order, error, first, hung_up, told, whole

CUT_AT = 8
_WORDS_HEARD = 6
_HANG_UP_LIMIT_S = 0.1
_CLOCK_S = 0.01

_SOUTH = Endpoint(name="south", says=SOUTH_SAYS, model="small")
_CONTINUES = Endpoint(name="south", says=NORTH_SAYS, model="small")


def _chat(stage: Stage) -> None:
    stage.chat()


def _chat_without_recovery(stage: Stage) -> None:
    stage.chat(policy=Policy(on_stream_break="fail"))


def judge_error_page(evidence: Evidence) -> Sequence[Check]:
    """A page is no answer: nothing of it reaches the caller."""
    (heard,) = evidence.heard
    north = [("north main", 200), ("north main", 200)]
    return (
        whole(heard, SOUTH_SAYS, "south main"),
        asked_in_order(evidence.asked, [*north, ("south main", 200)]),
        told(heard, [*((who, "MALFORMED_RESPONSE") for who, _ in north), ("south main", None)]),
    )


ERROR_PAGE = story(
    "error-page",
    "A provider answers 200 with an HTML page: that is no answer, and the next model gives one",
    [Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"html": True}),)), _SOUTH],
    _chat,
    judge_error_page,
)


def _cut_short(evidence: Evidence, outcome: str) -> Check:
    north = first(evidence.of("north main"))
    kept = north is not None and north.outcome == outcome and north.tokens_sent == CUT_AT
    return Check(kept, f"although the first provider sent {CUT_AT} tokens and no more", f"{north}")


def _seam(heard: Heard, tokens: int) -> Check:
    claim = f"the caller was told who goes on, and where: after {tokens} words, of which it keeps every one"
    words = [(who, len(NORTH_SAYS[:offset].split())) for who, offset in heard.seams]
    return Check(words == [("south main", tokens)], claim, f"seams: {heard.seams}")


def _judge_resumed(evidence: Evidence, outcome: str) -> Sequence[Check]:
    (heard,) = evidence.heard
    return (
        whole(heard, NORTH_SAYS, "south main"),
        _seam(heard, CUT_AT),
        asked_in_order(evidence.asked, [("north main", 200), ("south main", 200)]),
        _cut_short(evidence, outcome),
        told(heard, [("north main", "STREAM_BROKEN"), ("south main", None)]),
    )


def judge_cut(evidence: Evidence) -> Sequence[Check]:
    """The next model goes on behind the last word: nothing is lost, nothing comes twice."""
    return _judge_resumed(evidence, "cut")


CUT = story(
    "cut",
    "A provider dies in the middle of an answer: the next model goes on from there",
    [Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"cut_at": CUT_AT}),)), _CONTINUES],
    _chat,
    judge_cut,
)


def judge_early_end(evidence: Evidence) -> Sequence[Check]:
    """The same when the body ends politely: without a finish reason it is not whole. What is said again is cut."""
    return _judge_resumed(evidence, "completed")


EARLY_END = story(
    "early-end",
    "A stream ends politely but too early, and the next model begins again: the caller sees no word twice",
    [
        Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"end_at": CUT_AT}),)),
        Endpoint(name="south", says=NORTH_SAYS, model="small", faults=(Fault(action={"continuation": "again"}),)),
    ],
    _chat,
    judge_early_end,
)


def _beginning(heard: Heard, tokens: int) -> Check:
    text = " ".join(NORTH_SAYS.split()[:tokens])
    claim = f"the {tokens} words that came are there, and are not called an answer"
    kept = heard.text.rstrip() == text and heard.finish is None and not heard.seams
    return Check(kept, claim, f"finish {heard.finish}: {heard.text!r}")


def judge_no_recovery(evidence: Evidence) -> Sequence[Check]:
    """The caller asked not to recover: one error with what came, no second request, no short answer."""
    (heard,) = evidence.heard
    return (
        error(heard, "UNAVAILABLE", "STREAM_BROKEN"),
        _beginning(heard, CUT_AT),
        asked_in_order(evidence.asked, [("north main", 200)]),
        told(heard, [("north main", "STREAM_BROKEN")]),
        _cut_short(evidence, "cut"),
    )


NO_RECOVERY = story(
    "no-recovery",
    "The same cut, and the caller wants no recovery: an error, never a short answer",
    [Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"cut_at": CUT_AT}),)), _CONTINUES],
    _chat_without_recovery,
    judge_no_recovery,
)


def _complete(stage: Stage) -> None:
    stage.complete()


def judge_complete(evidence: Evidence) -> Sequence[Check]:
    """The break is invisible: the whole answer of the next entry, nothing of the first mixed in."""
    (heard,) = evidence.heard
    return (
        whole(heard, SOUTH_SAYS, "south main"),
        asked_in_order(evidence.asked, [("north main", 200), ("south main", 200)]),
        _cut_short(evidence, "cut"),
        told(heard, [("north main", "STREAM_BROKEN"), ("south main", None)], streamed=False),
    )


COMPLETE = story(
    "complete",
    "The same cut under Complete: nobody notices",
    [Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"cut_at": CUT_AT}),)), _SOUTH],
    _complete,
    judge_complete,
)


def _leave_early(stage: Stage) -> None:
    stage.chat(hang_up_after=_WORDS_HEARD)


def judge_cancel(evidence: Evidence) -> Sequence[Check]:
    """The provider sees the hang-up right after the caller's, and nobody else is asked."""
    (heard,) = evidence.heard
    closed_s = heard.closed_s if heard.closed_s is not None else 0.0
    return (
        Check(
            heard.closed_s is not None
            and heard.finish is None
            and heard.code is None
            and 0 < len(heard.text) < len(NORTH_SAYS),
            "the caller went away in the middle",
            f"{heard.finish} {heard.reason}: {heard.text!r}",
        ),
        Check(NORTH_SAYS.startswith(heard.text), "what it had was right", repr(heard.text)),
        asked_in_order(evidence.asked, [("north main", 200)]),
        hung_up(
            first(evidence.asked),
            closed_s,
            _CLOCK_S,
            _HANG_UP_LIMIT_S,
            f"the provider saw it within {_HANG_UP_LIMIT_S * 1000:.0f} ms",
        ),
    )


CANCEL = story(
    "cancel",
    "The caller goes away: the provider's work is stopped at once",
    [Endpoint(name="north", says=NORTH_SAYS), _SOUTH],
    _leave_early,
    judge_cancel,
)

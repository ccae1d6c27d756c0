"""The demo's judge lets no broken promise pass: each story's good evidence, and the same evidence doctored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from remora_client.demo import local
from remora_client.demo.heard import Heard, Tried
from remora_client.demo.journal import STRANGER, Asked, asked_of, fingerprint
from remora_client.demo.scenery import NORTH_SAYS, SOUTH_SAYS
from remora_client.demo.stories import STORIES
from remora_client.demo.verdict import Evidence

BY_NAME = {story.scenery.story: story for story in STORIES}
BRIEFLY = BY_NAME["breaker"].scenery.endpoints[1].says
BEGINNING = " ".join(NORTH_SAYS.split()[:8])


def asked(who: str, at_s: float, status: int | None = 200, outcome: str = "completed", **more: float) -> Asked:
    ended_s = more.pop("ended_s", at_s + 0.5)
    return Asked(who, at_s, status, outcome, int(more.pop("tokens", 20)), ended_s)


def tried(*attempts: tuple[str, str | None, int | None]) -> dict[str, tuple[Tried, ...]]:
    made = tuple(Tried(*attempt) for attempt in attempts)
    return {"tried": made, "told": made}


def answered(by: str, *failed: tuple[str, str, int | None], text: str = "", at_s: float = 0.0, **more: object) -> Heard:
    said = text or (NORTH_SAYS if by.startswith("north") else SOUTH_SAYS)
    heard = Heard(at_s, at_s + 0.6, at_s + 0.02, said, "STOP", by, by.startswith("south"))
    return replace(heard, **tried(*failed, (by, None, 200)), **more)


def broken(reason: str, text: str, *failed: tuple[str, str, int | None], **more: object) -> Heard:
    return Heard(0.0, 1.6, None, text, code="UNAVAILABLE", reason=reason, **tried(*failed), **more)


def resumed(outcome: str) -> Evidence:
    seams = (("south main", len(BEGINNING) + 1),)
    return Evidence(
        (asked("north main", 0.0, outcome=outcome, tokens=8), asked("south main", 0.2)),
        (answered("south main", ("north main", "STREAM_BROKEN", 200), text=NORTH_SAYS, seams=seams),),
    )


def cut() -> Evidence:
    return Evidence(
        (asked("north main", 0.0, outcome="cut", tokens=8),),
        (broken("STREAM_BROKEN", BEGINNING, ("north main", "STREAM_BROKEN", 200)),),
    )


DOWN = ("north main", "SERVER_ERROR", 503)
LIMITED = ("north main", "RATE_LIMITED", 429)
NOBODY = ("west main", "CONNECTION", None)
PAGE = ("north main", "MALFORMED_RESPONSE", 200)

GOOD = {
    "healthy": Evidence((asked("north main", 0.0),), (answered("north main"),)),
    "rotation": Evidence(
        (asked("north main", 0.0, 429), asked("north spare", 0.01)), (answered("north spare", LIMITED),)
    ),
    "retry-after": Evidence(
        (asked("north main", 0.0, 429), asked("north main", 2.0), asked("north main", 5.2)),
        (answered("north main", LIMITED), answered("north main", at_s=0.5)),
    ),
    "long-limit": Evidence(
        (asked("north main", 0.0, 429), asked("south main", 0.01), asked("south main", 0.7)),
        (answered("south main", LIMITED), answered("south main")),
    ),
    "outage": Evidence(
        (asked("north main", 0.0, 503), asked("north main", 0.3, 503), asked("south main", 0.31)),
        (answered("south main", DOWN, DOWN),),
    ),
    "refused": Evidence(
        (asked("south main", 0.0),),
        (answered("south main", ("north main", "CONNECTION", None)),),
        frozenset({"north"}),
    ),
    "invalid-key": Evidence(
        (asked("north old", 0.0, 401), asked("north new", 0.01), asked("north new", 0.7)),
        (answered("north new", ("north old", "AUTHENTICATION", 401)), answered("north new")),
    ),
    "silence": Evidence(
        (asked("north main", 0.0, None, "caller_hung_up", tokens=0, ended_s=1.0), asked("south main", 1.0)),
        (answered("south main", ("north main", "TIMEOUT", None)),),
    ),
    "error-page": Evidence(
        (asked("north main", 0.0), asked("north main", 0.4), asked("south main", 0.41)),
        (answered("south main", PAGE, PAGE),),
    ),
    "all-down": Evidence(
        (
            asked("north main", 0.0, 503),
            asked("north main", 0.4, 503),
            asked("south main", 0.41, 429),
            asked("north main", 2.0, 503),
        ),
        (
            broken("SERVER_ERROR", "", DOWN, DOWN, ("south main", "RATE_LIMITED", 429), NOBODY, NOBODY),
            broken("SERVER_ERROR", "", DOWN, NOBODY, retry_after_s=19.5, skipped=("south",)),
        ),
        frozenset({"west"}),
    ),
    "cut": resumed("cut"),
    "early-end": resumed("completed"),
    "no-recovery": cut(),
    "complete": Evidence(
        (asked("north main", 0.0, outcome="cut", tokens=8), asked("south main", 0.2)),
        (answered("south main", ("north main", "STREAM_BROKEN", 200)),),
    ),
    "cancel": Evidence(
        (asked("north main", 0.0, outcome="caller_hung_up", tokens=7, ended_s=0.135),),
        (Heard(0.0, 0.14, 0.02, BEGINNING, closed_s=0.13),),
    ),
    "breaker": Evidence(
        (
            asked("north main", 0.0, 503),
            asked("north main", 0.3, 503),
            asked("south main", 0.31),
            asked("north main", 0.6, 503),
            *(asked("south main", at_s) for at_s in (0.61, 0.8, 0.9, 1.0)),
        ),
        (
            answered("south main", DOWN, DOWN, text=BRIEFLY),
            answered("south main", DOWN, text=BRIEFLY, at_s=0.6),
            *(answered("south main", text=BRIEFLY, at_s=at_s) for at_s in (0.8, 0.9, 1.0)),
        ),
    ),
}
GOOD["complete"] = replace(GOOD["complete"], heard=(replace(GOOD["complete"].heard[0], told=()),))


def with_heard(evidence: Evidence, place: int, **changes: object) -> Evidence:
    heard = list(evidence.heard)
    heard[place] = replace(heard[place], **changes)
    return replace(evidence, heard=tuple(heard))


def with_asked(evidence: Evidence, place: int, **changes: object) -> Evidence:
    requests = list(evidence.asked)
    requests[place] = replace(requests[place], **changes)
    return replace(evidence, asked=tuple(requests))


def kept(name: str, evidence: Evidence) -> bool:
    return all(check.kept for check in BY_NAME[name].judge(evidence))


EVERYWHERE: dict[str, Callable[[Evidence], Evidence]] = {
    "one request more": lambda e: replace(e, asked=(*e.asked, replace(e.asked[-1], at_s=9.0))),
    "one request less": lambda e: replace(e, asked=e.asked[:-1]),
    "no requests": lambda e: replace(e, asked=()),
    "a stranger's key": lambda e: with_asked(e, -1, who=STRANGER),
    "another status": lambda e: with_asked(e, 0, status=418),
    "a wrong word": lambda e: with_heard(e, 0, text="Salmon " + e.heard[0].text),
    "another error": lambda e: with_heard(e, 0, code="INTERNAL", reason="INTERNAL"),
    "a wrong word in the last answer": lambda e: with_heard(e, -1, text="Salmon " + e.heard[-1].text),
}


@pytest.mark.parametrize("name", BY_NAME)
def test_good_evidence_is_as_promised(name):
    assert [check for check in BY_NAME[name].judge(GOOD[name]) if not check.kept] == []


@pytest.mark.parametrize("doctored", EVERYWHERE)
@pytest.mark.parametrize("name", BY_NAME)
def test_no_story_passes_with_doctored_evidence(name, doctored):
    assert not kept(name, EVERYWHERE[doctored](GOOD[name]))


UNANSWERED = [name for name, evidence in GOOD.items() if evidence.heard[0].finish is None]


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in UNANSWERED])
def test_a_short_answer_is_no_whole_one(name):
    short = GOOD[name].heard[-1].text.rpartition(" ")[0]
    assert not kept(name, with_heard(GOOD[name], -1, text=short))


@pytest.mark.parametrize("name", UNANSWERED)
def test_an_error_must_not_look_like_an_answer(name):
    assert not kept(name, with_heard(GOOD[name], 0, finish="STOP"))


@pytest.mark.parametrize("name", [name for name in BY_NAME if GOOD[name].heard[0].tried and name != "healthy"])
def test_a_report_that_leaves_out_an_attempt_is_seen(name):
    made = GOOD[name].heard[0].tried[1:]
    assert name == "breaker" or not kept(name, with_heard(GOOD[name], 0, tried=made, told=made))


@pytest.mark.parametrize(
    ("name", "doctored"),
    [
        ("healthy", with_heard(GOOD["healthy"], 0, first_text_s=0.59)),
        ("rotation", with_heard(GOOD["rotation"], 0, ended_s=3.0)),
        ("rotation", with_heard(GOOD["rotation"], 0, failed_over=True)),
        ("retry-after", with_asked(GOOD["retry-after"], 1, at_s=1.99)),
        ("retry-after", with_asked(GOOD["retry-after"], 2, at_s=1.9)),
        ("retry-after", with_heard(GOOD["retry-after"], 1, asked_s=2.5)),
        ("outage", with_asked(GOOD["outage"], 1, at_s=0.1)),
        ("outage", with_heard(GOOD["outage"], 0, failed_over=False)),
        ("refused", replace(GOOD["refused"], refused=frozenset())),
        ("refused", with_heard(GOOD["refused"], 0, ended_s=5.0)),
        ("silence", with_asked(GOOD["silence"], 0, ended_s=1.6)),
        ("silence", with_asked(GOOD["silence"], 0, ended_s=0.5)),
        ("silence", with_asked(GOOD["silence"], 0, outcome=None, ended_s=None)),
        ("silence", with_asked(GOOD["silence"], 1, at_s=0.2)),
        ("all-down", with_heard(GOOD["all-down"], 1, retry_after_s=None)),
        ("all-down", with_heard(GOOD["all-down"], 1, retry_after_s=5.0)),
        ("all-down", with_heard(GOOD["all-down"], 1, skipped=())),
        ("all-down", with_heard(GOOD["all-down"], 0, told=())),
        ("all-down", replace(GOOD["all-down"], refused=frozenset())),
        ("cut", with_asked(GOOD["cut"], 0, tokens_sent=20)),
        ("cut", with_asked(GOOD["cut"], 0, outcome="completed")),
        ("cut", with_heard(GOOD["cut"], 0, seams=())),
        ("cut", with_heard(GOOD["cut"], 0, seams=(("south main", len(BEGINNING) - 1),) * 2)),
        ("cut", with_heard(GOOD["cut"], 0, seams=(("south main", 9),))),
        ("early-end", with_asked(GOOD["early-end"], 0, outcome="cut")),
        ("no-recovery", with_asked(GOOD["no-recovery"], 0, tokens_sent=20)),
        ("no-recovery", with_heard(GOOD["no-recovery"], 0, seams=(("south main", 9),))),
        ("complete", with_asked(GOOD["complete"], 0, outcome="completed")),
        ("cancel", with_asked(GOOD["cancel"], 0, ended_s=0.3)),
        ("cancel", with_asked(GOOD["cancel"], 0, outcome="completed")),
        ("cancel", with_heard(GOOD["cancel"], 0, closed_s=None)),
        ("breaker", with_asked(GOOD["breaker"], 3, at_s=0.85)),
        ("breaker", with_heard(GOOD["breaker"], 4, tried=(Tried(*DOWN), Tried("south main", None, 200)))),
    ],
)
def test_what_a_story_promises_of_its_own_is_judged(name, doctored):
    assert not kept(name, doctored)


LOCAL = Evidence(
    (
        asked("north main", 0.0, 503, tokens=0),
        asked("south main", 0.4, None, "reset", tokens=0),
        asked("west main", 0.5, outcome="cut", tokens=0),
    ),
    (
        answered(
            "real main",
            DOWN,
            ("south main", "CONNECTION", None),
            ("west main", "MALFORMED_RESPONSE", 200),
            text="The sky is blue because light scatters in the air.",
            failed_over=True,
        ),
    ),
)


def local_kept(evidence: Evidence, served: int = 1) -> bool:
    return all(check.kept for check in local.judge(evidence, served))


def test_the_real_models_answer_is_as_promised():
    assert local_kept(LOCAL)


@pytest.mark.parametrize(
    ("doctored", "served"),
    [
        (LOCAL, 0),
        (LOCAL, 2),
        (with_asked(LOCAL, 2, tokens_sent=9), 1),
        (with_asked(LOCAL, 0, status=200), 1),
        (replace(LOCAL, asked=LOCAL.asked[1:]), 1),
        (with_heard(LOCAL, 0, by="west main"), 1),
        (with_heard(LOCAL, 0, text=NORTH_SAYS), 1),
        (with_heard(LOCAL, 0, text="Blue."), 1),
        (with_heard(LOCAL, 0, code="UNAVAILABLE"), 1),
        (with_heard(LOCAL, 0, tried=LOCAL.heard[0].tried[1:]), 1),
    ],
)
def test_another_answer_is_not_taken_for_the_real_models(doctored, served):
    assert not local_kept(doctored, served)


def test_the_journal_is_read_by_key():
    names = {fingerprint("sk-a"): ("cut", "north main"), fingerprint("sk-b"): ("breaker", "south main")}
    entry = {"received_s": 1.0, "status": 200, "outcome": "completed", "tokens_sent": 3, "end_s": 2.0}
    entries = [{**entry, "key": key} for key in (fingerprint("sk-b"), fingerprint("sk-a"), "sha256:000000000000", None)]
    assert asked_of(entries, "cut", names) == (
        Asked("north main", 1.0, 200, "completed", 3, 2.0),
        Asked(STRANGER, 1.0, 200, "completed", 3, 2.0),
        Asked(STRANGER, 1.0, 200, "completed", 3, 2.0),
    )
    assert fingerprint("sk-a") == "sha256:a4a6d307ad00"

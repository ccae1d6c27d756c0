"""The judge: promises checked against what the provider saw and what the caller got. Pure; nothing is taken on trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .heard import Heard
from .journal import Asked


@dataclass(frozen=True, slots=True)
class Check:
    """One promise. claim: what was promised; found: what was seen instead, told when it was not kept."""

    kept: bool
    claim: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the judge of a story gets. refused: endpoints that refused the judge's own connection."""

    asked: tuple[Asked, ...]
    heard: tuple[Heard, ...]
    refused: frozenset[str] = frozenset()

    def of(self, who: str) -> list[Asked]:
        """The requests with that key."""
        return [asked for asked in self.asked if asked.who == who]


Seen = tuple[str, int | None]
"""A key and the status it was answered with; None: nothing."""


def whole(heard: Heard, text: str, by: str, caller: str = "the caller") -> Check:
    """The caller has this text, all of it and nothing else, finished, without an error, from `by`."""
    claim = f"{caller} has the whole answer of {by}, word for word ({len(text.split())} words)"
    if heard.code is not None:
        return Check(False, claim, f"{heard.code} {heard.reason}: {heard.message}")
    kept = heard.text == text and heard.finish == "STOP" and heard.by == by
    return Check(kept, claim, f"{heard.finish} by {heard.by}: {heard.text!r}")


def asked_in_order(asked: Sequence[Asked], expected: Sequence[Seen]) -> Check:
    """Exactly these requests, in this order, with these statuses: not one more."""
    claim = f"the provider was asked {_times(len(expected))}: {_listed(expected)}"
    seen = [(a.who, a.status) for a in asked]
    return Check(seen == list(expected), claim, f"it saw {_listed(seen)}")


def told(heard: Heard, expected: Sequence[tuple[str, str | None]], *, streamed: bool = True) -> Check:
    """The report names exactly these attempts, as key and reason; so did the events, if it was streamed."""
    claim = "the report names every attempt: " + ", ".join(f"{who} {reason or 'answered'}" for who, reason in expected)
    in_report = [(t.who, t.reason) for t in heard.tried]
    live = [(t.who, t.reason) for t in heard.told]
    kept = in_report == list(expected) and live == (in_report if streamed else [])
    return Check(kept, claim, f"report: {in_report}, as it ran: {live}")


def gap(earlier: Asked | None, later: Asked | None, at_least_s: float, claim: str) -> Check:
    """The provider saw at least so many seconds between two requests."""
    if earlier is None or later is None:
        return Check(False, claim, "a request is missing")
    seen_s = later.at_s - earlier.at_s
    return Check(seen_s >= at_least_s, f"{claim} ({seen_s:.2f} s)", f"only {seen_s:.3f} s")


def hung_up(asked: Asked | None, due_s: float, early_s: float, late_s: float, claim: str) -> Check:
    """The provider saw the caller hang up at `due_s`, by so many seconds early or late at the most."""
    if asked is None or asked.outcome != "caller_hung_up" or asked.ended_s is None:
        return Check(False, claim, f"it saw {asked.fate if asked is not None else 'nothing'}")
    off_s = asked.ended_s - due_s
    kept = -early_s <= off_s <= late_s
    return Check(
        kept, f"{claim} ({round(off_s * 1000):+d} ms)", f"allowed: {-early_s * 1000:.0f} to {late_s * 1000:.0f} ms"
    )


def error(heard: Heard, code: str, reason: str, call: str = "the call") -> Check:
    """The call ended in this error, and nothing was sold as an answer."""
    claim = f"one honest error ends {call}: {code} {reason}"
    kept = heard.code == code and heard.reason == reason and heard.finish is None
    return Check(kept, claim, f"{heard.code} {heard.reason}, finish {heard.finish}: {heard.message}")


def took(heard: Heard, at_most_s: float, claim: str) -> Check:
    """The call took so many seconds at the most."""
    return Check(heard.took_s <= at_most_s, f"{claim} ({heard.took_s:.2f} s)", f"over {at_most_s:g} s")


def first(asked: Sequence[Asked], place: int = 0) -> Asked | None:
    """The request at that place; None if there are fewer."""
    return asked[place] if len(asked) > place else None


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _listed(seen: Sequence[Seen]) -> str:
    return ", ".join(f"{who} → {status if status is not None else 'not a byte'}" for who, status in seen) or "nothing"

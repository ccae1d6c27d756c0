"""The events that the span of a call must have: each wait, skip, resume and repair, from what its caller was told. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

from remora_client.report import Attempt, FailoverReport, SkippedEntry

from .expectation import CANCELLED, PRESENT

Happening: TypeAlias = tuple[str, dict[str, Any]]
"""An event's name and its attributes, compared as those of spans are."""


def happenings(report: FailoverReport) -> list[Happening]:
    """In no order."""
    attempts = report.attempts
    repairs: list[Happening] = [
        ("remora.repair", {"remora.attempt.index": repair.attempt_index, "remora.reason": str(repair.reason)})
        for repair in report.repairs
    ]
    return [
        *map(_skip, report.skipped),
        *(_wait(attempt, attempts) for attempt in attempts if attempt.wait_s),
        *(_resume(attempt, attempts) for attempt in attempts if has_gone_on(attempt)),
        *repairs,
    ]


def has_gone_on(attempt: Attempt) -> bool:
    """It was asked to go on with an answer, and did: what is cancelled before the seam has not."""
    return attempt.kind == "RESUME" and attempt.first_content_s is not None and attempt.reason != CANCELLED


def _skip(skipped: SkippedEntry) -> Happening:
    told: dict[str, Any] = {
        "remora.provider": skipped.target.provider,
        "remora.model": skipped.target.model,
        "remora.skip.cause": (skipped.cause or "").lower(),
    }
    if skipped.reason is not None:
        told["remora.reason"] = str(skipped.reason)
    if skipped.retry_after_s is not None:
        told["remora.retry_after_s"] = skipped.retry_after_s
    return "remora.skip", told


def _wait(attempt: Attempt, attempts: tuple[Attempt, ...]) -> Happening:
    """The cause is the failure before; who waits before the first attempt waits for what another call has met."""
    told = {"remora.wait_s": attempt.wait_s, **_of(attempt)}
    before = next((other for other in attempts if other.index == attempt.index - 1), None)
    if before is not None and before.reason is not None:
        told["remora.reason"] = str(before.reason)
        if before.retry_after_s is not None:
            told["remora.retry_after_s"] = before.retry_after_s
    return "remora.wait", told


def _resume(attempt: Attempt, attempts: tuple[Attempt, ...]) -> Happening:
    """The cause is the break of the newest attempt before it that had given content."""
    broken = [
        other.reason
        for other in attempts
        if other.index < attempt.index and other.first_content_s is not None and other.reason not in (None, CANCELLED)
    ]
    return "remora.resume", {**_of(attempt), "remora.reason": str(broken[-1]) if broken else PRESENT}


def _of(attempt: Attempt) -> dict[str, Any]:
    target = attempt.target
    return {"remora.attempt.index": attempt.index, "remora.provider": target.provider, "remora.model": target.model}

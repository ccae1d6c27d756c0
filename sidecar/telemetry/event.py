"""The events of an operation's span: every wait, skip, repair and resume, with its cause and instant."""

from __future__ import annotations

from collections.abc import Callable

from ..core.reasons import Reason
from ..core.report import Attempt, AttemptKind, Repair, Report, Skipped
from . import names
from .otlp_bytes import Event, Value


def events(report: Report, shown: Callable[[str], str]) -> list[Event]:
    """In order of time. `shown`: a name as it may be shown. Messages are left out: they may quote upstream."""
    if len(report.attempts) < 2 and not report.skipped and not report.repairs and not _waited(report):
        return []
    by_index = {attempt.index: attempt for attempt in report.attempts}
    found = [_skip(skipped, report, shown) for skipped in report.skipped]
    found += [_wait(attempt, by_index, shown) for attempt in report.attempts if attempt.wait_s > 0]
    found += [_repair(repair, by_index.get(repair.attempt_index), report) for repair in report.repairs]
    found += [_resume(attempt, report, shown) for attempt in report.attempts if _went_on(attempt)]
    return sorted(found, key=lambda event: event.at)


def _skip(skipped: Skipped, report: Report, shown: Callable[[str], str]) -> Event:
    attributes: dict[str, Value] = {
        names.PROVIDER: skipped.entry.provider,
        names.MODEL: shown(skipped.entry.model),
        names.SKIP_CAUSE: skipped.cause.value,
    }
    if skipped.reason is not None:
        attributes[names.REASON] = skipped.reason.value
    if skipped.retry_after_s is not None:
        attributes[names.RETRY_AFTER_S] = skipped.retry_after_s
    after_s = skipped.noted_at - report.arrived_at if skipped.noted_at is not None else 0.0
    return Event(names.SKIP_EVENT, report.started_at + after_s, attributes)


def _wait(attempt: Attempt, by_index: dict[int, Attempt], shown: Callable[[str], str]) -> Event:
    """The cause of a wait is the failure before it."""
    attributes: dict[str, Value] = {
        names.WAIT_S: attempt.wait_s,
        names.ATTEMPT_INDEX: attempt.index,
        names.PROVIDER: attempt.target.entry.provider,
        names.MODEL: shown(attempt.target.entry.model),
    }
    before = by_index.get(attempt.index - 1)
    if before is not None and before.reason is not None:
        attributes[names.REASON] = before.reason.value
        if before.retry_after_s is not None:
            attributes[names.RETRY_AFTER_S] = before.retry_after_s
    return Event(names.WAIT_EVENT, attempt.started_at - attempt.wait_s, attributes)


def _waited(report: Report) -> bool:
    return any(attempt.wait_s > 0 for attempt in report.attempts)


def _went_on(attempt: Attempt) -> bool:
    """One that was asked to go on and has not is CANCELLED."""
    has_content = attempt.first_content_s is not None and attempt.reason is not Reason.CANCELLED
    return attempt.kind is AttemptKind.RESUME and has_content


def _resume(attempt: Attempt, report: Report, shown: Callable[[str], str]) -> Event:
    """At its first content, rounded into the call; the cause is the break of the attempt before it that had given some."""
    attributes: dict[str, Value] = {
        names.ATTEMPT_INDEX: attempt.index,
        names.PROVIDER: attempt.target.entry.provider,
        names.MODEL: shown(attempt.target.entry.model),
    }
    broke = [other.reason for other in report.attempts if other.index < attempt.index and _has_broken(other)]
    if broke and broke[-1] is not None:
        attributes[names.REASON] = broke[-1].value
    at = attempt.started_at + (attempt.first_content_s or 0.0)
    return Event(names.RESUME_EVENT, min(at, report.started_at + report.duration_s), attributes)


def _has_broken(attempt: Attempt) -> bool:
    return attempt.first_content_s is not None and attempt.reason not in (None, Reason.CANCELLED)


def _repair(repair: Repair, attempt: Attempt | None, report: Report) -> Event:
    """At the end of the attempt whose refusal led to it; at its start where the change prevented one."""
    attributes: dict[str, Value] = {names.ATTEMPT_INDEX: repair.attempt_index, names.REASON: repair.reason.value}
    if attempt is None:
        return Event(names.REPAIR_EVENT, report.started_at, attributes)
    was_refused = attempt.reason is repair.reason
    return Event(names.REPAIR_EVENT, attempt.started_at + (attempt.duration_s if was_refused else 0.0), attributes)

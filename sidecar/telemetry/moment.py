"""Instants that a report tells only in parts."""

from __future__ import annotations

from ..core.report import Report


def first_content_at(report: Report) -> float | None:
    """Epoch seconds of the answer's first content; None where there is no answer, or nothing was told of it."""
    for attempt in reversed(report.attempts):
        if attempt.reason is None and attempt.first_content_s is not None:
            return attempt.started_at + attempt.first_content_s
    return None

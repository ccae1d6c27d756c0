"""How often one target may be asked again at once, by what it answered (failover.md §4, §5)."""

from __future__ import annotations

from .classify import Verdict
from .reasons import Again, Reason
from .tuning import RetrySettings


def retries_allowed(again: Again, verdict: Verdict, retry: RetrySettings, *, is_last: bool) -> int:
    """Retries of one target in one call. `again`: the reason's row; `is_last`: no other entry is callable."""
    if verdict.should_retry is False or _is_unknown_refusal(verdict):
        return 0
    match again:
        case Again.ONCE:
            return 1
        case Again.BACKOFF:
            return retry.same_target_last if is_last else retry.same_target
        case Again.IF_LAST:
            return retry.same_target_last if is_last else 0
        case _:
            return 0


def _is_unknown_refusal(verdict: Verdict) -> bool:
    """An unexplained 3xx or 4xx answers the same request the same way."""
    return verdict.reason is Reason.UNKNOWN and verdict.status is not None and 300 <= verdict.status < 500

"""The clocks of one attempt: what the policy, the caller and the deadline leave it, and what running out means."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from ..core.classify import Verdict
from ..core.content import Request
from ..core.deadline import Allowance, Deadline, LimitedBy
from ..core.policy import DEFAULT_FIRST_CONTENT_LIMIT_S, DEFAULT_IDLE_S, DEFAULT_ON_SLOW, OnSlow, Policy
from ..core.reasons import Reason
from ..core.step import Start
from ..core.timing import Timing
from ..core.value import value_type


@value_type
class Clocks:
    """Limits of one attempt, in seconds. `idle_is_callers`: only the caller made the idle limit this short.

    `outer`: after `first_content` has run out it waits on, until this; None: it does not. `own_s`: the first-content limit
    of the target itself, whatever caller and deadline made of it.
    """

    first_content: Allowance
    idle_s: float
    idle_is_callers: bool
    timing: Timing
    outer: Allowance | None = None
    own_s: float = float("inf")


SILENT_PROBE_S = 2.0
"""A probe of a target that was parked for its silence is hedged after this (streams.md)."""


def clocks_of(
    start: Start,
    request: Request,
    deadline: Deadline,
    timing: Timing,
    now: float,
    *,
    is_silent_probe: bool = False,
    usual_s: float | None = None,
) -> Clocks:
    """The clocks of an attempt that starts now. WAIT, and an answer that does not stream, get the outer limit.

    `is_silent_probe`: of a target that was parked for its silence. `usual_s`: how long its entry takes as a rule, where the
    limit follows that; a limit that a policy names holds instead.
    """
    link = start.link
    streams = link.model.streaming and request.embedding is None
    on_slow = link.policy.on_slow or DEFAULT_ON_SLOW
    waits = on_slow is OnSlow.WAIT or not streams
    ours = first_content_s(link.operator, request, timing, thinks=link.model.thinks_silently)
    theirs = ours
    if link.policy is not link.operator:
        theirs = first_content_s(link.policy, request, timing, thinks=link.model.thinks_silently)
    if usual_s is not None and on_slow is OnSlow.HEDGE and streams and link.policy.first_content_s is None:
        usual_s = min(max(usual_s, timing.adaptive_least_s), ours[1])
        ours, theirs = (max(ours[0], usual_s), ours[1]), (min(usual_s, theirs[1]), theirs[1])
    first = deadline.allowance(now, ours[waits], theirs[waits], start.other_callable)
    outer = deadline.allowance(now, ours[1], theirs[1], 0) if on_slow is OnSlow.HEDGE and streams else None
    if outer is not None and is_silent_probe and first.limit_s > SILENT_PROBE_S:
        first = Allowance(SILENT_PROBE_S, LimitedBy.CALLER)
    idle_s = link.policy.idle_s or DEFAULT_IDLE_S
    is_callers = idle_s < (link.operator.idle_s or DEFAULT_IDLE_S)
    return Clocks(first, idle_s, is_callers, timing, outer, ours[waits])


def first_content_s(policy: Policy, request: Request, timing: Timing, *, thinks: bool) -> tuple[float, float]:
    """The first-content limits a policy sets: the first, and the outer one, by default never less than the first."""
    default = timing.first_content_base_s + request.estimated_tokens / timing.first_content_tokens_per_s
    if thinks:
        default = timing.first_content_thinking_s
    inner_s = policy.first_content_s or default
    outer_s = policy.first_content_limit_s or max(DEFAULT_FIRST_CONTENT_LIMIT_S, inner_s)
    return min(inner_s, outer_s), outer_s


def local_verdict(reason: Reason, message: str, status: int | None = None) -> Verdict:
    """A verdict from our own evidence: it decides alone."""
    return Verdict(reason, status=status, message=message, is_own=True)


def believed(verdict: Verdict, limit_s: float) -> Verdict:
    """The verdict with its stated wait cut to the longest that is believed."""
    if verdict.retry_after_s is None or verdict.retry_after_s <= limit_s:
        return verdict
    return replace(verdict, retry_after_s=limit_s)


def slow_verdict(allowance: Allowance, status: int | None) -> Verdict:
    """The first-content limit ran out: TIMEOUT where the target is to blame, else DEADLINE."""
    message = f"no content within {allowance.limit_s:.1f} s"
    match allowance.limited_by:
        case LimitedBy.CONFIGURED:
            return local_verdict(Reason.TIMEOUT, message, status)
        case LimitedBy.CALLER:
            return local_verdict(Reason.DEADLINE, f"{message}, the limit of this call", status)
        case LimitedBy.SPLIT:
            return local_verdict(Reason.DEADLINE, f"{message}, this attempt's share of the deadline", status)
        case _:
            assert_never(allowance.limited_by)

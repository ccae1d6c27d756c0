"""How a call that cannot go on ends: its reason, the line that tells how each entry ended, and when to come back."""

from __future__ import annotations

from dataclasses import replace

from .classify import Verdict
from .conclusion import conclude, soonest_return_s, summary
from .legs import Legs
from .overflow import REMEDIES
from .reasons import Reason
from .step import Stop


def stop(legs: Legs, broke: Verdict | None, now: float, reason: Reason | None = None) -> Stop:
    """`reason`: what ended the call early; None: concluded from how its entries ended. `broke`: why an answer broke off of
    which the caller has some."""
    endings = legs.endings(now)
    if reason is None and broke is not None:
        reason = broke.reason
    concluded, message = reason or conclude(endings), summary(endings)
    if broke is not None:
        message = f"the answer broke off and nothing went on with it: {message}"
    if concluded is Reason.CONTEXT_LENGTH:
        message = f"{message}; {REMEDIES}"
    return Stop(concluded, message, soonest_return_s(endings, now))


def out_of_time(legs: Legs, broke: Verdict | None, now: float, attempts: int, least_s: float) -> Stop:
    """With less than `least_s` seconds left, no attempt starts. `attempts`: made so far."""
    stopped = stop(legs, broke, now, Reason.DEADLINE)
    least = f"less than {least_s:g} s"
    if not attempts:
        return replace(stopped, message=f"the caller's deadline left {least}, too little for an attempt")
    return replace(stopped, message=f"{least} were left for another attempt; {stopped.message}")

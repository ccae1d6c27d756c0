"""What a prompt that exceeded one model's window says of other models, and what the policy wants (failover.md §6)."""

from __future__ import annotations

from .catalog import Model
from .classify import Verdict
from .content import Request
from .policy import OnContextOverflow, Policy
from .turns import droppable_turns

REMEDIES = "shorten the conversation, ask for less output, or name a model with a larger window"
_ELSEWHERE = (None, OnContextOverflow.LARGER_WINDOW, OnContextOverflow.LARGER_WINDOW_THEN_TRUNCATE)


def fits(candidate: Model, overflowed: Model, verdict: Verdict) -> bool:
    """Whether a prompt that `overflowed` refused may fit another model: its window is larger, or nothing is known."""
    if candidate.id == overflowed.id:
        return False
    exceeded = verdict.limit if verdict.limit is not None else overflowed.context_window
    return candidate.context_window is None or exceeded is None or candidate.context_window > exceeded


def may_shorten(policy: Policy, request: Request, window: int) -> bool:
    """Of a request that exceeds a declared window: whether turns are dropped for that model, now or when no other answers.

    They must be there to drop, and the output asked for must leave room for some prompt.
    """
    if not (wants_both(policy) or policy.on_context_overflow is OnContextOverflow.TRUNCATE):
        return False
    return (request.max_output_tokens or 0) < window and bool(droppable_turns(request.messages))


def may_go_elsewhere(policy: Policy) -> bool:
    """Whether another model is asked; the default."""
    return policy.on_context_overflow in _ELSEWHERE


def wants_both(policy: Policy) -> bool:
    """Whether turns are dropped only when no larger window answers."""
    return policy.on_context_overflow is OnContextOverflow.LARGER_WINDOW_THEN_TRUNCATE


def may_truncate(policy: Policy, fits_elsewhere: bool) -> bool:
    """Whether turns may be dropped now; `fits_elsewhere`: another entry that may be large enough is callable."""
    if wants_both(policy):
        return not fits_elsewhere
    return policy.on_context_overflow is OnContextOverflow.TRUNCATE

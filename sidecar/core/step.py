"""What a call does next: an attempt, after a wait perhaps, or the end."""

from __future__ import annotations

from .catalog import Target
from .chain import Link
from .reasons import Reason
from .report import AttemptKind
from .value import value_type


@value_type
class Start:
    """Wait `wait_s`, then call `target`. `short`: the ladder's own cooldown does not hold, only the stated wait.

    `other_callable`: untried entries that are callable now, counted up to as many as a deadline is split among. `slots`:
    the wait is for one of these to be free, which may come sooner: ask `freed`. `early`: a last resort, before its time.
    """

    link: Link
    target: Target
    kind: AttemptKind
    wait_s: float = 0.0
    short: bool = False
    other_callable: int = 0
    slots: tuple[Target, ...] = ()
    early: bool = False


@value_type
class Stop:
    """The call has failed. `retry_after_s`: the soonest return of anything, if known."""

    reason: Reason
    message: str
    retry_after_s: float | None

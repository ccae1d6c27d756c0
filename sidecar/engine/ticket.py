"""Leave to make one attempt."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.breaker import Permit
from ..core.catalog import Target
from ..core.reasons import Reason
from ..core.window import Record
from .entries import EntryState


@dataclass(slots=True, eq=False)
class Ticket:
    """Leave to make one attempt on a target. Must be given back exactly once, by `finished`, `failed` or `neutral`.

    `number`: of the newest reset when it was given; what is reset later hears nothing of the attempt.
    `is_early`: a last resort, before the target's time.
    """

    target: Target
    permit: Permit
    state: EntryState
    reach: Record
    started_at: float
    request: int
    number: int = 0
    is_early: bool = False
    has_content: bool = False
    is_open: bool = True

    @property
    def is_silent_probe(self) -> bool:
        """Whether it probes a target that was parked for its silence."""
        return self.permit.is_probe and self.state.breaker.last_reason is Reason.TIMEOUT

    @property
    def is_stale(self) -> bool:
        """Whether its entry was reset since."""
        return self.number < self.state.reset_number

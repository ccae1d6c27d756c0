"""What a codec had to leave out or change so that its target accepts a request, and the refusal that it prevents."""

from __future__ import annotations

from typing import NamedTuple

from ..core.reasons import Reason


class Repaired(NamedTuple):
    """One change. `prevents`: the refusal it would have met; `message`: what was changed, for a person."""

    prevents: Reason
    message: str


class Repairs:
    """Collects the changes to one request; the same change twice is one."""

    def __init__(self) -> None:
        self._found: dict[str, Reason] = {}

    def add(self, message: str, prevents: Reason = Reason.UNSUPPORTED_PARAMETER) -> None:
        """Notes a change."""
        self._found[message] = prevents

    def all(self) -> tuple[Repaired, ...]:
        """Every change, in the order of their messages."""
        return tuple(Repaired(self._found[message], message) for message in sorted(self._found))

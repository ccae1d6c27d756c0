"""Whether new calls are taken."""

from __future__ import annotations

from ..core.errors import CallError
from ..core.reasons import Reason


class Gate:
    """Open until the sidecar drains. `is_draining` shows in health at once; `is_closed` refuses new calls."""

    def __init__(self) -> None:
        self.is_draining = False
        self.is_closed = False

    def check(self) -> None:
        """Raises CallError DRAINING when closed."""
        if self.is_closed:
            raise CallError(Reason.DRAINING, "this sidecar is shutting down; another instance may take the call")

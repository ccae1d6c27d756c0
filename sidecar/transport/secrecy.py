"""A redactor whose secrets change while it is in use: it knows the present ones, and those of calls still under way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from ..core.redaction import Redactor

RETIRED_S = 2400.0
"""A stream may run for 30 min with the key it began with, and its report is kept for 10 min more."""
MAX_RETIRED = 256
"""Retired secrets kept at the most; the oldest go first. Each is looked for in about fifteen forms."""


class KnownSecrets(Redactor):
    """The one redactor of the process."""

    def __init__(self, secrets: Iterable[str], now: float = 0.0) -> None:
        """`secrets`: every one in force. `now`: monotonic seconds, as in every method."""
        self._present = frozenset(secrets)
        self._retired: OrderedDict[str, float] = OrderedDict()
        super().__init__(self._present)

    def replace(self, secrets: Iterable[str], now: float) -> None:
        """These are in force; the others stay known for a while."""
        present = frozenset(secrets)
        for gone in sorted(self._present - present):
            self._retired[gone] = now
            self._retired.move_to_end(gone)
        self._present = present
        self._forget(now)
        super().__init__(self._present.union(self._retired))

    def learn(self, secret: str, now: float) -> None:
        """One more is in force."""
        self.replace(self._present | {secret}, now)

    def _forget(self, now: float) -> None:
        for secret, retired_at in list(self._retired.items()):
            if secret in self._present or now - retired_at >= RETIRED_S:
                del self._retired[secret]
        while len(self._retired) > MAX_RETIRED:
            self._retired.popitem(last=False)

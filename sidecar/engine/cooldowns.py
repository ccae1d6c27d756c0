"""The cooldowns of credentials, and of credentials with one model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from ..core.cooldown import Cooldown
from ..core.lasting import Lasting

MAX_UNDECLARED_PAIRS = 1000
"""Pairs with models that no configuration names are bounded: the least recently hit goes first."""

PairKey = tuple[str, str]
"""(key id, model)."""

LastingKey = tuple[str, str | None]
"""(key id, model); None: the credential with every model."""


class Cooldowns:
    """By key id, the name of a credential's state. `reset_number` of a key: of its newest reset, 0 without one."""

    def __init__(self) -> None:
        self._profiles: dict[str, Cooldown] = {}
        self._pairs: dict[PairKey, Cooldown] = {}
        self._undeclared: OrderedDict[PairKey, None] = OrderedDict()
        self._resets: dict[str, int] = {}
        self._all_reset = 0

    def profile(self, key_id: str) -> Cooldown | None:
        """The cooldown of a credential, if it ever had one."""
        return self._profiles.get(key_id)

    def pair(self, key_id: str, model: str) -> Cooldown | None:
        """The cooldown of a credential with one model, if it ever had one."""
        return self._pairs.get((key_id, model))

    def pairs(self, key_id: str) -> list[tuple[str, Cooldown]]:
        """(model, cooldown) of a credential."""
        return [(model, cooldown) for (key, model), cooldown in self._pairs.items() if key == key_id]

    def new_profile(self, key_id: str) -> Cooldown:
        """The cooldown of a credential, made if need be."""
        return self._profiles.setdefault(key_id, Cooldown())

    def new_pair(self, key_id: str, model: str, *, is_declared: bool) -> Cooldown:
        """The cooldown of a credential with one model, made if need be."""
        key = (key_id, model)
        cooldown = self._pairs.setdefault(key, Cooldown())
        if not is_declared:
            self._undeclared[key] = None
            self._undeclared.move_to_end(key)
            if len(self._undeclared) > MAX_UNDECLARED_PAIRS:
                oldest, _ = self._undeclared.popitem(last=False)
                del self._pairs[oldest]
        return cooldown

    def lasting(self, now: float) -> dict[LastingKey, Lasting]:
        """What a restart must not undo."""
        every: list[tuple[LastingKey, Cooldown]] = [((key_id, None), one) for key_id, one in self._profiles.items()]
        every += self._pairs.items()
        return {key: lasting for key, one in every if (lasting := one.lasting(now)) is not None}

    def restore(self, key: LastingKey, lasting: Lasting) -> None:
        """Puts back what an earlier process left, before anybody asks. Bounded by what is given back at a start."""
        key_id, model = key
        if model is None:
            self._profiles[key_id] = Cooldown.restored(lasting)
        else:
            self._pairs[key_id, model] = Cooldown.restored(lasting)

    def reset_number(self, key_id: str) -> int:
        """The number of the newest reset of a credential."""
        return max(self._all_reset, self._resets.get(key_id, 0))

    def reset_profile(self, key_id: str, number: int) -> None:
        """Forgets a credential's cooldown and those of all its pairs."""
        self._resets[key_id] = number
        self._profiles.pop(key_id, None)
        self._forget([key for key in self._pairs if key[0] == key_id])

    def adopt(self, key_ids: frozenset[str]) -> None:
        """Forgets every credential but these."""
        self._profiles = {key_id: cooldown for key_id, cooldown in self._profiles.items() if key_id in key_ids}
        self._resets = {key_id: number for key_id, number in self._resets.items() if key_id in key_ids}
        self._forget([key for key in self._pairs if key[0] not in key_ids])

    def reset_pairs(self, key_ids: Iterable[str], model: str) -> None:
        """Forgets the cooldowns of credentials with one model."""
        self._forget([(key_id, model) for key_id in key_ids])

    def reset_all(self, number: int) -> None:
        """Forgets every cooldown."""
        self._all_reset = number
        self._resets.clear()
        self._profiles.clear()
        self._pairs.clear()
        self._undeclared.clear()

    def _forget(self, keys: Iterable[PairKey]) -> None:
        for key in keys:
            self._pairs.pop(key, None)
            self._undeclared.pop(key, None)

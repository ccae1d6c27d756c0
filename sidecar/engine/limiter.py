"""The one owner of what credentials may take: attempts under way, the last minute, and what providers say is left.

Keyed by key id, like cooldowns: profiles with the same secret and base URL share one count, each under its own limits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..core.catalog import Catalog, Profile, Target
from ..core.headroom import Quota, quota_of
from ..core.leg import Unavailable
from ..core.limit import Booking, Minute
from ..core.reasons import Reason
from ..core.report import SkipCause
from .announcement import seconds

SLOT_RETURN_S = 1.0
"""What is said of the return of a profile whose `max_concurrency` is reached: nobody knows when an answer ends."""
MAX_QUOTAS = 1_000
"""Models of one credential whose quota is remembered; the one told longest ago goes first."""

Wake = Callable[[], None]


@dataclass(slots=True, eq=False)
class _Load:
    """One credential's. `minute` is kept from when a profile with `rpm` or `tpm` uses it. `waiting`: in order."""

    under_way: int = 0
    minute: Minute | None = None
    waiting: dict[Wake, None] = field(default_factory=dict)
    quotas: OrderedDict[str, Quota] = field(default_factory=OrderedDict)

    def ring(self) -> None:
        """Wakes whoever has waited longest."""
        for wake in self.waiting:
            wake()
            return


class Reservation:
    """What one attempt holds of its credential, until `release`."""

    def __init__(self, limiter: Limiter, load: _Load, booking: Booking | None) -> None:
        self._limiter = limiter
        self._load = load
        self._booking = booking
        self._is_held = True

    def release(self, tokens: int | None) -> None:
        """The attempt has ended; `tokens`: what it took, None where that stays unknown. Once; again changes nothing."""
        if not self._is_held:
            return
        self._is_held = False
        self._limiter.held -= 1
        self._load.under_way -= 1
        if self._booking is not None and self._load.minute is not None and tokens is not None:
            self._load.minute.correct(self._booking, tokens)
        self._load.ring()


class Limiter:
    """`held`: reservations of attempts under way."""

    def __init__(self) -> None:
        self.held = 0
        self._limits: dict[tuple[str, str], Profile] = {}
        self._loads: dict[str, _Load] = {}

    def adopt(self, catalogs: Iterable[Catalog], key_ids: frozenset[str]) -> None:
        """The limits of these catalogs hold at once, those of an earlier one over a later one's; what is known of other
        credentials is forgotten. Reservations of what is forgotten stay good."""
        limits: dict[tuple[str, str], Profile] = {}
        for catalog in catalogs:
            for provider in catalog.providers.values():
                for profile in provider.profiles:
                    limits.setdefault((provider.name, profile.name), profile)
        self._limits = {names: profile for names, profile in limits.items() if _has_limit(profile)}
        self._loads = {key: load for key, load in self._loads.items() if key in key_ids}

    def unavailable(self, target: Target, tokens: int, now: float) -> Unavailable | None:
        """Why an attempt of so many tokens may not start now; the limit that lasts longest. None: it may."""
        profile = self._limits.get((target.entry.provider, target.profile))
        load = self._loads.get(target.key_id) if profile is not None else None
        if profile is None or load is None:
            return None
        held = _minute_is_full(load.minute, profile, tokens, now) if load.minute is not None else None
        most = profile.max_concurrency
        if held is None and most is not None and load.under_way >= most:
            message = f"at its limit of {most} requests at once"
            return Unavailable(SkipCause.RATE_BUDGET, now + SLOT_RETURN_S, Reason.RATE_LIMITED, message, is_slot=True)
        return held

    def reserve(self, target: Target, tokens: int, now: float) -> Reservation:
        """An attempt starts; whether it may was asked before."""
        load = self._loads.get(target.key_id)
        if load is None:
            load = self._loads[target.key_id] = _Load()
        profile = self._limits.get((target.entry.provider, target.profile))
        if load.minute is None and profile is not None and (profile.rpm is not None or profile.tpm is not None):
            load.minute = Minute()
        load.under_way += 1
        self.held += 1
        if (quota := load.quotas.get(target.entry.model)) is not None:
            quota.started(tokens)
        return Reservation(self, load, load.minute.book(tokens, now) if load.minute is not None else None)

    def wait_for_slots(self, key_ids: Iterable[str], wake: Wake) -> Callable[[], None]:
        """From now on `wake` is called, in turn with others, when an attempt on one of these ends. Gives what ends that;
        should a slot be left then, it wakes the next."""
        loads = [load for key in key_ids if (load := self._loads.get(key)) is not None]
        for load in loads:
            load.waiting[wake] = None

        def leave() -> None:
            for load in loads:
                load.waiting.pop(wake, None)
                load.ring()

        return leave

    def under_way(self, target: Target) -> int:
        """Attempts under way with the credential of a target."""
        load = self._loads.get(target.key_id)
        return load.under_way if load is not None else 0

    def told(self, target: Target, headers: Mapping[str, str], now: float, now_wall: float) -> None:
        """An answer came, of whatever status; `headers`: names in lower case."""
        quota = quota_of(headers, now, now_wall)
        if quota is None:
            return
        quotas = self._loads.setdefault(target.key_id, _Load()).quotas
        quotas[target.entry.model] = quota
        quotas.move_to_end(target.entry.model)
        if len(quotas) > MAX_QUOTAS:
            quotas.popitem(last=False)

    def quotas(self, key_id: str) -> Mapping[str, Quota]:
        """What is left of a credential, by model, by its provider's word."""
        load = self._loads.get(key_id)
        return load.quotas if load is not None else {}


def _has_limit(profile: Profile) -> bool:
    return profile.rpm is not None or profile.tpm is not None or profile.max_concurrency is not None


def _minute_is_full(minute: Minute, profile: Profile, tokens: int, now: float) -> Unavailable | None:
    requests_at = minute.requests_return_at(profile.rpm, now) if profile.rpm is not None else None
    tokens_at = minute.tokens_return_at(profile.tpm, tokens, now) if profile.tpm is not None else None
    until = max((at for at in (requests_at, tokens_at) if at is not None), default=None)
    if until is None:
        return None
    limit = "rpm" if until == requests_at else "tpm"
    message = f"at its {limit} limit for {seconds(until - now)}"
    return Unavailable(SkipCause.RATE_BUDGET, until, Reason.RATE_LIMITED, message)

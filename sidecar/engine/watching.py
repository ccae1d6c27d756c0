"""What one watcher of health has not been told yet: the newest of each key, never a queue that grows with time.

A change that somebody makes is heard from the hub. That time is up is nobody's doing, so the watcher looks at the clock
at the next instant at which something shown changes, and at no other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..core.breaker import BreakerState
from ..core.observation import Change, ChangeKind
from .clock import Clock
from .entries import EntryKey
from .state import HealthState

MAX_PENDING = 4096
"""Keys that may wait for a slow watcher; if more have changed, it gets everything anew."""
MAX_NOTICES = 8
"""Configuration changes that may wait; the oldest goes first."""
MIN_WAIT_S = 0.001
ANEW = "more has changed than could be told one by one"
CONFIGURED = "the configuration has changed"


@dataclass(frozen=True, slots=True)
class Credential:
    """A configured profile. `key_id` names its state; profiles with the same secret and base URL share one."""

    provider: str
    profile: str
    key_id: str


@dataclass(frozen=True, slots=True)
class ProfileKey:
    """A profile; with `model`, its cooldown for that model only."""

    provider: str
    profile: str
    model: str | None = None


Key = EntryKey | ProfileKey


@dataclass(frozen=True, slots=True)
class Update:
    """What to tell next. `is_whole`: everything anew; else the keys that changed, which may be none."""

    cause: str = ""
    keys: tuple[Key, ...] = ()
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    """What of a key changes by time alone. Instants, None where nothing is in the way."""

    state: BreakerState | None
    refused_until: float | None
    cooling_until: float | None

    @property
    def due_at(self) -> float | None:
        """The next instant at which it changes by itself."""
        return min((at for at in (self.refused_until, self.cooling_until) if at is not None), default=None)


class Watcher:
    """One watcher. `credentials` gives those configured now. Close it when its caller has gone.

    The first updates are a whole one, and whatever came since.
    """

    def __init__(self, health: HealthState, credentials: Callable[[], Iterable[Credential]], clock: Clock) -> None:
        self._health = health
        self._credentials = credentials
        self._clock = clock
        self._shown: dict[Key, _Shown] = {}
        self._due: dict[Key, float] = {}
        self._causes: dict[Key, str] = {}
        self._notices: deque[str] = deque(maxlen=MAX_NOTICES)
        self._whole: str | None = ""
        self._is_configured = False
        self._has_ended = False
        self._wake = asyncio.Event()
        self._unsubscribe = health.subscribe(self._hear)

    def close(self) -> None:
        """Hears nothing more, and ends whoever waits in `next`."""
        self._unsubscribe()
        self._has_ended = True
        self._wake.set()

    async def next(self) -> list[Update]:
        """Waits for something to tell; in the order to tell it. Empty: the watcher was closed."""
        while not self._has_ended:
            self._wake.clear()
            updates = self._take(self._clock.now())
            if updates:
                return updates
            await self._wait()
        return []

    async def _wait(self) -> None:
        due_at = min(self._due.values(), default=None)
        limit_s = None if due_at is None else max(due_at - self._clock.now(), MIN_WAIT_S)
        try:
            await asyncio.wait_for(self._wake.wait(), limit_s)
        except TimeoutError:
            pass

    # Hearing.

    def _hear(self, change: Change) -> None:
        if change.kind in (ChangeKind.CONFIGURED, ChangeKind.REFUSED):
            self._notices.append(change.cause)
            self._is_configured = self._is_configured or change.kind is ChangeKind.CONFIGURED
        else:
            keys = self._keys_of(change)
            for key in keys:
                self._causes.pop(key, None)
                self._causes[key] = change.cause
            if not keys:
                self._notices.append(change.cause)
            if len(self._causes) > MAX_PENDING:
                self._causes.clear()
                self._whole = ANEW
        self._wake.set()

    def _keys_of(self, change: Change) -> list[Key]:
        """What a change touches: of an entry, its pairs too when it is reset; of a profile, those that share its secret; of
        a reset of everything, what it freed, which may be nothing."""
        if change.provider is None:
            return [key for key, shown in self._shown.items() if shown != self._look(key, self._clock.now())]
        if change.profile is None:
            entry: Key = (change.provider, change.base_url or "", change.model or "")
            pairs = [key for key in self._pairs() if (key.provider, key.model) == (change.provider, change.model)]
            return [entry, *pairs] if change.kind is ChangeKind.RESET else [entry]
        sharing = self._sharing(change.provider, change.profile)
        if change.kind is not ChangeKind.RESET:
            return [ProfileKey(*names, change.model) for names in sharing]
        own = [key for key in self._pairs() if (key.provider, key.profile) in sharing]
        return [*(ProfileKey(*names) for names in sharing), *own]

    def _pairs(self) -> list[ProfileKey]:
        return [key for key in self._shown if isinstance(key, ProfileKey) and key.model is not None]

    def _sharing(self, provider: str, profile: str) -> list[tuple[str, str]]:
        """The profiles whose state is that of this one."""
        known = list(self._credentials())
        ids = {c.key_id for c in known if (c.provider, c.profile) == (provider, profile)}
        return [(c.provider, c.profile) for c in known if c.key_id in ids]

    # Telling.

    def _take(self, now: float) -> list[Update]:
        """What is to be told at `now`. Nothing of it is told again."""
        updates = [Update(notice) for notice in self._notices]
        self._notices.clear()
        if self._is_configured and self._is_outdated():
            self._whole = CONFIGURED if self._whole is None else self._whole
        self._is_configured = False
        if self._whole is not None:
            updates.append(Update(self._whole, is_whole=True))
            self._begin(now)
        else:
            updates += self._changed(now)
        return updates

    def _begin(self, now: float) -> None:
        """Everything is told: what is shown starts anew."""
        self._whole = None
        for memory in (self._shown, self._due, self._causes):
            memory.clear()
        for key in self._all():
            self._note(key, now)

    def _changed(self, now: float) -> list[Update]:
        """The keys that changed, one update a cause."""
        groups: dict[str, list[Key]] = {}
        for key, cause in self._causes.items():
            if self._note(key, now) is not None:
                groups.setdefault(cause, []).append(key)
        self._causes.clear()
        for key in [key for key, due_at in self._due.items() if due_at <= now]:
            before, shown = self._shown[key], self._note(key, now)
            if shown is not None and shown != before:
                groups.setdefault(_elapsed(before, shown), []).append(key)
        return [Update(cause, tuple(keys)) for cause, keys in groups.items()]

    def _is_outdated(self) -> bool:
        """Whether what is shown is not what there is."""
        configured = [key for key in self._shown if not isinstance(key, ProfileKey) or key.model is None]
        return set(configured) != {key for key in self._all() if not isinstance(key, ProfileKey) or key.model is None}

    def _all(self) -> list[Key]:
        """Every key to show now: entries, profiles, and the pairs that rest."""
        keys: list[Key] = [key for key, _ in self._health.entries()]
        now = self._clock.now()
        for one in self._credentials():
            keys.append(ProfileKey(one.provider, one.profile))
            for model, cooldown in self._health.pair_cooldowns(one.key_id):
                if cooldown.until_callable(now) is not None:
                    keys.append(ProfileKey(one.provider, one.profile, model))
        return keys

    def _note(self, key: Key, now: float) -> _Shown | None:
        """Remembers how a key is shown from now on; None: there is no such key any more."""
        shown = self._look(key, now)
        self._due.pop(key, None)
        if shown is None:
            self._shown.pop(key, None)
            return None
        self._shown[key] = shown
        if shown.due_at is not None:
            self._due[key] = shown.due_at
        elif isinstance(key, ProfileKey) and key.model is not None:
            del self._shown[key]  # a pair is shown while it rests
        return shown

    def _look(self, key: Key, now: float) -> _Shown | None:
        if not isinstance(key, ProfileKey):
            state = self._health.known(key)
            if state is None:
                return None
            refusal = state.breaker.refusal(now)
            until = refusal.until if refusal is not None else None
            return _Shown(state.breaker.state(now), until, state.cooldown.until_callable(now))
        for one in self._credentials():
            if (one.provider, one.profile) == (key.provider, key.profile):
                whole = key.model is None
                cooldown = (
                    self._health.profile_cooldown(one.key_id)
                    if whole
                    else self._health.pair_cooldown(one.key_id, key.model or "")
                )
                return _Shown(None, None, cooldown.until_callable(now) if cooldown is not None else None)
        return None


def _elapsed(before: _Shown, shown: _Shown) -> str:
    """What time alone has done."""
    if before.state is BreakerState.OPEN and shown.state is BreakerState.HALF_OPEN:
        return "its open time is over: the next attempt probes"
    if before.refused_until is not None and shown.refused_until is None:
        return "its probe has not reported in time: the next attempt probes"
    return "its cooldown is over"

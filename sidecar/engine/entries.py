"""What is known of each (provider, base URL, model): declared ones always, others while they are among the last used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..core.backoff import Rand
from ..core.breaker import Breaker
from ..core.catalog import Catalog, Target
from ..core.cooldown import Cooldown
from ..core.evidence import BreakerSettings, Evidence
from ..core.reasons import Reason
from ..core.reference import named_models

MAX_UNDECLARED = 1000
"""State of models that no configuration names is bounded: the least recently used goes first."""

EntryKey = tuple[str, str, str]
"""(provider, base URL, model)."""


@dataclass(slots=True)
class EntryState:
    """What is known of one (provider, base URL, model). `endpoint`: connections, shared by all models at the base URL.

    `silent_at`: of its newest TIMEOUT. `early_at`: by key id, when it was last asked before its time. `reset_number`: of the
    newest reset; what began before it says nothing.
    """

    breaker: Breaker
    endpoint: Evidence
    cooldown: Cooldown = field(default_factory=Cooldown)
    attempts: int = 0
    successes: int = 0
    failures: int = 0
    consecutive_failures: int = 0
    unknown_streak: int = 0
    last_reason: Reason | None = None
    last_error: str = ""
    last_content_at: float = float("-inf")
    silent_at: float = float("-inf")
    early_at: dict[str, float] = field(default_factory=dict)
    reset_number: int = 0

    def reset(self, number: int) -> None:
        """Forgets everything but the totals."""
        self.breaker.reset()
        self.endpoint.clear()
        self.cooldown = Cooldown()
        self.consecutive_failures = self.unknown_streak = 0
        self.last_reason, self.last_error = None, ""
        self.early_at.clear()
        self.silent_at = float("-inf")
        self.reset_number = number


class Entries:
    """The states by key. Asking with `known` remembers nothing; `of` makes what is new and keeps it for a while."""

    def __init__(self, catalog: Catalog, settings: BreakerSettings, rand: Rand) -> None:
        self._settings = settings
        self._rand = rand
        self._undeclared: OrderedDict[EntryKey, EntryState] = OrderedDict()
        self._endpoints: dict[tuple[str, str], Evidence] = {}
        self._declared: dict[EntryKey, EntryState] = {}
        for key in declared_keys(catalog):
            self._declared[key] = self._new(key)

    def adopt(self, catalogs: Iterable[Catalog], settings: BreakerSettings) -> None:
        """Keeps the state of everything in these catalogs, by the new numbers, and forgets the rest."""
        self._settings = settings
        catalogs = tuple(catalogs)
        urls = {(p.name, p.url_of(profile)) for c in catalogs for p in c.providers.values() for profile in p.profiles}
        self._endpoints = {url: evidence for url, evidence in self._endpoints.items() if url in urls}
        known = dict(self)
        keys = dict.fromkeys(key for catalog in catalogs for key in declared_keys(catalog))
        self._declared = {key: known.pop(key) if key in known else self._new(key) for key in keys}
        self._undeclared = OrderedDict((k, state) for k, state in known.items() if k[:2] in urls and state.attempts)
        for _, state in self:
            state.breaker.retune(settings)
        for evidence in self._endpoints.values():
            evidence.retune(settings)

    def __iter__(self) -> Iterator[tuple[EntryKey, EntryState]]:
        """Every entry known, declared ones first."""
        yield from self._declared.items()
        yield from self._undeclared.items()

    def is_declared(self, key: EntryKey) -> bool:
        """Whether the configuration names it."""
        return key in self._declared

    def known(self, key: EntryKey) -> EntryState | None:
        """The state of a key, if there is any."""
        return self._declared.get(key) or self._undeclared.get(key)

    def of(self, key: EntryKey) -> EntryState:
        """The state of a key, from now on at least as long as 999 others that no configuration names are new."""
        state = self._declared.get(key)
        if state is not None:
            return state
        state = self._undeclared.get(key)
        if state is None:
            state = self._undeclared[key] = self._new(key)
            if len(self._undeclared) > MAX_UNDECLARED:
                self._undeclared.popitem(last=False)
        else:
            self._undeclared.move_to_end(key)
        return state

    def of_model(self, provider: str, model: str) -> list[tuple[EntryKey, EntryState]]:
        """One entry at each of its base URLs."""
        return [(key, state) for key, state in self if key[0] == provider and key[2] == model]

    def _new(self, key: EntryKey) -> EntryState:
        endpoint = self._endpoints.setdefault(key[:2], Evidence(self._settings))
        return EntryState(Breaker(self._settings, self._rand), endpoint)


def key_of(target: Target) -> EntryKey:
    """The key of a target's entry."""
    return (target.entry.provider, target.base_url, target.entry.model)


def declared_keys(catalog: Catalog) -> list[EntryKey]:
    """(provider, base URL, model) of every model the configuration names, at every base URL its provider's profiles
    speak to."""
    named = named_models(catalog)
    return list(
        dict.fromkeys(
            (provider.name, provider.url_of(profile), model)
            for provider in catalog.providers.values()
            for profile in provider.profiles
            for model in named[provider.name]
        )
    )

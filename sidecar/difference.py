"""What differs between two configurations, in a line for a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from .config.settings import Settings

K = TypeVar("K")
KeyIds = Mapping[tuple[str, str], str]
"""The key id of each (provider, profile)."""


def difference(old: Settings, new: Settings, old_keys: KeyIds, new_keys: KeyIds) -> str:
    """`provider a changed, alias b new, key of c/main replaced`; `nothing differs`. Names only, never values."""
    said = [
        *_named("provider", old.catalog.providers, new.catalog.providers),
        *_named("alias", old.catalog.aliases, new.catalog.aliases),
        *(f"key of {p}/{name} replaced" for p, name in _replaced(old_keys, new_keys)),
    ]
    before = (old.catalog.fallbacks, old.catalog.default_model, old.catalog.default_provider, old.listen.token)
    after = (new.catalog.fallbacks, new.catalog.default_model, new.catalog.default_provider, new.listen.token)
    if before != after or _numbers(old) != _numbers(new):
        said.append("settings of the process changed")
    return ", ".join(said) or "nothing differs"


def _numbers(settings: Settings) -> tuple[object, ...]:
    return (
        settings.catalog.policy,
        settings.breaker,
        settings.cooldown,
        settings.retry,
        settings.retry_budget,
        settings.hedge_budget,
        settings.deadline,
        settings.clock,
        settings.limits,
    )


def _named(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"{kind} {name} gone"
        elif name not in old:
            yield f"{kind} {name} new"
        elif old[name] != new[name]:
            yield f"{kind} {name} changed"


def _replaced(old: Mapping[K, str], new: Mapping[K, str]) -> list[K]:
    return [key for key in new if key in old and old[key] != new[key]]

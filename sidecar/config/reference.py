"""What a reference can name, and why one names nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .document import mapping, texts
from .presets import PRESETS
from .problem import Path, closest, shown, suggestion


@dataclass(frozen=True, slots=True)
class Names:
    """What one provider can be asked for."""

    models: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    profiles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """Every name that a configuration gives, valid or not in other respects."""

    providers: dict[str, Names] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    pools: frozenset[str] = frozenset()
    default_provider: str | None = None

    @staticmethod
    def of(data: dict[str, Any]) -> Known:
        """Collected from a configuration's data."""
        default = data.get("default_provider")
        return Known(
            {name: _names(name, mapping(value)) for name, value in mapping(data.get("providers")).items()},
            frozenset(mapping(data.get("aliases"))),
            frozenset(mapping(data.get("pools"))),
            default if isinstance(default, str) else None,
        )

    def refusal(self, reference: str) -> str | None:
        """Why a reference is none (failover.md §2.1), None if it is fine."""
        if not reference.strip():
            return "is empty"
        if reference in self.aliases or reference in self.pools:
            return None
        left, slash, rest = reference.partition("/")
        if slash and left in self.providers:
            return self._model_refusal(left, rest)
        declaring = [name for name, names in self.providers.items() if reference in names.models]
        for owners in (declaring, self._matching(reference)):
            if len(owners) > 1 and self.default_provider not in owners:
                return f"{shown(reference)} may be of {' or '.join(map(shown, owners))}; write provider/model-id"
            if owners:
                return None
        if self.default_provider in self.providers:
            return None
        return f"{shown(reference)} names no configured provider, alias or pool{self._near(reference)}"

    def _model_refusal(self, provider: str, rest: str) -> str | None:
        names = self.providers[provider]
        if rest in names.models:
            return None
        model, at, profile = rest.rpartition("@")
        if not (model if at else rest) or any(c.isspace() for c in rest):
            return "must be provider/model-id"
        if at and profile not in names.profiles:
            return (
                f"{shown(provider)} has no profile {shown(profile)}{suggestion(profile, names.profiles)}"
                " (a model id with an @ must stand under models)"
            )
        return None

    def _matching(self, reference: str) -> list[str]:
        """The providers whose longest fitting pattern is the longest of all."""
        fits = {
            name: max((len(p) for p in names.patterns if fnmatchcase(reference, p)), default=0)
            for name, names in self.providers.items()
        }
        longest = max(fits.values(), default=0)
        return [name for name, length in fits.items() if longest and length == longest]

    def _near(self, reference: str) -> str:
        left, slash, rest = reference.partition("/")
        if slash and left in PRESETS:
            return f"; add `{left}: {{}}` under providers"
        if slash and (provider := closest(left, self.providers)):
            return f"; did you mean {shown(f'{provider}/{rest}')}?"
        declared = {f"{name}/{model}" for name, names in self.providers.items() for model in names.models}
        models = {model for names in self.providers.values() for model in names.models}
        return suggestion(reference, self.aliases | self.pools | models | declared)


def _names(name: str, provider: dict[str, Any]) -> Names:
    preset = PRESETS.get(name)
    patterns = tuple(text for _, text in texts(provider.get("model_patterns"), ()))
    profiles = provider.get("profiles")
    named = {mapping(p).get("name") for p in profiles} if isinstance(profiles, list) else {DEFAULT_PROFILE}
    return Names(
        frozenset(mapping(provider.get("models"))),
        patterns if provider.get("model_patterns") is not None else preset.model_patterns if preset else (),
        frozenset(n for n in named if isinstance(n, str)),
    )


DEFAULT_PROFILE = "main"
"""The name of the one profile of a provider that lists none."""


def references(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Every reference in a configuration's data, with its path."""
    yield from texts(data.get("fallbacks"), ("fallbacks",))
    if isinstance(default := data.get("default_model"), str):
        yield ("default_model",), default
    for name, provider in mapping(data.get("providers")).items():
        yield from texts(mapping(provider).get("fallbacks"), ("providers", name, "fallbacks"))
        for model, value in mapping(mapping(provider).get("models")).items():
            yield from texts(mapping(value).get("fallbacks"), ("providers", name, "models", model, "fallbacks"))
    for name, alias in mapping(data.get("aliases")).items():
        for key in ("targets", "fallbacks"):
            yield from texts(mapping(alias).get(key), ("aliases", name, key))
    for name, pool in mapping(data.get("pools")).items():
        yield from texts(mapping(pool).get("candidates"), ("pools", name, "candidates"))

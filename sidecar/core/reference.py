"""What a model reference means: an alias, "provider/model", or a model id of some configured provider."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from .catalog import Alias, Catalog, Entry
from .errors import CallError
from .reasons import Reason

MAX_ALIAS_DEPTH = 3


def resolve(reference: str, catalog: Catalog, *, configured: bool = False) -> tuple[Entry, ...]:
    """The entries a reference stands for, in order; an alias gives those of its targets.

    `configured`: the reference stands in the configuration, where `provider/model@profile` names a profile too.
    Raises CallError UNKNOWN_MODEL with the closest known names, or INVALID_INPUT where two providers claim the model.
    """
    return tuple(dict.fromkeys(_expand(reference, catalog, configured, 0)))


def aliases_of(reference: str, catalog: Catalog, depth: int = 0) -> list[Alias]:
    """The alias a reference names, and those its targets name; outer ones first, none where it is no alias."""
    alias = catalog.aliases.get(reference)
    if alias is None or depth >= MAX_ALIAS_DEPTH:
        return []
    inner = [found for target in alias.targets for found in aliases_of(target, catalog, depth + 1)]
    return [alias, *(found for found in inner if found is not alias)]


def _expand(reference: str, catalog: Catalog, configured: bool, depth: int) -> list[Entry]:
    alias = catalog.aliases.get(reference)
    if alias is None:
        return [_entry(reference, catalog, configured)]
    if depth >= MAX_ALIAS_DEPTH:
        raise CallError(Reason.UNKNOWN_MODEL, f"the alias {reference!r} is nested deeper than {MAX_ALIAS_DEPTH}")
    return [entry for target in alias.targets for entry in _expand(target, catalog, True, depth + 1)]


def _entry(reference: str, catalog: Catalog, configured: bool) -> Entry:
    provider, slash, model = reference.partition("/")
    if slash and model and provider in catalog.providers:
        return _with_profile(provider, model, catalog, configured)
    for owners in (_declaring(reference, catalog), _matching(reference, catalog)):
        if len(owners) > 1 and catalog.default_provider in owners:
            owners = [catalog.default_provider]
        if len(owners) > 1:
            names = ", ".join(f"{owner}/{reference}" for owner in owners)
            raise CallError(Reason.INVALID_INPUT, f"the model {reference!r} is ambiguous; say one of {names}")
        if owners:
            return Entry(owners[0], reference)
    if catalog.default_provider is not None and reference:
        return _with_profile(catalog.default_provider, reference, catalog, configured)
    raise unknown(reference, catalog)


def _with_profile(provider: str, model: str, catalog: Catalog, configured: bool) -> Entry:
    if configured and model not in catalog.providers[provider].models:
        head, at, tail = model.rpartition("@")
        if at and any(profile.name == tail for profile in catalog.providers[provider].profiles):
            return Entry(provider, head, tail)
    return Entry(provider, model)


def _declaring(model: str, catalog: Catalog) -> list[str]:
    return [name for name, provider in catalog.providers.items() if model in provider.models]


def _matching(model: str, catalog: Catalog) -> list[str]:
    """The providers with the longest pattern that matches."""
    best: dict[str, int] = {}
    for name, provider in catalog.providers.items():
        lengths = [len(pattern) for pattern in provider.model_patterns if fnmatchcase(model, pattern)]
        if lengths:
            best[name] = max(lengths)
    longest = max(best.values(), default=0)
    return [name for name, length in best.items() if length == longest]


def named_models(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The models of each provider that the configuration names: declared, or meant by an alias, a fallback or the default."""
    models = {name: dict.fromkeys(provider.models) for name, provider in catalog.providers.items()}
    for reference in _references(catalog):
        try:
            meant = resolve(reference, catalog, configured=True)
        except CallError:
            continue  # loading refuses these; a catalog made by hand may have them
        for entry in meant:
            models[entry.provider][entry.model] = None
    return {name: tuple(found) for name, found in models.items()}


def _references(catalog: Catalog) -> Iterator[str]:
    """Every reference that stands in the configuration."""
    yield from (alias for alias in catalog.aliases)
    yield from (reference for alias in catalog.aliases.values() for reference in alias.fallbacks)
    for provider in catalog.providers.values():
        yield from provider.fallbacks
        yield from (reference for model in provider.models.values() for reference in model.fallbacks)
    yield from catalog.fallbacks
    if catalog.default_model is not None:
        yield catalog.default_model


def known_names(catalog: Catalog) -> list[str]:
    """Every name a caller could have meant: aliases, "provider/model" and bare model ids of declared models."""
    names = list(catalog.aliases)
    for name, provider in catalog.providers.items():
        names += [f"{name}/{model}" for model in provider.models]
        names += list(provider.models)
    return list(dict.fromkeys(names))


def unknown(reference: str, catalog: Catalog) -> CallError:
    """The error for a reference that means nothing, with up to three close names."""
    close = get_close_matches(reference[:200], known_names(catalog), 3, 0.5)
    hint = f"; closest: {', '.join(close)}" if close else ""
    return CallError(
        Reason.UNKNOWN_MODEL,
        f"no configured model, alias or provider is called {reference[:200]!r}{hint}",
        metadata={"closest": ", ".join(close)} if close else {},
    )

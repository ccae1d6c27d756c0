"""Warnings: what a valid configuration probably does not mean."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from ..core.catalog import Catalog, Model, Provider
from ..core.policy import DEFAULT_FIRST_CONTENT_LIMIT_S, Policy
from .document import Document
from .gathering import Gathered
from .presets import foreign_vendor
from .problem import Path, Problem, shown
from .settings import Settings
from .url import is_exposed


def cautions(document: Document, settings: Settings, gathered: Gathered) -> Iterator[Problem]:
    """Everything worth a warning."""
    for name, provider in settings.catalog.providers.items():
        here: Path = ("providers", name)
        for path, message in (*_provider(here, provider), *_keys(here, provider, gathered)):
            yield document.problem(path, message)
    for path, message in (*_clocks(settings.catalog), *_state(settings.state.path)):
        yield document.problem(path, message)


def _provider(here: Path, provider: Provider) -> Iterator[tuple[Path, str]]:
    if is_exposed(provider.base_url):
        yield (*here, "base_url"), "is http: prompts and keys leave this machine unencrypted"
    for index, profile in enumerate(provider.profiles):
        if profile.base_url and is_exposed(profile.base_url):
            yield (*here, "profiles", index, "base_url"), "is http: prompts and keys leave this machine unencrypted"
    if not any(profile.enabled for profile in provider.profiles):
        yield (*here, "profiles"), "are all disabled: this provider never answers"


def _keys(here: Path, provider: Provider, gathered: Gathered) -> Iterator[tuple[Path, str]]:
    seen: dict[tuple[str, str], str] = {}
    for index, profile in enumerate(provider.profiles):
        path = (*here, "profiles", index, "api_key")
        if path not in gathered.credentials:
            path = (*here, "api_key")
        key = gathered.values.get(path)
        if key is None:
            continue
        if vendor := foreign_vendor(key, provider.url_of(profile)):
            yield path, f"the key looks like one of {vendor}, but it is sent to another vendor"
        first = seen.setdefault((key, provider.url_of(profile)), profile.name)
        if first != profile.name:
            yield path, f"has the same key as profile {shown(first)}: rotation between them cannot help"


def _state(path: str | None) -> Iterator[tuple[Path, str]]:
    """A folder that is not there yet may be where the sidecar will run: serving refuses it, checking warns."""
    folder = os.path.dirname(path or "")
    if folder and not os.access(folder, os.W_OK | os.X_OK):
        yield (
            ("state", "path"),
            "is in a folder that is not here, or cannot be written: the sidecar would not start here",
        )


def _clocks(catalog: Catalog) -> Iterator[tuple[Path, str]]:
    """Every policy whose first_content_s exceeds the limit that holds there."""
    yield from _clock(("policy",), catalog.policy, Policy())
    for name, provider in catalog.providers.items():
        yield from _clock(("providers", name, "policy"), provider.policy, catalog.policy)
        yield from _models(name, provider.models, provider.policy.over(catalog.policy))
    for name, alias in catalog.aliases.items():
        yield from _clock(("aliases", name, "policy"), alias.policy, catalog.policy)


def _models(name: str, models: Mapping[str, Model], lower: Policy) -> Iterator[tuple[Path, str]]:
    for model_id, model in models.items():
        yield from _clock(("providers", name, "models", model_id, "policy"), model.policy, lower)


def _clock(path: Path, policy: Policy, lower: Policy) -> Iterator[tuple[Path, str]]:
    if policy.first_content_s is None and policy.first_content_limit_s is None:
        return
    whole = policy.over(lower)
    first = whole.first_content_s
    limit = whole.first_content_limit_s or DEFAULT_FIRST_CONTENT_LIMIT_S
    if first is not None and first > limit:
        key = "first_content_s" if policy.first_content_s is not None else "first_content_limit_s"
        yield (*path, key), f"first_content_s ({first:g}) is greater than first_content_limit_s ({limit:g})"

"""Without a file: the providers whose keys are in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .built import BUILT_PROTOCOLS
from .document import Document
from .loading import Loaded, load_document
from .presets import PRESETS, Preset
from .problem import ConfigError, Problem

SOURCE = "environment"
DEFAULT_MODEL_VARIABLE = "REMORA_DEFAULT_MODEL"


def load(env: Mapping[str, str]) -> Loaded:
    """One provider for each preset whose key variable is set, without fallbacks between them.

    `OPENAI_BASE_URL` and its like replace base URLs; a provider that needs no key is there when its own is set. With
    exactly one it is the default provider. Providers that cannot be used yet are left out with a warning. ConfigError
    if none is left, naming what was looked for.
    """
    providers: dict[str, Any] = {}
    warnings: list[Problem] = []
    for name, preset in PRESETS.items():
        if not (variable := _named_by(name, preset, env)):
            continue
        base_url = env.get(preset.base_url_variable(name), "").strip() or None
        if preset.protocol not in BUILT_PROTOCOLS:
            said = f"{name} is left out: its protocol '{preset.protocol}' is not built yet in this version"
            warnings.append(Problem(variable, None, None, said))
        elif base_url is None and preset.base_url is None:
            said = f"{name} is left out: {preset.base_url_variable(name)} is not set ({preset.url_example})"
            warnings.append(Problem(variable, None, None, said))
        else:
            providers[name] = {"base_url": base_url}
    if not providers:
        raise ConfigError([*warnings, _nothing_found(bool(warnings))], SOURCE)
    loaded = load_document(Document(SOURCE, _data(providers, len(warnings), env)), env, Path())
    return replace(loaded, warnings=(*warnings, *loaded.warnings))


def variables() -> tuple[str, ...]:
    """The variables that name a provider, in the order in which they are looked for."""
    return tuple(preset.key_variable or preset.base_url_variable(name) for name, preset in PRESETS.items())


def _named_by(name: str, preset: Preset, env: Mapping[str, str]) -> str | None:
    """The variable that is set and brings this provider in."""
    variable = preset.key_variable or preset.base_url_variable(name)
    return variable if env.get(variable, "").strip() else None


def _data(providers: dict[str, Any], left_out: int, env: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {"providers": providers}
    if len(providers) == 1 and not left_out:
        data["default_provider"] = next(iter(providers))
    if model := env.get(DEFAULT_MODEL_VARIABLE, "").strip():
        data["default_model"] = model
    return data


def _nothing_found(was_left_out: bool) -> Problem:
    said = "no provider is left that this version can use" if was_left_out else "no provider's key is set"
    return Problem("", None, None, f"{said}; looked for {', '.join(variables())}")

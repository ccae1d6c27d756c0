"""The settings that this version knows but does not do yet. A row goes when its feature comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .document import mapping
from .presets import PRESETS
from .problem import Path

BUILT_PROTOCOLS = frozenset({"anthropic", "openai"})
"""Adding one here lets files, presets and the environment use it."""


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A setting, `*` for any name or list position. `built`: the values that work nonetheless; empty ones always do."""

    pattern: str
    built: frozenset[object] = frozenset()


def _everywhere(switch: str, *built: object) -> tuple[Unbuilt, ...]:
    """A switch at each of the four places where a policy may stand."""
    places = ("policy", "providers.*.policy", "providers.*.models.*.policy", "aliases.*.policy")
    return tuple(Unbuilt(f"{place}.{switch}", frozenset(built)) for place in places)


UNBUILT: tuple[Unbuilt, ...] = (
    Unbuilt("listen.http"),
    Unbuilt("providers.*.protocol", BUILT_PROTOCOLS),
    Unbuilt("providers.*.api_version"),
    Unbuilt("providers.*.region"),
    Unbuilt("providers.*.profiles.*.auth"),
    Unbuilt("pools"),
    Unbuilt("spend.*"),
    Unbuilt("state.url"),
)


def unbuilt(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Every setting of a configuration's data that is not built yet: its path and a sentence."""
    for row in UNBUILT:
        for path, value in _found(data, tuple(row.pattern.split(".")), ()):
            is_empty = value in (None, "", [], {})
            if not is_empty and not (_is_plain(value) and value in row.built):
                yield path, _sentence(value, row)
    for name, provider in mapping(data.get("providers")).items():
        preset = PRESETS.get(name)
        if preset and mapping(provider).get("protocol") is None and preset.protocol not in BUILT_PROTOCOLS:
            yield ("providers", name), f"its protocol '{preset.protocol}' is not built yet in this version"


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, bool, int, float))


def _sentence(value: object, row: Unbuilt) -> str:
    works = ", ".join(sorted(str(v).lower() for v in row.built))
    what = f"'{value}' is" if row.built and isinstance(value, str) else "is"
    return f"{what} not built yet in this version" + (f"; built: {works}" if works else "")


def _found(value: Any, pattern: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Any]]:
    """The values that a pattern reaches, with their paths."""
    if not pattern:
        yield path, value
        return
    step, rest = pattern[0], pattern[1:]
    if isinstance(value, dict):
        for name in value if step == "*" else [step] if step in value else []:
            yield from _found(value[name], rest, (*path, name))
    elif isinstance(value, list) and step == "*":
        for index, item in enumerate(value):
            yield from _found(item, rest, (*path, index))

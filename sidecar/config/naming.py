"""The files that a configuration names: keys, tokens, certificates. They are watched together with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import secret
from .document import mapping

_PREFIX = "file:"


def named_files(data: dict[str, Any], base_dir: Path) -> tuple[str, ...]:
    """Absolute paths, each once, in the order of the data; what cannot be a path is left out."""
    found = (*_secrets(data), *_certificates(data))
    return tuple(dict.fromkeys(path for text in found if (path := _path(text, base_dir)) is not None))


def _secrets(value: Any) -> Iterator[str]:
    """What follows `file:` anywhere in the data; too many are harmless, a missing one would never be looked at."""
    if isinstance(value, str) and value.startswith(_PREFIX):
        yield value.removeprefix(_PREFIX)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item)


def _certificates(data: dict[str, Any]) -> Iterator[str]:
    tls = mapping(mapping(data.get("listen")).get("tls"))
    places = [tls.get(key) for key in ("cert", "key", "client_ca")]
    places += [mapping(provider).get("ca_file") for provider in mapping(data.get("providers")).values()]
    yield from (text for text in places if isinstance(text, str) and text)


def _path(text: str, base_dir: Path) -> str | None:
    try:
        return secret.path_of(text, base_dir)
    except secret.SecretError:
        return None  # refused where it is read

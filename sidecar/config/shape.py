"""Walks the models: which settings there are, and which are known at a path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from .models import File
from .problem import Path
from .section import Section


def settings(root: type[Section] = File, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting with its path: `providers.*.profiles[].rpm`. `*` is a name, `[]` any item of a list."""
    for name, field in root.model_fields.items():
        path = f"{prefix}{name}"
        yield path, field
        inner = _section(field.annotation)
        if inner is not None:
            yield from settings(inner, f"{path}{_step(field.annotation)}.")


def known_keys(path: Path) -> tuple[str, ...]:
    """The settings that may stand in the mapping at a path; none where any name may stand."""
    annotation: Any = File
    for step in path:
        found = _section(annotation)
        if _step(annotation):
            annotation = found
        elif found is not None and isinstance(step, str) and step in found.model_fields:
            annotation = found.model_fields[step].annotation
        else:
            return ()
    found = _section(annotation)
    return tuple(found.model_fields) if found is not None and not _step(annotation) else ()


def _step(annotation: Any) -> str:
    """How a path goes on below a setting: `.*` for names, `[]` for a list, nothing for a section."""
    if get_origin(annotation) is dict:
        return ".*"
    if get_origin(annotation) is list:
        return "[]"
    return next((found for arg in get_args(annotation) if (found := _step(arg))), "")


def _section(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _section(arg)) is not None), None)

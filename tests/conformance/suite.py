"""The suites: YAML files of cases, and of tables that make one case of each row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .case import Case

FOLDER = Path(__file__).parent / "suites"
HOLE = re.compile(r"\$\{(\w+)\}")


@cache
def cases() -> tuple[Case, ...]:
    """Every case of every suite, in order."""
    return tuple(Case.model_validate(item) for file in sorted(FOLDER.glob("*.yaml")) for item in items(file))


def items(file: Path) -> Iterator[dict[str, Any]]:
    """The cases of one file as data: holes filled, marks set. What begins with a dot is only there to be referred to."""
    for item in yaml.safe_load(file.read_text()):
        if "shared" in item:
            continue
        rows = item["rows"] if "table" in item else [{}]
        for row in rows:
            data = filled(item.get("table", item), row)
            yield marked(data, f".{data['case'].lower()}")


def filled(value: Any, row: dict[str, Any]) -> Any:
    """The value with `${name}` replaced; a string that is nothing but a hole becomes the row's value, whatever it is."""
    if isinstance(value, dict):
        return {filled(name, row): filled(item, row) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, row) for item in value]
    if not isinstance(value, str):
        return value
    whole = HOLE.fullmatch(value)
    return row[whole[1]] if whole else HOLE.sub(lambda hole: str(row[hole[1]]), value)


def marked(value: Any, mark: str) -> Any:
    """The value with the mark for each `~` in its strings."""
    if isinstance(value, dict):
        return {marked(name, mark): marked(item, mark) for name, item in value.items()}
    if isinstance(value, list):
        return [marked(item, mark) for item in value]
    return value.replace("~", mark) if isinstance(value, str) else value

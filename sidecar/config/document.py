"""A YAML text as plain data that remembers where each setting stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from .problem import ConfigError, Path, Problem, rendered, shown

MAX_CHARACTERS = 1_048_576
MAX_NODES = 100_000
"""Bound on what anchors may expand to."""
MAX_DEPTH = 40

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, from 1: of the value, or of its key where the value is a mapping or list."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """The data, and the place of each path in it. Without a file there are no places."""

    source: str
    data: dict[str, Any] = field(default_factory=dict, repr=False)
    values: dict[Path, Place] = field(default_factory=dict, repr=False)
    keys: dict[Path, Place] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: Path, message: str, *, at_key: bool = False) -> None:
        """Notes a problem once."""
        found = self.problem(path, message, at_key=at_key)
        if found not in self.problems:
            self.problems.append(found)

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """A finding at a path; where that is not written, at the nearest setting above it."""
        place = self.keys.get(path) if at_key else None
        for length in range(len(path), -1, -1):
            if place is not None:
                break
            place = self.values.get(path[:length])
        return Problem(rendered(path), place.line if place else None, place.column if place else None, message)

    def refuse(self) -> None:
        """Raises ConfigError with everything noted, in the order of the file."""
        if self.problems:
            raise ConfigError(sorted(self.problems, key=lambda p: (p.line or 0, p.column or 0)), self.source)


def parsed(text: str, source: str) -> Document:
    """Reads YAML. Syntax errors raise ConfigError at once; doubled keys and the like are noted in the document."""
    document = Document(source)
    if len(text) > MAX_CHARACTERS:
        raise ConfigError([Problem("", None, None, f"is longer than {MAX_CHARACTERS} characters")], source)
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_syntax(error)], source) from None
    except yaml.YAMLError:
        raise ConfigError([Problem("", None, None, "has a character that YAML does not allow")], source) from None
    except RecursionError:
        raise ConfigError([Problem("", None, None, "is nested too deeply")], source) from None
    data = _Reader(document).read(node, ()) if node is not None else {}
    if isinstance(data, dict):
        document.data = data
    elif data is not None:
        document.add((), "must be a mapping of settings")
    return document


def _composed(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    said = _QUOTED.sub(lambda m: shown(m.group(1) or m.group(2) or ""), error.problem or error.context or "not YAML")
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    return Problem("", line, column, f"not valid YAML: {said}")


class _Reader:
    """Turns nodes into data. Keys are always text; dates and base-60 numbers of YAML 1.1 stay text."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._count = 0
        self._open: set[int] = set()

    def read(self, node: yaml.Node, path: Path) -> Any:
        """The value of a node; its place is noted."""
        self._document.values.setdefault(path, _place(node))
        self._count += 1
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open or len(path) > MAX_DEPTH or self._count > MAX_NODES:
            self._document.add(path, "is nested too deeply, or refers to itself")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                merged.append(value_node)
            elif not isinstance(key_node, yaml.ScalarNode):
                self._document.add(path, "has a key that is not plain text")
            else:
                self._pair(data, key_node, value_node, path)
        for other in merged:
            for name, value in self._merged(other, path):
                data.setdefault(name, value)
        return data

    def _pair(self, data: dict[str, Any], key_node: yaml.ScalarNode, value_node: yaml.Node, path: Path) -> None:
        here = (*path, key_node.value)
        place = _place(key_node)
        if key_node.value in data:
            first = self._document.keys[here]
            found = Problem(rendered(here), place.line, place.column, f"is given twice; first in line {first.line}")
            self._document.problems.append(found)
            return
        self._document.keys[here] = place
        if not isinstance(value_node, yaml.ScalarNode):
            self._document.values[here] = place
        data[key_node.value] = self.read(value_node, here)

    def _merged(self, node: yaml.Node, path: Path) -> Iterator[tuple[str, Any]]:
        """The pairs of a `<<:` value: a mapping, or a list of mappings of which the first that has a key wins."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                self._document.add(path, "merges (<<) something that is not a mapping")
                continue
            known = {p for p in self._document.keys if p[:-1] == path}
            for key_node, value_node in part.value:
                here = (*path, key_node.value) if isinstance(key_node, yaml.ScalarNode) else path
                if key_node.tag == _TAG + "merge":
                    yield from self._merged(value_node, path)
                elif here != path and here not in known:
                    self._document.keys[here] = _place(key_node)
                    yield key_node.value, self.read(value_node, here)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        kind = node.tag.removeprefix(_TAG)
        text: str = node.value
        if kind in ("str", "timestamp", "value") or (kind in ("int", "float") and ":" in text):
            return text
        if kind not in ("null", "bool", "int", "float"):
            self._document.add(path, "has a YAML tag that is not known here")
            return None
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            self._document.add(path, "is not a number that can be read")
            return None


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def mapping(value: object) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one: its type has been complained of elsewhere."""
    return value if isinstance(value, dict) else {}


def texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """The texts of a list with their paths; anything else has been complained of elsewhere."""
    for index, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, str):
            yield (*path, index), item

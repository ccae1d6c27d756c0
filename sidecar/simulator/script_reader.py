"""Reads scripts from YAML: checks everything, and tells all problems at once with their paths."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import yaml

from . import check
from .action import FIELDS, Action, conflicts
from .check import Check
from .fault import read_names
from .listener import KINDS
from .pacing import Pace
from .script import Match, Rule, Script, fingerprint


class ScriptError(Exception):
    """A script that cannot be run; `problems` are sentences, each beginning with the path of its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def parse_script(text: str) -> Script:
    """Return the script in `text` (YAML, so JSON too); raise ScriptError with everything that is wrong in it."""
    try:
        document = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ScriptError([_yaml_problem(error)]) from None
    except RecursionError:
        raise ScriptError(["nested too deep"]) from None
    problems: list[str] = []
    script = _Reader(problems).script({} if document is None else document)
    if problems:
        raise ScriptError(problems)
    return script


_SECONDS = check.number(0, 864_000)
_KEYS = check.list_of(check.name, "a list of keys")
_MATCH: Mapping[str, Check] = {
    "model": check.name,
    "key": check.name,
    "stream": check.flag,
    "listener": check.name,
    "prompt": check.name,
}
_RULE: Mapping[str, Check] = {
    "name": check.name,
    "nth": check.whole_number(1, 1_000_000),
    "times": check.whole_number(1, 1_000_000),
    "after_s": _SECONDS,
    "until_s": _SECONDS,
}
_DEFAULTS: Mapping[str, Check] = {name: FIELDS[name] for name in ("first_token_s", "tokens_per_s", "burst", "words")}
_SCRIPT: Mapping[str, Check] = {
    "models": check.list_of(check.name, "a list of model names"),
    "keys": _KEYS,
    "journal_bodies": check.flag,
}
_RATE: Mapping[str, Check] = {"rpm": check.whole_number(1, 1_000_000)}


class _Reader:
    """Reads the parts of a document; what is wrong goes to `problems`, and reading goes on."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def script(self, document: Any) -> Script:
        if not isinstance(document, Mapping):
            self._problems.append("script: must be a mapping")
            return Script()
        inner = ("rules", "listeners", "defaults", "rate_limit")
        values = self._fields(document, "", _SCRIPT, inner)
        if "keys" in values:
            values["keys"] = tuple(_as_fingerprint(key) for key in values["keys"])
        defaults = self._fields(document.get("defaults"), "defaults", _DEFAULTS)
        words = defaults.pop("words", Script().words)
        rate = self._fields(document.get("rate_limit"), "rate_limit", _RATE)
        listeners = self._listeners(document.get("listeners"))
        rules = self._rules(document.get("rules"))
        for place, rule in enumerate(rules):
            if rule.match.listener not in (None, "http", *listeners):
                self._problems.append(f"rules[{place}].match.listener: no listener is called {rule.match.listener}")
        return Script(rules=rules, listeners=listeners, pace=replace(Pace(), **defaults), words=words, **rate, **values)

    def _listeners(self, value: Any) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self._problems.append("listeners: must be a mapping of names to kinds")
            return {}
        for name, kind in value.items():
            if not isinstance(name, str) or not name or name == "http":
                self._problems.append(f"listeners.{name}: must have a name that is a string other than http")
            elif kind not in KINDS:
                self._problems.append(f"listeners.{name}: must be one of {', '.join(KINDS)}")
        return dict(value)

    def _rules(self, value: Any) -> tuple[Rule, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self._problems.append("rules: must be a list")
            return ()
        return tuple(self._rule(rule, place) for place, rule in enumerate(value))

    def _rule(self, value: Any, place: int) -> Rule:
        path = f"rules[{place}]"
        values = self._fields(value, path, _RULE, ("match", "action"))
        inner = value if isinstance(value, Mapping) else {}
        match = self._fields(inner.get("match"), f"{path}.match", _MATCH)
        if "key" in match:
            match["key"] = _as_fingerprint(match["key"])
        if inner and inner.get("action") is None:
            self._problems.append(f"{path}.action: is missing")
        if "nth" in values and "times" in values:
            self._problems.append(f"{path}: nth and times exclude each other")
        if values.get("until_s") is not None and values["until_s"] <= values.get("after_s", 0.0):
            self._problems.append(f"{path}.until_s: must be greater than after_s")
        action = self._action(inner.get("action"), f"{path}.action")
        return Rule(**{"name": path, **values}, match=Match(**match), action=action)

    def _action(self, value: Any, path: str) -> Action:
        if isinstance(value, str):
            values, unknown = read_names(value)
            self._problems.extend(f"{path}: {name} is no known behaviour" for name in unknown)
        else:
            values = self._fields(value, path, FIELDS)
        self._problems.extend(f"{path}: {sentence}" for sentence in conflicts(values))
        return Action(**values)

    def _fields(
        self, value: Any, path: str, checks: Mapping[str, Check], others: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self._problems.append(f"{path}: must be a mapping")
            return {}
        found = {}
        for name, field in value.items():
            where = f"{path}.{name}" if path else str(name)
            if name in others:
                continue
            if name not in checks:
                self._problems.append(f"{where}: is unknown; {_known(str(name), [*checks, *others])}")
                continue
            try:
                found[name] = checks[name](field)
            except ValueError as error:
                self._problems.append(f"{where}: must be {error}")
        return found


class _Loader(yaml.SafeLoader):
    """YAML's safe loader; a key given twice in one mapping is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for place, key in enumerate(keys):
            if any(key.value == earlier.value for earlier in keys[:place]):
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
        return super().construct_mapping(node, deep)


def _as_fingerprint(key: str) -> str:
    return key if key.startswith("sha256:") else fingerprint(key)


def _known(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]}?" if close else "known are " + ", ".join(names)


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"line {mark.line + 1}: {said}" if mark is not None else f"not YAML: {said}"

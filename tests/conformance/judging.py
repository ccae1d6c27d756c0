"""Whether what was seen is what was expected, and where it is not."""

from __future__ import annotations

from typing import Any


def differences(expected: Any, seen: Any, path: str) -> list[str]:
    """One line for each place that differs. "none" is nothing: None or an empty list or mapping; "any" is not looked at;
    `{has: text}` is any text with that in it."""
    if expected == "any":
        return []
    if isinstance(expected, dict) and expected.keys() == {"has"} and isinstance(seen, str):
        return [] if expected["has"] in seen else [f"{path}: {expected['has']!r} not in {seen!r}"]
    if expected == "none":
        return [] if seen is None or seen in ([], {}, "", "none") else [f"{path}: expected none, seen {seen!r}"]
    if _are_bounds(expected, path):
        low, high = expected
        return [] if seen is not None and low <= seen <= high else [f"{path}: expected {low} to {high}, seen {seen!r}"]
    if isinstance(expected, dict) and isinstance(seen, dict):
        return _of_mappings(expected, seen, path)
    if isinstance(expected, list) and isinstance(seen, list):
        return _of_lists(expected, seen, path)
    if isinstance(expected, dict) and "was" in expected:
        return _of_lines(expected, {"was": seen}, path)
    return [] if expected == seen else [f"{path}: expected {expected!r}, seen {seen!r}"]


def within(expected: Any, seen: Any, path: str) -> list[str]:
    """The same, but mappings may have more than is expected."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        return [line for name, item in expected.items() for line in within(item, seen.get(name), f"{path}.{name}")]
    if isinstance(expected, list) and isinstance(seen, list) and len(expected) == len(seen):
        pairs = enumerate(zip(expected, seen, strict=True))
        return [line for index, (one, other) in pairs for line in within(one, other, f"{path}[{index}]")]
    return differences(expected, seen, path)


def _are_bounds(expected: Any, path: str) -> bool:
    is_pair = isinstance(expected, list | tuple) and len(expected) == 2
    return path.endswith("_s") and is_pair and all(isinstance(number, int | float) for number in expected)


def _of_mappings(expected: dict[str, Any], seen: dict[str, Any], path: str) -> list[str]:
    if expected.keys() != seen.keys():
        return [f"{path}: expected {expected!r}, seen {seen!r}"]
    return [line for name in expected for line in differences(expected[name], seen[name], f"{path}.{name}")]


def _of_lists(expected: list[Any], seen: list[Any], path: str) -> list[str]:
    """Lines: of what was seen of each, only what is expected is looked at."""
    if len(expected) != len(seen):
        lines = [one["was"] if isinstance(one, dict) and "was" in one else one for one in seen]
        return [f"{path}: expected {expected!r}, seen {lines!r}"]
    pairs = enumerate(zip(expected, seen, strict=True))
    return [line for index, (one, other) in pairs for line in _of_lines(one, other, f"{path}[{index}]")]


def _of_lines(expected: Any, seen: Any, path: str) -> list[str]:
    if not isinstance(seen, dict):
        return differences(expected, seen, path)
    return within(expected if isinstance(expected, dict) else {"was": expected}, seen, path)

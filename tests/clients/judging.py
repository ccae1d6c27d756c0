"""What a runner printed against what a case expects of it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import orjson

from sidecar.simulator import answer_text, embedding_of

from .case import Call

LAST = ("end", "error", "stopped")
Line = dict[str, Any]


def calls_of(printed: bytes) -> list[list[Line]]:
    """The lines of each call: each ends with an end, an error, or that it was stopped."""
    calls: list[list[Line]] = []
    current: list[Line] = []
    for raw in printed.splitlines():
        current.append(orjson.loads(raw))
        if next(iter(current[-1])) in LAST:
            calls.append(current)
            current = []
    return calls


def call_differences(call: Call, lines: list[Line], prompt: str) -> list[str]:
    """One line for each thing that a call's output does not say as expected."""
    (kind, last) = next(iter(lines[-1].items()))
    expected = "error" if call.expect.error is not None else "stopped" if call.expect.stopped else "end"
    if kind != expected:
        return [f"ended with {lines[-1]}, not with {expected}"]
    found = subset_differences((call.expect.error if kind == "error" else call.expect.end) or {}, last, kind)
    if call.expect.lines is not None:
        said = rendered(lines[:-1])
        wanted = [line.replace("ORDINARY", answer_text(prompt, 20)) for line in call.expect.lines]
        found += [] if said == wanted else [f"lines: {said}, not {wanted}"]
    if call.expect.text is not None:
        found += text_differences(call.expect.text, last.get("text", ""), prompt)
    if call.expect.text_mib is not None and len(last["text"]) != call.expect.text_mib * 1024 * 1024:
        found.append(f"text: {len(last['text'])} characters")
    return found + disagreements(lines[:-1], last)


def disagreements(lines: list[Line], last: Line) -> list[str]:
    """Where the pieces and the events do not add up to the text and the tool calls that the client tells in the end."""
    if not lines or last.get("kind") == "TEXT_DISCARDED":
        return []
    parts: dict[int, str] = {}
    calls: dict[int, str] = {}
    for line in lines:
        ((kind, value),) = line.items()
        if kind == "piece":
            parts[0] = parts.get(0, "") + value
        elif kind == "discarded":
            parts = {0: value}
        elif kind == "event":
            _apply(value, parts, calls)
        else:
            return []
    text = "".join(piece for _, piece in sorted(parts.items()))
    found = [] if text == last.get("text", "") else [f"what came piece by piece is {text!r}, not {last.get('text')!r}"]
    whole = [call["arguments_json"] for call in last.get("tool_calls", [])]
    said = [arguments for _, arguments in sorted(calls.items())]
    return found + ([] if not calls or said == whole else [f"fragments give {said}, not {whole}"])


def _apply(event: Line, parts: dict[int, str], calls: dict[int, str]) -> None:
    index = event.get("part_index", 0)
    match event["kind"]:
        case "text_delta":
            parts[index] = parts.get(index, "") + event["text"]
        case "tool_call_delta":
            calls[index] = calls.get(index, "") + event["arguments_fragment"]
        case "restarted":
            parts.clear()
            calls.clear()
        case "part_discarded":
            parts[index] = parts.get(index, "")[: event["offset"]]
            calls.pop(index, None)


def text_differences(expected: str, text: str, prompt: str) -> list[str]:
    """Whether the text is the one that is meant."""
    whole = answer_text(prompt, 400)
    count, _, rest = expected.partition(" ")
    if expected == "begins":
        return (
            []
            if text and whole.startswith(text) and text != whole
            else [f"text: {text!r} is no beginning of {whole!r}"]
        )
    if expected == "ordinary" or rest in ("word", "words"):
        expected = answer_text(prompt, 20 if expected == "ordinary" else int(count))
    return [] if text == expected else [f"text: {text!r}, not {expected!r}"]


def subset_differences(expected: Any, said: Any, path: str) -> list[str]:
    """What of the expectation is not so; what it does not name may be anything."""
    match expected:
        case {"has": text}:
            return [] if isinstance(said, str) and text in said else [f"{path}: {said!r} has no {text!r}"]
        case {"from": least, "to": most}:
            is_within = isinstance(said, int | float) and least <= said <= most
            return [] if is_within else [f"{path}: {said!r} is not within {least} and {most}"]
        case {"some": one}:
            is_there = isinstance(said, list) and any(not subset_differences(one, each, path) for each in said)
            return [] if is_there else [f"{path}: none of {said!r} is like {one!r}"]
        case {"vector_of": text}:
            exact = struct.unpack(f"<{len(said)}f", embedding_of(text, len(said)))
            is_that = all(abs(a - b) < 1e-6 for a, b in zip(exact, said, strict=True))
            return [] if is_that else [f"{path}: is not the vector of {text!r}"]
        case Mapping():
            if not isinstance(said, Mapping):
                return [f"{path}: {said!r}"]
            return [
                line
                for key, value in expected.items()
                for line in (
                    subset_differences(value, said[key], f"{path}.{key}") if key in said else [f"{path}: no {key}"]
                )
            ]
        case list():
            if not isinstance(said, list) or len(said) != len(expected):
                return [f"{path}: {said!r}, not {expected!r}"]
            pairs = enumerate(zip(expected, said, strict=True))
            return [line for index, pair in pairs for line in subset_differences(*pair, f"{path}[{index}]")]
        case _:
            is_same = expected == said and isinstance(expected, bool) == isinstance(said, bool)  # 4 is 4.0, and no True
            return [] if is_same else [f"{path}: {said!r}, not {expected!r}"]


def rendered(lines: list[Line]) -> list[str]:
    """The lines for a person; pieces of one thing as one."""
    said: list[str] = []
    for line in lines:
        ((kind, value),) = line.items()
        text = _EVENT[value["kind"]](value) if kind == "event" else _OTHER[kind](value)
        if said[-1:] != [text]:
            said.append(text)
    return said


_OTHER: dict[str, Any] = {
    "piece": lambda text: "piece",
    "discarded": lambda text: f"discarded to {text!r}",
    "change": lambda change: "snapshot" if change["snapshot"] else "change",
}


def _state(event: Line) -> str:
    return " with state" if event["opaque_state"] else ""


_EVENT: dict[str, Any] = {
    "started": lambda event: f"started {event['target']}",
    "text_delta": lambda event: f"text {event['part_index']}",
    "reasoning_delta": lambda event: f"reasoning {event['part_index']}",
    "refusal_delta": lambda event: f"refusal {event['part_index']}",
    "tool_call_delta": lambda event: f"tool call {event['part_index']}",
    "citation": lambda event: f"citation {event['part_index']} {event['uri']}",
    "part_completed": lambda event: f"part {event['part_index']} whole{_state(event)}",
    "attempt": lambda event: f"attempt {event['target']} {event['reason'] or 'ok'}",
    "failed": lambda event: f"failed {event['reason']}",
    "resumed": lambda event: f"resumed {event['target']} {event['part_index']}",
    "restarted": lambda event: f"restarted {event['target']}",
    "part_discarded": lambda event: f"discarded {event['part_index']} from {event['offset']}",
    "completed": lambda event: f"completed {event['finish_reason']} {event['target']}",
}

"""An explanation for a person, and for a program."""

from __future__ import annotations

from typing import Any

import orjson

from .cli_health_table import clock
from .cli_screen import painted, printable
from .explain import Explanation, Step


def as_text(found: Explanation, remarks: list[str], *, is_terminal: bool) -> str:
    """The chain in order, then what was passed over, then the rules in force."""
    total = len(found.steps) + len(found.passed)
    asked = found.requested if found.asked else f"{found.requested} (the default model)"
    first = f"{found.first.entry} {found.first.profile} would be asked first" if found.first else "nothing is callable"
    heads = [f"{asked}: {total} {'entry' if total == 1 else 'entries'}; {first}", *remarks]
    lines = [*map(printable, heads), ""]
    for number, step in enumerate(found.steps, 1):
        lines += _step(number, step, is_terminal)
    for passed in found.passed:
        lines.append(_painted(f" –  {passed.entry}  skipped: {passed.cause}, {passed.message}", "dim", is_terminal))
    return "".join(f"{line}\n" for line in [*lines, "", *_policies(found)])


def _step(number: int, step: Step, is_terminal: bool) -> list[str]:
    lines = [_painted(f"{number:>2}  {step.entry}", "green" if step.is_callable else "red", is_terminal)]
    width = max(len(choice.target.profile) for choice in step.choices)
    for choice in step.choices:
        held = choice.hindrance
        said = "callable" if held is None else f"{held.message}, until {clock(held.until)}"
        lines.append(printable(f"      {choice.target.profile:<{width}}  {said}"))
    return lines


def _policies(found: Explanation) -> list[str]:
    """The rules, once for all entries that share them."""
    groups: dict[str, list[int]] = {}
    for number, step in enumerate(found.steps, 1):
        rules = " · ".join(f"{name} {_shown(value)}" for name, value in step.policy.items())
        groups.setdefault(rules, []).append(number)
    if len(groups) == 1:
        return [f"policy: {rules}" for rules in groups]
    return [f"policy of {', '.join(map(str, numbers))}: {rules}" for rules, numbers in groups.items()]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def _painted(line: str, colour: str, is_terminal: bool) -> str:
    return painted(printable(line), colour, is_terminal)


def as_json(found: Explanation, source: str) -> str:
    """One object: requested, health, callable, entries in order with their targets and policy, skipped."""
    entries = [
        {
            "entry": step.entry,
            "callable": step.is_callable,
            "policy": step.policy,
            "targets": [
                {
                    "profile": choice.target.profile,
                    "callable": choice.hindrance is None,
                    "why": choice.hindrance.message if choice.hindrance is not None else None,
                    "until": choice.hindrance.until if choice.hindrance is not None else None,
                }
                for choice in step.choices
            ],
        }
        for step in found.steps
    ]
    skipped = [{"entry": one.entry, "cause": one.cause, "message": one.message} for one in found.passed]
    told = {
        "requested": found.requested,
        "health": source,
        "callable": found.first is not None,
        "first": f"{found.first.entry} {found.first.profile}" if found.first is not None else None,
        "entries": entries,
        "skipped": skipped,
    }
    return orjson.dumps(told, option=orjson.OPT_UTC_Z).decode() + "\n"

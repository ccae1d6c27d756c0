"""Upstream health for a person at a terminal: a table, and one line for a change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from remora_client import EntryHealth, Health, ProfileHealth

from .cli_screen import painted, printable

_COLOUR_OF = {"CLOSED": "green", "OPEN": "red", "HALF_OPEN": "yellow"}


def render(state: Health, *, is_terminal: bool = False) -> str:
    """The table: a refused configuration, every entry, and the profiles that cool or told what they have left."""
    blocks = []
    if state.configuration_problem:
        problem = printable(f"✗ the newest configuration was refused: {state.configuration_problem}")
        blocks.append(painted(problem, "red", is_terminal) + "\n")
    if state.entries or state.snapshot:
        rows = [_entry_row(entry) for entry in state.entries]
        colours = ["dim", *(_COLOUR_OF.get(entry.state or "", "dim") for entry in state.entries)]
        heads = ("ENTRY", "STATE", "SINCE", "LAST REASON", "NEXT ATTEMPT")
        blocks.append(_table([heads, *rows], colours, is_terminal))
    told = [profile for profile in state.profiles if _says_something(profile)]
    if told:
        rows = [_profile_row(profile) for profile in told]
        colours = ["dim", *("yellow" if profile.cooldown_ends_at else "green" for profile in told)]
        heads = ("PROFILE", "MODEL", "COOLS UNTIL", "REASON", "REMAINING")
        blocks.append(_table([heads, *rows], colours, is_terminal))
    if state.snapshot and not any(profile.cooldown_ends_at for profile in state.profiles):
        blocks.append(f"no profile is cooling ({len(state.profiles)} in all)\n")
    return "\n".join(blocks)


def change_line(change: Health, problem_before: str = "") -> str:
    """One change in one line: when, what, how it is now, and the cause. `problem_before`: the configuration's until now."""
    whats = [f"{entry.entry} {entry.state}{_until(_later(entry))}" for entry in change.entries]
    for profile in change.profiles:
        name = f"{profile.provider}/{profile.profile}" + (f" with {profile.model}" if profile.model else "")
        whats.append(f"{name} {'COOLING' if profile.cooldown_ends_at else 'FREE'}{_until(profile.cooldown_ends_at)}")
    what = ", ".join(whats) + ": " if whats else _of_configuration(change, problem_before)
    return printable(f"{clock(change.observed_at)}  {what}{change.cause}".replace("\n", " "))


def _of_configuration(change: Health, problem_before: str) -> str:
    """What a change without entries and profiles says of the configuration; "" where that is not known.

    The contract (health.proto): a change names none of them where the configuration changed or was refused. It was refused
    where the cause is the problem that stands now; it is accepted where a problem that stood before is gone.
    """
    if change.configuration_problem:
        return "configuration refused, the old one stays: " * (change.cause == change.configuration_problem)
    return "configuration accepted again: " if problem_before else ""


def clock(at: datetime | None) -> str:
    """An instant in local time, with the date unless it is today's; "–" for none."""
    if at is None:
        return "–"
    local = at.astimezone()
    return local.strftime("%H:%M:%S" if local.date() == datetime.now(local.tzinfo).date() else "%Y-%m-%d %H:%M:%S")


def _until(at: datetime | None) -> str:
    return f" until {clock(at)}" if at is not None else ""


def _later(entry: EntryHealth) -> datetime | None:
    """When an entry may be called again; None: now."""
    return max((at for at in (entry.next_attempt_at, entry.cooldown_ends_at) if at is not None), default=None)


def _entry_row(entry: EntryHealth) -> tuple[str, ...]:
    reason = f"{entry.reason or '–'}" + (f" ({entry.consecutive_failures}x)" if entry.consecutive_failures > 1 else "")
    later = _later(entry)
    return (entry.entry, entry.state or "–", clock(entry.since), reason, clock(later) if later else "now")


def _profile_row(profile: ProfileHealth) -> tuple[str, ...]:
    left = [(profile.remaining_requests, "requests"), (profile.remaining_tokens, "tokens")]
    remaining = ", ".join(f"{count:,} {unit}" for count, unit in left if count is not None)
    name = f"{profile.provider}/{profile.profile}"
    ends = clock(profile.cooldown_ends_at)
    return (name, profile.model or "all", ends, f"{profile.reason or '–'}", remaining or "–")


def _says_something(profile: ProfileHealth) -> bool:
    told = (profile.cooldown_ends_at, profile.remaining_requests, profile.remaining_tokens)
    return any(value is not None for value in told)


def _table(rows: Sequence[tuple[str, ...]], colours: Sequence[str], is_terminal: bool) -> str:
    """Rows with aligned columns, each in its colour."""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown)
    coloured = (painted(line, colour, is_terminal) for line, colour in zip(lines, colours, strict=True))
    return "".join(f"{line}\n" for line in coloured)

"""`remora health`: a table of what is up, what is parked and until when; with --watch drawn again on each change."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TextIO

from remora_client import Client, EntryHealth, Health, ProfileHealth, RemoraError

from .cli_screen import Screen, drop_output, painted, printable

_CLEAR = "\x1b[H\x1b[2J"
_COLOUR_OF = {"CLOSED": "green", "OPEN": "red", "HALF_OPEN": "yellow"}


def add_health_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `run_health` takes."""
    parser.add_argument("--watch", action="store_true", help="go on, and draw the table again on each change")
    parser.add_argument("--address", help="host:port or unix:///path (default: REMORA_ADDRESS, else 127.0.0.1:7650)")


def run_health(args: argparse.Namespace) -> int:
    """`remora health` with parsed arguments, on the process's own streams; the exit code."""
    return health(args.watch, address=args.address, out=sys.stdout, err=sys.stderr)


def health(watch: bool, *, address: str | None = None, out: TextIO, err: TextIO) -> int:
    """Writes the table to `out`. Gives 0, 1 after an error, 2 for an address that cannot be, 130 after Ctrl-C.

    On a terminal `watch` draws the table in place; elsewhere each change is one block of lines.
    """
    screen = Screen(out, err)
    try:
        with Client(address) as remora:
            if not watch:
                _write(out, render(remora.health(), is_terminal=out.isatty()))
                return 0
            with remora.watch_health() as changes:
                _watch(changes, out)
    except RemoraError as error:
        screen.complain_of(error)
        return 1
    except ValueError as error:
        screen.complain(f"✗ {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        drop_output(out)
        return 141
    return 0


def _watch(changes: Iterable[Health], out: TextIO) -> None:
    shown: Health | None = None
    for change in changes:
        shown = change if shown is None or change.snapshot else applied(shown, change)
        if out.isatty():
            cause = f"\n{_clock(change.observed_at)}  {printable(change.cause)}\n" if change.cause else ""
            _write(out, _CLEAR + render(shown, is_terminal=True) + cause)
        elif change.snapshot:
            _write(out, render(change))
        else:
            _write(out, f"\n{_clock(change.observed_at)}  {printable(change.cause)}\n{render(change)}")


def applied(state: Health, change: Health) -> Health:
    """The snapshot with a change taken in; order stays, what is new comes last."""
    entries = {(entry.entry, entry.base_url): entry for entry in (*state.entries, *change.entries)}
    profiles = {(p.provider, p.profile, p.model): p for p in (*state.profiles, *change.profiles)}
    return Health(True, tuple(entries.values()), tuple(profiles.values()), change.cause, change.observed_at)


def render(state: Health, *, is_terminal: bool = False) -> str:
    """The table as text that ends with a line feed: all entries, and the profiles that cool or have told their quota."""
    blocks = []
    if state.entries:
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


def _entry_row(entry: EntryHealth) -> tuple[str, ...]:
    reason = f"{entry.reason or '–'}" + (f" ({entry.consecutive_failures}x)" if entry.consecutive_failures > 1 else "")
    later = [at for at in (entry.next_attempt_at, entry.cooldown_ends_at) if at is not None]
    return (entry.entry, entry.state or "–", _clock(entry.since), reason, _clock(max(later)) if later else "now")


def _profile_row(profile: ProfileHealth) -> tuple[str, ...]:
    left = [(profile.remaining_requests, "requests"), (profile.remaining_tokens, "tokens")]
    remaining = ", ".join(f"{count:,} {unit}" for count, unit in left if count is not None)
    name = f"{profile.provider}/{profile.profile}"
    return (
        name,
        profile.model or "all",
        _clock(profile.cooldown_ends_at),
        f"{profile.reason or '–'}",
        remaining or "–",
    )


def _says_something(profile: ProfileHealth) -> bool:
    told = (profile.cooldown_ends_at, profile.remaining_requests, profile.remaining_tokens)
    return any(value is not None for value in told)


def _clock(at: datetime | None) -> str:
    """An instant in local time, with the date unless it is today's; "–" for none."""
    if at is None:
        return "–"
    local = at.astimezone()
    return local.strftime("%H:%M:%S" if local.date() == datetime.now(local.tzinfo).date() else "%Y-%m-%d %H:%M:%S")


def _table(rows: Sequence[tuple[str, ...]], colours: Sequence[str], is_terminal: bool) -> str:
    """Rows with aligned columns, each in its colour."""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown)
    coloured = (painted(line, colour, is_terminal) for line, colour in zip(lines, colours, strict=True))
    return "".join(f"{line}\n" for line in coloured)


def _write(out: TextIO, text: str) -> None:
    out.write(text)
    out.flush()

"""`remora health`: what is up, what is parked and until when; live, as JSON, as a check, or to have it forgotten."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

import orjson
from remora_client import Client, Health, HealthReset, RemoraError

from .cli_health_table import change_line, render
from .cli_screen import TOKEN_HELP, Screen, drop_output

_CLEAR = "\x1b[H\x1b[2J"
LAST_CHANGES = 5
"""Lines of the newest changes that stay below the live table."""
CHECK_S = 1.3
"""A check ends well within two seconds, the interpreter's start included."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


@dataclass(frozen=True)
class HealthSettings:
    """What `health` does: at most one of `watch`, `check` and a reset; a snapshot without any."""

    address: str | None = None
    watch: bool = False
    check: bool = False
    as_json: bool = False
    reset_entry: str | None = None
    reset_profile: str | None = None
    reset_all: bool = False

    @property
    def resets(self) -> bool:
        """Whether something is to be forgotten."""
        return self.reset_entry is not None or self.reset_profile is not None or self.reset_all


def add_health_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `run_health` takes."""
    parser.epilog = TOKEN_HELP
    parser.add_argument("--address", help="host:port or unix:///path (default: REMORA_ADDRESS, else 127.0.0.1:7650)")
    parser.add_argument("--json", dest="as_json", action="store_true", help="JSON; with --watch one object a line")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--watch", action="store_true", help="go on: a live table, or one line a change into a pipe")
    what.add_argument("--check", action="store_true", help="exit 0 if the sidecar takes calls, else 1, within 2 s")
    what.add_argument("--reset-entry", metavar="PROVIDER/MODEL", help="forget an entry's breaker and cooldowns")
    what.add_argument("--reset-profile", metavar="PROVIDER/PROFILE", help="forget a profile's cooldowns")
    what.add_argument("--reset-all", action="store_true", help="forget every breaker and cooldown")


def run_health(args: argparse.Namespace) -> int:
    """`remora health` with parsed arguments, on the process's own streams; the exit code."""
    given = {field.name: getattr(args, field.name) for field in dataclasses.fields(HealthSettings)}
    return health(HealthSettings(**given), out=sys.stdout, err=sys.stderr)


def health(settings: HealthSettings, *, out: TextIO, err: TextIO) -> int:
    """Writes what is asked for to `out`. Gives 0, 1 after an error, 2 for an address that cannot be, 130 after Ctrl-C,
    and 141 when the reader of `out` has gone away."""
    screen = Screen(out, err)
    try:
        return _check(settings, screen, out) if settings.check else _ask(settings, out)
    except RemoraError as error:
        screen.complain_of(error)
        return EXIT_FAILED
    except ValueError as error:
        screen.complain(f"✗ {error}")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        drop_output(out)
        return EXIT_BROKEN_PIPE


def _check(settings: HealthSettings, screen: Screen, out: TextIO) -> int:
    """One line, whatever comes: container engines keep what a check says."""
    with Client(settings.address, connect_timeout_s=CHECK_S) as remora:
        try:
            if remora.is_serving(timeout_s=CHECK_S):
                _write(out, f"serving at {remora.address}\n")
                return 0
            screen.complain(f"✗ not serving at {remora.address}: the sidecar drains")
        except RemoraError as error:
            screen.complain(f"✗ not serving at {remora.address}: {error.message.splitlines()[0]}")
    return EXIT_FAILED


def _ask(settings: HealthSettings, out: TextIO) -> int:
    with Client(settings.address) as remora:
        if settings.resets:
            entry, profile = settings.reset_entry, settings.reset_profile
            done = remora.reset_health(entry=entry, profile=profile, everything=settings.reset_all)
            _write(out, _json(done) if settings.as_json else _reset(done))
        elif settings.watch:
            with remora.watch_health() as changes:
                _watch(changes, settings.as_json, out)
        else:
            state = remora.health()
            _write(out, _json(state) if settings.as_json else render(state, is_terminal=out.isatty()))
    return 0


def _watch(changes: Iterable[Health], as_json: bool, out: TextIO) -> None:
    shown: Health | None = None
    last: deque[str] = deque(maxlen=LAST_CHANGES)
    for change in changes:
        line = change_line(change, shown.configuration_problem if shown is not None else "")
        shown = change if shown is None or change.snapshot else applied(shown, change)
        if change.cause:
            last.append(line)
        if as_json:
            _write(out, _json(change))
        elif out.isatty():
            below = "".join(f"{line}\n" for line in last)
            _write(out, _CLEAR + render(shown, is_terminal=True) + (f"\n{below}" if below else ""))
        else:
            _write(out, render(change) if change.snapshot else f"{line}\n")


def applied(state: Health, change: Health) -> Health:
    """The snapshot with a change taken in; order stays, what is new comes last."""
    entries = {(entry.entry, entry.base_url): entry for entry in (*state.entries, *change.entries)}
    profiles = {(p.provider, p.profile, p.model): p for p in (*state.profiles, *change.profiles)}
    return Health(
        snapshot=True,
        entries=tuple(entries.values()),
        profiles=tuple(profiles.values()),
        cause=change.cause,
        observed_at=change.observed_at,
        configuration_problem=change.configuration_problem,
    )


def _reset(done: HealthReset) -> str:
    named = [f"entry {name}" for name in done.entries] + [f"profile {name}" for name in done.profiles]
    return "".join(f"reset {name}\n" for name in named) or "there was nothing to reset\n"


def _json(value: Health | HealthReset) -> str:
    """One line of JSON with the client's names; instants in UTC, absent as null."""
    return (
        orjson.dumps(dataclasses.asdict(value), default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME).decode() + "\n"
    )


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _write(out: TextIO, text: str) -> None:
    out.write(text)
    out.flush()

"""`remora explain`: the chain a request would use now, every skip and why, without sending anything."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import orjson
from remora_client import Client, RemoraError

from .cli_health_table import clock
from .cli_screen import Screen
from .config import environment, loading, secret
from .config.problem import ConfigError
from .config.secret import SecretError
from .config.settings import Settings
from .core.errors import CallError
from .core.trace import Trace
from .explain import AllHealthy, Explanation, Known, explain
from .explain_health import Told
from .explain_text import as_json, as_text
from .server.request_file import request_in
from .transport.credential import Vault

UNSENT = Trace("0" * 32, "0" * 16)
CONNECT_S = 0.5
"""A sidecar on this host answers at once, or there is none."""
ANSWER_S = 3.0
EXIT_FAILED = 1
EXIT_USAGE = 2


@dataclass(frozen=True)
class ExplainSettings:
    """`file`: "-" is standard input. `config` None: providers from the environment. `address` None: asks the default
    one, and goes on without it if nobody answers."""

    file: str
    config: str | None = None
    address: str | None = None
    as_json: bool = False


def run_explain(args: argparse.Namespace) -> int:
    """`remora explain` with parsed arguments, on the process's own streams; the exit code."""
    settings = ExplainSettings(args.file, args.config, args.address, args.as_json)
    return run(settings, os.environ, out=sys.stdout, err=sys.stderr)


def run(settings: ExplainSettings, env: Mapping[str, str], *, out: TextIO, err: TextIO) -> int:
    """Writes the explanation to `out`. Gives 0 if something may be called now, else 1; 2 for an address that cannot be."""
    screen = Screen(out, err)
    try:
        loaded = _configured(settings.config, env)
        vault = Vault(loaded.catalog, lambda credential: secret.read(credential, env))
        text = sys.stdin.read() if settings.file == "-" else Path(settings.file).read_text(encoding="utf-8")
        request = request_in(text, UNSENT)
        known, remark = _health(settings.address)
        found = explain(request, loaded.catalog, vault.targets_of, loaded.clock, known)
    except CallError as error:
        _refused(error, settings.as_json, screen, out)
        return EXIT_FAILED
    except (ConfigError, SecretError) as error:
        screen.complain(str(error))
        return EXIT_FAILED
    except RemoraError as error:
        screen.complain_of(error)
        return EXIT_FAILED
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        screen.complain(f"✗ {settings.file} cannot be read: {why}")
        return EXIT_FAILED
    except ValueError as error:
        screen.complain(f"✗ {error}")
        return EXIT_USAGE
    remarks = _remarks(found, known, remark)
    out.write(as_json(found, remark) if settings.as_json else as_text(found, remarks, is_terminal=out.isatty()))
    return 0 if found.first is not None else EXIT_FAILED


def _configured(path: str | None, env: Mapping[str, str]) -> Settings:
    loaded = loading.load(path, env) if path is not None else environment.load(env)
    return loaded.for_serving()


def _health(address: str | None) -> tuple[Known, str]:
    """The health to explain with, and where it is from. RemoraError where the sidecar that was named does not answer."""
    with Client(address, connect_timeout_s=CONNECT_S) as remora:
        try:
            snapshot = remora.health(timeout_s=ANSWER_S)
        except RemoraError as error:
            if address is not None:
                raise
            return AllHealthy(), f"taken as healthy throughout: {error.message.splitlines()[0]}"
        return Told(snapshot), f"as the sidecar at {remora.address} told at {clock(snapshot.observed_at)}"


def _remarks(found: Explanation, known: Known, source: str) -> list[str]:
    remarks = [f"health: {source}"]
    if isinstance(known, Told):
        targets = [choice.target for step in found.steps for choice in step.choices]
        strange = sorted({f"{t.entry.provider}/{t.profile}" for t in targets if not known.knows(t)})
        if strange:
            remarks.append(f"that sidecar has no {', '.join(strange)}: it runs with another configuration")
    return remarks


def _refused(error: CallError, as_json: bool, screen: Screen, out: TextIO) -> None:
    if as_json:
        fields = [{"field": field.path, "description": field.description} for field in error.fields]
        told = {"callable": False, "error": {"reason": error.reason, "message": error.message, "fields": fields}}
        out.write(orjson.dumps(told).decode() + "\n")
        return
    lines = [f"✗ {error.reason}: {error.message}"]
    if len(error.fields) > 1:
        lines = [f"✗ {error.reason}", *(f"  {field.path}: {field.description}" for field in error.fields)]
    screen.complain("\n".join(lines))

"""Applies a changed configuration while calls are under way: all of it, or nothing and the reason why."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TypeVar

from .aside import aside
from .composition import Sidecar
from .config.problem import ConfigError, Problem
from .config.secret import SecretError
from .config.settings import Listen, Settings, State, Telemetry
from .config.source import Source
from .difference import Contents, difference, named_files
from .engine.changes import Changes
from .engine.warm_up import warm_up
from .ready import StartError

log = logging.getLogger("remora.config")
LIVE_OF_LISTEN = frozenset({"token"})
"""What else says where and how to listen is bound to sockets that callers hold open."""
LIVE_OF_TELEMETRY = frozenset({"headers", "sample_ratio"})
"""Everything else the exporter and its connections were made with."""
LATE_S = 10.0
LATE = "%s: its files have not been read for %g s; the configuration in use stays until they are"
_PROFILE = re.compile(r"providers\.([a-z0-9._-]+)\.profiles\[(\d+)\]")

_Read = TypeVar("_Read")


class Live:
    """Watches a source and keeps a sidecar up with it. `run` is a task of its own; `hang_up` loads at once."""

    def __init__(
        self,
        sidecar: Sidecar,
        source: Source,
        changes: Changes,
        transform: Callable[[Settings], Settings] = lambda settings: settings,
    ) -> None:
        """`transform`: what is made of settings before they are applied, as at the start."""
        self._sidecar = sidecar
        self._source = source
        self._changes = changes
        self._transform = transform
        self._asked = asyncio.Event()
        self._contents = self._contents_now()

    def hang_up(self) -> None:
        """Loads soon, whether anything has changed or not (SIGHUP)."""
        self._asked.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._source.look_again_s)
            if self._asked.is_set() or await self._is_new():
                self._asked.clear()
                await self.reload()

    async def reload(self) -> None:
        """Loads and applies what is there now; refuses it if anything is wrong with it."""
        try:
            outcome = await self._read(self._source.load)
            settings = self._transform(outcome.for_serving())
            self._refuse_fixed(settings)
            before, held = self._sidecar.settings, self._contents
            self._sidecar.adopt(settings, self._source.digest)
            self._contents = self._contents_now()
        except ConfigError as error:
            self._refused([self._told(problem, error.source) for problem in error.problems])
        except (SecretError, StartError) as error:
            self._refused([f"{self._source.name}: {error}"])
        except Exception:  # a bug of ours must not end the watch: the next configuration may be applied
            log.exception("unexpected error while the configuration was loaded")
            self._refused([f"{self._source.name}: unexpected error; the log has it"])
        else:
            self._changes.configured(difference(before, settings, held, self._contents))
            await self._warm_up(before, settings)

    async def _is_new(self) -> bool:
        now = asyncio.get_running_loop().time()
        try:
            return await self._read(lambda: self._source.look(now))
        except RuntimeError:
            return False  # there is no thread to be had: the next look tries again

    async def _read(self, work: Callable[[], _Read]) -> _Read:
        """Reads files on a thread of its own, which the process's end does not wait for: a network mount may hang."""
        return await aside(work, LATE_S, lambda: log.warning(LATE, self._source.name, LATE_S))

    async def _warm_up(self, before: Settings, settings: Settings) -> None:
        """Opens connections to what is new or has changed."""
        known, providers = before.catalog.providers, settings.catalog.providers
        changed = [provider for name, provider in providers.items() if known.get(name) != provider]
        await warm_up(self._sidecar.transport, changed, settings.limits.warm_up_s)

    def _refuse_fixed(self, settings: Settings) -> None:
        if names := needing_restart(self._sidecar.settings, settings):
            problems = [Problem(name, None, None, "cannot change while serving; it needs a restart") for name in names]
            raise ConfigError(problems, settings.source)

    def _contents_now(self) -> Contents:
        """What tells apart the contents of keys and files that the settings in use refer to."""
        vault = self._sidecar.engine.services.vault
        providers = self._sidecar.engine.catalog.providers
        keys = {
            f"key of {name}/{profile}": key_id for name in providers for profile, _, key_id in vault.profiles_of(name)
        }
        return keys | {name: self._source.digest(path) for name, path in named_files(self._sidecar.settings)}

    def _told(self, problem: Problem, source: str) -> str:
        """One line, with the name of the profile it is about: people know keys by that."""
        line = problem.at(source)
        found = _PROFILE.match(problem.path)
        provider = self._sidecar.settings.catalog.providers.get(found[1]) if found else None
        if found is None or provider is None or int(found[2]) >= len(provider.profiles):
            return line
        return f"{line} (profile {provider.profiles[int(found[2])].name} of {found[1]})"

    def _refused(self, lines: list[str]) -> None:
        redact = self._sidecar.redactor.redact
        for line in lines[1:]:
            log.error("the configuration has one more problem: %s", line)  # the first one is told by the change
        more = f"; and {len(lines) - 1} more, which the log has" if len(lines) > 1 else ""
        self._changes.refused(redact(lines[0]) + more)


def needing_restart(old: Settings, new: Settings) -> list[str]:
    """The names of settings that differ and cannot change in a process that serves."""
    return [
        *_differing("listen", old.listen, new.listen, LIVE_OF_LISTEN),
        *_differing("telemetry", old.telemetry, new.telemetry, LIVE_OF_TELEMETRY),
        *_differing("state", old.state, new.state, frozenset()),
    ]


_Fixed = TypeVar("_Fixed", Listen, Telemetry, State)


def _differing(name: str, old: _Fixed, new: _Fixed, live: frozenset[str]) -> Iterator[str]:
    for field in fields(old):
        if field.name not in live and getattr(old, field.name) != getattr(new, field.name):
            yield f"{name}.{field.name}"

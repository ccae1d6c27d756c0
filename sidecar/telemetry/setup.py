"""Puts telemetry together, and is what the rest of the sidecar is observed by."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence

from .. import __version__
from ..core.observation import Change, ChangeKind, Reading, Rpc
from ..core.redaction import Redactor
from ..core.report import Attempt
from . import change_log, names
from .access_log import AccessLog
from .attempt_metrics import IsDeclared
from .line_writer import Lines
from .metrics import Metrics
from .plan import Configured, plan
from .shown import Shown
from .tracing import Tracing

log = logging.getLogger("remora.telemetry")
FLUSH_LIMIT_S = 2.0
"""How long stopping may take, whatever the collector does."""


class TelemetryObserver:
    """Implements `core.observation.Observer`. `metrics`: what /metrics serves. Made by `build`.

    `is_propagating`: whether attempts send their `traceparent` upstream. `problems`: sentences that `start` logs.
    """

    def __init__(
        self,
        metrics: Metrics,
        shown: Shown,
        tracing: Tracing | None,
        access_log: AccessLog | None,
        *,
        is_propagating: bool,
        problems: Sequence[str],
    ) -> None:
        self.metrics = metrics
        self.is_propagating = is_propagating
        self._shown = shown
        self._tracing = tracing
        self._access_log = access_log
        self._problems = problems

    @property
    def is_tracing(self) -> bool:
        """Whether spans go anywhere at all."""
        return self._tracing is not None

    def sampled(self, trace_id: str, parent_is_sampled: bool | None) -> bool:
        """Whether a trace is recorded: asked once, when its rpc arrives. `parent_is_sampled` None: it begins here."""
        return self._tracing is not None and self._tracing.sampled(trace_id, parent_is_sampled)

    def read_from(self, reading: Callable[[], Reading]) -> None:
        """Where metrics read the state of breakers, cooldowns and budgets."""
        self.metrics.read_from(reading)

    def use(self, redactor: Redactor, settings: Configured | None = None) -> None:
        """From now on another redactor: the secrets have changed. `settings`: and what of them can change live."""
        self._shown.use(redactor)
        if settings is not None and self._tracing is not None:
            self._tracing.adopt(settings)

    def start(self) -> None:
        """Begins to export, on the running loop, where spans go anywhere. Raises nothing."""
        self.metrics.configured()
        for problem in self._problems:
            log.warning("%s", problem)
        tracing = self._tracing
        if tracing is None:
            return
        try:
            tracing.exporter.start(self.metrics)
        except (OSError, ValueError) as error:  # certificates that cannot be used: calls are served without traces
            self._tracing = None
            log.error("spans are not exported: %s", error.strerror if isinstance(error, OSError) else error)

    async def flush(self, limit_s: float = FLUSH_LIMIT_S) -> bool:
        """Sends the spans that wait; whether all of them were sent, or given up, in time."""
        return self._tracing is None or await self._tracing.exporter.flush(limit_s)

    async def stop(self, limit_s: float = FLUSH_LIMIT_S) -> None:
        """Sends what is left for at most `limit_s` and ends. Rpcs that end later are not exported."""
        tracing, self._tracing = self._tracing, None
        if tracing is not None:
            await tracing.exporter.stop(limit_s)

    def rpc_started(self, service: str, method: str, number: int = 1) -> None:
        """Counts it as under way."""
        _guarded(self.metrics.rpc_started, service, method, number)

    def rpc_ended(self, rpc: Rpc) -> None:
        """Counts it; of ChatService writes the access log and, if sampled, queues the spans."""
        _guarded(self._note, rpc)

    def _note(self, rpc: Rpc) -> None:
        self.metrics.rpc_ended(rpc)
        if rpc.service != names.CHAT_SERVICE:
            return  # probes and watchers would flood both
        tracing = self._tracing if rpc.trace.is_sampled else None
        if self._access_log is None and tracing is None:
            return
        request_id = self._shown.text(rpc.request_id)
        if self._access_log is not None:
            self._access_log.note(rpc, request_id)
        if tracing is not None:
            tracing.exporter.put(tracing.maker.spans(rpc, request_id))

    def settled(self) -> None:
        """Nothing more is told for now: what was gathered is written."""
        if self._access_log is not None:
            _guarded(self._access_log.write)

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        """Counts it as under way."""
        _guarded(self.metrics.attempt_started, provider, model, number)

    def attempt_ended(self, attempt: Attempt) -> None:
        """Counts it."""
        _guarded(self.metrics.attempt_ended, attempt)

    def changed(self, change: Change) -> None:
        """Logs it; counts openings and configurations."""
        _guarded(self._note_change, change)

    def _note_change(self, change: Change) -> None:
        change_log.note(change)
        if change.kind is ChangeKind.OPENED:
            self.metrics.opened(change.provider or "", change.model or "")
        elif change.kind in (ChangeKind.CONFIGURED, ChangeKind.REFUSED):
            self.metrics.reloaded(is_applied=change.kind is ChangeKind.CONFIGURED)


def _guarded(tell: Callable[..., None], *what: object) -> None:
    """An observer must not raise: what it is told of has happened, well or badly, and stays so."""
    try:
        tell(*what)
    except Exception:  # a defect of telemetry's own; whatever it is, it must not reach a call
        log.exception("what happened could not be noted")


def build(
    settings: Configured,
    env: Mapping[str, str],
    redactor: Redactor,
    is_declared: IsDeclared,
    stream: Callable[[], Lines] = lambda: sys.stderr,
) -> TelemetryObserver:
    """Telemetry as configured; the environment fills in what the configuration leaves out.

    `is_declared`: whether a configuration names a provider's model, asked again after each change of it. `stream`: where
    access log lines go. Start it on the loop, and stop it after the last rpc.
    """
    old = names.old_generations(env)
    shown = Shown(redactor)
    found, problems = plan(settings, env)
    tracing = None
    if found is not None:
        tracing = Tracing(found, settings, env, shown)
        problems = [*problems, *tracing.problems]
    return TelemetryObserver(
        Metrics(is_declared, __version__, old),
        shown,
        tracing,
        AccessLog(stream, shown.name) if settings.access_log else None,
        is_propagating=settings.propagate_upstream,
        problems=problems,
    )

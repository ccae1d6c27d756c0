"""Puts telemetry together, and is what the rest of the sidecar is observed by."""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from .. import __version__
from ..core.observation import Change, ChangeKind, Reading, Rpc
from ..core.redaction import Redactor
from ..core.report import Attempt
from . import change_log, names
from .access_log import AccessLog
from .attempt_metrics import IsDeclared
from .export import Exporter, Sender
from .metrics import Metrics
from .otlp_bytes import Envelope
from .plan import GRPC, Configured, Environment, Plan, plan
from .shown import Shown
from .spans import SpanMaker

log = logging.getLogger("remora.telemetry")
FLUSH_LIMIT_S = 2.0
"""How long stopping may take, whatever the collector does."""
Sampled = Callable[[str, bool | None], bool]


class Tracing:
    """What is there only when spans go somewhere."""

    def __init__(self, maker: SpanMaker, exporter: Exporter, sampled: Sampled) -> None:
        self.maker = maker
        self.exporter = exporter
        self.sampled = sampled


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

    def use(self, redactor: Redactor) -> None:
        """From now on another redactor: the secrets have changed."""
        self._shown.use(redactor)

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

    def rpc_started(self, service: str, method: str) -> None:
        """Counts it as under way."""
        _guarded(self.metrics.rpc_started, service, method)

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

    def attempt_started(self, provider: str, model: str) -> None:
        """Counts it as under way."""
        _guarded(self.metrics.attempt_started, provider, model)

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
    stream: Callable[[], TextIO] = lambda: sys.stderr,
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
        tracing, more = _tracing(found, settings, env, shown)
        problems = [*problems, *more]
    return TelemetryObserver(
        Metrics(is_declared, __version__, old),
        shown,
        tracing,
        AccessLog(stream, shown.name) if settings.access_log else None,
        is_propagating=settings.propagate_upstream,
        problems=problems,
    )


def _tracing(found: Plan, settings: Configured, env: Mapping[str, str], shown: Shown) -> tuple[Tracing, list[str]]:
    """Imported here since a sidecar without an endpoint needs nothing of it."""
    from .resource import resource
    from .sampling import sampling

    environment = Environment(env)
    sampler = sampling(settings, environment)
    maker = SpanMaker(shown, capture_content=settings.capture_content, old=names.old_generations(env))
    headers = Redactor(value for _, value in found.headers)
    envelope = Envelope(resource(env, __version__), names.SCOPE, __version__)
    exporter = Exporter(
        lambda: _sender(found),
        envelope,
        found.batching,
        found.timeout_s,
        random.SystemRandom().random,
        lambda text: shown.text(headers.redact(text)),
    )
    return Tracing(maker, exporter, sampler.sampled), environment.problems


def _sender(found: Plan) -> Sender:
    """Only the protocol that is used is imported."""
    if found.protocol == GRPC:
        from .export_grpc import GrpcSender

        return GrpcSender(found)
    from .export_http import HttpSender

    return HttpSender(found)

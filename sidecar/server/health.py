"""HealthService: upstream state and reports over gRPC."""

from __future__ import annotations

from urllib.parse import urlsplit

import grpc

from ..core.breaker import BreakerState
from ..core.catalog import Provider
from ..core.cooldown import Cooldown
from ..core.errors import CallError, FieldError
from ..core.reasons import Reason
from ..engine.engine import Engine
from ..engine.state import EntryKey, EntryState
from ..pb import health_pb2, health_pb2_grpc
from .chat import not_built
from .edge import Context, Labels, abort, trailers
from .outgoing import reason as reason_value
from .outgoing import report as report_message
from .outgoing import timestamp

_STATES = {
    BreakerState.CLOSED: health_pb2.BREAKER_STATE_CLOSED,
    BreakerState.OPEN: health_pb2.BREAKER_STATE_OPEN,
    BreakerState.HALF_OPEN: health_pb2.BREAKER_STATE_HALF_OPEN,
}


class HealthServicer(health_pb2_grpc.HealthServiceServicer):
    """Answers while draining too: that is when people look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def Health(self, request: health_pb2.HealthRequest, context: Context) -> None:  # type: ignore[override]
        """A snapshot. Watching is not built yet."""
        labels = Labels.of(context, "")
        if request.watch:
            await abort(context, not_built("HealthRequest.watch"), labels)
        await context.write(self._snapshot())
        context.set_trailing_metadata(tuple(trailers(labels, 0, None)))

    async def GetReport(self, request: health_pb2.GetReportRequest, context: Context) -> health_pb2.GetReportResponse:
        """What happened to a call."""
        labels = Labels.of(context, "")
        if not request.request_id:
            field = FieldError("request_id", "is required")
            error = CallError(Reason.INVALID_INPUT, "request_id: is required", fields=(field,))
            await abort(context, error, labels)
        services = self._engine.services
        reports = services.reports.find(request.request_id, services.clock.now())
        if not reports:
            message = "no call of the last ten minutes had this request id, or none that was tried"
            await abort_not_found(context, message, labels)
        context.set_trailing_metadata(tuple(trailers(labels, 0, None)))
        return health_pb2.GetReportResponse(reports=[report_message(report) for report in reports])

    async def ResetHealth(
        self, request: health_pb2.ResetHealthRequest, context: Context
    ) -> health_pb2.ResetHealthResponse:
        """Not built yet."""
        await abort(context, not_built("HealthService.ResetHealth"), Labels.of(context, ""))

    async def GetSpend(self, request: health_pb2.GetSpendRequest, context: Context) -> health_pb2.GetSpendResponse:
        """Not built yet."""
        await abort(context, not_built("HealthService.GetSpend"), Labels.of(context, ""))

    def _snapshot(self) -> health_pb2.HealthResponse:
        services = self._engine.services
        now, wall = services.clock.now(), services.clock.wall()
        response = health_pb2.HealthResponse(snapshot=True, observed_time=timestamp(wall))
        for key, state in services.health.entries():
            response.entries.append(_entry(key, state, now, wall))
        for provider in self._engine.catalog.providers.values():
            response.profiles.extend(self._profiles(provider, now, wall))
        return response

    def _profiles(self, provider: Provider, now: float, wall: float) -> list[health_pb2.ProfileHealth]:
        health = self._engine.services.health
        found: list[health_pb2.ProfileHealth] = []
        for name, _, key_id in self._engine.services.vault.profiles_of(provider.name):
            found.append(_profile(provider.name, name, None, health.profile_cooldown(key_id), now, wall))
            for model, cooldown in health.pair_cooldowns(key_id):
                if cooldown.until_callable(now) is not None:
                    found.append(_profile(provider.name, name, model, cooldown, now, wall))
        return found


async def abort_not_found(context: Context, message: str, labels: Labels) -> None:
    """NOT_FOUND for something that is no model: there is no reason for it among the call's own."""
    await context.abort(grpc.StatusCode.NOT_FOUND, message, tuple(trailers(labels, 0, None)))


def _entry(key: EntryKey, state: EntryState, now: float, wall: float) -> health_pb2.EntryHealth:
    provider, base_url, model = key
    breaker = state.breaker
    entry = health_pb2.EntryHealth(
        entry=f"{provider}/{model}",
        base_url=shown_url(base_url),
        state=_STATES[breaker.state(now)],
        reason=reason_value(state.last_reason),
        last_error=state.last_error,
        consecutive_failures=state.consecutive_failures,
        openings=breaker.openings,
        attempts=state.attempts,
        successes=state.successes,
        failures=state.failures,
    )
    if breaker.since is not None:
        entry.since_time.CopyFrom(timestamp(wall - (now - breaker.since)))
    cooling = state.cooldown.until_callable(now)
    if cooling is not None:
        entry.cooldown_end_time.CopyFrom(timestamp(wall + cooling - now))
    refusal = breaker.refusal(now)
    until = max(cooling or now, refusal.until if refusal is not None else now)
    if until > now:
        entry.next_attempt_time.CopyFrom(timestamp(wall + until - now))
    return entry


def _profile(
    provider: str, name: str, model: str | None, cooldown: Cooldown | None, now: float, wall: float
) -> health_pb2.ProfileHealth:
    message = health_pb2.ProfileHealth(provider=provider, profile=name, model=model)
    until = cooldown.until_callable(now) if cooldown is not None else None
    if cooldown is not None and until is not None:
        message.cooldown_end_time.CopyFrom(timestamp(wall + until - now))
        message.reason = reason_value(cooldown.reason)
    return message


def shown_url(url: str) -> str:
    """Scheme, host, port and path only."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"

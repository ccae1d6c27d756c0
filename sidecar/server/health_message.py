"""Upstream state as messages of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ..core.breaker import BreakerState
from ..core.catalog import Entry
from ..core.cooldown import Cooldown
from ..engine.engine import Engine
from ..engine.entries import EntryKey, EntryState
from ..engine.hindrance import hindrance
from ..engine.watching import Credential, ProfileKey, Update
from ..pb import health_pb2
from .outgoing import reason as reason_value
from .outgoing import timestamp

_STATES = {
    BreakerState.CLOSED: health_pb2.BREAKER_STATE_CLOSED,
    BreakerState.OPEN: health_pb2.BREAKER_STATE_OPEN,
    BreakerState.HALF_OPEN: health_pb2.BREAKER_STATE_HALF_OPEN,
}


def credentials(engine: Engine) -> list[Credential]:
    """Every enabled profile of the configuration that holds now."""
    vault = engine.services.vault
    return [
        Credential(provider, name, key_id)
        for provider in engine.catalog.providers
        for name, _, key_id in vault.profiles_of(provider)
    ]


def snapshot(engine: Engine, cause: str = "") -> health_pb2.HealthResponse:
    """Everything, as it is now."""
    services = engine.services
    now, wall = services.clock.now(), services.clock.wall()
    response = _response(engine, cause, wall)
    response.snapshot = True
    for key, state in services.health.entries():
        response.entries.append(_entry(engine, key, state, now, wall))
    for one in credentials(engine):
        response.profiles.extend(_profiles(engine, one, now, wall))
    return response


def change(engine: Engine, update: Update) -> health_pb2.HealthResponse:
    """What an update names, as it is now. What is gone meanwhile is left out."""
    if update.is_whole:
        return snapshot(engine, update.cause)
    services = engine.services
    now, wall = services.clock.now(), services.clock.wall()
    response = _response(engine, update.cause, wall)
    key_ids = {(one.provider, one.profile): one.key_id for one in credentials(engine)}
    for key in update.keys:
        if isinstance(key, ProfileKey):
            key_id = key_ids.get((key.provider, key.profile))
            if key_id is not None:
                response.profiles.append(_profile(key, _cooldown(engine, key_id, key.model), now, wall))
                _tell_quota(response.profiles[-1], engine, key_id, key.model, now)
    for key in _touched(engine, update):
        if (state := services.health.known(key)) is not None:
            response.entries.append(_entry(engine, key, state, now, wall))
    return response


def _touched(engine: Engine, update: Update) -> Iterable[EntryKey]:
    """The entries an update names, and those that may be called at another time since a profile of theirs has changed."""
    found: dict[EntryKey, None] = {key: None for key in update.keys if not isinstance(key, ProfileKey)}
    changed = {(key.provider, key.model) for key in update.keys if isinstance(key, ProfileKey)}
    if changed:
        every = (key for key, _ in engine.services.health.entries())
        found |= {key: None for key in every if (key[0], None) in changed or (key[0], key[2]) in changed}
    return found


def _response(engine: Engine, cause: str, wall: float) -> health_pb2.HealthResponse:
    return health_pb2.HealthResponse(
        cause=cause,
        observed_time=timestamp(wall),
        configuration_problem=engine.services.health.changes.configuration_problem,
    )


def _profiles(engine: Engine, one: Credential, now: float, wall: float) -> Iterable[health_pb2.ProfileHealth]:
    """The profile, and each model of it that rests or whose quota is known."""
    services = engine.services
    resting = {
        model: None for model, cooldown in services.health.pair_cooldowns(one.key_id) if cooldown.until_callable(now)
    }
    told = {model: None for model, quota in services.limiter.quotas(one.key_id).items() if quota.is_told(now)}
    for model in (None, *(resting | told)):
        key = ProfileKey(one.provider, one.profile, model)
        message = _profile(key, _cooldown(engine, one.key_id, model), now, wall)
        _tell_quota(message, engine, one.key_id, model, now)
        yield message


def _tell_quota(message: health_pb2.ProfileHealth, engine: Engine, key_id: str, model: str | None, now: float) -> None:
    """What is left by the provider's word; of the whole profile, the least of its models."""
    quotas = [quota for name, quota in engine.services.limiter.quotas(key_id).items() if model in (None, name)]
    requests = [left for quota in quotas if (left := quota.remaining_requests(now)) is not None]
    tokens = [left for quota in quotas if (left := quota.remaining_tokens(now)) is not None]
    if requests:
        message.remaining_requests = min(requests)
    if tokens:
        message.remaining_tokens = min(tokens)


def _cooldown(engine: Engine, key_id: str, model: str | None) -> Cooldown | None:
    health = engine.services.health
    return health.profile_cooldown(key_id) if model is None else health.pair_cooldown(key_id, model)


def _entry(engine: Engine, key: EntryKey, state: EntryState, now: float, wall: float) -> health_pb2.EntryHealth:
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
    until = _callable_at(engine, key, state, now)
    if until is not None:
        entry.next_attempt_time.CopyFrom(timestamp(wall + until - now))
    return entry


def _callable_at(engine: Engine, key: EntryKey, state: EntryState, now: float) -> float | None:
    """The soonest instant at which any enabled target of the entry may be called; None: now. Where its provider has none any
    more, what holds the entry itself."""
    provider, base_url, model = key
    health, targets = engine.services.health, engine.services.vault.targets_of(Entry(provider, model))
    holds = [health.unavailable(target, now) for target in targets if target.base_url == base_url]
    instants = [hold.until if hold is not None else now for hold in holds or [hindrance(state, None, None, now)]]
    soonest = min(instants)
    return soonest if soonest > now else None


def _profile(key: ProfileKey, cooldown: Cooldown | None, now: float, wall: float) -> health_pb2.ProfileHealth:
    message = health_pb2.ProfileHealth(provider=key.provider, profile=key.profile, model=key.model)
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

"""How an engine is at this moment, as plain data: what metrics show of it. Asking changes nothing."""

from __future__ import annotations

from ..core.cooldown import Cooldown
from ..core.observation import EntryReading, ProfileReading, Reading
from .engine import Engine


def read(engine: Engine) -> Reading:
    """Every entry and profile, budgets, and what is under way."""
    now = engine.services.clock.now()
    return Reading(
        entries=tuple(_entries(engine, now)),
        profiles=tuple(_profiles(engine, now)),
        retry_tokens=engine.services.retries.available(now),
        calls_under_way=engine.calls_under_way,
        bytes_in_flight=engine.bytes_in_flight,
        attempts_under_way=engine.services.limiter.held,
    )


def _entries(engine: Engine, now: float) -> list[EntryReading]:
    health = engine.services.health
    return [
        EntryReading(*key, state.breaker.state(now), _left_s(state.cooldown, now), health.is_declared(key))
        for key, state in health.entries()
    ]


def _profiles(engine: Engine, now: float) -> list[ProfileReading]:
    vault, health = engine.services.vault, engine.services.health
    found: list[ProfileReading] = []
    for provider in engine.catalog.providers:
        for profile, _, key_id in vault.profiles_of(provider):
            found.append(ProfileReading(provider, profile, None, _left_s(health.profile_cooldown(key_id), now)))
            for model, cooldown in health.pair_cooldowns(key_id):
                found.append(ProfileReading(provider, profile, model, _left_s(cooldown, now)))
    return found


def _left_s(cooldown: Cooldown | None, now: float) -> float:
    until = cooldown.until_callable(now) if cooldown is not None else None
    return until - now if until is not None else 0.0

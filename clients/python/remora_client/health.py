"""Upstream state as plain values: how each entry and profile is, instants in UTC, absent as None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ._pb import health_pb2 as pb
from .enumeration import reason_numbered, short_name
from .errors import RemoraError
from .reason import Reason
from .report import instant

_STATE = pb.DESCRIPTOR.enum_types_by_name["BreakerState"]


@dataclass(frozen=True, slots=True)
class EntryHealth:
    """One entry at one base URL. `state`: CLOSED (traffic flows), OPEN or HALF_OPEN. `next_attempt_at` None: now."""

    entry: str
    base_url: str
    state: str | None
    since: datetime | None
    reason: Reason | str | None
    last_error: str
    consecutive_failures: int
    openings: int
    attempts: int
    successes: int
    failures: int
    next_attempt_at: datetime | None
    cooldown_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProfileHealth:
    """One named credential. `model` None: the cooldown is for all models. Remaining quota by the provider's word."""

    provider: str
    profile: str
    model: str | None
    cooldown_ends_at: datetime | None
    reason: Reason | str | None
    remaining_requests: int | None
    remaining_tokens: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """A snapshot (`snapshot` true: everything), or one change (what changed, and its `cause` for a person).

    A later snapshot replaces everything told before. `configuration_problem`: why the sidecar refused its newest
    configuration and goes on with the one before; "": it did not.
    """

    snapshot: bool
    entries: tuple[EntryHealth, ...]
    profiles: tuple[ProfileHealth, ...]
    cause: str
    observed_at: datetime
    configuration_problem: str = ""


@dataclass(frozen=True, slots=True)
class HealthReset:
    """What was forgotten: "provider/model-id" of each entry, "provider/profile" of each profile."""

    entries: tuple[str, ...]
    profiles: tuple[str, ...]


def health_from(message: pb.HealthResponse) -> Health:
    """The snapshot or change a message carries."""
    return Health(
        snapshot=message.snapshot,
        entries=tuple(map(_entry_from, message.entries)),
        profiles=tuple(map(_profile_from, message.profiles)),
        cause=message.cause,
        observed_at=instant(message.observed_time),
        configuration_problem=message.configuration_problem,
    )


def only_snapshot(messages: Sequence[Health]) -> Health:
    """The one snapshot of a stream that ended after it; RemoraError if there was none."""
    if not messages:
        raise RemoraError("the sidecar sent no snapshot")
    return messages[0]


def reset_request(*, entry: str | None, profile: str | None, everything: bool) -> pb.ResetHealthRequest:
    """The request to forget exactly one scope; ValueError for none or several."""
    if (entry is not None) + (profile is not None) + everything != 1:
        raise ValueError("give exactly one of entry, profile and everything=True")
    if entry is not None:
        return pb.ResetHealthRequest(entry=entry)
    return pb.ResetHealthRequest(profile=profile) if profile is not None else pb.ResetHealthRequest(all=True)


def reset_from(message: pb.ResetHealthResponse) -> HealthReset:
    """What a message says was forgotten."""
    return HealthReset(tuple(message.entries), tuple(message.profiles))


def _entry_from(message: pb.EntryHealth) -> EntryHealth:
    return EntryHealth(
        entry=message.entry,
        base_url=message.base_url,
        state=short_name(_STATE, message.state, "BREAKER_STATE_"),
        since=instant(message.since_time) if message.HasField("since_time") else None,
        reason=reason_numbered(message.reason),
        last_error=message.last_error,
        consecutive_failures=message.consecutive_failures,
        openings=message.openings,
        attempts=message.attempts,
        successes=message.successes,
        failures=message.failures,
        next_attempt_at=instant(message.next_attempt_time) if message.HasField("next_attempt_time") else None,
        cooldown_ends_at=instant(message.cooldown_end_time) if message.HasField("cooldown_end_time") else None,
    )


def _profile_from(message: pb.ProfileHealth) -> ProfileHealth:
    return ProfileHealth(
        provider=message.provider,
        profile=message.profile,
        model=message.model if message.HasField("model") else None,
        cooldown_ends_at=instant(message.cooldown_end_time) if message.HasField("cooldown_end_time") else None,
        reason=reason_numbered(message.reason),
        remaining_requests=message.remaining_requests if message.HasField("remaining_requests") else None,
        remaining_tokens=message.remaining_tokens if message.HasField("remaining_tokens") else None,
    )

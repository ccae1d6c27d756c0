"""What happened to a call, as plain values: seconds as float, instants in UTC, absent as None."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from ._pb import report_pb2 as pb
from .enumeration import reason_numbered, short_name
from .reason import Reason

_ATTEMPT_KIND = pb.DESCRIPTOR.enum_types_by_name["AttemptKind"]
_SKIP_CAUSE = pb.DESCRIPTOR.enum_types_by_name["SkipCause"]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that can answer. `profile` is the name of the credential, None where none was chosen yet."""

    provider: str
    model: str
    profile: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}" + (f" {self.profile}" if self.profile else "")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, each 0 or more; None: not told. `estimated`: some count is Remora's estimate."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """Money in billionths of a US dollar. `estimated`: it rests on estimated usage."""

    nano_dollars: int
    estimated: bool = False

    @property
    def dollars(self) -> float:
        """The same in US dollars."""
        return self.nano_dollars / 1e9


@dataclass(frozen=True, slots=True)
class Attempt:
    """One upstream call. `kind`: FIRST, ROTATION, RETRY, FAILOVER, HEDGE or RESUME; `reason` None: it answered."""

    index: int
    target: Target
    kind: str | None = None
    reason: Reason | str | None = None
    upstream_status: int | None = None
    upstream_code: str | None = None
    upstream_request_id: str | None = None
    message: str | None = None
    started_at: datetime | None = None
    first_content_s: float | None = None
    total_s: float = 0.0
    wait_s: float | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """An entry that was passed over. `cause`: CAPABILITY, BOUNDARY, COOLING, OPEN, RATE_BUDGET, SPEND or DISABLED."""

    target: Target
    cause: str | None = None
    reason: Reason | str | None = None
    message: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """A change made to the request for one target, after the refusal of the attempt with that index."""

    attempt_index: int
    reason: Reason | str | None
    message: str


@dataclass(frozen=True, slots=True)
class Truncated:
    """What was left out of an error's report to keep it small: counts, and whether messages were cut."""

    attempts: int
    skipped: int
    messages: bool


@dataclass(frozen=True, slots=True)
class FailoverReport:
    """Everything that happened to one call. `reason` None: it did not fail. `actual_target` None: nothing answered."""

    request_id: str = ""
    trace_id: str = ""
    requested_model: str = ""
    actual_target: Target | None = None
    failed_over: bool = False
    attempts: tuple[Attempt, ...] = ()
    skipped: tuple[SkippedEntry, ...] = ()
    repairs: tuple[Repair, ...] = ()
    reason: Reason | str | None = None
    message: str = ""
    started_at: datetime | None = None
    total_s: float = 0.0
    truncated: Truncated | None = None


def seconds(duration: Duration) -> float:
    """A duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


def instant(time: Timestamp) -> datetime:
    """A timestamp as an aware datetime in UTC."""
    return time.ToDatetime(tzinfo=UTC)


def target_from(message: pb.Target) -> Target:
    """The target a message names."""
    return Target(message.provider, message.model, message.profile if message.HasField("profile") else None)


def usage_from(message: pb.Usage) -> Usage:
    """The tokens a message counts."""
    return Usage(
        message.input_tokens,
        message.output_tokens,
        message.cached_input_tokens if message.HasField("cached_input_tokens") else None,
        message.cache_write_input_tokens if message.HasField("cache_write_input_tokens") else None,
        message.reasoning_tokens if message.HasField("reasoning_tokens") else None,
        message.estimated,
    )


def cost_from(message: pb.Cost) -> Cost:
    """The money a message states."""
    return Cost(message.nano_dollars, message.estimated)


def attempt_from(message: pb.Attempt) -> Attempt:
    """The attempt a message describes."""
    return Attempt(
        index=message.index,
        target=target_from(message.target),
        kind=short_name(_ATTEMPT_KIND, message.kind, "ATTEMPT_KIND_"),
        reason=reason_numbered(message.reason),
        upstream_status=message.upstream_status if message.HasField("upstream_status") else None,
        upstream_code=message.upstream_code if message.HasField("upstream_code") else None,
        upstream_request_id=message.upstream_request_id if message.HasField("upstream_request_id") else None,
        message=message.message if message.HasField("message") else None,
        started_at=instant(message.start_time) if message.HasField("start_time") else None,
        first_content_s=seconds(message.first_content_duration) if message.HasField("first_content_duration") else None,
        total_s=seconds(message.total_duration),
        wait_s=seconds(message.wait_duration) if message.HasField("wait_duration") else None,
        usage=usage_from(message.usage) if message.HasField("usage") else None,
        cost=cost_from(message.cost) if message.HasField("cost") else None,
        retry_after_s=seconds(message.retry_after_duration) if message.HasField("retry_after_duration") else None,
    )


def _skipped_from(message: pb.SkippedEntry) -> SkippedEntry:
    return SkippedEntry(
        target=target_from(message.target),
        cause=short_name(_SKIP_CAUSE, message.cause, "SKIP_CAUSE_"),
        reason=reason_numbered(message.reason),
        message=message.message,
        retry_after_s=seconds(message.retry_after_duration) if message.HasField("retry_after_duration") else None,
    )


def report_from(message: pb.FailoverReport) -> FailoverReport:
    """The report a message carries."""
    cut = message.truncated
    return FailoverReport(
        request_id=message.request_id,
        trace_id=message.trace_id,
        requested_model=message.requested_model,
        actual_target=target_from(message.actual_target) if message.HasField("actual_target") else None,
        failed_over=message.failed_over,
        attempts=tuple(map(attempt_from, message.attempts)),
        skipped=tuple(map(_skipped_from, message.skipped)),
        repairs=tuple(Repair(r.attempt_index, reason_numbered(r.reason), r.message) for r in message.repairs),
        reason=reason_numbered(message.reason),
        message=message.message,
        started_at=instant(message.start_time) if message.HasField("start_time") else None,
        total_s=seconds(message.total_duration),
        truncated=Truncated(cut.attempts, cut.skipped, cut.messages) if message.HasField("truncated") else None,
    )

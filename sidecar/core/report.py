"""What happened to a call, as values: attempts, skipped entries, and the report of them."""

from __future__ import annotations

from enum import StrEnum

from .catalog import Entry, Target
from .reasons import Reason
from .usage import Usage
from .value import value_type


class AttemptKind(StrEnum):
    """Why an attempt was made."""

    FIRST = "first"
    ROTATION = "rotation"
    RETRY = "retry"
    FAILOVER = "failover"
    HEDGE = "hedge"
    RESUME = "resume"


class SkipCause(StrEnum):
    """Why an entry was passed over."""

    CAPABILITY = "capability"
    BOUNDARY = "boundary"
    COOLING = "cooling"
    OPEN = "open"
    RATE_BUDGET = "rate_budget"
    SPEND = "spend"
    DISABLED = "disabled"


@value_type
class Attempt:
    """One upstream call. Instants are wall time (epoch seconds), durations seconds, `cost` nano-dollars.

    `message` is redacted. `reason` None: it gave the answer. `finish`: why the model stopped, if it said so.
    `span_id`: 16 hexadecimal digits, the attempt's span if the call is traced. `is_streamed`: upstream was asked to stream.
    `embeds`: it was asked for vectors.
    """

    index: int
    target: Target
    kind: AttemptKind
    started_at: float
    duration_s: float
    reason: Reason | None = None
    upstream_status: int | None = None
    upstream_code: str | None = None
    upstream_request_id: str | None = None
    message: str = ""
    first_content_s: float | None = None
    wait_s: float = 0.0
    usage: Usage | None = None
    cost: int | None = None
    retry_after_s: float | None = None
    protocol: str = ""
    finish: str | None = None
    response_id: str | None = None
    response_model: str | None = None
    span_id: str = ""
    is_streamed: bool = True
    embeds: bool = False


@value_type
class Repair:
    """A change made to the request for one target. `reason`: the refusal it answers, or prevents.

    `attempt_index`: the attempt whose refusal led to it; of a change made before sending, that attempt itself.
    """

    attempt_index: int
    reason: Reason
    message: str


@value_type
class Skipped:
    """An entry passed over. `reason`: what had made it unavailable. `retry_after_s`: until it is callable, if known.

    `noted_at`: when, on the clock of `Report.arrived_at`; None: as the call arrived.
    """

    entry: Entry
    cause: SkipCause
    message: str
    reason: Reason | None = None
    retry_after_s: float | None = None
    noted_at: float | None = None


@value_type
class Report:
    """Everything that happened to one call. `started_at`: epoch seconds; `arrived_at`: the same on the monotonic clock.

    `first_content_s`: from arrival to the first content that was sent to the caller, whatever became of it or of the call;
    of an answer that is given as a whole (Complete, Embed), to the first content of the attempt that gave it. None: nothing
    was sent.
    """

    request_id: str
    trace_id: str
    requested_model: str
    started_at: float
    duration_s: float
    attempts: tuple[Attempt, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    repairs: tuple[Repair, ...] = ()
    actual: Target | None = None
    failed_over: bool = False
    reason: Reason | None = None
    message: str = ""
    arrived_at: float = 0.0
    first_content_s: float | None = None

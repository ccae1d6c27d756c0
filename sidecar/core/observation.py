"""What happened, told as plain data to whoever watches: traces, metrics, the access log. Nobody here decides by it."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from .breaker import BreakerState
from .content import Request
from .events import Completed
from .reasons import Reason
from .report import Attempt, Report
from .trace import Trace
from .value import value_type


@value_type
class Operation:
    """One call of the engine that has ended. `completed` None: it failed, and `report.reason` says why.

    `is_streamed`: Chat, not Complete or Embed. `span_id`: of its span, "" where the call is not traced.
    """

    request: Request
    report: Report
    completed: Completed | None
    is_streamed: bool
    span_id: str = ""


@value_type
class Rpc:
    """One rpc that has ended. `code`: the name of its gRPC status. `reason`: ours, where it failed by one.

    `started_at`: epoch seconds. `peer`: the caller's address as gRPC tells it. `operation` None: no call was made.
    `requested_model`: as the caller wrote it; "" where an rpc names none.
    """

    service: str
    method: str
    code: str
    reason: Reason | None
    request_id: str
    trace: Trace
    started_at: float
    duration_s: float
    peer: str = ""
    operation: Operation | None = None
    requested_model: str = ""


class ChangeKind(StrEnum):
    """What changed in what is known of an upstream, or of the configuration."""

    OPENED = "opened"
    HALF_OPENED = "half_opened"
    CLOSED = "closed"
    COOLING = "cooling"
    RESET = "reset"
    CONFIGURED = "configured"
    REFUSED = "refused"


@value_type
class Change:
    """One change. `cause`: in a sentence, redacted.

    OPENED, HALF_OPENED and CLOSED are of a breaker, so of provider, base URL and model. COOLING is of an entry, of a
    profile, or of a profile with a model. CONFIGURED and REFUSED: a new configuration or key was applied, or refused.
    """

    kind: ChangeKind
    cause: str
    provider: str | None = None
    base_url: str | None = None
    model: str | None = None
    profile: str | None = None
    reason: Reason | None = None


@value_type
class EntryReading:
    """How one (provider, base URL, model) is now. `cooling_s`: what is left of its cooldown, 0 without one."""

    provider: str
    base_url: str
    model: str
    state: BreakerState
    cooling_s: float
    is_declared: bool


@value_type
class ProfileReading:
    """How one profile is now; `model` None: for all of them."""

    provider: str
    profile: str
    model: str | None
    cooling_s: float


@value_type
class Reading:
    """How the sidecar is now. `retry_tokens`: what is left of the retry budget."""

    entries: tuple[EntryReading, ...]
    profiles: tuple[ProfileReading, ...]
    retry_tokens: float
    calls_under_way: int
    bytes_in_flight: int
    attempts_under_way: int = 0


class Observer(Protocol):
    """Is told what happens, on the event loop. Must be quick and must not raise."""

    def rpc_started(self, service: str, method: str, number: int = 1) -> None:
        """So many rpcs have arrived."""
        ...

    def rpc_ended(self, rpc: Rpc) -> None:
        """An rpc has ended, its status is known."""
        ...

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        """So many upstream calls begin."""
        ...

    def attempt_ended(self, attempt: Attempt) -> None:
        """An upstream call has ended and is booked."""
        ...

    def changed(self, change: Change) -> None:
        """Upstream state or configuration has changed."""
        ...

    def settled(self) -> None:
        """Nothing more is told for now: what was gathered may be written."""
        ...


class Unobserved:
    """The observer that notes nothing."""

    def rpc_started(self, service: str, method: str, number: int = 1) -> None:
        """Nothing."""

    def rpc_ended(self, rpc: Rpc) -> None:
        """Nothing."""

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        """Nothing."""

    def attempt_ended(self, attempt: Attempt) -> None:
        """Nothing."""

    def changed(self, change: Change) -> None:
        """Nothing."""

    def settled(self) -> None:
        """Nothing."""

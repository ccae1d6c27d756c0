"""The errors, by what a caller would do.

    RemoraError
    ├── SidecarUnreachable       no sidecar took the call: start it, check REMORA_ADDRESS; safe to call again
    ├── InvalidRequest           change the request; `field_errors` names the fields
    │   ├── ContextTooLong       shorten the conversation; `metadata["limit"]` in tokens, if known
    │   ├── ContentFiltered      a provider's safety system refused: change what is asked
    │   └── RequestTooLarge      over 32 MiB; nothing was sent
    ├── NotFound                 no such model, request id or scope; `metadata["closest"]` has known names
    ├── Unauthenticated          this caller's own token is missing or wrong
    ├── CredentialsRejected      a provider refuses the sidecar's key: the operator's to mend
    ├── ResourceExhausted        something is used up
    │   ├── RateLimited          come back after `retry_after_s`
    │   └── QuotaExhausted       money or quota is gone: waiting a little does not help
    ├── Unavailable              temporary: every target failed or is parked; `retry_after_s` if known
    │   ├── StreamBroken         the answer broke off; what arrived is in `stream.text_so_far`
    │   └── SidecarLost          the connection to the sidecar broke; the call may have run
    ├── DeadlineExceeded         `timeout_s` ran out
    ├── Cancelled                the call was cancelled, or its stream closed
    ├── NotBuilt                 this version of the sidecar does not do that; `metadata["field"]`
    ├── InternalError            a bug in Remora; `metadata["error_id"]` is in its log
    └── TextDiscarded            `stream.text()` only: text already handed out became void

Messages never carry what the caller wrote or what a model answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import grpc

from .reason import Reason
from .report import FailoverReport


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the request: the field's path, such as `messages[1].parts[0]`, and what is wrong."""

    field: str
    description: str


class RemoraError(Exception):
    """Any failure of a call. Everything but `message` may be absent: None, or empty.

    reason: why, of the contract's closed list; a plain string for a value of a later version.
    code: the gRPC status; None when the call was never made.
    retry_after_s: seconds until a target is callable again, 0 or more.
    report: what was tried, at most a few KiB; `get_report(request_id)` has it whole for ten minutes.
    """

    def __init__(
        self, message: str, *, reason: Reason | str | None = None, code: grpc.StatusCode | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.code = code
        self.retry_after_s: float | None = None
        self.report: FailoverReport | None = None
        self.field_errors: tuple[FieldError, ...] = ()
        self.metadata: Mapping[str, str] = {}
        self.request_id = ""
        self.trace_id = ""

    def __str__(self) -> str:
        head = f"{self.reason}: {self.message}" if self.reason else self.message
        fields = "".join(f"\n  {error.field}: {error.description}" for error in self.field_errors)
        tail = f" (request {self.request_id})" if self.request_id else ""
        return head + tail + fields


class SidecarUnreachable(RemoraError):
    """No sidecar took the call: nothing listens at the address, or it did not come up in time."""


class InvalidRequest(RemoraError):
    """The request cannot be answered as it is."""


class ContextTooLong(InvalidRequest):
    """The prompt does not fit the model's window."""


class ContentFiltered(InvalidRequest):
    """A provider's safety system refused."""


class RequestTooLarge(InvalidRequest):
    """The request is over gRPC's message limit; nothing was sent."""


class NotFound(RemoraError):
    """The model, request id or scope is not known."""


class Unauthenticated(RemoraError):
    """The caller's own token is missing or wrong."""


class CredentialsRejected(RemoraError):
    """A provider refuses the sidecar's key, or what it asks for."""


class ResourceExhausted(RemoraError):
    """Something is used up."""


class RateLimited(ResourceExhausted):
    """A provider's rate limit, or the sidecar's own capacity, is used up for now."""


class QuotaExhausted(ResourceExhausted):
    """Money, quota or a spend limit is used up."""


class Unavailable(RemoraError):
    """No target could answer now."""


class StreamBroken(Unavailable):
    """The answer broke off after some of it had arrived."""


class SidecarLost(Unavailable):
    """The connection to the sidecar broke during the call."""


class DeadlineExceeded(RemoraError):
    """The call's time ran out."""


class Cancelled(RemoraError):
    """The call was cancelled, or its stream closed."""


class NotBuilt(RemoraError):
    """The sidecar does not do that yet."""


class InternalError(RemoraError):
    """A bug in the sidecar."""


class TextDiscarded(RemoraError):
    """Text that `stream.text()` had handed out became void. `text_so_far` is what holds at that moment."""

    def __init__(self, message: str, *, text_so_far: str = "") -> None:
        super().__init__(message)
        self.text_so_far = text_so_far

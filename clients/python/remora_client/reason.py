"""Why a call or an attempt failed: the contract's closed list, open to values of later versions."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The names of `remora.v1.ErrorReason` without their prefix; each is explained in `error_reason.proto`."""

    AUTHENTICATION = "AUTHENTICATION"
    PERMISSION = "PERMISSION"
    BILLING = "BILLING"
    RATE_LIMITED = "RATE_LIMITED"
    OVERLOADED = "OVERLOADED"
    SERVER_ERROR = "SERVER_ERROR"
    CONNECTION = "CONNECTION"
    TIMEOUT = "TIMEOUT"
    MALFORMED_RESPONSE = "MALFORMED_RESPONSE"
    EMPTY_RESPONSE = "EMPTY_RESPONSE"
    STREAM_BROKEN = "STREAM_BROKEN"
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    CONTEXT_LENGTH = "CONTEXT_LENGTH"
    MAX_TOKENS = "MAX_TOKENS"
    UNSUPPORTED_PARAMETER = "UNSUPPORTED_PARAMETER"
    TOOL_SCHEMA = "TOOL_SCHEMA"
    FOREIGN_REASONING = "FOREIGN_REASONING"
    CONTENT_FILTERED = "CONTENT_FILTERED"
    INVALID_REQUEST = "INVALID_REQUEST"
    SPEND_LIMIT = "SPEND_LIMIT"
    DEADLINE = "DEADLINE"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"
    UNKNOWN_MODEL = "UNKNOWN_MODEL"
    CAPABILITY = "CAPABILITY"
    ALL_UNAVAILABLE = "ALL_UNAVAILABLE"
    DRAINING = "DRAINING"
    BUSY = "BUSY"
    NOT_BUILT = "NOT_BUILT"
    CALLER_UNAUTHENTICATED = "CALLER_UNAUTHENTICATED"
    INVALID_INPUT = "INVALID_INPUT"
    INTERNAL = "INTERNAL"


def reason_named(name: str) -> Reason | str | None:
    """The reason of that name; a name of a later version stays a plain string; empty is None."""
    if not name:
        return None
    return Reason(name) if name in Reason.__members__ else name

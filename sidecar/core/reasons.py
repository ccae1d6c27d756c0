"""Every reason a call can fail for, and the one table that says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What went wrong. Closed: the proto enum `remora.v1.ErrorReason` has exactly these."""

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
    # Reasons of our own: no upstream answer leads to them.
    UNKNOWN_MODEL = "UNKNOWN_MODEL"
    CAPABILITY = "CAPABILITY"
    ALL_UNAVAILABLE = "ALL_UNAVAILABLE"
    DRAINING = "DRAINING"
    BUSY = "BUSY"
    NOT_BUILT = "NOT_BUILT"
    CALLER_UNAUTHENTICATED = "CALLER_UNAUTHENTICATED"
    INVALID_INPUT = "INVALID_INPUT"
    INTERNAL = "INTERNAL"


class Blame(StrEnum):
    """Whose fault a reason is, and so whose health it may touch: never wider than the evidence."""

    PROFILE = "profile"
    PROFILE_MODEL = "profile+model"
    ENTRY = "entry"
    ENDPOINT = "endpoint"
    REQUEST = "request"
    REQUEST_MODEL = "request+model"
    NOBODY = "nobody"


class Again(StrEnum):
    """Whether the same target may be asked again at once, after a backoff, or with the request repaired."""

    NO = "no"
    BACKOFF = "backoff"
    ONCE = "once"
    SHORT_WAIT = "short wait"
    IF_LAST = "if no other entry is callable"
    REPAIRED = "once, repaired"


class Then(StrEnum):
    """Where the call goes when the same target is not asked again."""

    PROFILE = "next profile, then next entry"
    OTHER_ENDPOINT = "a profile with another base URL, then next entry"
    ONE_PROFILE = "one other profile if the text speaks of access, then next entry"
    ENTRY = "next entry"
    STREAM = "as the policy for broken streams says"
    OVERFLOW = "as the policy for overflows says"
    STOP = "stop"


class Effect(StrEnum):
    """What a failure does to the health of what it blames."""

    COOLDOWN = "cooldown"
    BREAKER = "breaker failure"
    UNKNOWN_STREAK = "ten in a row count as one breaker failure"
    NONE = "none"


class Code(StrEnum):
    """gRPC status names. The edge maps them to grpc's own codes."""

    CANCELLED = "CANCELLED"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    UNAUTHENTICATED = "UNAUTHENTICATED"


class Ladder(StrEnum):
    """By which steps cooldowns grow; `CooldownSettings` has their lengths."""

    CREDENTIAL = "credential"
    BILLING = "billing"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Row:
    """What follows from one reason.

    `temporary`: waiting may help, so at the end of a failed call it beats permanent reasons.
    `sentence`: what an operator reads in the docs and at three in the morning.
    """

    code: Code
    blame: Blame
    again: Again
    then: Then
    effect: Effect
    temporary: bool
    sentence: str
    ladder: Ladder | None = None


def _own(code: Code, sentence: str, *, temporary: bool = False) -> Row:
    """A row for a reason of our own: it stops the call and touches nobody's health."""
    return Row(code, Blame.NOBODY, Again.NO, Then.STOP, Effect.NONE, temporary, sentence)


TABLE: dict[Reason, Row] = {
    Reason.AUTHENTICATION: Row(
        Code.FAILED_PRECONDITION,
        Blame.PROFILE,
        Again.NO,
        Then.PROFILE,
        Effect.COOLDOWN,
        False,
        "The provider refused the key. Replace the key; the other profiles are used meanwhile.",
        Ladder.CREDENTIAL,
    ),
    Reason.PERMISSION: Row(
        Code.FAILED_PRECONDITION,
        Blame.PROFILE_MODEL,
        Again.NO,
        Then.PROFILE,
        Effect.COOLDOWN,
        False,
        "This key may not use this model or region. Grant access, or name another model.",
        Ladder.CREDENTIAL,
    ),
    Reason.BILLING: Row(
        Code.RESOURCE_EXHAUSTED,
        Blame.PROFILE,
        Again.NO,
        Then.PROFILE,
        Effect.COOLDOWN,
        False,
        "The account behind the key has no money, quota or plan for this. Top it up or change the plan.",
        Ladder.BILLING,
    ),
    Reason.RATE_LIMITED: Row(
        Code.RESOURCE_EXHAUSTED,
        Blame.PROFILE_MODEL,
        Again.SHORT_WAIT,
        Then.PROFILE,
        Effect.COOLDOWN,
        True,
        "The key's rate limit for this model is used up. It returns by itself; more keys or a higher tier help.",
        Ladder.RATE,
    ),
    Reason.OVERLOADED: Row(
        Code.UNAVAILABLE,
        Blame.ENTRY,
        Again.BACKOFF,
        Then.ENTRY,
        Effect.BREAKER,
        True,
        "The provider says that it is overloaded.",
    ),
    Reason.SERVER_ERROR: Row(
        Code.UNAVAILABLE,
        Blame.ENTRY,
        Again.BACKOFF,
        Then.ENTRY,
        Effect.BREAKER,
        True,
        "The provider failed with a server error.",
    ),
    Reason.CONNECTION: Row(
        Code.UNAVAILABLE,
        Blame.ENDPOINT,
        Again.IF_LAST,
        Then.OTHER_ENDPOINT,
        Effect.BREAKER,
        True,
        "No connection: refused, reset, DNS, TLS, or closed before headers. Check the base URL, egress and proxy.",
    ),
    Reason.TIMEOUT: Row(
        Code.UNAVAILABLE,
        Blame.ENTRY,
        Again.NO,
        Then.ENTRY,
        Effect.BREAKER,
        True,
        "Nothing came within the connect or first-content limit, or the provider itself reported a timeout.",
    ),
    Reason.MALFORMED_RESPONSE: Row(
        Code.UNAVAILABLE,
        Blame.ENTRY,
        Again.ONCE,
        Then.ENTRY,
        Effect.BREAKER,
        True,
        "The answer was not the provider's protocol. Check the base URL and what stands between.",
    ),
    Reason.EMPTY_RESPONSE: Row(
        Code.UNAVAILABLE,
        Blame.ENTRY,
        Again.ONCE,
        Then.ENTRY,
        Effect.NONE,
        True,
        "The model finished without saying anything.",
    ),
    Reason.STREAM_BROKEN: Row(
        Code.UNAVAILABLE,
        Blame.ENTRY,
        Again.NO,
        Then.STREAM,
        Effect.BREAKER,
        True,
        "The answer broke off after content had reached the caller: cut, silent, or ended without completion.",
    ),
    Reason.MODEL_NOT_FOUND: Row(
        Code.NOT_FOUND,
        Blame.ENTRY,
        Again.NO,
        Then.ONE_PROFILE,
        Effect.COOLDOWN,
        False,
        "The provider does not know the model. Check the model id and the region.",
        Ladder.CREDENTIAL,
    ),
    Reason.CONTEXT_LENGTH: Row(
        Code.INVALID_ARGUMENT,
        Blame.REQUEST,
        Again.REPAIRED,
        Then.OVERFLOW,
        Effect.NONE,
        False,
        "The prompt does not fit the model's window. Shorten it, or name a model with a larger window.",
    ),
    Reason.MAX_TOKENS: Row(
        Code.INVALID_ARGUMENT,
        Blame.REQUEST,
        Again.REPAIRED,
        Then.ENTRY,
        Effect.NONE,
        False,
        "More output was asked for than the model or tier allows. Lower max_output_tokens.",
    ),
    Reason.UNSUPPORTED_PARAMETER: Row(
        Code.INVALID_ARGUMENT,
        Blame.REQUEST,
        Again.REPAIRED,
        Then.ENTRY,
        Effect.NONE,
        False,
        "The model refuses a parameter of the request. Leave it out for this model.",
    ),
    Reason.TOOL_SCHEMA: Row(
        Code.INVALID_ARGUMENT,
        Blame.REQUEST_MODEL,
        Again.REPAIRED,
        Then.ENTRY,
        Effect.NONE,
        False,
        "The model does not take native tools, or wrote a call that is none: of no tool offered, not JSON, or without an end.",
    ),
    Reason.FOREIGN_REASONING: Row(
        Code.INVALID_ARGUMENT,
        Blame.REQUEST,
        Again.REPAIRED,
        Then.ENTRY,
        Effect.NONE,
        False,
        "A reasoning signature of another issuer was refused, or one is missing. Leave the reasoning parts out.",
    ),
    Reason.CONTENT_FILTERED: Row(
        Code.INVALID_ARGUMENT,
        Blame.REQUEST,
        Again.NO,
        Then.STOP,
        Effect.NONE,
        False,
        "The provider's safety system refused the request. It is not sent elsewhere.",
    ),
    Reason.INVALID_REQUEST: Row(
        Code.INVALID_ARGUMENT,
        Blame.REQUEST,
        Again.NO,
        Then.STOP,
        Effect.NONE,
        False,
        "The provider found the request itself invalid. It is not sent elsewhere.",
    ),
    Reason.SPEND_LIMIT: Row(
        Code.RESOURCE_EXHAUSTED,
        Blame.REQUEST,
        Again.NO,
        Then.STOP,
        Effect.NONE,
        False,
        "A spend limit of this sidecar is reached.",
    ),
    Reason.DEADLINE: Row(
        Code.DEADLINE_EXCEEDED,
        Blame.NOBODY,
        Again.NO,
        Then.ENTRY,
        Effect.NONE,
        True,
        "The caller's deadline, or a limit made shorter for this call, ran out.",
    ),
    Reason.CANCELLED: Row(
        Code.CANCELLED, Blame.NOBODY, Again.NO, Then.STOP, Effect.NONE, False, "The caller went away."
    ),
    Reason.UNKNOWN: Row(
        Code.UNAVAILABLE,
        Blame.NOBODY,
        Again.BACKOFF,
        Then.ENTRY,
        Effect.UNKNOWN_STREAK,
        True,
        "The provider's answer is none that Remora knows, or a redirect, which is not followed. Its status and text are in "
        "the report.",
    ),
    Reason.UNKNOWN_MODEL: _own(Code.NOT_FOUND, "The reference names no configured model, alias or provider."),
    Reason.CAPABILITY: _own(Code.INVALID_ARGUMENT, "No entry of the chain can do what the request needs."),
    Reason.ALL_UNAVAILABLE: _own(
        Code.UNAVAILABLE, "Nothing was tried: every entry is cooling, open or out of reach.", temporary=True
    ),
    Reason.DRAINING: _own(Code.UNAVAILABLE, "This sidecar is shutting down.", temporary=True),
    Reason.BUSY: _own(Code.RESOURCE_EXHAUSTED, "This sidecar has too much in flight.", temporary=True),
    Reason.NOT_BUILT: _own(Code.UNIMPLEMENTED, "This version does not do that yet; the message names the field."),
    Reason.CALLER_UNAUTHENTICATED: _own(Code.UNAUTHENTICATED, "The caller's token is missing or wrong."),
    Reason.INVALID_INPUT: _own(Code.INVALID_ARGUMENT, "The request itself is not valid; nothing was sent."),
    Reason.INTERNAL: _own(Code.INTERNAL, "A bug in Remora. The id in the message is in its log."),
}

BREAKER_UNKNOWN_STREAK = 10
"""This many UNKNOWN outcomes of an entry in a row count as one breaker failure."""

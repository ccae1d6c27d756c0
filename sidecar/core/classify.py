"""What an upstream's error means: the evidence rule of failover.md §4 over a protocol's wording."""

from __future__ import annotations

import re

from .reasons import TABLE, Reason
from .value import value_type
from .wording import Finding, Wording, evidence, unquoted

_BAD_REQUEST = (
    Reason.INVALID_REQUEST,
    Reason.CONTEXT_LENGTH,
    Reason.MAX_TOKENS,
    Reason.UNSUPPORTED_PARAMETER,
    Reason.TOOL_SCHEMA,
    Reason.FOREIGN_REASONING,
    Reason.CONTENT_FILTERED,
    Reason.BILLING,
    Reason.AUTHENTICATION,
    Reason.PERMISSION,
    Reason.MODEL_NOT_FOUND,
    Reason.RATE_LIMITED,
    Reason.UNKNOWN,
)
_POSSIBLE: dict[int, tuple[Reason, ...]] = {
    400: _BAD_REQUEST,
    401: (Reason.AUTHENTICATION,),
    402: (Reason.BILLING,),
    403: (
        Reason.PERMISSION,
        Reason.AUTHENTICATION,
        Reason.BILLING,
        Reason.RATE_LIMITED,
        Reason.CONTENT_FILTERED,
        Reason.UNKNOWN,
    ),
    404: (Reason.UNKNOWN, *_BAD_REQUEST[:-1]),
    408: (Reason.TIMEOUT,),
    413: (Reason.CONTEXT_LENGTH, *(r for r in _BAD_REQUEST if r is not Reason.CONTEXT_LENGTH)),
    422: _BAD_REQUEST,
    424: (Reason.SERVER_ERROR, Reason.OVERLOADED),
    429: (
        Reason.RATE_LIMITED,
        Reason.BILLING,
        Reason.MAX_TOKENS,
        Reason.CONTEXT_LENGTH,
        Reason.OVERLOADED,
    ),
    504: (Reason.TIMEOUT,),
    529: (Reason.OVERLOADED,),
}
"""The possible reasons of a status, the one that holds without further evidence first."""
_SERVER = (Reason.SERVER_ERROR, Reason.OVERLOADED)
_SERVER_BY_NAME = (Reason.CONTEXT_LENGTH,)
_UNEXPLAINED = frozenset({400, 403, 404, 413, 422})
"""Statuses that say nothing unless the protocol's own error explains them."""
_ANY = (Reason.UNKNOWN, *(reason for reason in TABLE if reason is not Reason.UNKNOWN))
_SHORT_NAME = re.compile(r"[\w.:-]{1,64}", re.ASCII)
"""A machine's name; a sentence may quote what the provider was sent."""
_WITH_LIMIT = frozenset({Reason.CONTEXT_LENGTH, Reason.MAX_TOKENS})
_ACCESS = re.compile(
    r"\b(?:have|has|had|without|granted|gain|request) (?:\w{1,20} )?access\b|\binaccessible\b|\bpermission denied\b"
    r"|\bunable to access\b|\bnot authori[sz]ed\b|\bhave permission\b",
    re.IGNORECASE | re.ASCII,
)


@value_type
class ErrorAnswer:
    """What a codec read out of an upstream's error, whatever its shape.

    `status`: HTTP status; for an error inside a 200 it stays 200. `code`, `type`: machine names, numbers as text.
    `param`: the field the provider blames. `message`: its own text. `is_protocol_error`: the body is the protocol's own
    error. `blocked`: the protocol's own field for a safety refusal was there. `retry_after_s`: the stated wait.
    `should_retry`: the header x-should-retry. `limit`: tokens, where the error has a field for it.
    """

    status: int
    code: str | None = None
    type: str | None = None
    param: str | None = None
    message: str = ""
    is_protocol_error: bool = False
    blocked: bool = False
    retry_after_s: float | None = None
    should_retry: bool | None = None
    limit: int | None = None


@value_type
class Verdict:
    """What an attempt's failure means.

    `retry_after_s`: the stated wait, 0 to 86,400. `limit`: the tokens that would fit, with CONTEXT_LENGTH and
    MAX_TOKENS. `parameter`: the parameter refused, with UNSUPPORTED_PARAMETER; `prefill` for a trailing assistant turn.
    `status`: as received. `code`: the provider's machine name. `message`: the provider's text, not yet redacted.
    `other_profile`: a MODEL_NOT_FOUND whose text speaks of access, so another key may have the model. `is_own`: `message`
    is in our own words.
    """

    reason: Reason
    retry_after_s: float | None = None
    limit: int | None = None
    parameter: str | None = None
    status: int | None = None
    code: str | None = None
    message: str = ""
    should_retry: bool | None = None
    other_profile: bool = False
    is_own: bool = False

    @property
    def shown(self) -> str:
        """What went wrong, for people other than the caller: the provider's own words may quote what it was sent."""
        if self.is_own:
            return self.message
        code = self.code if self.code is not None and _SHORT_NAME.fullmatch(self.code) else None
        return " ".join(str(part) for part in (self.status, code) if part is not None)


def classify(answer: ErrorAnswer, wording: Wording) -> Verdict:
    """The verdict on an upstream's error.

    The status gives the possible reasons, a code or type narrows them, anchored phrases narrow further; nothing leaves
    the set. No status or code is read out of free text. An error inside a 200 is judged by its numeric code as if that
    were the status, else by name or block field alone.
    """
    text = evidence(answer.message)
    finding = _decide(answer, wording, text)
    reason = finding.reason
    limit = finding.limit if finding.limit is not None else answer.limit
    is_named = finding.reason is Reason.UNSUPPORTED_PARAMETER and finding.parameter != "prefill"
    parameter = (answer.param if is_named else None) or finding.parameter or answer.param
    return Verdict(
        reason,
        answer.retry_after_s,
        limit if reason in _WITH_LIMIT else None,
        wording.parameters.get(parameter, parameter) if parameter and reason is Reason.UNSUPPORTED_PARAMETER else None,
        answer.status,
        answer.code or answer.type,
        answer.message,
        answer.should_retry,
        reason is Reason.MODEL_NOT_FOUND and _ACCESS.search(unquoted(answer.message)) is not None,
    )


def _decide(answer: ErrorAnswer, wording: Wording, text: str) -> Finding:
    status = effective_status(answer.status, answer.code)
    if 200 <= status < 300:
        return _decide_inside_success(answer, wording, text)
    possible = _possible(status)
    if not answer.is_protocol_error:
        return Finding(_unexplained(status, possible))
    if answer.blocked and Reason.CONTENT_FILTERED in possible:
        return Finding(Reason.CONTENT_FILTERED)
    by_name = _SERVER_BY_NAME if possible[0] in _SERVER else ()
    return _by_phrase(_narrowed(answer, wording, possible, by_name), wording, text)


def _decide_inside_success(answer: ErrorAnswer, wording: Wording, text: str) -> Finding:
    """An error in a 200 without a status of its own: by field alone. Without an error it is not the protocol at all."""
    if answer.blocked:
        return Finding(Reason.CONTENT_FILTERED)
    if not answer.is_protocol_error:
        return Finding(Reason.MALFORMED_RESPONSE)
    likeliest = _narrowed(answer, wording, _ANY)[0]
    return _by_phrase((likeliest,), wording, text)


def effective_status(status: int, code: str | None) -> int:
    """The status to judge by: inside a 2xx a numeric code from 400 to 599 counts as the status."""
    if 200 <= status < 300 and code is not None and re.fullmatch(r"[45]\d\d", code, re.ASCII):
        return int(code)
    return status


def _possible(status: int) -> tuple[Reason, ...]:
    if status in _POSSIBLE:
        return _POSSIBLE[status]
    return _SERVER if 500 <= status < 600 else (Reason.UNKNOWN,)


def _unexplained(status: int, possible: tuple[Reason, ...]) -> Reason:
    """A body that is not the protocol's own error never blames the request, and its text is no evidence."""
    return Reason.UNKNOWN if status in _UNEXPLAINED else possible[0]


def _names(answer: ErrorAnswer) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in (answer.code, answer.type) if name)


def _narrowed(
    answer: ErrorAnswer, wording: Wording, possible: tuple[Reason, ...], by_name: tuple[Reason, ...] = ()
) -> tuple[Reason, ...]:
    """What the code, then the type, leave of the possible reasons; the one that holds without a phrase comes first.

    `by_name`: reasons that only a name brings in. A name whose likeliest meaning is not possible says nothing.
    """
    names = _names(answer)
    narrowed = (*possible, *by_name)
    for name in names:
        meant = wording.names.get(name, ())
        if meant and meant[0] in narrowed:
            narrowed = tuple(reason for reason in meant if reason in narrowed)
    if len(narrowed) < len(possible) + len(by_name):
        return narrowed
    for name in names:
        kind = wording.kinds.get(name)
        if kind in possible:
            return (kind, *(reason for reason in possible if reason is not kind))
    return possible


def _by_phrase(possible: tuple[Reason, ...], wording: Wording, text: str) -> Finding:
    """The first phrase that fits and is possible decides; of those that agree, the first that names a limit is taken."""
    read = (candidate.read(text) for candidate in wording.phrases)
    fitting = [found for found in read if found is not None and found.reason in possible]
    if not fitting:
        return Finding(possible[0])
    first = fitting[0]
    return next((found for found in fitting if found.reason is first.reason and found.limit is not None), first)

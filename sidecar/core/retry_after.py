"""When an upstream said it may be asked again: stated waits of headers and bodies (failover.md §5)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .wording import unquoted

MAX_WAIT_S = 86_400.0
"""A stated wait over a day is a day."""
_EPOCH_PAST_S = 366 * 86_400.0
"""A number is an instant when it is no further in the past than this; smaller numbers are seconds."""
_EPOCH_FROM = 1e9
_EPOCH_MS_FROM = 1e12
_MILLISECOND_HEADERS = ("retry-after-ms", "x-ms-retry-after-ms")

_UNITS_S = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_ONE_TEXT = (
    r"(\d{1,15}(?:\.\d{1,15})?)[ ]?"
    r"(milliseconds?|msecs?|ms|ns|[u\u00b5\u03bc]s|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)"
)
_DURATION_TEXT = rf"(?:{_ONE_TEXT}(?:,? (?:and )?)?){{1,5}}(?![A-Za-z0-9])"
_ONE = re.compile(_ONE_TEXT, re.IGNORECASE | re.ASCII)
_DURATION = re.compile(_DURATION_TEXT, re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,400}(?:\.\d{1,400})?", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2,8}, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
    re.ASCII,
)
_SENTENCE = re.compile(
    r"(?:^|[.,;:!?][ ]{1,2}|\(|\n| - )(?:please )?(?:(?:try|retry)(?: your request)?(?: again)?|wait"
    r"|(?:the |your |this )?(?:rate |usage )?(?:limit|quota) (?:will )?resets?)"
    rf"(?: in| after| for)?:? (?:about |approximately )?(?P<wait>{_DURATION_TEXT})",
    re.IGNORECASE | re.ASCII,
)


def stated_wait_s(headers: Mapping[str, str], hints: Iterable[str], now_wall: float) -> float | None:
    """Seconds until the upstream may be asked again, from 0 to 86,400; None where it states none.

    In this order: `retry-after-ms`, `x-ms-retry-after-ms`, `Retry-After`, the body's `hints` (each in any format a
    header may have), then the reset headers of rate-limit buckets whose remaining is 0 (all of them must be back: the
    longest). `headers`: names in lower case. `now_wall`: epoch seconds; the answer's own `Date` is preferred for
    instants, since those are by the upstream's clock. What is not finite, negative or unreadable is passed over.
    """
    instant = upstream_instant(headers, now_wall)
    for name in _MILLISECOND_HEADERS:
        wait = _milliseconds(headers.get(name, ""))
        if wait is not None:
            return wait
    for text in (headers.get("retry-after", ""), *hints):
        wait = wait_s(text, instant)
        if wait is not None:
            return wait
    return max(_resets(headers, instant), default=None)


def upstream_instant(headers: Mapping[str, str], now_wall: float) -> float:
    """Epoch seconds by the upstream's own clock, as its `Date` says; else `now_wall`."""
    told = _date(headers.get("date", "").strip())
    return now_wall if told is None else told


def wait_s(text: str, now: float) -> float | None:
    """Seconds out of `3`, `2.5`, `1m30s`, `20ms`, RFC 3339, an HTTP date or an epoch (seconds, milliseconds)."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return _bounded(_of_number(float(text), now))
    if _DURATION.fullmatch(text):
        return _bounded(_seconds(text))
    instant = _date(text)
    return None if instant is None else _bounded(instant - now)


def sentence_wait(message: str) -> str | None:
    """The duration in a sentence such as `Please try again in 3s.`, as text; quoted parts are no evidence."""
    match = _SENTENCE.search(unquoted(message))
    return match["wait"] if match else None


def _resets(headers: Mapping[str, str], now: float) -> list[float]:
    waits = []
    for name, value in headers.items():
        if "ratelimit" in name and "remaining" in name and _is_zero(value):
            wait = wait_s(headers.get(name.replace("remaining", "reset"), ""), now)
            if wait is not None:
                waits.append(wait)
    return waits


def _is_zero(text: str) -> bool:
    return re.fullmatch(r"0{1,20}(?:\.0{1,20})?", text.strip(), re.ASCII) is not None


def _milliseconds(text: str) -> float | None:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return _bounded(float(text) / 1000)
    return _bounded(_seconds(text)) if _DURATION.fullmatch(text) else None


def _of_number(number: float, now: float) -> float:
    """Seconds, unless the number can only be an instant: epoch seconds or milliseconds about now or later."""
    for start, scale in ((_EPOCH_MS_FROM, 1000.0), (_EPOCH_FROM, 1.0)):
        if number >= start and number / scale >= now - _EPOCH_PAST_S:
            return number / scale - now
    return number


def _seconds(duration: str) -> float:
    return math.fsum(float(number) * _unit_s(unit) for number, unit in _ONE.findall(duration))


def _unit_s(unit: str) -> float:
    unit = unit.lower().replace("\u00b5", "u").replace("\u03bc", "u")
    if unit in _UNITS_S:
        return _UNITS_S[unit]
    return _UNITS_S["ms"] if unit.startswith(("mil", "ms")) else _UNITS_S[unit[0]]


def _date(text: str) -> float | None:
    """Epoch seconds of RFC 3339 or of an HTTP date (RFC 9110 §5.6.7); None for anything else."""
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).timestamp()
        if _HTTP_DATE.fullmatch(text):
            return parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return None


def _bounded(seconds: float) -> float | None:
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(round(seconds, 6), MAX_WAIT_S)

"""Reads an event that repeats an earlier one, byte for byte but for one string, without parsing it again.

A stream is hundreds of events that differ in nothing but a few characters of text; parsing each costs more than all else.
"""

from __future__ import annotations

from typing import Any

import orjson

Step = str | int
_SENTINEL = "sentinel"
MAX_LESSONS = 4
"""Streams whose events all differ elsewhere too are not learned from for ever."""


class Repetition:
    """`path`: where the string stands in an event's JSON, as keys and list positions."""

    def __init__(self, *path: Step) -> None:
        self._path = path
        self._prefix: bytes | None = None
        self._suffix = b""
        self._lead = self._seam = self._end = b""
        self._lessons = 0

    @property
    def is_learned(self) -> bool:
        """Whether it knows an event."""
        return self._prefix is not None

    def learn(self, data: bytes, text: str, name: str = "") -> bool:
        """Remembers an event that gave nothing but `text`: another string there must give nothing but that string.

        `name`: the event's, which stands before its data in a run. Returns whether it is remembered instead of any other.
        """
        if self._lessons >= MAX_LESSONS:
            return False
        self._lessons += 1
        quoted = b'"' + text.encode("utf-8", "surrogatepass") + b'"'
        prefix, found, suffix = data.partition(quoted)
        prefix, suffix = prefix + b'"', b'"' + suffix
        if not found or quoted in suffix[1:] or not self._stands_there(prefix, suffix):
            return False
        self._prefix, self._suffix = prefix, suffix
        head = b"event: %s\ndata: " % name.encode() if name else b"data: "
        self._lead, self._end = head + prefix, suffix + b"\n\n"
        self._seam = self._end + self._lead
        return True

    def run(self, data: bytes) -> tuple[str, int]:
        """The strings of the repetitions, one after the other, that a piece of an event stream begins with, and how many
        bytes they take; ("", 0) where one of them is not plain."""
        if self._prefix is None or not data.startswith(self._lead):
            return "", 0
        *middles, tail = data[len(self._lead) :].split(self._seam)
        middle, is_whole, rest = tail.partition(self._end)
        if is_whole:
            middles.append(middle)
        text = _plain(b"".join(middles))
        if text is None:
            return "", 0
        return text, len(data) - (len(rest) if is_whole else len(self._lead) + len(tail))

    def text(self, data: bytes) -> str | None:
        """The string of an event that repeats the one learned; None for any other, which must be parsed."""
        prefix, suffix = self._prefix, self._suffix
        if prefix is None or not data.startswith(prefix) or not data.endswith(suffix):
            return None
        return _plain(data[len(prefix) : -len(suffix)]) if len(data) > len(prefix) + len(suffix) else None

    def _stands_there(self, prefix: bytes, suffix: bytes) -> bool:
        """Whether a string between the two is the one at the path."""
        try:
            value: Any = orjson.loads(prefix + _SENTINEL.encode() + suffix)
            for step in self._path:
                value = value[step]
        except (orjson.JSONDecodeError, LookupError, TypeError):
            return False
        return bool(value == _SENTINEL)


def _plain(middle: bytes) -> str | None:
    """What stands between the quotes of a JSON string, if that is these bytes themselves: printable characters, no quote
    and no backslash. None for anything else, and for nothing."""
    if not middle or b'"' in middle or b"\\" in middle:
        return None
    try:
        text = middle.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None

"""The simulator's journal, read over HTTP: what the providers saw, on the provider's own clock."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

_HTTP_LIMIT_S = 5.0
_SETTLE_LIMIT_S = 2.0
_POLL_S = 0.01
_OFFSETS = 8

STRANGER = "an unknown key"

Names: TypeAlias = Mapping[str, tuple[str, str]]
"""Fingerprints of keys, and whose they are: the story, and the key's name in it."""

# Loopback only: a proxy from the environment has no say.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the provider saw it. Times in seconds since the simulator started.

    who: whose key it carried, as the story names it, or STRANGER. status: what was answered, None: nothing. outcome:
    how it ended, in the journal's words; None: it still runs.
    """

    who: str
    at_s: float
    status: int | None = 200
    outcome: str | None = "completed"
    tokens_sent: int = 0
    ended_s: float | None = None

    @property
    def fate(self) -> str:
        """What became of it, in a few words."""
        answered = f"{self.status}" if self.status is not None else "not a byte"
        match self.outcome:
            case "completed":
                return answered
            case "caller_hung_up":
                return f"{answered}, caller hung up after {(self.ended_s or self.at_s) - self.at_s:.2f} s"
            case "cut" | "fin":
                return f"{answered}, cut after {self.tokens_sent} tokens"
            case "reset" | "closed":
                return "connection reset"
            case None:
                return f"{answered}, still running"
            case other:
                return f"{answered}, {other}"


def fingerprint(key: str) -> str:
    """How the journal names a key: `sha256:` and the first 12 hexadecimal digits of its SHA-256."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()[:12]


class Journal:
    """The journal of the simulator at `address` (host:port)."""

    def __init__(self, address: str) -> None:
        self._url = f"http://{address}"
        self._ahead_s = min(self._offset() for _ in range(_OFFSETS))[1]

    def _offset(self) -> tuple[float, float]:
        """How long an answer took, and how far the simulator's clock is ahead of ours by it."""
        before = time.monotonic()
        uptime_s = float(self._get("/__health")["uptime_s"])
        after = time.monotonic()
        return after - before, uptime_s - (before + after) / 2

    def now_s(self) -> float:
        """This instant on the simulator's clock, a millisecond or two off at most."""
        return time.monotonic() + self._ahead_s

    def read(self, story: str, names: Names) -> tuple[Asked, ...]:
        """The story's requests, once all of them have ended; one that still runs after 2 s is given as it is."""
        give_up_at = time.monotonic() + _SETTLE_LIMIT_S
        while True:
            found = asked_of(self._get("/__journal")["entries"], story, names)
            if time.monotonic() > give_up_at or all(asked.outcome is not None for asked in found):
                return found
            time.sleep(_POLL_S)

    def _get(self, path: str) -> Any:
        with _OPENER.open(self._url + path, timeout=_HTTP_LIMIT_S) as response:
            return json.load(response)


def asked_of(entries: list[dict[str, Any]], story: str, names: Names) -> tuple[Asked, ...]:
    """The requests with the story's keys, in the order of arrival, and any with a key of no story."""
    stranger = (story, STRANGER)
    owned = ((entry, *names.get(entry["key"], stranger)) for entry in entries)
    return tuple(
        Asked(who, entry["received_s"], entry["status"], entry["outcome"], entry["tokens_sent"], entry["end_s"])
        for entry, owner, who in owned
        if owner == story
    )

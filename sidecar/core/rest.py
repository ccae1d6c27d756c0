"""What is left of a request's own limits for the rest of a broken answer: its output and its stop sequences."""

from __future__ import annotations

from collections.abc import Iterable


def remaining_output(most: int | None, sent: int) -> int | None:
    """The output limit of the rest, in tokens: `most` of the request less those `sent`. None: no limit.

    At 0 nothing is left and the answer ends by LENGTH; it is never below.
    """
    return None if most is None else max(0, most - sent)


class StopAcrossSeam:
    """Finds a stop sequence that begins in the text `sent` and ends in its continuation, which no provider can see.

    Fed what goes to the caller behind `sent`. Held back is only what may be the end of such a sequence. When one is found
    the answer ends as by STOP: its end is not passed on and nothing after it; its beginning was sent and stands. Sequences
    wholly in the continuation are the provider's to find. `stopped_by`: the sequence found.
    """

    def __init__(self, sent: str, stops: Iterable[str]) -> None:
        self.stopped_by: str | None = None
        self._missing = {end: stop for stop in stops for end in _ends_missing(sent, stop)}
        self._held = ""

    def feed(self, piece: str) -> str:
        """Takes a piece; returns what goes to the caller now, perhaps nothing."""
        if not self._missing:
            return piece if self.stopped_by is None else ""
        self._held += piece
        # Of two that are there, the shorter ended first.
        self.stopped_by = next(
            (self._missing[end] for end in sorted(self._missing, key=len) if self._held.startswith(end)), None
        )
        if self.stopped_by is None and any(end.startswith(self._held) for end in self._missing):
            return ""
        return self.end()

    def end(self) -> str:
        """The continuation has ended; returns what goes to the caller of what was held."""
        text = "" if self.stopped_by is not None else self._held
        self._held = ""
        self._missing.clear()
        return text


def _ends_missing(sent: str, stop: str) -> list[str]:
    return [stop[length:] for length in range(1, len(stop)) if sent.endswith(stop[:length])]

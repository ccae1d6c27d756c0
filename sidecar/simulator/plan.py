"""Lays the faults of an action over an answer: what is sent, where it stalls, how it ends. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .action import Action
from .wire import Answer, Frame, FrameKind, Wire


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes to send; `tokens` of them count for the pace (0: at once)."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Stall:
    """A pause of `duration_s` seconds, or for good when None."""

    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Break:
    """The connection ends here, the body unfinished: by RST, or by FIN."""

    by_reset: bool


Step = Send | Stall | Break


# Frames that faults never come before.
_BESIDE = (FrameKind.ROLE, FrameKind.BLOCK)


@dataclass(frozen=True, slots=True)
class _Fault:
    at: int
    step: Step | None
    is_end: bool = False


def plan_stream(wire: Wire, answer: Answer, frames: Iterable[Frame], action: Action) -> Iterator[Step]:
    """Yield the steps of a streamed answer under `action`; their end is a clean end of the body.

    A fault after n tokens comes before token n+1, or before the finish reason when the answer has fewer. What stands
    between tokens is sent before it.
    """
    faults = deque(_faults(wire, answer, action))
    left_out = _left_out(action)
    sent = 0
    for frame in frames:
        is_content = frame.kind is FrameKind.CONTENT
        while faults and frame.kind not in _BESIDE and (faults[0].at <= sent or not is_content):
            fault = faults.popleft()
            if fault.step is not None:
                yield fault.step
            if fault.is_end:
                return
        if frame.kind not in left_out:
            yield Send(frame.data, int(is_content))
            sent += is_content


def plan_whole(body: bytes, tokens: int, action: Action) -> Iterator[Step]:
    """Yield the steps of an answer that is not streamed: the first half of the body comes before a fault."""
    half = len(body) // 2
    first_tokens = tokens // 2
    yield Send(body[:half], first_tokens)
    if action.stall_at is not None:
        yield Stall(action.stall_s)
    if action.cut_at is not None or action.fin_at is not None:
        yield Break(by_reset=action.cut_at is not None)
    yield Send(body[half:], tokens - first_tokens)


def spoiled(wire: Wire, body: bytes, action: Action) -> bytes:
    """Return the body of an answer that is not streamed as `action` spoils it: an error, or half of the JSON."""
    if action.error_event_at is not None:
        return wire.error_body(action.error_event)
    if action.end_at is not None or action.malformed_at is not None:
        return body[: len(body) // 2]
    return body


def _faults(wire: Wire, answer: Answer, action: Action) -> list[_Fault]:
    found = []
    if action.malformed_at is not None:
        found.append(_Fault(action.malformed_at, Send(wire.malformed_event(answer))))
    if action.stall_at is not None:
        found.append(_Fault(action.stall_at, Stall(action.stall_s)))
    if action.error_event_at is not None:
        found.append(_Fault(action.error_event_at, Send(wire.error_event(action.error_event)), is_end=True))
    if action.cut_at is not None:
        found.append(_Fault(action.cut_at, Break(by_reset=True), is_end=True))
    if action.fin_at is not None:
        found.append(_Fault(action.fin_at, Break(by_reset=False), is_end=True))
    if action.end_at is not None:
        found.append(_Fault(action.end_at, None, is_end=True))
    return sorted(found, key=lambda fault: fault.at)


def _left_out(action: Action) -> tuple[FrameKind, ...]:
    if action.no_finish:
        return (FrameKind.FINISH, FrameKind.USAGE, FrameKind.DONE)
    return (FrameKind.DONE,) if action.no_done else ()

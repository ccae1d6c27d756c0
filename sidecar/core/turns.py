"""A conversation as turns: what may be left out of its beginning so that it makes sense still (failover.md §6, TRUNCATE).

A turn is what the user says up to the next time they speak, with the answers, tool calls and results in between.
Never left out: a system message, the last turn, a tool result whose call stays, or a call whose result stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .content import Audio, File, Image, Message, Request, Role, ToolCall, ToolResult

BYTES_PER_TOKEN = 4
MEDIA_TOKENS = 1000
"""What an image, sound or document is taken for."""
MARGIN = 0.95
"""Tokens are estimated: this much of a window is filled."""


def droppable_turns(messages: Sequence[Message]) -> list[int]:
    """How many of the oldest turns may be dropped: every number, from 1, that leaves no call without its result or the
    other way round."""
    starts = _starts(messages)
    return [count for count in range(1, len(starts)) if _is_clean(messages, starts[count])]


def without_oldest(messages: tuple[Message, ...], count: int) -> tuple[Message, ...]:
    """The conversation without its `count` oldest turns; system messages stay."""
    if not count:
        return messages
    cut = _starts(messages)[count]
    return tuple(m for i, m in enumerate(messages) if i >= cut or m.role is Role.SYSTEM)


def turns_to_drop(request: Request, window: int | None, dropped: int = 0) -> int:
    """How many turns to drop after an overflow, the fewest that are likely to do; 0: none can be dropped.

    `window`: tokens of prompt and output together; None is not known: half of the turns go. The estimate is scaled by
    the evidence that the whole did not fit. `dropped`: without so many it did not fit either, whatever was estimated: half
    of the others go.
    """
    possible = [count for count in droppable_turns(request.messages) if count > dropped]
    if not possible:
        return 0
    if window is None or dropped:
        half = dropped + (len(_starts(request.messages)) - dropped + 1) // 2
        return next((count for count in possible if count >= half), possible[-1])
    room = MARGIN * window - (request.max_output_tokens or 0)
    whole = tokens(request.messages)
    scale = max(1.0, (window - (request.max_output_tokens or 0)) / whole)
    enough: Callable[[int], bool] = lambda n: tokens(without_oldest(request.messages, n)) * scale <= room  # noqa: E731
    return next((count for count in possible if enough(count)), possible[-1])


def tokens(messages: Sequence[Message]) -> float:
    """About how many tokens they are, at least 1."""
    return max(1.0, sum(_part_tokens(part.content) for message in messages for part in message.parts))


def _part_tokens(content: object) -> float:
    match content:
        case Image() | Audio() | File():
            return MEDIA_TOKENS
        case ToolCall(_, name, arguments):
            return _text_tokens(name) + _text_tokens(arguments)
        case ToolResult(text=text, images=images):
            return _text_tokens(text) + MEDIA_TOKENS * len(images)
        case _:
            return _text_tokens(getattr(content, "text", ""))


def _text_tokens(text: str) -> float:
    return len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN


def _starts(messages: Sequence[Message]) -> list[int]:
    """Where each turn begins: at the first message, and wherever the user speaks after somebody else."""
    starts: list[int] = []
    previous: Role | None = None
    for index, message in enumerate(messages):
        if message.role is Role.SYSTEM:
            continue
        if not starts or (message.role is Role.USER and previous is not Role.USER):
            starts.append(index)
        previous = message.role
    return starts


def _is_clean(messages: Sequence[Message], cut: int) -> bool:
    """Whether no call before the cut has its result behind it."""
    calls = {p.content.id for m in messages[:cut] for p in m.parts if isinstance(p.content, ToolCall)}
    later = {p.content.id for m in messages[cut:] for p in m.parts if isinstance(p.content, ToolCall)}
    results = {p.content.tool_call_id for m in messages[cut:] for p in m.parts if isinstance(p.content, ToolResult)}
    return not (results - later) & calls

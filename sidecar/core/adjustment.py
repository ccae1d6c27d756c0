"""What is different in the request that one target is sent, from the request the caller made (failover.md §6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .catalog import Prefill
from .content import Message, Part, Reasoning, Request
from .turns import without_oldest
from .value import value_type
from .wire import ANTHROPIC

DROPPABLE = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "reasoning_effort",
        "parallel_tool_calls",
        "end_user_id",
    }
)
"""Fields of a Request that may be left out where a target refuses them."""
STREAM_OPTIONS, ENCODING_FORMAT, PREFILL = "stream_options", "encoding_format", "prefill"
OUR_OWN = frozenset({STREAM_OPTIONS, ENCODING_FORMAT, PREFILL})
"""What we add ourselves to streams, to embeddings and to answers that go on, and may leave out too."""


@value_type
class Adjustment:
    """`left_out`: of DROPPABLE and OUR_OWN. `limit_name`: how the wire spells the output limit; None is the
    codec's own. `max_output_tokens`: instead of the caller's; 0 asks for none. `turns_dropped`: the oldest ones.
    `is_prompted`: tools are given as instructions. `is_thoughtless`: reasoning is left out, and not asked for.
    `prefill`: the last turn is the beginning of the answer, marked so.
    """

    left_out: frozenset[str] = frozenset()
    limit_name: str | None = None
    max_output_tokens: int | None = None
    turns_dropped: int = 0
    is_prompted: bool = False
    is_thoughtless: bool = False
    prefill: Prefill = Prefill.NONE


AS_ASKED = Adjustment()


def adjusted(request: Request, adjustment: Adjustment, protocol: str) -> Request:
    """The request of one target. Prompted tools are not seen to here: how they are written is the codecs' business."""
    if adjustment is AS_ASKED:
        return request
    changed: dict[str, Any] = {name: None for name in adjustment.left_out if name in DROPPABLE}
    if adjustment.max_output_tokens is not None:
        changed["max_output_tokens"] = adjustment.max_output_tokens or None
    messages = without_oldest(request.messages, adjustment.turns_dropped)
    if adjustment.is_thoughtless:
        messages = tuple(message for turn in messages if (message := _thoughtless(turn)).parts)
        changed["reasoning_effort"] = "none" if protocol == ANTHROPIC else None
    return replace(request, messages=messages, **changed)


def _thoughtless(message: Message) -> Message:
    """The turn without reasoning and without anybody's opaque state."""
    parts = tuple(
        part if part.opaque_state is None else Part(part.content, cache_hint=part.cache_hint)
        for part in message.parts
        if not isinstance(part.content, Reasoning)
    )
    return Message(message.role, parts)

"""The request that asks a target to go on with a broken answer, by prefill or instruction (streams.md, "Resume, exactly")."""

from __future__ import annotations

from dataclasses import replace

from .content import Message, Part, Request, Role, Text
from .recovery import Resumption
from .seam import Way
from .wire import ANTHROPIC

DEFAULT_INSTRUCTION = "Your last message was cut off. Go on from exactly where it stops. Write only what comes next."
"""At most 40 tokens; `policy.resume_instruction` replaces it."""


def continued(request: Request, resumption: Resumption, way: Way, protocol: str, instruction: str) -> Request:
    """`request`: as the target is asked otherwise, perhaps without a limit it refused. Where no text was sent it is asked anew,
    with what is left of the limit."""
    limited = request
    if request.max_output_tokens is not None and resumption.most_tokens is not None:
        limited = replace(request, max_output_tokens=min(request.max_output_tokens, resumption.most_tokens))
    if not resumption.given:
        return limited
    if way is Way.INSTRUCTION:
        asks = Message(Role.USER, (Part(Text(instruction)),))
        return replace(limited, messages=(*_begun(request, resumption.given), asks))
    excludes = protocol == ANTHROPIC
    return replace(
        limited,
        messages=_begun(request, resumption.given),
        reasoning_effort="none" if excludes and request.reasoning_effort is not None else request.reasoning_effort,
        response_format=None if resumption.is_structured else request.response_format,
    )


def _begun(request: Request, given: str) -> tuple[Message, ...]:
    """The conversation with the sent text as the assistant's turn; behind what the caller began of it."""
    messages, last = request.messages, request.messages[-1]
    if last.role is not Role.ASSISTANT:
        return (*messages, Message(Role.ASSISTANT, (Part(Text(given)),)))
    begun = last.parts[-1] if last.parts else None
    if begun is not None and isinstance(begun.content, Text):
        joined = Part(Text(begun.content.text + given))
        return (*messages[:-1], replace(last, parts=(*last.parts[:-1], joined)))
    return (*messages[:-1], replace(last, parts=(*last.parts, Part(Text(given)))))

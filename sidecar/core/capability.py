"""What a request needs of a model, and what a model lacks for it."""

from __future__ import annotations

from typing import assert_never

from .catalog import Feature, Model
from .content import Audio, File, FormatKind, Image, Reasoning, Refusal, Request, Text, ToolCall, ToolResult
from .wire import ANSWERS_BY_TOOL, unsendable

BYTES_PER_TOKEN_AT_MOST = 6


def needs(request: Request) -> frozenset[Feature]:
    """The features without which the request cannot be answered."""
    needed: set[Feature] = set()
    if request.tools:
        needed.add(Feature.TOOLS)
    if request.response_format is not None:
        if request.response_format.kind is FormatKind.JSON:
            needed.add(Feature.JSON_MODE)
        elif request.response_format.kind is FormatKind.JSON_SCHEMA:
            needed.add(Feature.JSON_SCHEMA)
    if request.reasoning_effort not in (None, "none"):
        needed.add(Feature.REASONING)
    for message in request.messages:
        for part in message.parts:
            if not isinstance(part.content, (Text, Reasoning, Refusal)):
                needed |= _content_needs(part.content)
    return frozenset(needed)


def _content_needs(content: Image | File | Audio | ToolCall | ToolResult) -> set[Feature]:
    match content:
        case Image():
            return {Feature.IMAGES}
        case Audio():
            return {Feature.AUDIO}
        case File():
            return {Feature.FILES}
        case ToolCall():
            return {Feature.TOOLS}
        case ToolResult(images=images):
            return {Feature.TOOLS, Feature.IMAGES} if images else {Feature.TOOLS}
        case _:
            assert_never(content)


def lacking(model: Model, request: Request, needed: frozenset[Feature], protocol: str = "") -> list[str]:
    """What the model, or the wire protocol it is spoken to by, lacks, as words for a person; empty: nothing is known.

    A window excludes a model only when even six bytes a token, plus the output asked for, exceed it. Where a protocol
    gets JSON by a tool that must be called, a model with tools lacks neither JSON nor schemas.
    """
    features = model.features
    if features is not None and protocol in ANSWERS_BY_TOOL and Feature.TOOLS in features:
        features |= {Feature.JSON_MODE, Feature.JSON_SCHEMA}
    missing = [] if features is None else sorted(f.value for f in needed if not _has(features, f))
    missing += [words for words in unsendable(protocol, request) if words not in missing]
    if least := over_window(model, request):
        missing.append(f"context of {least} tokens")
    if model.max_image_bytes is not None and largest_image(request) > model.max_image_bytes:
        missing.append(f"images over {model.max_image_bytes} bytes")
    return missing


def over_window(model: Model, request: Request) -> int:
    """The tokens that the request takes at least, where the model is declared to have a smaller window; else 0."""
    if model.context_window is None:
        return 0
    least = _prompt_bytes(request) // BYTES_PER_TOKEN_AT_MOST + (request.max_output_tokens or 0)
    return least if least > model.context_window else 0


def _prompt_bytes(request: Request) -> int:
    """What must fit the window at once: of texts to embed the longest, since each has the window to itself."""
    if request.embedding is None:
        return request.text_bytes
    return max(len(text.encode("utf-8", "replace")) for text in request.embedding.inputs)


def _has(features: frozenset[Feature], feature: Feature) -> bool:
    return feature in features or (feature is Feature.JSON_MODE and Feature.JSON_SCHEMA in features)


def largest_image(request: Request) -> int:
    """Bytes of the largest image that travels inside the request; 0 without one."""
    sizes = [0]
    for message in request.messages:
        for part in message.parts:
            images = part.content.images if isinstance(part.content, ToolResult) else (part.content,)
            sizes += [len(i.data) for i in images if isinstance(i, Image) and i.data is not None]
    return max(sizes)

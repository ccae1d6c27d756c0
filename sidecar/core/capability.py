"""What a request needs of a model, and what a model lacks for it."""

from __future__ import annotations

from .catalog import Feature, Model
from .content import Audio, File, FormatKind, Image, Request, ToolCall, ToolResult

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
            needed |= _content_needs(part.content)
    return frozenset(needed)


def _content_needs(content: object) -> set[Feature]:
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
            return set()


def lacking(model: Model, request: Request, needed: frozenset[Feature]) -> list[str]:
    """What the model lacks, as words for a person; empty: nothing, or nothing is known against it.

    A window excludes a model only when even six bytes a token, plus the output asked for, exceed it.
    """
    missing = [] if model.features is None else sorted(f.value for f in needed if not _has(model.features, f))
    if model.context_window is not None:
        least = request.text_bytes // BYTES_PER_TOKEN_AT_MOST + (request.max_output_tokens or 0)
        if least > model.context_window:
            missing.append(f"context of {least} tokens")
    if model.max_image_bytes is not None and largest_image(request) > model.max_image_bytes:
        missing.append(f"images over {model.max_image_bytes} bytes")
    return missing


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

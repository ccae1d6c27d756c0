"""What a wire protocol itself has no form for, whatever the model behind it can do.

Source for `anthropic`: the vendor's reference of the Messages API (image and document blocks, `stop_sequences`; it has no
embeddings).
"""

from __future__ import annotations

from collections.abc import Iterator

from .content import Audio, Content, File, Image, Request, ToolResult

ANTHROPIC = "anthropic"
ANSWERS_BY_TOOL = frozenset({ANTHROPIC})
"""Protocols whose codec asks for JSON by a tool the model must call, where the model takes tools but no schema."""
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF = "application/pdf"
_TEXTS = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})


def unsendable(protocol: str, request: Request) -> list[str]:
    """What of the request the protocol cannot carry, as words for a person, each once; empty: nothing."""
    if protocol != ANTHROPIC:
        return []
    if request.embedding is not None:
        return ["embeddings"]
    words = [word for content in _contents(request) if (word := _beyond_anthropic(content))]
    if any(not text.strip() for text in request.stop):
        words.append("stop texts of white space only")
    return list(dict.fromkeys(words))


def bare_media_type(media_type: str | None) -> str:
    """A media type in lower case, without parameters, with the registered name of JPEG."""
    bare = (media_type or "").partition(";")[0].strip().lower()
    return "image/jpeg" if bare == "image/jpg" else bare


def is_text(media_type: str) -> bool:
    """Whether a document of this bare media type can be sent as plain text."""
    return media_type.startswith("text/") or media_type in _TEXTS


def _contents(request: Request) -> Iterator[Content]:
    for message in request.messages:
        for part in message.parts:
            yield part.content
            if isinstance(part.content, ToolResult):
                yield from part.content.images


def _beyond_anthropic(content: Content) -> str | None:
    match content:
        case Audio():
            return "audio"
        case Image(data=data, media_type=media_type) if data is not None:
            bare = bare_media_type(media_type)
            return None if bare in PICTURES else f"images of type {bare[:64]}"
        case File(media_type=media_type):
            bare = bare_media_type(media_type)
            return None if bare == PDF or bare in PICTURES or is_text(bare) else f"files of type {bare[:64]}"
        case _:
            return None

"""Conversations: the helpers that build messages and their parts."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ._pb import content_pb2 as pb
from ._pb.content_pb2 import Message, Part
from .duration import duration

Prompt: TypeAlias = str | Message | Sequence[Message]
"""What a model is asked: one user turn as text, one message, or the conversation so far."""

Json: TypeAlias = str | Mapping[str, Any] | Sequence[Any]
"""JSON as text, sent byte for byte, or as values."""

_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def conversation(prompt: Prompt) -> list[Message]:
    """The messages a prompt stands for; ValueError for an empty list, TypeError for what is no message."""
    if isinstance(prompt, str):
        return [user(prompt)]
    if isinstance(prompt, Message):
        return [prompt]
    given: Iterable[object] = prompt if isinstance(prompt, Iterable) and not isinstance(prompt, Mapping) else [prompt]
    messages = [_message(item) for item in given]
    if not messages:
        raise ValueError("a prompt needs at least one message")
    return messages


def system(text: str) -> Message:
    """Instructions of the application."""
    return Message(role=pb.ROLE_SYSTEM, parts=[Part(text=text)])


def user(*content: str | Part) -> Message:
    """A turn of the user: texts, and what `image`, `document` and `audio` give."""
    return Message(role=pb.ROLE_USER, parts=_parts(content))


def assistant(*content: str | Part) -> Message:
    """A turn of the model, written by hand. Answers are appended as they are: `answer.message`."""
    return Message(role=pb.ROLE_ASSISTANT, parts=_parts(content))


def tool_result(call_id: str, result: Json, *, images: Sequence[Part] = (), is_error: bool = False) -> Message:
    """The result of the tool call with that id, as text or as a value that becomes JSON. `images`: from `image`."""
    content = pb.ToolResultPart(
        tool_call_id=call_id, text=json_text(result), images=[part.image for part in images], is_error=is_error
    )
    return Message(role=pb.ROLE_TOOL, parts=[Part(tool_result=content)])


def tool_call(call_id: str, name: str, arguments: Json = "{}") -> Part:
    """A tool call the model made, for `assistant`."""
    return Part(tool_call=pb.ToolCallPart(id=call_id, name=name, arguments_json=json_text(arguments)))


def image(
    source: bytes | str | Path, *, media_type: str | None = None, detail: Literal["low", "high"] | None = None
) -> Part:
    """A picture of at most 20 MiB: its bytes, a file (Path), or an `https:` or `data:` URL (str).

    The media type of PNG, JPEG, GIF and WebP bytes, and of files by their suffix, is found out.
    """
    picture = pb.ImagePart(
        detail={None: pb.IMAGE_DETAIL_UNSPECIFIED, "low": pb.IMAGE_DETAIL_LOW, "high": pb.IMAGE_DETAIL_HIGH}[detail]
    )
    if isinstance(source, str):
        picture.uri = _url(source)
        return Part(image=picture)
    data = source.read_bytes() if isinstance(source, Path) else source
    picture.data = data
    picture.media_type = media_type or _image_type(data) or _file_type(source)
    return Part(image=picture)


def document(source: bytes | str | Path, *, media_type: str | None = None, filename: str | None = None) -> Part:
    """A document of at most 30 MiB: its bytes (then with `media_type`), a file (Path), or a URL (str)."""
    content = pb.FilePart(filename=filename or (source.name if isinstance(source, Path) else None))
    if isinstance(source, str):
        content.uri = _url(source)
        return Part(file=content)
    content.data = source.read_bytes() if isinstance(source, Path) else source
    content.media_type = media_type or _file_type(source)
    return Part(file=content)


def audio(source: bytes | Path, *, media_type: str | None = None) -> Part:
    """A sound of at most 25 MiB: its bytes (then with `media_type`, "audio/wav" or "audio/mpeg"), or a file (Path)."""
    data = source.read_bytes() if isinstance(source, Path) else source
    found = (media_type or _file_type(source)).replace("audio/x-wav", "audio/wav")
    return Part(audio=pb.AudioPart(data=data, media_type=found))


def cached(part: str | Part, *, ttl_s: float | None = None) -> Part:
    """A copy of the part that asks the provider to cache the conversation up to it. `ttl_s`: seconds, over 0."""
    copy = _part(part)
    hint = pb.CacheHint(ttl_duration=duration(ttl_s)) if ttl_s is not None else pb.CacheHint()
    copy.cache_hint.CopyFrom(hint)
    return copy


def json_text(value: Json) -> str:
    """JSON as text; text passes unchanged."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parts(content: Sequence[str | Part]) -> list[Part]:
    if not content:
        raise ValueError("a message needs at least one part")
    return [_part(item) for item in content]


def _message(item: object) -> Message:
    if isinstance(item, Message):
        return item
    kinds = "text, a message, or a list of messages from system(), user() and so on"
    raise TypeError(f"a prompt is {kinds}, not {_kind(item)}")


def _part(content: str | Part) -> Part:
    if isinstance(content, str):
        return Part(text=content)
    if not isinstance(content, Part):
        raise TypeError(f"a part is text or what image(), document() and so on give, not {_kind(content)}")
    copy = Part()
    copy.CopyFrom(content)
    return copy


def _kind(value: object) -> str:
    return "a whole message (a tool_result is one)" if isinstance(value, Message) else type(value).__name__


def _url(source: str) -> str:
    if not source.startswith(("https:", "http:", "data:", "gs:", "s3:")):
        raise ValueError("a string must be a URL; give a file as pathlib.Path")
    return source


def _image_type(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _SIGNATURES.items() if data.startswith(magic)), None)


def _file_type(source: bytes | Path) -> str:
    found = mimetypes.guess_type(source.name)[0] if isinstance(source, Path) else None
    if found is None:
        raise ValueError("media_type is needed: it cannot be told from the bytes or the file's name")
    return found

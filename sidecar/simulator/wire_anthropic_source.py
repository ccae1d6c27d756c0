"""Where images and documents of a Messages request come from. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from .wire_anthropic_field import literal, record, refuse, tag, typed

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_TEXT = "text/plain"
_PDF = "application/pdf"
# The first bytes of the image formats; those of WebP are followed by a length.
_BEGINNINGS: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


def check_image(source: Any, path: str) -> None:
    """Raise BadRequestError where the API does not take this source of an image.

    Bytes of a format it knows must be of the type they say; other bytes are not looked into.
    """
    kind = tag(source, path, ("base64", "url", "file"))
    if kind != "base64":
        _check_reference(source, path, kind)
        return
    fields = record(source, f"{path}.base64", ("type", "media_type", "data"))
    media_type = literal(fields["media_type"], f"{path}.base64.media_type", _IMAGES)
    data = _decoded(fields["data"], f"{path}.base64")
    actual = next((name for beginning, name in _BEGINNINGS.items() if data.startswith(beginning)), media_type)
    if actual != media_type:
        refuse(f"{path}.base64: Image does not match the provided media type {media_type}")


def check_document(source: Any, path: str) -> None:
    """Raise BadRequestError where the API does not take this source of a document."""
    kind = tag(source, path, ("base64", "text", "content", "url", "file"))
    if kind == "base64":
        fields = record(source, f"{path}.base64", ("type", "media_type", "data"))
        literal(fields["media_type"], f"{path}.base64.media_type", (_PDF,))
        _decoded(fields["data"], f"{path}.base64")
    elif kind == "text":
        fields = record(source, f"{path}.text", ("type", "media_type", "data"))
        literal(fields["media_type"], f"{path}.text.media_type", (_TEXT,))
        typed(fields["data"], f"{path}.text.data", str)
    elif kind == "content":
        record(source, f"{path}.content", ("type", "content"))
    else:
        _check_reference(source, path, kind)


def _check_reference(source: Any, path: str, kind: str) -> None:
    name = "url" if kind == "url" else "file_id"
    fields = record(source, f"{path}.{kind}", ("type", name))
    value = typed(fields[name], f"{path}.{kind}.{name}", str)
    if kind == "url" and not value.startswith("https://"):
        refuse(f"{path}.{kind}.url: Only HTTPS URLs are supported.")


def _decoded(value: Any, path: str) -> bytes:
    text = typed(value, f"{path}.data", str)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        refuse(f"{path}.data: invalid base64 data")
    return data

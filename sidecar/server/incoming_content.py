"""A conversation's messages as core values, checked: which parts a role may carry, and that results have their calls."""

from __future__ import annotations

from collections.abc import Iterable

from ..core import content as c
from ..pb import content_pb2
from .fields import Fields

MAX_IMAGE_BYTES = 20 * 1024 * 1024
MAX_FILE_BYTES = 30 * 1024 * 1024
MAX_AUDIO_BYTES = 25 * 1024 * 1024
MAX_STATE_BYTES = 1024 * 1024

_ROLES = {
    content_pb2.ROLE_SYSTEM: c.Role.SYSTEM,
    content_pb2.ROLE_USER: c.Role.USER,
    content_pb2.ROLE_ASSISTANT: c.Role.ASSISTANT,
    content_pb2.ROLE_TOOL: c.Role.TOOL,
}
_ALLOWED = {
    c.Role.SYSTEM: {"text"},
    c.Role.USER: {"text", "image", "file", "audio"},
    c.Role.ASSISTANT: {"text", "tool_call", "reasoning", "refusal"},
    c.Role.TOOL: {"tool_result"},
}
_DETAILS = {content_pb2.IMAGE_DETAIL_LOW: "low", content_pb2.IMAGE_DETAIL_HIGH: "high"}
_AUDIO = frozenset({"audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp3"})


def _plain(part: content_pb2.Part, role: c.Role) -> c.Part | None:
    """A part that is text and nothing else; None for any other."""
    if part.WhichOneof("content") != "text" or role is c.Role.TOOL:
        return None
    if part.HasField("issuer") or part.HasField("opaque_state") or part.HasField("cache_hint"):
        return None
    return c.Part(c.Text(part.text))


class Conversation:
    """Reads messages in order, remembering which tool calls were made. Problems go to `fields`."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._calls: set[str] = set()
        self.media_bytes = 0

    def messages(self, messages: Iterable[content_pb2.Message]) -> tuple[c.Message, ...]:
        """Every message; an empty conversation is a problem."""
        read = [self._message(message, i) for i, message in enumerate(messages)]
        if not read:
            self._fields.wrong("messages", "the conversation is empty")
        return tuple(read)

    def _message(self, message: content_pb2.Message, index: int) -> c.Message:
        role = _ROLES.get(message.role)
        if role is None:
            why = "is required" if message.role == 0 else f"unknown value {message.role}"
            self._fields.wrong(f"messages[{index}].role", why)
            role = c.Role.USER
        parts: list[c.Part] = []
        for i, pb in enumerate(message.parts):
            # Plain text, which most parts are, has no path made for a problem that it cannot have.
            part = _plain(pb, role) or self._part(pb, role, f"messages[{index}].parts[{i}]")
            if part is not None:
                parts.append(part)
        if not message.parts:
            self._fields.wrong(f"messages[{index}].parts", "at least one part is required")
        return c.Message(role, tuple(parts))

    def _part(self, part: content_pb2.Part, role: c.Role, path: str) -> c.Part | None:
        kind = part.WhichOneof("content")
        if kind is None:
            self._fields.wrong(path, "has no content this version knows")
            return None
        if kind not in _ALLOWED[role]:
            self._fields.wrong(f"{path}.{kind}", f"does not belong into a turn of the {role.value}")
            return None
        if len(part.opaque_state) > MAX_STATE_BYTES:
            self._fields.wrong(f"{path}.opaque_state", f"at most {MAX_STATE_BYTES} bytes")
        content = self._content(part, kind, f"{path}.{kind}")
        issuer = part.issuer if part.HasField("issuer") else None
        state = part.opaque_state if part.HasField("opaque_state") else None
        return c.Part(content, issuer, state, self._cache_hint(part, path))

    def _cache_hint(self, part: content_pb2.Part, path: str) -> c.CacheHint | None:
        if not part.HasField("cache_hint"):
            return None
        if not part.cache_hint.HasField("ttl_duration"):
            return c.CacheHint()
        ttl = part.cache_hint.ttl_duration
        ttl_s = ttl.seconds + ttl.nanos / 1e9
        if ttl_s <= 0:
            self._fields.wrong(f"{path}.cache_hint.ttl_duration", "must be over 0")
        return c.CacheHint(ttl_s)

    def _content(self, part: content_pb2.Part, kind: str, path: str) -> c.Content:
        match kind:
            case "text":
                return c.Text(part.text)
            case "image":
                return self._image(part.image, path)
            case "file":
                return self._file(part.file, path)
            case "audio":
                return self._audio(part.audio, path)
            case "tool_call":
                return self._tool_call(part.tool_call, path)
            case "tool_result":
                return self._tool_result(part.tool_result, path)
            case "reasoning":
                return c.Reasoning(part.reasoning.text)
            case _:
                return c.Refusal(part.refusal)

    def _image(self, image: content_pb2.ImagePart, path: str) -> c.Image:
        detail = _DETAILS.get(image.detail)
        if detail is None and image.detail != content_pb2.IMAGE_DETAIL_UNSPECIFIED:
            self._fields.wrong(f"{path}.detail", f"unknown value {image.detail}")
        source = image.WhichOneof("source")
        if source == "uri":
            if not image.uri.startswith(("https://", "data:")):
                self._fields.wrong(f"{path}.uri", "must be an https: or data: URL")
            self.media_bytes += len(image.uri)
            return c.Image(uri=image.uri, detail=detail)
        self._data(image.data, MAX_IMAGE_BYTES, path)
        self._media_type(image.media_type, "image/", path)
        return c.Image(image.data, None, image.media_type, detail)

    def _file(self, file: content_pb2.FilePart, path: str) -> c.File:
        name = file.filename if file.HasField("filename") else None
        media_type = file.media_type if file.HasField("media_type") else None
        if file.WhichOneof("source") == "uri":
            self._fields.not_built(f"{path}.uri")  # no wire format built so far takes one
            return c.File(uri=file.uri, media_type=media_type, filename=name)
        self._data(file.data, MAX_FILE_BYTES, path)
        self._media_type(file.media_type, "", path)
        return c.File(file.data, None, media_type, name)

    def _audio(self, audio: content_pb2.AudioPart, path: str) -> c.Audio:
        self._data(audio.data, MAX_AUDIO_BYTES, path)
        if audio.media_type not in _AUDIO:
            self._fields.wrong(f"{path}.media_type", "must be audio/wav or audio/mpeg")
        return c.Audio(audio.data, audio.media_type)

    def _data(self, data: bytes, limit: int, path: str) -> None:
        self.media_bytes += len(data)
        if not data:
            self._fields.wrong(path, "has neither data nor uri")
        elif len(data) > limit:
            self._fields.wrong(f"{path}.data", f"at most {limit} bytes")

    def _media_type(self, media_type: str, prefix: str, path: str) -> None:
        if "/" not in media_type or not media_type.startswith(prefix):
            kind = f"{prefix}…" if prefix else "type/subtype"
            self._fields.wrong(f"{path}.media_type", f"is required with data, as {kind}")

    def _tool_call(self, call: content_pb2.ToolCallPart, path: str) -> c.ToolCall:
        if not call.id:
            self._fields.wrong(f"{path}.id", "is required")
        if not call.name:
            self._fields.wrong(f"{path}.name", "is required")
        self._calls.add(call.id)
        return c.ToolCall(call.id, call.name, call.arguments_json or "{}")

    def _tool_result(self, result: content_pb2.ToolResultPart, path: str) -> c.ToolResult:
        if result.tool_call_id not in self._calls:
            self._fields.wrong(
                f"{path}.tool_call_id", f"no tool call {result.tool_call_id[:64]!r} comes before this result"
            )
        images = tuple(self._image(image, f"{path}.images[{i}]") for i, image in enumerate(result.images))
        return c.ToolResult(result.tool_call_id, result.text, images, result.is_error)

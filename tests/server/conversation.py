"""Requests and the turns they are made of."""

from __future__ import annotations

from typing import Any

from sidecar.pb import chat_pb2, content_pb2


def text(said: str) -> content_pb2.Part:
    """A text part."""
    return content_pb2.Part(text=said)


def turn(role: str, *parts: content_pb2.Part | str) -> content_pb2.Message:
    """A turn of "system", "user", "assistant" or "tool"; strings are text parts."""
    whole = [text(part) if isinstance(part, str) else part for part in parts]
    return content_pb2.Message(role=content_pb2.Role.Value(f"ROLE_{role.upper()}"), parts=whole)


def user(*parts: content_pb2.Part | str) -> content_pb2.Message:
    """The user's turn."""
    return turn("user", *parts)


def call(id: str, name: str, arguments: str = "{}") -> content_pb2.Part:
    """A tool call of the model's."""
    return content_pb2.Part(tool_call=content_pb2.ToolCallPart(id=id, name=name, arguments_json=arguments))


def result(id: str, said: str, *images: content_pb2.ImagePart, is_error: bool = False) -> content_pb2.Part:
    """The result of a tool call."""
    part = content_pb2.ToolResultPart(tool_call_id=id, text=said, images=images, is_error=is_error)
    return content_pb2.Part(tool_result=part)


def image(data: bytes, media_type: str = "image/png") -> content_pb2.Part:
    """A picture."""
    return content_pb2.Part(image=content_pb2.ImagePart(data=data, media_type=media_type))


def tool(name: str, parameters: str | None = '{"type":"object","properties":{"city":{"type":"string"}}}') -> Any:
    """A tool."""
    return content_pb2.Tool(name=name, description=f"Does {name}.", parameters_json=parameters)


def question(model: str, *messages: content_pb2.Message, **fields: Any) -> chat_pb2.ChatRequest:
    """A request for Chat; it says "hi" unless there are messages."""
    return chat_pb2.ChatRequest(model=model, messages=messages or (user("hi"),), **fields)


def whole(request: chat_pb2.ChatRequest) -> chat_pb2.CompleteRequest:
    """The same for Complete."""
    return chat_pb2.CompleteRequest.FromString(request.SerializeToString())

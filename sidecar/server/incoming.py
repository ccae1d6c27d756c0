"""Messages of the contract as core values. Everything is checked before any attempt, and all problems told at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..core import content as c
from ..core.trace import Trace
from ..pb import chat_pb2, content_pb2
from ..providers import anthropic_request, openai_request
from .fields import Fields
from .incoming_content import Conversation
from .incoming_policy import policy_of

AnyRequest = chat_pb2.ChatRequest | chat_pb2.CompleteRequest
Reader = Callable[[AnyRequest, Fields], Any]

_REQUEST_ID = re.compile(r"^[\x20-\x7e]{1,128}\Z")
_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}\Z")
_INFINITE = float("inf")
MAX_STOPS = 16
MAX_REFERENCE_CHARACTERS = 512
"""References name state and reports that outlive the call."""
PROTOCOLS = {
    anthropic_request.PROTOCOL: anthropic_request.refused,
    openai_request.PROTOCOL: openai_request.refused,
}
"""Wire protocols by name, with what each refuses in its options."""
_EFFORTS = {
    content_pb2.Reasoning.EFFORT_NONE: "none",
    content_pb2.Reasoning.EFFORT_MINIMAL: "minimal",
    content_pb2.Reasoning.EFFORT_LOW: "low",
    content_pb2.Reasoning.EFFORT_MEDIUM: "medium",
    content_pb2.Reasoning.EFFORT_HIGH: "high",
}
_TOOL_MODES = {
    content_pb2.ToolChoice.MODE_UNSPECIFIED: c.ToolMode.AUTO,
    content_pb2.ToolChoice.MODE_AUTO: c.ToolMode.AUTO,
    content_pb2.ToolChoice.MODE_NONE: c.ToolMode.NONE,
    content_pb2.ToolChoice.MODE_REQUIRED: c.ToolMode.REQUIRED,
    content_pb2.ToolChoice.MODE_NAMED: c.ToolMode.NAMED,
}
_FORMATS = {
    content_pb2.ResponseFormat.KIND_UNSPECIFIED: c.FormatKind.TEXT,
    content_pb2.ResponseFormat.KIND_TEXT: c.FormatKind.TEXT,
    content_pb2.ResponseFormat.KIND_JSON: c.FormatKind.JSON,
    content_pb2.ResponseFormat.KIND_JSON_SCHEMA: c.FormatKind.JSON_SCHEMA,
}


def request_of(pb: AnyRequest, request_id: str, trace: Trace) -> c.Request:
    """The request as a core value. `request_id`: the caller's or generated.

    Raises CallError INVALID_INPUT with every field error, or NOT_BUILT naming every field this version cannot honour.
    """
    fields = Fields()
    conversation = Conversation(fields)
    messages = conversation.messages(pb.messages)
    given = given_in(pb)
    values = values_of(pb, given, fields)
    request = c.Request(
        model=pb.model,
        messages=messages,
        request_id=request_id,
        trace_id=trace.trace_id,
        trace=trace,
        size_bytes=pb.ByteSize(),
        media_bytes=conversation.media_bytes,
        **values,
    )
    check_rest(pb, given, fields)
    fields.check()
    return request


def given_in(pb: Any) -> list[str]:
    """The names of the fields that were given."""
    return [descriptor.name for descriptor, _ in pb.ListFields()]


def values_of(pb: Any, given: list[str], fields: Fields) -> dict[str, Any]:
    """The fields given of any request for a model that a `core.Request` has, by its names for them."""
    return {_RENAMED.get(name, name): read(pb, fields) for name in given if (read := _READERS.get(name)) is not None}


def check_rest(pb: Any, given: list[str], fields: Fields) -> None:
    """Checks the fields given that `values_of` does not read."""
    for name in given:
        if (check := _CHECKS.get(name)) is not None:
            check(pb, fields)


def _check_request_id(pb: AnyRequest, fields: Fields) -> None:
    if not _REQUEST_ID.match(pb.request_id):
        fields.wrong("request_id", "must be 1 to 128 printable ASCII characters")


def _check_model(pb: AnyRequest, fields: Fields) -> None:
    if len(pb.model) > MAX_REFERENCE_CHARACTERS:
        fields.wrong("model", f"at most {MAX_REFERENCE_CHARACTERS} characters")


def _fallbacks(pb: AnyRequest, fields: Fields) -> tuple[str, ...]:
    for i, reference in enumerate(pb.fallback_models):
        if not reference or len(reference) > MAX_REFERENCE_CHARACTERS:
            fields.wrong(f"fallback_models[{i}]", f"must be 1 to {MAX_REFERENCE_CHARACTERS} characters")
    return tuple(pb.fallback_models)


def _as_is(name: str) -> Reader:
    """Reads a field whose every value is right."""
    return lambda pb, fields: getattr(pb, name)


def _number(name: str, low: float, high: float = _INFINITE, *, open_low: bool = False) -> Reader:
    """Reads a number within its bounds."""

    def read(pb: AnyRequest, fields: Fields) -> Any:
        value = getattr(pb, name)
        fields.number(name, value, low, high, open_low=open_low)
        return value

    return read


def _tools(pb: AnyRequest, fields: Fields) -> tuple[c.Tool, ...]:
    tools = tuple(_tool(tool, f"tools[{i}]", fields) for i, tool in enumerate(pb.tools))
    _check_unique(tools, fields)
    return tools


def _stops(pb: AnyRequest, fields: Fields) -> tuple[str, ...]:
    if len(pb.stop) > MAX_STOPS:
        fields.wrong("stop", f"at most {MAX_STOPS} texts")
    for i, text in enumerate(pb.stop):
        if not text:
            fields.wrong(f"stop[{i}]", "must not be empty")
    return tuple(pb.stop)


def _tool(tool: content_pb2.Tool, path: str, fields: Fields) -> c.Tool:
    if not _NAME.match(tool.name):
        fields.wrong(f"{path}.name", "must be 1 to 64 of a-z A-Z 0-9 _ -")
    if tool.HasField("parameters_json"):
        fields.json_object(f"{path}.parameters_json", tool.parameters_json)
    return c.Tool(
        tool.name,
        tool.description,
        tool.parameters_json if tool.HasField("parameters_json") else None,
        tool.strict if tool.HasField("strict") else None,
    )


def _check_unique(tools: tuple[c.Tool, ...], fields: Fields) -> None:
    seen: set[str] = set()
    for i, tool in enumerate(tools):
        if tool.name in seen:
            fields.wrong(f"tools[{i}].name", f"the tool {tool.name!r} is there twice")
        seen.add(tool.name)


def _tool_choice(pb: AnyRequest, fields: Fields) -> c.ToolChoice | None:
    choice = pb.tool_choice
    mode = _TOOL_MODES.get(choice.mode)
    if mode is None:
        fields.wrong("tool_choice.mode", f"unknown value {choice.mode}")
        return None
    if not pb.tools and mode is not c.ToolMode.NONE:
        fields.wrong("tool_choice", "there are no tools to choose from")
    if mode is c.ToolMode.NAMED:
        if choice.name not in {tool.name for tool in pb.tools}:
            fields.wrong("tool_choice.name", f"no tool is called {choice.name[:64]!r}")
        return c.ToolChoice(mode, choice.name)
    if choice.HasField("name"):
        fields.wrong("tool_choice.name", "goes with MODE_NAMED only")
    return c.ToolChoice(mode)


def _response_format(request: AnyRequest, fields: Fields) -> c.ResponseFormat | None:
    pb = request.response_format
    kind = _FORMATS.get(pb.kind)
    if kind is None:
        fields.wrong("response_format.kind", f"unknown value {pb.kind}")
        return None
    if kind is not c.FormatKind.JSON_SCHEMA:
        if pb.HasField("schema_json"):
            fields.wrong("response_format.schema_json", "goes with KIND_JSON_SCHEMA only")
        return c.ResponseFormat(kind)
    if pb.HasField("schema_json"):
        fields.json_object("response_format.schema_json", pb.schema_json)
    else:
        fields.wrong("response_format.schema_json", "is required with KIND_JSON_SCHEMA")
    name = pb.schema_name if pb.HasField("schema_name") else "answer"
    if not _NAME.match(name):
        fields.wrong("response_format.schema_name", "must be 1 to 64 of a-z A-Z 0-9 _ -")
    return c.ResponseFormat(kind, pb.schema_json, name, pb.strict if pb.HasField("strict") else True)


def _reasoning(pb: AnyRequest, fields: Fields) -> str | None:
    reasoning = pb.reasoning
    if reasoning.HasField("budget_tokens"):
        fields.number("reasoning.budget_tokens", reasoning.budget_tokens, 1, _INFINITE)
        fields.not_built("reasoning.budget_tokens")
    if reasoning.effort == content_pb2.Reasoning.EFFORT_UNSPECIFIED:
        return None
    effort = _EFFORTS.get(reasoning.effort)
    if effort is None:
        fields.wrong("reasoning.effort", f"unknown value {reasoning.effort}")
    return effort


def _provider_options(pb: AnyRequest, fields: Fields) -> dict[str, str]:
    for protocol, text in sorted(pb.provider_options.items()):
        path = f"provider_options[{protocol[:64]}]"
        if protocol not in PROTOCOLS:
            fields.wrong(path, f"no such wire protocol; known: {', '.join(sorted(PROTOCOLS))}")
        elif (options := fields.json_object(path, text)) is not None:
            fields.errors += PROTOCOLS[protocol](options, path)
    return dict(pb.provider_options)


_READERS: dict[str, Reader] = {
    "fallback_models": _fallbacks,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": _as_is("parallel_tool_calls"),
    "response_format": _response_format,
    "max_output_tokens": _number("max_output_tokens", 1),
    "temperature": _number("temperature", 0, 2),
    "top_p": _number("top_p", 0, 1, open_low=True),
    "top_k": _number("top_k", 1),
    "stop": _stops,
    "seed": _as_is("seed"),
    "presence_penalty": _number("presence_penalty", -2, 2),
    "frequency_penalty": _number("frequency_penalty", -2, 2),
    "reasoning": _reasoning,
    "provider_options": _provider_options,
    "policy": lambda pb, fields: policy_of(pb.policy, "policy", fields),
    "affinity_key": _as_is("affinity_key"),
    "end_user_id": _as_is("end_user_id"),
    "include_attempts": _as_is("include_attempts"),
    "omit_message": _as_is("omit_message"),
}
"""What reads each field of a request that was given; a field that was not costs nothing."""

_RENAMED = {"reasoning": "reasoning_effort"}

_CHECKS: dict[str, Callable[[AnyRequest, Fields], None]] = {
    "request_id": _check_request_id,
    "model": _check_model,
    "metadata": lambda pb, fields: fields.not_built("metadata"),
}

"""Messages of the contract as core values. Everything is checked before any attempt, and all problems told at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration

from ..core import content as c
from ..core.policy import OnContentFiltered, OnContextOverflow, OnSlow, OnStreamBreak, Policy, PromptGuidedTools
from ..core.trace import Trace
from ..pb import chat_pb2, content_pb2, policy_pb2
from ..providers import openai_request
from .fields import Fields
from .incoming_content import Conversation

E = TypeVar("E")

AnyRequest = chat_pb2.ChatRequest | chat_pb2.CompleteRequest

_REQUEST_ID = re.compile(r"^[\x20-\x7e]{1,128}\Z")
_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}\Z")
_INFINITE = float("inf")
MAX_STOPS = 16
MAX_REFERENCE_CHARACTERS = 512
"""References name state and reports that outlive the call."""
PROTOCOLS = {openai_request.PROTOCOL: openai_request.refused_options}
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
    tools = tuple(_tool(tool, f"tools[{i}]", fields) for i, tool in enumerate(pb.tools))
    _check_unique(tools, fields)
    request = c.Request(
        model=pb.model,
        messages=messages,
        fallback_models=tuple(pb.fallback_models),
        tools=tools,
        tool_choice=_tool_choice(pb, fields),
        parallel_tool_calls=pb.parallel_tool_calls if pb.HasField("parallel_tool_calls") else None,
        response_format=_response_format(pb.response_format, fields) if pb.HasField("response_format") else None,
        max_output_tokens=_optional(pb, "max_output_tokens", fields, 1),
        temperature=_optional(pb, "temperature", fields, 0, 2),
        top_p=_optional(pb, "top_p", fields, 0, 1, open_low=True),
        top_k=_optional(pb, "top_k", fields, 1),
        stop=_stops(pb, fields),
        seed=pb.seed if pb.HasField("seed") else None,
        presence_penalty=_optional(pb, "presence_penalty", fields, -2, 2),
        frequency_penalty=_optional(pb, "frequency_penalty", fields, -2, 2),
        reasoning_effort=_reasoning(pb, fields),
        provider_options=_provider_options(pb, fields),
        policy=policy_of(pb.policy, "policy", fields) if pb.HasField("policy") else Policy(),
        request_id=request_id,
        trace_id=trace.trace_id,
        trace=trace,
        end_user_id=pb.end_user_id if pb.HasField("end_user_id") else None,
        include_attempts=pb.include_attempts,
        omit_message=pb.omit_message,
        size_bytes=pb.ByteSize(),
        media_bytes=conversation.media_bytes,
    )
    _labels(pb, fields)
    fields.check()
    return request


def _labels(pb: AnyRequest, fields: Fields) -> None:
    if pb.HasField("request_id") and not _REQUEST_ID.match(pb.request_id):
        fields.wrong("request_id", "must be 1 to 128 printable ASCII characters")
    if len(pb.model) > MAX_REFERENCE_CHARACTERS:
        fields.wrong("model", f"at most {MAX_REFERENCE_CHARACTERS} characters")
    for i, reference in enumerate(pb.fallback_models):
        if not reference or len(reference) > MAX_REFERENCE_CHARACTERS:
            fields.wrong(f"fallback_models[{i}]", f"must be 1 to {MAX_REFERENCE_CHARACTERS} characters")
    if pb.HasField("affinity_key"):
        fields.not_built("affinity_key")
    if pb.metadata:
        fields.not_built("metadata")


def _optional(
    pb: AnyRequest, name: str, fields: Fields, low: float, high: float = _INFINITE, *, open_low: bool = False
) -> int | None:
    """A scalar within its bounds, None when absent. (Typed int for the reader's sake; doubles stay doubles.)"""
    if not pb.HasField(name):  # type: ignore[arg-type]
        return None
    value: int = getattr(pb, name)
    fields.number(name, value, low, high, open_low=open_low)
    return value


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
    if not pb.HasField("tool_choice"):
        return None
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


def _response_format(pb: content_pb2.ResponseFormat, fields: Fields) -> c.ResponseFormat | None:
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
    if not pb.HasField("reasoning"):
        return None
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


def policy_of(pb: policy_pb2.Policy, path: str, fields: Fields) -> Policy:
    """The caller's layer of the policy."""
    on_slow = _enum(policy_pb2.OnSlow, pb.on_slow, OnSlow, f"{path}.on_slow", fields)
    on_break = _enum(policy_pb2.OnStreamBreak, pb.on_stream_break, OnStreamBreak, f"{path}.on_stream_break", fields)
    overflow = _enum(
        policy_pb2.OnContextOverflow, pb.on_context_overflow, OnContextOverflow, f"{path}.on_context_overflow", fields
    )
    filtered = _enum(
        policy_pb2.OnContentFiltered, pb.on_content_filtered, OnContentFiltered, f"{path}.on_content_filtered", fields
    )
    guided = _enum(
        policy_pb2.PromptGuidedTools, pb.prompt_guided_tools, PromptGuidedTools, f"{path}.prompt_guided_tools", fields
    )
    _enum(policy_pb2.OnStreamBreak, pb.buffer_then, OnStreamBreak, f"{path}.buffer_then", fields)
    _refuse_unbuilt(pb, path, fields)
    for name, value, built in (
        ("on_slow", on_slow, on_slow is not OnSlow.HEDGE),
        ("on_stream_break", on_break, on_break is OnStreamBreak.FAIL),
        ("on_context_overflow", overflow, overflow is OnContextOverflow.FAIL),
        ("on_content_filtered", filtered, filtered is OnContentFiltered.STOP),
        ("prompt_guided_tools", guided, guided is PromptGuidedTools.FORBID),
    ):
        if value is not None and not built:
            fields.not_built(f"{path}.{name}={value.name}")
    if pb.HasField("max_attempts"):
        fields.number(f"{path}.max_attempts", pb.max_attempts, 1, _INFINITE)

    def seconds(name: str, *, zero: bool = False) -> float | None:
        if not pb.HasField(name):  # type: ignore[arg-type]
            return None
        return _seconds(getattr(pb, name), f"{path}.{name}", fields, zero=zero)

    return Policy(
        pin=pb.pin if pb.HasField("pin") else None,
        profile=pb.profile if pb.HasField("profile") else None,
        only_providers=tuple(pb.only_providers) or None,
        never_providers=tuple(pb.never_providers) or None,
        on_slow=on_slow,
        first_content_s=seconds("first_content_duration"),
        first_content_limit_s=seconds("first_content_limit_duration"),
        idle_s=seconds("idle_duration"),
        on_stream_break=on_break,
        on_context_overflow=overflow,
        on_content_filtered=filtered,
        prompt_guided_tools=guided,
        max_attempts=pb.max_attempts if pb.HasField("max_attempts") else None,
        max_wait_s=seconds("max_wait_duration", zero=True),
    )


def _refuse_unbuilt(pb: policy_pb2.Policy, path: str, fields: Fields) -> None:
    for name in ("buffer_tokens", "buffer_duration", "infer_tool_end"):
        if pb.HasField(name):
            fields.not_built(f"{path}.{name}")
    if pb.buffer_then != policy_pb2.ON_STREAM_BREAK_UNSPECIFIED:
        fields.not_built(f"{path}.buffer_then")
    if pb.HasField("last_resort") and pb.last_resort:
        fields.not_built(f"{path}.last_resort")


def _seconds(value: Duration, path: str, fields: Fields, *, zero: bool) -> float:
    seconds = value.seconds + value.nanos / 1e9
    if seconds < 0 or (seconds == 0 and not zero):
        fields.wrong(path, "must be 0 or more" if zero else "must be over 0")
    return seconds


def _enum(wrapper: Any, value: int, kind: Callable[[str], E], path: str, fields: Fields) -> E | None:
    """The core's value of the same name; None when unspecified."""
    if value == 0:
        return None
    if value not in wrapper.values():
        fields.wrong(path, f"unknown value {value}")
        return None
    prefix = wrapper.Name(0).removesuffix("UNSPECIFIED")
    return kind(wrapper.Name(value).removeprefix(prefix).lower())

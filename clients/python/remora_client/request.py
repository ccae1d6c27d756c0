"""Requests: the keyword options of a call, and the message they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar

from ._pb.chat_pb2 import ChatRequest, CompleteRequest
from ._pb.content_pb2 import Reasoning, ResponseFormat, Tool, ToolChoice
from .conversation import Json, Prompt, conversation, json_text
from .enumeration import value_number
from .policy import Policy

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high"]
Request = TypeVar("Request", ChatRequest, CompleteRequest)


class ChatOptions(TypedDict, total=False):
    """The options of `chat` and `complete`; units, bounds and defaults are those of `remora.v1.ChatRequest`."""

    fallback_models: Sequence[str]
    tools: Sequence[Tool | Mapping[str, Any]]
    tool_choice: Literal["auto", "none", "required"] | ToolChoice
    parallel_tool_calls: bool
    response_format: Literal["text", "json"] | ResponseFormat
    max_output_tokens: int
    temperature: float
    top_p: float
    top_k: int
    stop: str | Sequence[str]
    seed: int
    presence_penalty: float
    frequency_penalty: float
    reasoning_effort: Effort
    reasoning_budget_tokens: int
    provider_options: Mapping[str, Json]
    policy: Policy
    affinity_key: str
    request_id: str
    end_user_id: str
    metadata: Mapping[str, str]
    include_attempts: bool
    omit_message: bool


# Options that are fields of the request as they are; the others are converted.
_PLAIN = frozenset(
    [
        "fallback_models",
        "parallel_tool_calls",
        "max_output_tokens",
        "temperature",
        "top_p",
        "top_k",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "affinity_key",
        "request_id",
        "end_user_id",
        "metadata",
        "include_attempts",
        "omit_message",
    ]
)


def build_request(kind: type[Request], model: str | None, prompt: Prompt, options: ChatOptions) -> Request:
    """The request of a call; None as an option is left out. TypeError for an unknown option, ValueError for a value."""
    given = {name: value for name, value in options.items() if value is not None}
    if unknown := given.keys() - ChatOptions.__annotations__.keys():
        raise TypeError(f"unknown option: {', '.join(sorted(unknown))}")
    plain: dict[str, Any] = {name: value for name, value in given.items() if name in _PLAIN}
    request = kind(model=model or "", messages=conversation(prompt), **plain)
    stop = options.get("stop") or ()
    request.stop.extend([stop] if isinstance(stop, str) else stop)
    request.tools.extend(_tool_from(item) for item in options.get("tools") or ())
    for protocol, settings in (options.get("provider_options") or {}).items():
        request.provider_options[protocol] = json_text(settings)
    if (choice := options.get("tool_choice")) is not None:
        request.tool_choice.CopyFrom(_choice_from(choice))
    if (form := options.get("response_format")) is not None:
        request.response_format.CopyFrom(_format_from(form))
    if (policy := options.get("policy")) is not None:
        request.policy.CopyFrom(policy.to_message())
    _set_reasoning(request.reasoning, options)
    return request


def tool(name: str, description: str = "", parameters: Json | None = None, *, strict: bool | None = None) -> Tool:
    """A tool the model may call. `parameters`: the JSON schema of its arguments, an object; None: no arguments."""
    schema = None if parameters is None else json_text(parameters)
    return Tool(name=name, description=description, parameters_json=schema, strict=strict)


def named_tool(name: str) -> ToolChoice:
    """A tool choice: the model must call this one."""
    return ToolChoice(mode=ToolChoice.MODE_NAMED, name=name)


def json_schema(schema: Json, *, name: str | None = None, strict: bool | None = None) -> ResponseFormat:
    """A response format: JSON that follows the schema. `name` defaults to "answer", `strict` to true."""
    return ResponseFormat(
        kind=ResponseFormat.KIND_JSON_SCHEMA, schema_json=json_text(schema), schema_name=name, strict=strict
    )


def _tool_from(item: Tool | Mapping[str, Any]) -> Tool:
    """A tool from a mapping `{name, description, parameters, strict}`, bare or as OpenAI nests it under `function`."""
    if isinstance(item, Tool):
        return item
    body: Mapping[str, Any] = item.get("function", item)
    unknown = body.keys() - {"type", "name", "description", "parameters", "strict"}
    if unknown or "name" not in body:
        raise ValueError("a tool is a mapping with name, description, parameters and strict")
    return tool(body["name"], body.get("description") or "", body.get("parameters"), strict=body.get("strict"))


def _choice_from(choice: str | ToolChoice) -> ToolChoice:
    if isinstance(choice, ToolChoice):
        return choice
    enum = ToolChoice.DESCRIPTOR.enum_types_by_name["Mode"]
    if choice == "named":
        raise ValueError("tool_choice: name the tool with named_tool(name)")
    return ToolChoice(mode=ToolChoice.Mode.ValueType(value_number(enum, choice, "MODE_", "tool_choice")))


def _format_from(form: str | ResponseFormat) -> ResponseFormat:
    if isinstance(form, ResponseFormat):
        return form
    if form == "json_schema":
        raise ValueError("response_format: give the schema with json_schema(schema)")
    enum = ResponseFormat.DESCRIPTOR.enum_types_by_name["Kind"]
    return ResponseFormat(kind=ResponseFormat.Kind.ValueType(value_number(enum, form, "KIND_", "response_format")))


def _set_reasoning(reasoning: Reasoning, options: ChatOptions) -> None:
    if (effort := options.get("reasoning_effort")) is not None:
        enum = Reasoning.DESCRIPTOR.enum_types_by_name["Effort"]
        reasoning.effort = Reasoning.Effort.ValueType(value_number(enum, effort, "EFFORT_", "reasoning_effort"))
    if (budget := options.get("reasoning_budget_tokens")) is not None:
        reasoning.budget_tokens = budget

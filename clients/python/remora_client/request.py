"""Requests: the keyword options of a call, and the message they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar

from ._pb.chat_pb2 import ChatRequest, CompleteRequest
from ._pb.content_pb2 import Reasoning, ResponseFormat, Tool, ToolChoice
from .conversation import Json, Prompt, conversation, json_text
from .enumeration import value_number
from .fields import check_known, new_message, texts
from .policy import Policy, policy_message

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high"]
Request = TypeVar("Request", ChatRequest, CompleteRequest)


class ChatOptions(TypedDict, total=False):
    """The options of `chat` and `complete`; units, bounds and defaults are those of `remora.v1.ChatRequest`."""

    fallback_models: str | Sequence[str]
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
    """The request of a call; None as an option is left out. TypeError or ValueError, naming it, for one that cannot be."""
    given = {name: value for name, value in options.items() if value is not None}
    check_known(given, ChatOptions)
    plain: dict[str, Any] = {name: value for name, value in given.items() if name in _PLAIN}
    request = new_message(kind, {"model": model or "", "messages": conversation(prompt), **plain})
    request.fallback_models.extend(texts(options.get("fallback_models") or None, "fallback_models"))
    request.stop.extend(texts(options.get("stop") or None, "stop"))
    request.tools.extend(_tools_from(options.get("tools") or ()))
    for protocol, settings in (options.get("provider_options") or {}).items():
        request.provider_options[protocol] = json_text(settings)
    if (choice := options.get("tool_choice")) is not None:
        request.tool_choice.CopyFrom(_choice_from(choice))
    if (form := options.get("response_format")) is not None:
        request.response_format.CopyFrom(_format_from(form))
    if (policy := options.get("policy")) is not None:
        request.policy.CopyFrom(policy_message(policy))
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


def _tools_from(items: Sequence[Tool | Mapping[str, Any]]) -> list[Tool]:
    if isinstance(items, str | Tool | Mapping):
        raise TypeError("tools must be a list of tools")
    return [_tool_from(item) for item in items]


def _tool_from(item: Tool | Mapping[str, Any]) -> Tool:
    """A tool from a mapping `{name, description, parameters, strict}`, bare or as OpenAI nests it under `function`."""
    if isinstance(item, Tool):
        return item
    body = item.get("function", item) if isinstance(item, Mapping) else None
    known = {"type", "name", "description", "parameters", "strict"}
    if not isinstance(body, Mapping) or body.keys() - known or "name" not in body:
        raise ValueError("a tool is from tool(), or a mapping with name, description, parameters and strict")
    return tool(body["name"], body.get("description") or "", body.get("parameters"), strict=body.get("strict"))


def _choice_from(choice: str | ToolChoice) -> ToolChoice:
    if isinstance(choice, ToolChoice):
        return choice
    enum = ToolChoice.DESCRIPTOR.enum_types_by_name["Mode"]
    number = value_number(enum, choice, "MODE_", "tool_choice", {"named": "named_tool(name)"})
    return ToolChoice(mode=ToolChoice.Mode.ValueType(number))


def _format_from(form: str | ResponseFormat) -> ResponseFormat:
    if isinstance(form, ResponseFormat):
        return form
    enum = ResponseFormat.DESCRIPTOR.enum_types_by_name["Kind"]
    number = value_number(enum, form, "KIND_", "response_format", {"json_schema": "json_schema(schema)"})
    return ResponseFormat(kind=ResponseFormat.Kind.ValueType(number))


def _set_reasoning(reasoning: Reasoning, options: ChatOptions) -> None:
    if (effort := options.get("reasoning_effort")) is not None:
        enum = Reasoning.DESCRIPTOR.enum_types_by_name["Effort"]
        reasoning.effort = Reasoning.Effort.ValueType(value_number(enum, effort, "EFFORT_", "reasoning_effort"))
    if (budget := options.get("reasoning_budget_tokens")) is not None:
        reasoning.budget_tokens = budget

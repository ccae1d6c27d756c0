"""Reads a chat completions request, and refuses what OpenAI refuses in OpenAI's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

from .text import Turn
from .wire import BadRequestError, ChatCall, Tool

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_PART_TYPES = ("text", "image_url", "input_audio", "file", "refusal")
_JSON_NAMES = {str: "a string", int: "an integer", float: "a decimal", bool: "a boolean", dict: "an object"}
_BOUNDS = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}


def read_call(body: bytes) -> ChatCall:
    """Return the call in `body`; raise BadRequestError for what OpenAI answers with 400."""
    fields = read_object(body)
    model = read_typed(fields, "model", str)
    if not model:
        raise BadRequestError("you must provide a model parameter")
    stream = bool(read_typed(fields, "stream", bool))
    turns = _turns(fields.get("messages"))
    _check_numbers(fields)
    tools = _tools(fields.get("tools"))
    json, schema = _response_format(fields.get("response_format"))
    return ChatCall(
        model=model,
        turns=turns,
        stream=stream,
        include_usage=_include_usage(fields, stream),
        tools=tools,
        tool_choice=_tool_choice(fields.get("tool_choice"), tools),
        parallel=read_typed(fields, "parallel_tool_calls", bool) is not False,
        json=json,
        schema=schema,
        max_tokens=_max_tokens(fields),
        stop=_stop(fields.get("stop")),
        fields=fields,
    )


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raise BadRequestError where there is none."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise BadRequestError(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
            "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
        )
    return fields


def read_typed(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a field of this very type, None without it; raise BadRequestError where it is of another."""
    value = fields.get(name)
    if value is not None and type(value) is not kind:
        _wrong_type(name, _JSON_NAMES[kind], value)
    return value


def _wrong_type(path: str, expected: str, value: Any) -> NoReturn:
    got = "null" if value is None else "an array" if isinstance(value, list) else _JSON_NAMES[type(value)]
    message = f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    raise BadRequestError(message, path, "invalid_type")


def _turns(messages: Any) -> tuple[Turn, ...]:
    if messages is None:
        raise BadRequestError("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    if not isinstance(messages, list):
        _wrong_type("messages", "an array of objects", messages)
    if not messages:
        message = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise BadRequestError(message, "messages", "empty_array")
    called: set[str] = set()
    return tuple(_turn(message, f"messages[{place}]", called) for place, message in enumerate(messages))


def _turn(message: Any, path: str, called: set[str]) -> Turn:
    if not isinstance(message, dict):
        _wrong_type(path, "an object", message)
    role = message.get("role")
    if role is None:
        raise BadRequestError(
            f"Missing required parameter: '{path}.role'.", f"{path}.role", "missing_required_parameter"
        )
    if role not in _ROLES:
        supported = ", ".join(f"'{name}'" for name in _ROLES[:-1]) + f", and '{_ROLES[-1]}'"
        text = f"Invalid value: '{role}'. Supported values are: {supported}."
        raise BadRequestError(text, f"{path}.role", "invalid_value")
    if role == "assistant":
        called.update(_call_ids(message.get("tool_calls"), f"{path}.tool_calls"))
    if role == "tool" and read_typed(message, "tool_call_id", str) not in called:
        text = (
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
        )
        raise BadRequestError(text, f"{path}.role")
    has_other = role == "assistant" and any(message.get(name) for name in ("tool_calls", "function_call", "refusal"))
    return Turn(role, _content(message.get("content"), f"{path}.content", has_other))


def _call_ids(calls: Any, path: str) -> list[str]:
    if calls is None:
        return []
    if not isinstance(calls, list):
        _wrong_type(path, "an array of objects", calls)
    for place, call in enumerate(calls):
        if not isinstance(call, dict) or not isinstance(call.get("id"), str):
            where = f"{path}[{place}].id"
            raise BadRequestError(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")
    return [call["id"] for call in calls]


def _content(content: Any, path: str, may_be_absent: bool) -> str:
    if isinstance(content, str):
        return content
    if content is None:
        if may_be_absent:
            return ""
        raise BadRequestError(f"Invalid value for '{path}': expected a string, got null.", path)
    if not isinstance(content, list):
        _wrong_type(path, "one of a string or array of objects", content)
    texts = []
    for place, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _PART_TYPES:
            supported = ", ".join(f"'{name}'" for name in _PART_TYPES)
            text = f"Invalid value: '{kind}'. Supported values are: {supported}."
            raise BadRequestError(text, f"{path}[{place}].type", "invalid_value")
        texts.append(str(part.get("text", "")) if kind == "text" else "")
    return "".join(texts)


def _check_numbers(fields: Mapping[str, Any]) -> None:
    for name, (low, high) in _BOUNDS.items():
        value = fields.get(name)
        if value is None:
            continue
        if type(value) not in (int, float):
            _wrong_type(name, "a decimal", value)
        if not low <= value <= high:
            side, bound = ("above maximum", "<= " + str(high)) if value > high else ("below minimum", ">= " + str(low))
            text = f"Invalid '{name}': decimal {side} value. Expected a value {bound}, but got {value} instead."
            raise BadRequestError(text, name, f"decimal_{side.replace(' ', '_')}_value")
    if read_typed(fields, "n", int) not in (None, 1):
        raise BadRequestError("Invalid 'n': this simulator gives one choice.", "n", "invalid_value")


def _max_tokens(fields: Mapping[str, Any]) -> int | None:
    names = [name for name in ("max_completion_tokens", "max_tokens") if fields.get(name) is not None]
    if len(names) > 1:
        text = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise BadRequestError(text, "max_tokens", "invalid_parameter_combination")
    if not names:
        return None
    value = read_typed(fields, names[0], int)
    if value < 1:
        text = f"Invalid '{names[0]}': integer below minimum value. Expected a value >= 1, but got {value} instead."
        raise BadRequestError(text, names[0], "integer_below_min_value")
    return int(value)


def _include_usage(fields: Mapping[str, Any], stream: bool) -> bool:
    options = read_typed(fields, "stream_options", dict)
    if options is not None and not stream:
        text = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise BadRequestError(text, "stream_options")
    return bool(options and options.get("include_usage"))


def _tools(value: Any) -> tuple[Tool, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        _wrong_type("tools", "an array of objects", value)
    if not value:
        raise BadRequestError("Invalid 'tools': empty array.", "tools", "empty_array")
    return tuple(_tool(tool, f"tools[{place}]") for place, tool in enumerate(value))


def _tool(tool: Any, path: str) -> Tool:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        text = f"Missing required parameter: '{path}.function'."
        raise BadRequestError(text, f"{path}.function", "missing_required_parameter")
    schema = function.get("parameters") or {}
    if not isinstance(schema, dict):
        _wrong_type(f"{path}.function.parameters", "an object", schema)
    if schema.get("type", "object") != "object":
        wanted = "schema must be a JSON Schema of 'type: \"object\"'"
        text = f"Invalid schema for function '{function['name']}': {wanted}, got 'type: \"{schema['type']}\"'."
        raise BadRequestError(text, f"{path}.function.parameters", "invalid_function_parameters")
    return Tool(function["name"], schema)


def _tool_choice(value: Any, tools: tuple[Tool, ...]) -> str:
    if value is None:
        return "auto"
    if not tools:
        text = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        raise BadRequestError(text, "tool_choice")
    if value in ("auto", "none", "required"):
        return str(value)
    function = value.get("function") if isinstance(value, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if name not in [tool.name for tool in tools]:
        raise BadRequestError(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")
    return f"={name}"


def _response_format(value: Any) -> tuple[bool, Mapping[str, Any] | None]:
    if value is None:
        return False, None
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("text", "json_object", "json_schema"):
        text = f"Invalid value: '{kind}'. Supported values are: 'json_object', 'json_schema', and 'text'."
        raise BadRequestError(text, "response_format.type", "invalid_value")
    if kind != "json_schema":
        return kind == "json_object", None
    named = value.get("json_schema")
    if not isinstance(named, dict) or not isinstance(named.get("schema"), dict):
        path = "response_format.json_schema"
        raise BadRequestError(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")
    return True, named["schema"]


def _stop(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    sequences = [value] if isinstance(value, str) else value
    if not isinstance(sequences, list) or not all(isinstance(sequence, str) and sequence for sequence in sequences):
        raise BadRequestError("Invalid 'stop': expected a string or an array of strings.", "stop", "invalid_type")
    if len(sequences) > 4:
        text = f"Invalid 'stop': array too long. Expected an array with maximum length 4, but got {len(sequences)}."
        raise BadRequestError(text, "stop", "array_above_max_length")
    return tuple(sequences)

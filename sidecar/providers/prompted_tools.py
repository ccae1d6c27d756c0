"""A request for a model without native tools: tools as instructions, calls and their results as text (failover.md §6).

The form is that of Hermes and Qwen models, which most small models have seen in training: their chat templates show tools
between <tools> tags, take calls between <tool_call> tags and give results between <tool_response> tags, all as JSON. Here
a past call also has its id, since two calls of one tool may be answered in any order. `prompted_answer` reads the calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import orjson

from ..core.content import (
    FormatKind,
    Message,
    Part,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from .prompted_call import CLOSING, OPENING

_NO_ARGUMENTS = '{"type":"object","properties":{}}'
_HEAD = "# Tools\n\nYou can call these tools, each described as a JSON object between <tools> and </tools>:\n<tools>\n"
_HOW = (
    "\n</tools>\n\n"
    "To call a tool, write its name and its arguments, which must fit its parameters schema, in exactly this form:\n"
    f'{OPENING}\n{{"name": "<name of the tool>", "arguments": <arguments as a JSON object>}}\n{CLOSING}\n\n'
    "Rules:\n"
    "- Between the tags stands one valid JSON object and nothing else. Use no code fence.\n"
    "- Call no tool that is not listed, and never write a result yourself.\n"
    "- Calls end your turn: write nothing behind them. Results come next, between <tool_response> and </tool_response>.\n"
)
_PAST = "- Earlier calls bear an id, which their results repeat. Write none in yours.\n"
_SEVERAL = "- You may make several calls, each between tags of its own.\n"
_ONE = "- Make one call at most.\n"
_FREE = "- Call tools only where you need them; otherwise answer without these tags."
_MUST = "- Now you must call at least one tool."
_MUST_CALL = "- Now you must call the tool "
_SHOWN = (
    "# Tools\n\nEarlier calls of tools and their results are shown as text. No tool can be called now: answer in words, "
    f"without {OPENING} tags."
)
_JSON = "\n- An answer without a call is one JSON object and nothing else: no text around it, no code fence."
_SCHEMA = "\n- An answer without a call is one JSON value of this schema and nothing else, without a code fence: "


def offered(request: Request) -> tuple[Tool, ...]:
    """The tools the model is told of, which alone it may call: all, or none where the choice is NONE."""
    choice = request.tool_choice
    return () if choice is not None and choice.mode is ToolMode.NONE else request.tools


def prompted(request: Request) -> Request:
    """The same question without native tools, of calls or results in the conversation either.

    What tool_choice and parallel_tool_calls ask for, and the schemas of tools, the model is asked to follow; nothing holds
    it to them. A response format goes the same way where tools are offered, since a provider that holds the model to JSON
    makes calls impossible; without tools it stays. User turns that follow each other become one, for strict providers.
    """
    tools = offered(request)
    has_past = any(isinstance(part.content, ToolCall) for message in request.messages for part in message.parts)
    messages = tuple(_conversation(request.messages))
    if tools:
        messages = _with_instruction(messages, _instruction(request, tools, has_past))
    elif has_past:
        messages = _with_instruction(messages, _SHOWN)
    return replace(
        request,
        messages=messages,
        tools=(),
        tool_choice=None,
        parallel_tool_calls=None,
        response_format=None if tools else request.response_format,
    )


def _instruction(request: Request, tools: Iterable[Tool], has_past: bool) -> str:
    listed = "\n".join(_listed(tool) for tool in tools)
    several = _ONE if request.parallel_tool_calls is False else _SEVERAL
    rules = (_PAST if has_past else "") + several + _demand(request.tool_choice) + _form(request.response_format)
    return _HEAD + listed + _HOW + rules


def _listed(tool: Tool) -> str:
    """One tool as the models' own templates list it; the schema byte for byte."""
    described = {"description": tool.description} if tool.description else {}
    parameters = orjson.Fragment(_NO_ARGUMENTS if tool.parameters is None else tool.parameters)
    function = {"name": tool.name, **described, "parameters": parameters}
    return orjson.dumps({"type": "function", "function": function}).decode()


def _demand(choice: ToolChoice | None) -> str:
    if choice is not None and choice.mode is ToolMode.REQUIRED:
        return _MUST
    if choice is not None and choice.mode is ToolMode.NAMED:
        return f"{_MUST_CALL}{choice.name}."
    return _FREE


def _form(form: ResponseFormat | None) -> str:
    if form is None or form.kind is FormatKind.TEXT:
        return ""
    return _JSON if form.kind is FormatKind.JSON else _SCHEMA + (form.schema or "{}")


def _with_instruction(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """With a part more in the last of the system messages that the conversation begins with, or a new one."""
    leading = 0
    while leading < len(messages) and messages[leading].role is Role.SYSTEM:
        leading += 1
    if not leading:
        return (Message(Role.SYSTEM, (Part(Text(text)),)), *messages)
    last = messages[leading - 1]
    return (*messages[: leading - 1], replace(last, parts=_with_text(last.parts, text)), *messages[leading:])


def _with_text(parts: tuple[Part, ...], text: str) -> tuple[Part, ...]:
    """One text where it can be: some targets take only that in a system message, others join parts without a space."""
    last = parts[-1]
    if isinstance(last.content, Text) and last.cache_hint is None:
        return (*parts[:-1], replace(last, content=Text(f"{last.content.text}\n\n{text}")))
    return (*parts, Part(Text("\n\n" + text)))


def _conversation(messages: Iterable[Message]) -> list[Message]:
    out: list[Message] = []
    names: dict[str, str] = {}
    for message in messages:
        shown = _shown(message, names)
        if out and shown.role is Role.USER and out[-1].role is Role.USER:
            out[-1] = replace(shown, parts=out[-1].parts + shown.parts)
        else:
            out.append(shown)
    return out


def _shown(message: Message, names: dict[str, str]) -> Message:
    """A turn without native calls and results. `names`: of the tools called so far, by id; calls add theirs."""
    if message.role is Role.ASSISTANT:
        return replace(message, parts=_with_calls_as_text(message.parts, names))
    if message.role is Role.TOOL:
        return Message(Role.USER, tuple(shown for part in message.parts for shown in _result(part, names)))
    return message


def _with_calls_as_text(parts: tuple[Part, ...], names: dict[str, str]) -> tuple[Part, ...]:
    """Calls on lines of their own, since targets may join the texts of a turn without anything between them."""
    out: list[Part] = []
    has_text = follows_call = False
    for part in parts:
        content = part.content
        if isinstance(content, ToolCall):
            names[content.id] = content.name
            text = ("\n" if has_text else "") + _call(content)
            part = replace(part, content=Text(text), opaque_state=None)
        elif isinstance(content, Text) and follows_call:
            part = replace(part, content=Text("\n" + content.text))
        if isinstance(content, Text | ToolCall):
            has_text, follows_call = True, isinstance(content, ToolCall)
        out.append(part)
    return tuple(out)


def _call(call: ToolCall) -> str:
    written = {"name": call.name, "arguments": _arguments(call.arguments), "id": call.id}
    return f"{OPENING}\n{orjson.dumps(written).decode()}\n{CLOSING}"


def _arguments(text: str) -> object:
    """Byte for byte where they are a JSON object; else, as a model that was cut off leaves them, as a string."""
    if not text.strip():
        return {}
    try:
        return orjson.Fragment(text) if isinstance(orjson.loads(text), dict) else text
    except orjson.JSONDecodeError:
        return text


def _result(part: Part, names: dict[str, str]) -> list[Part]:
    """The text of a result, and its images behind it; a cache hint stands at the end of both."""
    result = part.content
    if not isinstance(result, ToolResult):
        return [part]  # the edge lets nothing else into such a turn
    failed = {"is_error": True} if result.is_error else {}
    name = names.get(result.tool_call_id, "")
    written = {"name": name, "id": result.tool_call_id, **failed, "content": result.text}
    text = f"<tool_response>\n{orjson.dumps(written).decode()}\n</tool_response>"
    shown = [Part(Text(text), part.issuer), *(Part(image, part.issuer) for image in result.images)]
    shown[-1] = replace(shown[-1], cache_hint=part.cache_hint)
    return shown

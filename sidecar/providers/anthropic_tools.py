"""Messages API, outgoing: tools, and JSON answers, which are an output format or a tool that must be called.

Source: Anthropic's reference, "Create a Message", and its pages on tool use and structured outputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import orjson

from ..core.catalog import Feature, Model
from ..core.content import FormatKind, Request, ResponseFormat, Tool, ToolChoice, ToolMode
from ..core.reasons import Reason
from .anthropic_content import Json
from .anthropic_family import Family
from .anthropic_schema import obstacle
from .repair import Repairs

_NO_ARGUMENTS = '{"type":"object","properties":{}}'
_STRICTLY_NO_ARGUMENTS = '{"type":"object","properties":{},"additionalProperties":false}'
_ANY_OBJECT = '{"type":"object","additionalProperties":true}'
_ANSWER = "Gives the answer to the user. Call it with the whole answer, as the conversation asks for it."
_INSTRUCTION = "Answer with one JSON object and nothing else: no text around it, no code fence."
_MAX_NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Tools:
    """What is sent of tools and format. `answer_tool`: the tool whose arguments are the answer, if it is asked for so.

    `instruction`: what the system prompt must say beside that.
    """

    tools: list[Json]
    choice: Json | None = None
    format: Json | None = None
    answer_tool: str | None = None
    instruction: str | None = None

    @property
    def is_forced(self) -> bool:
        """Whether some tool must be called, which excludes thinking."""
        return self.choice is not None and self.choice["type"] in ("any", "tool")


def tools_of(request: Request, model: Model, family: Family, called: Iterable[str], told: Repairs) -> Tools:
    """Tools, choice and format of a request. `called`: names of tools the conversation has called, declared where the
    request has no tools, since the API refuses calls of tools it was not told of; they may not be called again.

    A schema goes into the output format where the model may take one, `strict` is asked for, and the schema is of those
    the format takes. Else, and for JSON without a schema, which the API has no format for, the model is made to call a
    tool whose arguments are the answer; beside the caller's own tools it must call that or one of them. A model known to
    take no tools gets the format, and JSON without a schema as an instruction. A schema that is no object's goes into the
    format too, as no tool takes it. A strictness that is asked for and cannot be had goes to `told`.
    """
    tools = [_tool(tool, family, told) for tool in request.tools]
    choice = _choice(request.tool_choice, request.parallel_tool_calls) if tools else None
    plain = Tools(tools, choice) if tools else _declared(called)
    form = request.response_format
    if form is None or form.kind is FormatKind.TEXT:
        return plain
    has_tools = model.features is None or Feature.TOOLS in model.features
    if form.kind is FormatKind.JSON and not has_tools:
        return replace(plain, instruction=_INSTRUCTION)
    if form.kind is FormatKind.JSON_SCHEMA and not (has_tools and _suits_tool(form, model, family, told)):
        return replace(plain, format={"type": "json_schema", "schema": orjson.Fragment(form.schema or _ANY_OBJECT)})
    if plain.is_forced:
        return plain  # this turn is a call of the caller's tools; the answer comes later
    return _answering(form, tools, choice, called)


def _suits_tool(form: ResponseFormat, model: Model, family: Family, told: Repairs) -> bool:
    """Whether a tool is the better way to a schema."""
    if not _is_objects(form.schema or "{}"):
        return False
    takes_formats = family.takes_formats if model.features is None else Feature.JSON_SCHEMA in model.features
    if not form.strict or not takes_formats:
        return True
    if (why := obstacle(form.schema or _ANY_OBJECT)) is None:
        return False
    told.add(f"the answer's schema was sent as a tool's, which the model is not held to: {why}")
    return True


def _is_objects(schema: str) -> bool:
    """Whether it says that the answer is an object; the edge has seen to it that it is an object itself."""
    try:
        read = orjson.loads(schema)
    except orjson.JSONDecodeError:
        return False  # nested deeper than this reader goes
    return isinstance(read, dict) and read.get("type") == "object"


def _answering(form: ResponseFormat, tools: list[Json], choice: Json | None, called: Iterable[str]) -> Tools:
    name = _free_name(form.name, {*(tool["name"] for tool in tools), *called})
    answer = {"name": name, "description": _ANSWER, "input_schema": orjson.Fragment(form.schema or _ANY_OBJECT)}
    must: Json = {"type": "tool", "name": name, "disable_parallel_tool_use": True}
    if tools and (choice is None or choice["type"] == "auto"):
        must = (choice or {}) | {"type": "any"}
    return Tools([*tools, answer], must, None, name)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name[: _MAX_NAME_CHARACTERS - 1]}_" if len(name) < _MAX_NAME_CHARACTERS else f"_{name[:-1]}"
    return name


def _declared(called: Iterable[str]) -> Tools:
    tools: list[Json] = [{"name": name, "input_schema": orjson.Fragment(_NO_ARGUMENTS)} for name in called]
    return Tools(tools, {"type": "none"} if tools else None)


def _tool(tool: Tool, family: Family, told: Repairs) -> Json:
    out: Json = {"name": tool.name}
    if tool.description:
        out["description"] = tool.description
    none = _STRICTLY_NO_ARGUMENTS if tool.strict else _NO_ARGUMENTS
    schema = none if tool.parameters is None else tool.parameters
    out["input_schema"] = orjson.Fragment(schema)
    if tool.strict:
        why = obstacle(schema) if family.takes_formats else "this model has no strict tools"
        if why is None:
            out["strict"] = True
        else:
            told.add(f"the tool {tool.name} was sent without strict: {why}", Reason.TOOL_SCHEMA)
    return out


def _choice(choice: ToolChoice | None, parallel: bool | None) -> Json | None:
    mode = ToolMode.AUTO if choice is None else choice.mode
    if mode is ToolMode.NONE:
        return {"type": "none"}
    if choice is not None and mode is ToolMode.NAMED:
        out: Json = {"type": "tool", "name": choice.name}
    else:
        out = {"type": "any" if mode is ToolMode.REQUIRED else "auto"}
    if parallel is False:
        out["disable_parallel_tool_use"] = True
    return out if choice is not None or parallel is False else None

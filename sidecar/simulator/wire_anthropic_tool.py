"""The tools of a Messages request, and which of them it wants called. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .wire import Tool
from .wire_anthropic_field import cache_ttl, matching, record, refuse, tag, typed
from .wire_anthropic_schema import check_strict

_NAME_PATTERN = "^[a-zA-Z0-9_-]{1,128}$"
_OPTIONAL = (
    "type",
    "description",
    "cache_control",
    "strict",
    "defer_loading",
    "allowed_callers",
    "eager_input_streaming",
    "input_examples",
)
# Tools that the API itself defines, and in part runs: `web_search_20250305` and the like.
_OWN = re.compile(
    r"(bash|code_execution|text_editor|computer_toolset|browser_toolset|memory|web_search|web_fetch"
    r"|tool_search_tool_(bm25|regex))_\d{8}"
)
_COMBINED = ("oneOf", "allOf", "anyOf")


def read_tools(value: Any) -> tuple[Tool, ...]:
    """Return the caller's tools in the request's `tools`; those the API itself defines are left out."""
    if value is None:
        return ()
    tools = [_tool(tool, f"tools.{place}") for place, tool in enumerate(typed(value, "tools", list))]
    names = [tool["name"] for tool in value if "name" in tool]
    if len(set(names)) != len(names):
        refuse("tools: Tool names must be unique.")
    return tuple(tool for tool in tools if tool is not None)


def read_tool_choice(value: Any, tools: tuple[Tool, ...]) -> tuple[str, bool]:
    """Return `auto`, `none`, `required` or `=name`, and whether several tools may be called at once."""
    if value is None:
        return "auto", True
    kind = tag(value, "tool_choice", ("auto", "any", "tool", "none"))
    required = ("type", "name") if kind == "tool" else ("type",)
    optional = () if kind == "none" else ("disable_parallel_tool_use",)
    choice = record(value, f"tool_choice.{kind}", required, optional)
    is_single = typed(
        choice.get("disable_parallel_tool_use", False), f"tool_choice.{kind}.disable_parallel_tool_use", bool
    )
    if not tools and kind != "none":
        refuse("tool_choice may only be specified while providing tools.")
    if kind == "tool" and choice["name"] not in [tool.name for tool in tools]:
        refuse(f"Tool '{choice['name']}' not found in provided tools")
    wanted = {"any": "required", "tool": f"={choice.get('name')}"}.get(kind, kind)
    return wanted, not is_single


def _tool(value: Any, path: str) -> Tool | None:
    kind = typed(value, path, dict).get("type")
    if isinstance(kind, str) and _OWN.fullmatch(kind):
        typed(value.get("name", ""), f"{path}.{kind}.name", str)
        cache_ttl(value, f"{path}.{kind}")
        return None
    if kind not in (None, "custom"):
        refuse(f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'custom', …")
    path = f"{path}.custom"
    fields = record(value, path, ("name", "input_schema"), _OPTIONAL)
    name = matching(fields["name"], f"{path}.name", _NAME_PATTERN)
    if "description" in fields:
        typed(fields["description"], f"{path}.description", str)
    cache_ttl(fields, path)
    schema = _schema(fields["input_schema"], f"{path}.input_schema")
    if typed(fields.get("strict", False), f"{path}.strict", bool):
        check_strict(schema, path)
    return Tool(name, schema)


def _schema(value: Any, path: str) -> Mapping[str, Any]:
    schema: dict[str, Any] = typed(value, path, dict)
    if "type" not in schema:
        refuse(f"{path}.type: Field required")
    if schema["type"] != "object":
        refuse(f"{path}.type: Input should be 'object'")
    if any(keyword in schema for keyword in _COMBINED):
        refuse(f"{path}: input_schema does not support oneOf, allOf, or anyOf at the top level")
    if not isinstance(schema.get("properties") or {}, dict):
        refuse(f"{path}: JSON schema is invalid. It must match JSON Schema draft 2020-12")
    return schema

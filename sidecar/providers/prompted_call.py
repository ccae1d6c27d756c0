"""One tool call as a model writes it between the tags of `prompted_tools`: a JSON object with a name and arguments."""

from __future__ import annotations

import json
import re

import orjson

from ..core.errors import BadToolCall
from ..core.value import value_type

OPENING = "<tool_call>"
CLOSING = "</tool_call>"
FENCE = "```"
LANGUAGES = "[A-Za-z_]{0,16}"
"""What may follow the three ticks that open a code block, as an expression."""
_OPENED = re.compile(rf"\A```{LANGUAGES}")
_SPACE = re.compile(r"\s*")


@value_type
class Called:
    """A call of an offered tool. `arguments`: a JSON object as text, as the model wrote it."""

    name: str
    arguments: str


def read_call(body: str, names: frozenset[str]) -> Called:
    """The call, from what stands between the tags. BadToolCall where it is none, or of a tool not in `names`.

    Arguments must be a JSON object; whether it fits the tool's schema is the caller's to judge, as with native calls.
    """
    members = _members(_unfenced(body))
    if members is None:
        raise BadToolCall("a tool call in the text that is no JSON object")
    raw = members.get("name", "")
    if not raw.startswith('"'):
        raise BadToolCall("a tool call in the text without a name")
    name = _JSON.decode(raw)
    if name not in names:
        raise BadToolCall("a tool call in the text of a tool that was not offered")
    return Called(name, _arguments(members))


def is_whole(body: str) -> bool:
    """Whether it is a JSON object, which a closing tag may follow."""
    return _members(_unfenced(body)) is not None


def _unfenced(body: str) -> str:
    """Without a code fence around the object, or one behind it that was opened before the tag."""
    return _OPENED.sub("", body.strip()).removesuffix(FENCE).strip()


def _arguments(members: dict[str, str]) -> str:
    """`parameters` is what Llama models are taught to write instead (Meta's "Llama 3.1", JSON based tool calling)."""
    raw = members.get("arguments", members.get("parameters", "null"))
    if raw.startswith("{"):
        return raw
    text = _JSON.decode(raw)
    if text is None or text == "":
        return "{}"
    try:
        if isinstance(text, str) and isinstance(orjson.loads(text), dict):
            return text
    except orjson.JSONDecodeError:
        pass  # text that is no JSON: as wrong as any other value
    raise BadToolCall("a tool call in the text whose arguments are no JSON object")


def _not_json(word: str) -> None:
    raise ValueError(word)


_JSON = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_not_json)
"""Numbers of any size; no NaN or Infinity, which are not JSON."""


def _members(text: str) -> dict[str, str] | None:
    """The members of a JSON object, each value as it is written; None where the text is anything else."""
    try:
        value, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or end != len(text):
        return None
    found: dict[str, str] = {}
    at = 0
    while value and text[at] != "}":
        key, at = _JSON.raw_decode(text, text.index('"', at))
        begin = _skipped(text, _skipped(text, at) + 1)
        _, end = _JSON.raw_decode(text, begin)
        found[key] = text[begin:end]
        at = _skipped(text, end)
    return found


def _skipped(text: str, at: int) -> int:
    """Where the white space from `at` on ends."""
    space = _SPACE.match(text, at)
    return at if space is None else space.end()

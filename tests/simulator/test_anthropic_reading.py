"""However wrong a Messages request is, it is either answered or refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from sidecar.simulator.action import Action
from sidecar.simulator.answer import Stamp, make_answer
from sidecar.simulator.cache import PromptCache
from sidecar.simulator.limit import check_limits
from sidecar.simulator.wire import BadRequestError
from sidecar.simulator.wire_anthropic import AnthropicWire

from .messages import CACHED, CALL, HI, OTHER, TOOLS, assistant, image, result_of, text, user

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
DOCUMENT = {"type": "document", "title": "t", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
SEARCHED = {"type": "search_result", "source": "s", "title": "t", "content": [text()]}
WHOLE: dict[str, Any] = {
    "model": "ok",
    "max_tokens": 2000,
    "stream": True,
    "system": [text("Be kind.", cache_control=CACHED)],
    "messages": [
        user(text(), *image()["content"], DOCUMENT, SEARCHED),
        assistant(
            {"type": "thinking", "thinking": "Hm.", "signature": "x"},
            {"type": "redacted_thinking", "data": "x"},
            text("Let me see."),
            CALL,
            OTHER,
        ),
        user(result_of(CALL, [text("sunny"), *image()["content"]]), result_of(OTHER, "late", is_error=False), text()),
        HI,
    ],
    "tools": [{**TOOLS[0], "description": "d", "cache_control": CACHED}, {"type": "bash_20250124", "name": "bash"}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {"type": "adaptive", "display": "omitted"},
    "output_config": {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {
                    "a": {"type": ["array", "null"], "items": {"anyOf": [{"type": "string"}]}, "minItems": 1}
                },
                "additionalProperties": False,
            },
        },
    },
    "stop_sequences": ["x"],
    "metadata": {"user_id": "u"},
    "temperature": 1,
    "cache_control": CACHED,
}
WRONG: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "x", [], [None], ["x"], [[]], {}, {"type": "x"}, {"type": []})


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*at, key)
        yield from paths(part, (*at, key))


def changed(path: tuple[Any, ...], wrong: Any) -> dict[str, Any]:
    body = copy.deepcopy(WHOLE)
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = wrong
    return body


def answered(body: dict[str, Any]) -> str:
    """What becomes of the request: `answered`, or the message that refuses it."""
    wire = AnthropicWire()
    try:
        call = wire.read(orjson.dumps(body), HEADERS)
        PromptCache().use(None, call)
        answer = make_answer(call, Action(think=3, tools=2), 5, Stamp(1, 0.0))
        assert b"".join(frame.data for frame in wire.frames(call, answer))
        assert wire.whole(call, answer)
        check_limits(wire, call, Action())
    except BadRequestError as bad:
        return bad.message
    return "answered"


def test_a_request_with_everything_fails_only_for_its_signatures():
    assert answered(WHOLE) == "messages.1.content.0: Invalid `signature` in `thinking` block"


@pytest.mark.parametrize("path", list(paths(WHOLE)), ids=lambda path: ".".join(map(str, path)))
def test_any_value_that_is_wrong_is_refused_and_never_a_fault_of_the_simulator(path):
    for wrong in WRONG:
        assert answered(changed(path, wrong))

"""Repairs through the engine, in virtual time: limits and parameters, as the upstream of either wire sees them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sidecar.core.content import Tool
from sidecar.core.lessons import FORGOTTEN_AFTER_S
from sidecar.core.report import SkipCause

from .rig import Heard, ask, error, good, hear
from .virtual import run
from .wires import CLAUDE, A, B, Wires, check_repaired, claude_good, claude_refused, differs, one, refused, repairs

TOO_LARGE = "max_tokens is too large: 9000. This model supports at most 4096 completion tokens"
OVER_WINDOW = (
    "This model's maximum context length is 8192 tokens. However, you requested 9100 tokens (100 in the messages,"
    " 9000 in the completion). Please reduce the length of the messages or completion."
)


@pytest.mark.parametrize(
    ("message", "asked"), [(TOO_LARGE, 4096), (OVER_WINDOW, 8092), ("max_tokens is too large", None)]
)
def test_the_output_limit_is_the_ceiling_the_error_names_else_left_out(message: str, asked: int | None) -> None:
    rig = one(refused(message))
    heard = run(hear(rig, ask(max_output_tokens=9000)))
    check_repaired(rig, heard)
    assert differs(rig) == {"max_tokens": (9000, asked)}
    words = "max_output_tokens of 9000 left out"
    if asked is not None:
        words = f"at most {asked} output tokens asked for instead of 9000"
    assert repairs(heard) == [(1, "MAX_TOKENS", words)]


def test_the_output_limit_of_the_other_wire_is_lowered_too() -> None:
    message = "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens for m"
    rig = one(claude_refused(message), claude_good(), CLAUDE)
    heard = run(hear(rig, ask(max_output_tokens=9000)))
    check_repaired(rig, heard)
    assert differs(rig) == {"max_tokens": (9000, 8192)}


def test_the_next_entry_is_asked_for_what_the_caller_wanted() -> None:
    plays = {"a/m": [refused(TOO_LARGE), refused("max_tokens is too large")], "b/m": [good()]}
    rig = Wires(plays, (A, B), ("b/m",))
    heard = run(hear(rig, ask(max_output_tokens=9000)))
    assert [body["max_tokens"] for body in rig.bodies] == [9000, 4096, 9000]
    assert heard.reasons == ["MAX_TOKENS", "MAX_TOKENS", ""]
    assert heard.kinds == ["first", "retry", "failover"]
    assert len(repairs(heard)) == 1


FIELDS: list[tuple[str, str, Any]] = [
    ("temperature", "temperature", 0.5),
    ("top_p", "top_p", 0.5),
    ("top_k", "top_k", 5),
    ("seed", "seed", 7),
    ("presence_penalty", "presence_penalty", 0.5),
    ("frequency_penalty", "frequency_penalty", 0.5),
    ("reasoning_effort", "reasoning_effort", "low"),
    ("user", "end_user_id", "u1"),
]


@pytest.mark.parametrize(("name", "field", "value"), FIELDS)
def test_a_parameter_the_model_refuses_is_left_out_of_this_and_of_later_calls(
    name: str, field: str, value: Any
) -> None:
    rig = one(refused(f"Unsupported parameter: '{name}' is not supported with this model.", name))

    async def two() -> tuple[Heard, Heard]:
        return await hear(rig, ask(**{field: value})), await hear(rig, ask(**{field: value}))

    first, later = run(two())
    assert [body.get(name) for body in rig.bodies] == [value, None, None]
    assert first.kinds == ["first", "retry"]
    assert repairs(first) == [(1, "UNSUPPORTED_PARAMETER", f"{field} left out: the model refuses it")]
    assert later.kinds == ["first"]
    assert repairs(later) == [(1, "UNSUPPORTED_PARAMETER", f"{field} left out: the model refuses it")]


def test_parallel_tool_calls_that_are_refused_are_left_out() -> None:
    rig = one(refused("Unsupported parameter: 'parallel_tool_calls' is not supported with this model."))
    heard = run(hear(rig, ask(tools=(Tool("look"),), parallel_tool_calls=False)))
    check_repaired(rig, heard)
    assert differs(rig) == {"parallel_tool_calls": (False, None)}


def test_stream_options_that_are_refused_are_left_out_and_so_is_what_we_added() -> None:
    rig = one(refused("Unrecognized request argument supplied: stream_options"))
    heard = run(hear(rig))
    check_repaired(rig, heard)
    assert differs(rig) == {"stream_options": ({"include_usage": True}, None)}


def test_a_parameter_of_the_other_wire_is_left_out_too() -> None:
    rig = one(claude_refused("top_k: Extra inputs are not permitted"), claude_good(), CLAUDE)
    heard = run(hear(rig, ask(top_k=5)))
    check_repaired(rig, heard)
    assert differs(rig) == {"top_k": (5, None)}


def test_the_output_limit_is_sent_by_its_other_name_in_this_and_in_later_calls() -> None:
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    rig = one(refused(message, "max_tokens", "unsupported_parameter"))

    async def two() -> tuple[Heard, Heard]:
        return await hear(rig, ask(max_output_tokens=50)), await hear(rig, ask(max_output_tokens=60))

    first, later = run(two())
    sent = [(body.get("max_tokens"), body.get("max_completion_tokens")) for body in rig.bodies]
    assert sent == [(50, None), (None, 50), (None, 60)]
    assert repairs(first) == [(1, "UNSUPPORTED_PARAMETER", "max_tokens sent as max_completion_tokens")]
    assert later.kinds == ["first"]


def test_what_an_entry_refuses_is_tried_again_after_a_day() -> None:
    rig = one(refused("Unsupported parameter: 'seed' is not supported with this model."))

    async def two() -> None:
        await hear(rig, ask(seed=7))
        await asyncio.sleep(FORGOTTEN_AFTER_S)
        await hear(rig, ask(seed=7))

    run(two())
    assert [body.get("seed") for body in rig.bodies] == [7, None, 7]


def test_a_field_no_request_may_do_without_is_what_the_entry_cannot_do_from_then_on() -> None:
    refusal = refused("Unsupported parameter: 'stop' is not supported with this model.")
    rig = Wires({"a/m": [refusal, good()], "b/m": [good()]}, (A, B), ("b/m",))

    async def three() -> list[Heard]:
        return [await hear(rig, one) for one in (ask(stop=("END",)), ask(stop=("END",)), ask())]

    first, later, other = run(three())
    assert rig.asked == ["a/m/k1", "b/m/k1", "b/m/k1", "a/m/k1"]
    assert [body.get("stop") for body in rig.bodies] == [["END"], ["END"], ["END"], None]
    assert (first.reasons, repairs(first)) == (["UNSUPPORTED_PARAMETER", ""], [])
    (skip,) = later.completed.report.skipped
    assert (str(skip.entry), skip.cause) == ("a/m", SkipCause.CAPABILITY)
    assert skip.message == "cannot do stop (it refused that before)"
    assert later.completed.failed_over
    assert other.kinds == ["first"]


def test_repairs_of_several_kinds_follow_each_other_within_the_same_instant() -> None:
    rig = one(refused(TOO_LARGE))
    parameter = "Unsupported parameter: '{}' is not supported with this model."
    rig.plays["a/m"][1:1] = [refused(parameter.format("seed")), refused(parameter.format("top_k"))]
    heard = run(hear(rig, ask(max_output_tokens=9000, seed=7, top_k=5)))
    assert heard.text == "Hello world"
    assert heard.kinds == ["first", "retry", "retry", "retry"]
    assert set(rig.times) == {0.0}
    assert [attempt for attempt, _, _ in repairs(heard)] == [1, 2, 3]
    last = rig.bodies[-1]
    assert (last["max_tokens"], last.get("seed"), last.get("top_k")) == (4096, None, None)


def test_a_stated_wait_with_a_refusal_holds_nobody() -> None:
    slow = replace(refused(TOO_LARGE), headers={"content-type": "application/json", "retry-after": "30"})
    rig = one(slow)
    check_repaired(rig, run(hear(rig, ask(max_output_tokens=9000))))


def test_an_error_that_names_nothing_to_repair_fails_over() -> None:
    rig = Wires({"a/m": [error(400, "max_tokens is too large")], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig))
    assert heard.reasons == ["MAX_TOKENS", ""]
    assert repairs(heard) == []

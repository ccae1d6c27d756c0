"""What a refusal teaches: only what a model says without condition is remembered; the call at hand is repaired either way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sidecar.core.catalog import Provider
from sidecar.core.content import FormatKind, ResponseFormat, Tool, ToolChoice, ToolMode
from sidecar.core.policy import Policy, PromptGuidedTools
from sidecar.core.reasons import Again, Reason, Then
from sidecar.core.report import SkipCause
from sidecar.core.tuning import Disposition, Tuning, rows_of
from sidecar.pb import health_pb2
from sidecar.server.health_reset import reset

from .rig import Heard, ask, error, good, hear
from .virtual import run
from .wires import CLAUDE, A, B, Wires, claude_good, claude_refused, refused, repairs

TOOLS = (Tool("look"),)
FORCED = ToolChoice(ToolMode.REQUIRED)
SCHEMA = ResponseFormat(FormatKind.JSON_SCHEMA, '{"type":"object","properties":{},"additionalProperties":false}')
NO_SEED = "Unsupported parameter: 'seed' is not supported with this model."
BOTH_CALLS = {"a/m": [refused(NO_SEED), good()], "b/m": [good()]}

CONDITIONAL: list[tuple[str, str | None, str, dict[str, Any]]] = [
    (
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'low',"
        " 'medium', and 'high'.",
        "reasoning_effort",
        "reasoning_effort",
        {"reasoning_effort": "minimal"},
    ),
    (
        "Unsupported value: 'top_p' does not support 0.5 with this model. Supported values are: 1 and 0.95.",
        "top_p",
        "top_p",
        {"top_p": 0.5},
    ),
    (
        "Unsupported parameter: 'temperature' is not supported when thinking is enabled.",
        "temperature",
        "temperature",
        {"temperature": 0.5},
    ),
    (
        "Unsupported parameter: 'top_p' is not supported when reasoning effort is not 'none'.",
        "top_p",
        "top_p",
        {"top_p": 0.5, "reasoning_effort": "low"},
    ),
]
"""Message, param, the field left out, what was asked."""

CLAUDE_CONDITIONAL: list[tuple[str, str, dict[str, Any]]] = [
    ("`temperature` may only be set to 1 when thinking is enabled.", "temperature", {"temperature": 0.5}),
    ("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.", "top_p", {"top_p": 0.5}),
    ("`top_k` must be unset when thinking is enabled.", "top_k", {"top_k": 5}),
    (
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        "temperature",
        {"temperature": 0.5, "top_p": 0.5},
    ),
]

OF_A_SCHEMA = [
    "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    "output_format.schema: Invalid regex pattern",
    "output_config.format: Schema is too complex.",
]


async def twice(rig: Wires, request: Any) -> tuple[Heard, Heard]:
    return await hear(rig, request), await hear(rig, request)


def check_forgotten(rig: Wires, later: Heard) -> None:
    """The call after the refusal was sent what the first was, as if nothing had been refused."""
    assert later.kinds == ["first"]
    assert repairs(later) == []
    assert later.completed.report.skipped == ()
    assert rig.bodies[-1] == rig.bodies[0]


def check_repaired_once(rig: Wires, first: Heard, later: Heard, field: str) -> None:
    assert first.kinds == ["first", "retry"]
    assert repairs(first) == [(1, "UNSUPPORTED_PARAMETER", f"{field} left out: the model refuses it")]
    check_forgotten(rig, later)


@pytest.mark.parametrize(("message", "param", "field", "fields"), CONDITIONAL)
def test_a_value_or_a_combination_refused_is_repaired_and_not_remembered(
    message: str, param: str | None, field: str, fields: dict[str, Any]
) -> None:
    code = "unsupported_value" if "value" in message.partition(":")[0] else "unsupported_parameter"
    rig = Wires({"a/m": [refused(message, param, code), good()]}, (A,))
    first, later = run(twice(rig, ask(**fields)))
    assert param not in rig.bodies[1]
    check_repaired_once(rig, first, later, field)


@pytest.mark.parametrize(("message", "field", "fields"), CLAUDE_CONDITIONAL)
def test_a_combination_refused_over_the_other_wire_is_repaired_and_not_remembered(
    message: str, field: str, fields: dict[str, Any]
) -> None:
    rig = Wires({"c/m": [claude_refused(message), claude_good()]}, (CLAUDE,))
    first, later = run(twice(rig, ask(max_output_tokens=9000, **fields)))
    check_repaired_once(rig, first, later, field)


@pytest.mark.parametrize("own", [A, CLAUDE])
def test_thinking_that_a_forced_tool_excludes_is_a_matter_of_one_request(own: Provider) -> None:
    message = "Thinking may not be enabled when tool_choice forces tool use."
    refusal, answer = (claude_refused(message), claude_good()) if own is CLAUDE else (refused(message), good())
    rig = Wires({f"{own.name}/m": [refusal, answer]}, (own,))

    async def three() -> None:
        await twice(rig, ask(reasoning_effort="low", max_output_tokens=9000, tools=TOOLS, tool_choice=FORCED))
        await hear(rig, ask(reasoning_effort="low", max_output_tokens=9000, tools=TOOLS))

    run(three())
    name = "thinking" if own is CLAUDE else "reasoning_effort"
    assert rig.bodies[2] == rig.bodies[0]
    assert rig.bodies[-1].get(name), "it is asked for where nothing excludes it"
    assert all("tools" in body for body in rig.bodies)


def test_a_value_one_caller_asked_for_spoils_no_other_callers_value() -> None:
    message, param, _, fields = CONDITIONAL[0]
    rig = Wires({"a/m": [refused(message, param, "unsupported_value"), good()]}, (A,))

    async def two() -> None:
        await hear(rig, ask(**fields))
        await hear(rig, ask(reasoning_effort="high"))

    run(two())
    assert [body.get("reasoning_effort") for body in rig.bodies] == ["minimal", None, "high"]


def test_only_the_default_value_supported_is_remembered() -> None:
    message = "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported."
    rig = Wires({"a/m": [refused(message, "temperature", "unsupported_value"), good()]}, (A,))
    first, later = run(twice(rig, ask(temperature=0.5)))
    assert [body.get("temperature") for body in rig.bodies] == [0.5, None, None]
    assert (first.kinds, later.kinds) == (["first", "retry"], ["first"])


@pytest.mark.parametrize(
    "message", ["`temperature` is deprecated for this model.", "temperature: Extra inputs are not permitted"]
)
def test_a_parameter_the_other_wire_refuses_without_condition_is_remembered(message: str) -> None:
    rig = Wires({"c/m": [claude_refused(message), claude_good()]}, (CLAUDE,))
    run(twice(rig, ask(temperature=0.5)))
    assert [body.get("temperature") for body in rig.bodies] == [0.5, None, None]


def test_a_kind_of_format_refused_goes_to_the_next_entry_and_is_not_remembered() -> None:
    message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
    rig = Wires({"a/m": [refused(message), good()], "b/m": [good()]}, (A, B), ("b/m",))

    async def two() -> tuple[Heard, Heard]:
        plain = ResponseFormat(FormatKind.JSON)
        return await hear(rig, ask(response_format=SCHEMA)), await hear(rig, ask(response_format=plain))

    first, later = run(two())
    assert first.reasons == ["UNSUPPORTED_PARAMETER", ""]
    assert rig.asked == ["a/m/k1", "b/m/k1", "a/m/k1"]
    assert later.completed.report.skipped == ()


def test_a_schema_that_is_wrong_spoils_nobody_elses() -> None:
    message = "Invalid schema for response_format 'x': In context=(), 'additionalProperties' is required to be supplied"
    rig = Wires({"a/m": [refused(message, "response_format"), good()]}, (A,))
    _, later = run(twice(rig, ask(response_format=SCHEMA)))
    check_forgotten(rig, later)


@pytest.mark.parametrize("message", OF_A_SCHEMA)
def test_a_schemas_content_refused_over_the_other_wire_spoils_nobody_elses(message: str) -> None:
    rig = Wires({"c/m": [claude_refused(message), claude_good()]}, (CLAUDE,))
    _, later = run(twice(rig, ask(response_format=SCHEMA)))
    check_forgotten(rig, later)


@pytest.mark.parametrize("scope", [{"entry": "a/m"}, {"all": True}])
def test_a_reset_forgets_what_the_entry_refused(scope: dict[str, Any]) -> None:
    rig = Wires(dict(BOTH_CALLS), (A, B))

    async def three() -> None:
        await twice(rig, ask(seed=7))
        reset(rig.engine, health_pb2.ResetHealthRequest(**scope))
        await hear(rig, ask(seed=7))

    rig.plays["a/m"] = [refused(NO_SEED), good()]
    run(three())
    assert [body.get("seed") for body in rig.bodies] == [7, None, None, 7]


@pytest.mark.parametrize("scope", [{"entry": "b/m"}, {"profile": "a/k1"}])
def test_a_reset_of_another_entry_or_of_a_key_forgets_nothing_a_model_refused(scope: dict[str, Any]) -> None:
    rig = Wires({"a/m": [refused(NO_SEED), good()], "b/m": [good()]}, (A, B))

    async def four() -> None:
        await hear(rig, ask("b/m"))
        await hear(rig, ask(seed=7))
        reset(rig.engine, health_pb2.ResetHealthRequest(**scope))
        await hear(rig, ask(seed=7))

    run(four())
    assert [body.get("seed") for body in rig.bodies] == [None, 7, None, None]


@pytest.mark.parametrize("guided", [None, PromptGuidedTools.ALLOW, PromptGuidedTools.FORBID])
def test_a_refused_tool_choice_is_what_the_entry_cannot_do_and_never_a_prompt(guided: PromptGuidedTools | None) -> None:
    message = "Unsupported parameter: 'tool_choice' is not supported with this model."
    rig = Wires({"a/m": [refused(message, "tool_choice"), good()], "b/m": [good()]}, (A, B), ("b/m",))
    forced = ask(policy=Policy(prompt_guided_tools=guided), tools=TOOLS, tool_choice=FORCED)

    async def three() -> tuple[Heard, Heard, Heard]:
        return *(await twice(rig, forced)), await hear(rig, replace(forced, tool_choice=None))

    first, later, free = run(three())
    assert rig.asked == ["a/m/k1", "b/m/k1", "b/m/k1", "a/m/k1"]
    assert first.reasons == ["UNSUPPORTED_PARAMETER", ""]
    assert repairs(first) == repairs(later) == repairs(free) == []
    (skip,) = later.completed.report.skipped
    assert (str(skip.entry), skip.cause) == ("a/m", SkipCause.CAPABILITY)
    assert all("tools" in body for body in rig.bodies)
    assert [body.get("tool_choice") for body in rig.bodies] == ["required", "required", "required", None]


def tuned(rig: Wires, reason: Reason, said: Disposition) -> Wires:
    """The same rig where the operator wants this done about a reason."""
    rig.engine.services = replace(rig.engine.services, tuning=Tuning(rows=rows_of({reason: said})))
    return rig


def test_a_rate_limit_that_is_to_stop_the_call_still_says_when_to_come_back() -> None:
    rig = Wires({"a/m": [error(429, retry_after="7")], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(tuned(rig, Reason.RATE_LIMITED, Disposition(then=Then.STOP))))
    assert rig.asked == ["a/m/k1"]
    assert heard.error is not None
    assert heard.error.reason is Reason.RATE_LIMITED
    assert heard.error.retry_after_s == pytest.approx(7.0, abs=0.1)


def test_what_stops_a_call_by_itself_still_names_no_return() -> None:
    rig = Wires({"a/m": [error(400, retry_after="7")], "b/m": [good()]}, (A, B), ("b/m",))
    heard = run(hear(rig))
    assert heard.error is not None
    assert (heard.error.reason, heard.error.retry_after_s) == (Reason.INVALID_REQUEST, None)


def test_refused_parameters_are_neither_repaired_nor_remembered_where_the_operator_says_no() -> None:
    rig = Wires({"a/m": [refused(NO_SEED)], "b/m": [good()]}, (A, B), ("b/m",))
    tuned(rig, Reason.UNSUPPORTED_PARAMETER, Disposition(again=Again.NO))
    first, later = run(twice(rig, ask(seed=7)))
    for heard in (first, later):
        assert (heard.reasons, repairs(heard)) == (["UNSUPPORTED_PARAMETER", ""], [])
    assert rig.asked == ["a/m/k1", "b/m/k1"] * 2
    assert [body.get("seed") for body in rig.bodies] == [7, 7, 7, 7]


def test_a_field_no_request_may_do_without_is_not_remembered_either_where_the_operator_says_no() -> None:
    stop = refused("Unsupported parameter: 'stop' is not supported with this model.")
    rig = Wires({"a/m": [stop, good()], "b/m": [good()]}, (A, B), ("b/m",))
    tuned(rig, Reason.UNSUPPORTED_PARAMETER, Disposition(again=Again.NO))
    _, later = run(twice(rig, ask(stop=("END",))))
    assert later.completed.report.skipped == ()
    assert rig.asked == ["a/m/k1", "b/m/k1", "a/m/k1"]

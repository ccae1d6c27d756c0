"""Parameters that a model refuses: left out, renamed, or what the entry cannot do; and remembered."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.core.adjustment import AS_ASKED, DROPPABLE, ENCODING_FORMAT, PREFILL, STREAM_OPTIONS, Adjustment
from sidecar.core.content import Embedding, FormatKind, ResponseFormat, Tool, ToolChoice, ToolMode
from sidecar.core.lessons import FORGOTTEN_AFTER_S, Lesson, Lessons
from sidecar.core.mending import NEVER_DROPPED, PROMPTED, Mended, Mending, field_of
from sidecar.core.policy import Policy, PromptGuidedTools
from sidecar.core.reasons import Reason

from .build import request, verdict
from .repair_walk import model_entry

HERE = model_entry("p")
TARGET = HERE.targets[0]
FORBIDDING = model_entry("p", policy=Policy(prompt_guided_tools=PromptGuidedTools.FORBID))
EVERYTHING: dict[str, Any] = {
    "temperature": 0.0,
    "top_p": 0.5,
    "top_k": 3,
    "seed": 0,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "reasoning_effort": "none",
    "parallel_tool_calls": False,
    "end_user_id": "u",
    "max_output_tokens": 100,
    "stop": ("END",),
    "tools": (Tool("look"),),
    "tool_choice": ToolChoice(ToolMode.AUTO),
    "response_format": ResponseFormat(FormatKind.JSON),
}
WIRE_NAMES = [
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("seed", "seed"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("reasoning_effort", "reasoning_effort"),
    ("reasoning", "reasoning_effort"),
    ("thinking.type", "reasoning_effort"),
    ("output_config.effort", "reasoning_effort"),
    ("parallel_tool_calls", "parallel_tool_calls"),
    ("disable_parallel_tool_use", "parallel_tool_calls"),
    ("tool_choice.disable_parallel_tool_use", "parallel_tool_calls"),
    ("stream_options", STREAM_OPTIONS),
    ("stream_options.include_usage", STREAM_OPTIONS),
    ("user", "end_user_id"),
    ("metadata.user_id", "end_user_id"),
]
"""What is left out, by what the wires call it; at least one of each."""
REMAINS = [
    ("stop", "stop"),
    ("stop_sequences", "stop"),
    ("tool_choice", "tool_choice"),
    ("tool_choice.type", "tool_choice"),
    ("function_call", "tool_choice"),
    ("response_format", "response_format"),
    ("response_format.json_schema", "response_format"),
    ("output_config.format", "response_format"),
    ("output_config.format.schema", "response_format"),
    ("output_format", "response_format"),
    ("max_output_tokens", "max_output_tokens"),
    ("tools", "tools"),
    ("tools[0].function", "tools"),
    ("functions", "tools"),
]
"""What is never left out, by what the wires call it; at least one of each."""
RENAMES = [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")]


def mend(it: Mending, parameter: str | None, link: Any = HERE) -> Mended | None:
    return it.mend(link, link.targets[0], verdict(Reason.UNSUPPORTED_PARAMETER, parameter=parameter), 0.0)


def learned(parameter: str | None, lessons: Lessons | None = None, **fields: Any) -> Lesson | None:
    lessons = lessons or Lessons()
    it = Mending(request(**(fields or EVERYTHING)), lessons)
    it.learn(HERE.entry, verdict(Reason.UNSUPPORTED_PARAMETER, parameter=parameter), 0.0)
    return lessons.of(HERE.entry, 0.0)


def test_the_cases_here_name_every_field_there_is() -> None:
    assert {field for _, field in WIRE_NAMES} == DROPPABLE | {STREAM_OPTIONS}
    assert {field for _, field in REMAINS} == set(NEVER_DROPPED)


@pytest.mark.parametrize(("parameter", "field"), WIRE_NAMES)
def test_what_an_answer_can_do_without_is_left_out_once_and_remembered(parameter: str, field: str) -> None:
    it = Mending(request(**EVERYTHING), Lessons())
    message = f"{field} left out: the model refuses it"
    assert mend(it, parameter) == Mended(Reason.UNSUPPORTED_PARAMETER, message)
    assert it.adjustment(HERE, TARGET, 0.0) == Adjustment(left_out=frozenset({field}))
    assert mend(it, parameter) is None
    assert learned(parameter) == Lesson(left_out=frozenset({field}))


def test_each_parameter_is_a_repair_of_its_own() -> None:
    it = Mending(request(**EVERYTHING), Lessons())
    assert mend(it, "seed") is not None
    assert mend(it, "top_k") is not None
    assert it.adjustment(HERE, TARGET, 0.0).left_out == {"seed", "top_k"}


@pytest.mark.parametrize(("parameter", "other"), RENAMES)
def test_the_output_limit_is_sent_by_its_other_name_once_and_remembered_so(parameter: str, other: str) -> None:
    it = Mending(request(**EVERYTHING), Lessons())
    assert mend(it, parameter) == Mended(Reason.UNSUPPORTED_PARAMETER, f"{parameter} sent as {other}")
    assert it.adjustment(HERE, TARGET, 0.0) == Adjustment(limit_name=other)
    assert mend(it, other) is None
    assert learned(parameter) == Lesson(limit_name=other)


@pytest.mark.parametrize(("parameter", "other"), RENAMES)
def test_calls_that_were_sent_the_old_name_at_the_same_time_learn_the_same(parameter: str, other: str) -> None:
    lessons = Lessons()
    learned(parameter, lessons)
    assert learned(parameter, lessons) == Lesson(limit_name=other)


@pytest.mark.parametrize(("parameter", "other"), RENAMES)
def test_an_output_limit_refused_by_both_names_is_what_the_entry_cannot_do(parameter: str, other: str) -> None:
    lessons = Lessons()
    learned(parameter, lessons)
    assert learned(other, lessons) == Lesson(limit_name=other, lacking=frozenset({"max_output_tokens"}))
    it = Mending(request(**EVERYTHING), lessons)
    assert mend(it, other) is None


@pytest.mark.parametrize(("parameter", "field"), REMAINS)
def test_what_no_answer_can_do_without_is_never_left_out_and_what_the_entry_cannot_do(
    parameter: str, field: str
) -> None:
    it = Mending(request(**EVERYTHING), Lessons())
    assert mend(it, parameter, FORBIDDING) is None
    assert it.adjustment(FORBIDDING, TARGET, 0.0) == AS_ASKED
    assert learned(parameter) == Lesson(lacking=frozenset({field}))


@pytest.mark.parametrize("parameter", ["tool_choice", "tool_choice.type", "tool_choice.name", "function_call"])
def test_a_refused_choice_of_tools_is_no_reason_to_write_them_into_the_prompt(parameter: str) -> None:
    it = Mending(request(**EVERYTHING), Lessons())
    assert mend(it, parameter) is None
    assert it.adjustment(HERE, TARGET, 0.0) == AS_ASKED


@pytest.mark.parametrize("parameter", ["tools", "tools[0].function", "functions"])
def test_tools_refused_as_a_parameter_become_instructions_unless_forbidden(parameter: str) -> None:
    it = Mending(request(**EVERYTHING), Lessons())
    assert mend(it, parameter) == Mended(Reason.UNSUPPORTED_PARAMETER, PROMPTED)
    assert it.adjustment(HERE, TARGET, 0.0) == Adjustment(is_prompted=True)
    assert mend(it, parameter) is None
    assert mend(Mending(request(**EVERYTHING), Lessons()), parameter, FORBIDDING) is None


@pytest.mark.parametrize("parameter", [None, "", "messages", "messages[0].content", "logprobs", "n"])
def test_what_is_no_field_of_ours_is_neither_repaired_nor_remembered(parameter: str | None) -> None:
    it = Mending(request(**EVERYTHING), Lessons())
    assert field_of(parameter) is None
    assert mend(it, parameter) is None
    assert learned(parameter) is None


@pytest.mark.parametrize("parameter", ["seed", "stop", "max_tokens", "tools", "response_format", "user"])
def test_a_refusal_of_what_the_request_does_not_say_is_neither_repaired_nor_remembered(parameter: str) -> None:
    it = Mending(request(top_p=0.5), Lessons())
    assert mend(it, parameter) is None
    assert learned(parameter, top_p=0.5) is None


def test_plain_text_is_no_format_that_could_be_refused() -> None:
    plain = ResponseFormat(FormatKind.TEXT)
    assert learned("response_format", response_format=plain) is None
    assert learned("response_format", response_format=ResponseFormat(FormatKind.JSON_SCHEMA, "{}")) is not None


def test_names_are_read_in_any_case_and_with_space_around() -> None:
    assert field_of(" Top_K ") == "top_k"
    it = Mending(request(**EVERYTHING), Lessons())
    assert mend(it, " Max_Tokens ") == Mended(Reason.UNSUPPORTED_PARAMETER, "max_tokens sent as max_completion_tokens")
    assert learned(" Max_Tokens ") == Lesson(limit_name="max_completion_tokens")


def test_lessons_of_one_entry_add_up_for_a_day_from_the_newest() -> None:
    lessons = Lessons()
    it = Mending(request(**EVERYTHING), lessons)
    for now, parameter in ((0.0, "seed"), (10.0, "max_tokens"), (20.0, "stop")):
        it.learn(HERE.entry, verdict(Reason.UNSUPPORTED_PARAMETER, parameter=parameter), now)
    whole = Lesson(frozenset({"seed"}), "max_completion_tokens", frozenset({"stop"}))
    assert lessons.of(HERE.entry, FORGOTTEN_AFTER_S + 19.0) == whole
    assert lessons.of(HERE.entry, FORGOTTEN_AFTER_S + 20.0) is None


def test_the_encoding_of_vectors_is_left_out_and_remembered_where_vectors_were_asked_for() -> None:
    it = Mending(request(embedding=Embedding(("text",))), Lessons())
    assert mend(it, ENCODING_FORMAT) is not None
    assert it.adjustment(HERE, TARGET, 0.0) == Adjustment(left_out=frozenset({ENCODING_FORMAT}))
    assert mend(it, ENCODING_FORMAT) is None
    assert learned(ENCODING_FORMAT, embedding=Embedding(("text",))) == Lesson(left_out=frozenset({ENCODING_FORMAT}))
    assert mend(Mending(request(**EVERYTHING), Lessons()), ENCODING_FORMAT) is None
    assert learned(ENCODING_FORMAT) is None


@pytest.mark.parametrize("reason", [Reason.INVALID_REQUEST, Reason.MAX_TOKENS, Reason.TOOL_SCHEMA])
def test_only_refused_parameters_are_remembered(reason: Reason) -> None:
    lessons = Lessons()
    Mending(request(**EVERYTHING), lessons).learn(HERE.entry, verdict(reason, parameter="seed"), 0.0)
    assert lessons.of(HERE.entry, 0.0) is None


def test_a_refused_prefill_is_remembered_where_it_was_our_doing_and_repaired_by_nothing() -> None:
    refused = verdict(Reason.UNSUPPORTED_PARAMETER, parameter="prefill")
    for prefilled, lesson in ((True, Lesson(left_out=frozenset({PREFILL}))), (False, None)):
        lessons = Lessons()
        it = Mending(request(**EVERYTHING), lessons)
        assert mend(it, "prefill") is None
        it.learn(HERE.entry, refused, 0.0, prefilled=prefilled)
        assert lessons.of(HERE.entry, 0.0) == lesson
        assert Mending(request(**EVERYTHING), lessons).told(HERE, TARGET, 0.0) == ()


def test_another_refusal_of_a_request_with_a_prefill_is_remembered_as_without() -> None:
    lessons = Lessons()
    it = Mending(request(seed=1), lessons)
    for parameter in ("seed", "top_p"):
        it.learn(HERE.entry, verdict(Reason.UNSUPPORTED_PARAMETER, parameter=parameter), 0.0, prefilled=True)
    assert lessons.of(HERE.entry, 0.0) == Lesson(left_out=frozenset({"seed"}))

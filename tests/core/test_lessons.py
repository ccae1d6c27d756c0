"""What entries have refused, remembered for later calls."""

from __future__ import annotations

import pytest

from sidecar.core.catalog import Entry
from sidecar.core.lessons import FORGOTTEN_AFTER_S, MAX_LESSONS, Lesson, Lessons, is_general
from sidecar.core.reasons import Reason

from .build import verdict

M, N = Entry("p", "m"), Entry("p", "n")
NO_SEED = Lesson(left_out=frozenset({"seed"}))
NO_STOP = Lesson(lacking=frozenset({"stop"}))


def test_nothing_is_known_of_an_entry_nobody_has_asked() -> None:
    lessons = Lessons()
    assert lessons.of(M, 0.0) is None
    assert lessons.refused(M, 0.0) == frozenset()


def test_a_lesson_holds_for_its_entry_whatever_the_profile_and_for_no_other() -> None:
    lessons = Lessons()
    lessons.learn(Entry("p", "m", "eu"), NO_STOP, 0.0)
    assert lessons.of(M, 1.0) == NO_STOP
    assert lessons.refused(M, 1.0) == {"stop"}
    assert lessons.of(N, 1.0) is None
    assert lessons.refused(N, 1.0) == frozenset()
    assert lessons.of(Entry("q", "m"), 1.0) is None


def test_what_may_be_left_out_is_no_lacking_capability() -> None:
    lessons = Lessons()
    lessons.learn(M, NO_SEED, 0.0)
    assert lessons.refused(M, 1.0) == frozenset()


def test_after_a_day_it_is_forgotten() -> None:
    lessons = Lessons()
    lessons.learn(M, NO_STOP, 5.0)
    assert FORGOTTEN_AFTER_S == 24 * 3600.0
    assert lessons.of(M, 5.0 + FORGOTTEN_AFTER_S - 0.001) == NO_STOP
    assert lessons.of(M, 5.0 + FORGOTTEN_AFTER_S) is None
    assert lessons.refused(M, 5.0 + FORGOTTEN_AFTER_S) == frozenset()


def test_a_newer_lesson_of_an_entry_takes_the_place_of_the_older_for_a_day_of_its_own() -> None:
    lessons = Lessons()
    lessons.learn(M, NO_STOP, 0.0)
    lessons.learn(M, NO_SEED, 100.0)
    assert lessons.of(M, FORGOTTEN_AFTER_S) == NO_SEED
    assert lessons.of(M, 100.0 + FORGOTTEN_AFTER_S) is None


def test_a_thousand_entries_are_remembered_and_the_one_not_taught_for_longest_goes_first() -> None:
    lessons = Lessons()
    for number in range(MAX_LESSONS):
        lessons.learn(Entry("p", f"m{number}"), NO_SEED, 0.0)
    lessons.learn(Entry("p", "m0"), NO_STOP, 1.0)
    lessons.learn(Entry("p", "one more"), NO_SEED, 1.0)
    known = [n for n in range(MAX_LESSONS) if lessons.of(Entry("p", f"m{n}"), 1.0) is not None]
    assert MAX_LESSONS == 1000
    assert len(known) == MAX_LESSONS - 1
    assert 1 not in known
    assert lessons.of(Entry("p", "m0"), 1.0) == NO_STOP


def test_one_entry_is_forgotten_by_its_name_and_all_without_one() -> None:
    lessons = Lessons()
    for entry in (M, N):
        lessons.learn(entry, NO_SEED, 0.0)
    lessons.forget("p", "m")
    lessons.forget("p", "m")
    assert (lessons.of(M, 0.0), lessons.of(N, 0.0)) == (None, NO_SEED)
    lessons.forget()
    assert lessons.of(N, 0.0) is None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Unsupported parameter: 'seed' is not supported with this model.",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "`temperature` is deprecated for this model.",
        "temperature: Extra inputs are not permitted",
        "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
    ],
)
def test_a_refusal_without_condition_holds_for_other_requests_too(message: str) -> None:
    assert is_general(verdict(Reason.UNSUPPORTED_PARAMETER, message=message))


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'low'.",
        "Invalid value: 'xhigh'",
        "'temperature' is not supported when thinking is enabled.",
        "WHEN THINKING IS ENABLED, `top_k` IS NOT SUPPORTED",
        "`seed` is not taken while streaming",
        "`seed` is not taken if `n` is set",
        "`seed` is not taken unless `n` is 1",
        "`temperature` and `top_p` cannot both be specified for this model.",
        "`top_p` must be unset",
        "Thinking may not be enabled when tool_choice forces tool use.",
        "tool_choice forces tool use",
        "`top_p` is not supported with thinking",
        "`effort` is not supported without thinking",
        "`logit_bias` is only for older models",
        "output_config.format.schema: 'additionalProperties' is not there",
        "schemas with recursion are not supported",
        "'response_format' of type 'json_schema' is not supported with this model.",
    ],
)
def test_a_refusal_of_a_value_a_combination_or_a_schema_says_nothing_of_other_requests(message: str) -> None:
    assert not is_general(verdict(Reason.UNSUPPORTED_PARAMETER, message=message))


def test_words_that_only_contain_a_condition_are_none() -> None:
    message = "'parallel_tool_calls' (modified, evaluated, mustard, bothered, commonly, whenever) is not supported"
    assert is_general(verdict(Reason.UNSUPPORTED_PARAMETER, message=message))


@pytest.mark.parametrize(
    "said",
    [
        "'temperature' is not supported together with 'top_p'",
        "'temperature' is incompatible with 'reasoning_effort'",
        "'temperature' is not supported in combination with reasoning",
        "'seed' cannot be used with 'tools'",
        "'parallel_tool_calls' is not allowed without 'tools'",
        "'seed' requires 'n' to be 1",
        "`thinking` is not supported with forced tool use",
    ],
)
def test_a_parameter_refused_beside_another_is_not_taken_for_one_the_model_never_has(said: str) -> None:
    assert not is_general(verdict(Reason.UNSUPPORTED_PARAMETER, message=said))

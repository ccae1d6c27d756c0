"""The values that flow: events, contents, policies, catalog entries, errors."""

from __future__ import annotations

import pytest

from sidecar.core.assembly import Assembly
from sidecar.core.catalog import Credential, Entry, Model, Profile
from sidecar.core.content import Image, Message, Part, Reasoning, Refusal, Role, Text, ToolCall
from sidecar.core.errors import AttemptFailed, CallError, FieldError, ProtocolViolation, RemoraError
from sidecar.core.events import Delta, Kind, PartCompleted
from sidecar.core.policy import OnSlow, Policy
from sidecar.core.reasons import Reason
from sidecar.core.report import Report
from sidecar.core.timing import Timing
from sidecar.core.usage import Usage

from .build import provider, request, verdict


def test_an_answer_is_put_together_by_part_in_order() -> None:
    assembly = Assembly()
    assembly.add(Delta(Kind.TOOL_CALL, 2, '{"a":', "call-1", "look"))
    assembly.add(Delta(Kind.REASONING, 0, "hm"))
    assembly.add(Delta(Kind.TEXT, 1, "one "))
    assembly.add(Delta(Kind.TEXT, 1, "two"))
    assembly.add(Delta(Kind.TOOL_CALL, 2, "1}"))
    assembly.add(Delta(Kind.REFUSAL, 3, "no"))
    assembly.complete(PartCompleted(0, "anthropic", b"signature"))
    assembly.complete(PartCompleted(9, "anthropic"))
    assert assembly.message() == Message(
        Role.ASSISTANT,
        (
            Part(Reasoning("hm"), "anthropic", b"signature"),
            Part(Text("one two")),
            Part(ToolCall("call-1", "look", '{"a":1}')),
            Part(Refusal("no")),
        ),
    )
    assert assembly.characters == len('hmone two{"a":1}nolook')


def test_deltas_join_when_they_are_of_one_part() -> None:
    first = Delta(Kind.TEXT, 0, "a")
    assert first.joined(Delta(Kind.TEXT, 0, "b")) == Delta(Kind.TEXT, 0, "ab")
    call = Delta(Kind.TOOL_CALL, 1, "{", "id", "name")
    assert call.joined(Delta(Kind.TOOL_CALL, 1, "}")) == Delta(Kind.TOOL_CALL, 1, "{}", "id", "name")


@pytest.mark.parametrize(
    "other",
    [
        Delta(Kind.TEXT, 1, "b"),
        Delta(Kind.REASONING, 0, "b"),
        Delta(Kind.TEXT, 0, "b", "id"),
        Delta(Kind.TEXT, 0, "b", "", "n"),
    ],
)
def test_deltas_of_different_parts_stay_apart(other: Delta) -> None:
    assert Delta(Kind.TEXT, 0, "a").joined(other) is None


def test_usages_add_up_and_what_nobody_told_stays_untold() -> None:
    total = Usage(1, 2, cached_input_tokens=3).plus(Usage(10, 20, reasoning_tokens=4, estimated=True))
    assert total == Usage(11, 22, 3, None, 4, True)


def test_an_answer_in_two_pieces_has_the_input_of_the_first_and_the_output_of_both() -> None:
    first, second = Usage(10, 2, 5, 1, 1), Usage(12, 30, 7, 3, 4, estimated=True)
    assert first.going_on(second) == Usage(10, 32, 5, 1, 5, True)
    assert second.going_on(first) == Usage(12, 32, 7, 3, 5, True)
    assert Usage(10, 2).going_on(Usage(12, 30, 7, 3)) == Usage(10, 32)
    assert Usage(10, 2).going_on(Usage(12, 30, reasoning_tokens=0)) == Usage(10, 32, reasoning_tokens=0)


def test_a_prompt_is_estimated_at_four_bytes_a_token() -> None:
    assert request(size_bytes=41).estimated_tokens == 10


def test_a_policy_layer_wins_where_it_says_something_even_false_or_zero() -> None:
    lower = Policy(pin=True, max_wait_s=10.0, on_slow=OnSlow.HEDGE)
    assert Policy(pin=False, max_wait_s=0.0).over(lower) == Policy(pin=False, max_wait_s=0.0, on_slow=OnSlow.HEDGE)
    assert Policy().over(lower) is lower


def test_no_literal_secret_is_shown() -> None:
    assert "sk-1" not in repr(Credential("literal", "sk-1"))
    assert repr(Credential("env", "OPENAI_API_KEY")) == "Credential(env:OPENAI_API_KEY)"
    assert repr(Credential("none")) == "Credential(none)"


def test_no_picture_is_shown() -> None:
    assert "secret" not in repr(Image(b"secret", "https://secret"))


def test_a_profile_speaks_to_its_own_base_url_or_its_providers() -> None:
    owner = provider()
    assert owner.url_of(owner.profiles[0]) == "https://p.test/v1"
    assert owner.url_of(Profile("eu", Credential("none"), "https://eu.test/v1/")) == "https://eu.test/v1"


def test_of_an_undeclared_model_nothing_is_known() -> None:
    assert provider().model("other") == Model("other")
    assert str(Entry("p", "m", "main")) == "p/m"


def test_errors_carry_what_the_edge_needs_to_say_them() -> None:
    report = Report("r", "t", "m", 0.0, 1.0)
    field = FieldError("model", "is empty")
    error = CallError(Reason.BUSY, "busy", retry_after_s=1.0, metadata={"a": "b"}, fields=(field,), report=report)
    assert isinstance(error, RemoraError)
    assert (str(error), error.reason, error.retry_after_s) == ("busy", Reason.BUSY, 1.0)
    assert (error.metadata, error.fields, error.report, error.attempted) == ({"a": "b"}, (field,), report, False)


def test_a_failed_attempt_carries_its_verdict() -> None:
    failed = AttemptFailed(verdict(Reason.TIMEOUT))
    assert (str(failed), failed.verdict.reason) == ("TIMEOUT", Reason.TIMEOUT)
    assert issubclass(ProtocolViolation, RemoraError)


def test_the_clocks_have_the_defaults_of_the_specification() -> None:
    assert Timing() == Timing(5.0, 10.0, 20_000, 60.0, 45.0, 90.0)

"""Events: every kind arrives typed, unknown kinds are passed over, and what became void is taken out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

import pytest
from remora_client import (
    AsyncClient,
    AttemptEnded,
    Citation,
    Client,
    Completed,
    Event,
    Failed,
    FinishReason,
    PartCompleted,
    PartDiscarded,
    Reason,
    ReasoningDelta,
    RefusalDelta,
    Restarted,
    Resumed,
    Started,
    StreamBroken,
    Target,
    TextDelta,
    TextDiscarded,
    ToolCallDelta,
)
from remora_client._pb import chat_pb2 as pb
from remora_client._pb import content_pb2, report_pb2
from remora_client._pb import error_reason_pb2 as reasons
from remora_client.event import _CONVERSIONS
from remora_client.testing import FakeSidecar, completed

REPORT = report_pb2.FailoverReport(request_id="r")
TARGET = report_pb2.Target(provider="openai", model="gpt-x", profile="main")
R = pb.ChatResponse


def text(piece: str, part: int = 0) -> pb.ChatResponse:
    return R(text_delta=pb.TextDelta(part_index=part, text=piece))


def discarded(part: int, offset: int) -> pb.ChatResponse:
    return R(part_discarded=pb.PartDiscarded(part_index=part, offset=offset))


def sends(sidecar: FakeSidecar, *responses: pb.ChatResponse) -> None:
    def script(request: Any, context: Any) -> Iterator[pb.ChatResponse]:
        yield from responses

    sidecar.script = script


EVERY_EVENT = [
    R(
        attempt=pb.AttemptEnded(
            attempt=report_pb2.Attempt(
                index=1,
                target=TARGET,
                kind=report_pb2.ATTEMPT_KIND_FIRST,
                reason=reasons.ERROR_REASON_RATE_LIMITED,
                upstream_status=429,
            )
        )
    ),
    R(started=pb.Started(target=TARGET, failed_over=True)),
    R(reasoning_delta=pb.ReasoningDelta(part_index=0, text="hm")),
    R(part_completed=pb.PartCompleted(part_index=0, issuer="openai", opaque_state=b"\0sig")),
    text("Hi", 1),
    R(citation=pb.Citation(part_index=1, uri="https://x", title="X", cited_text="y", start_offset=0, end_offset=2)),
    R(resumed=pb.Resumed(target=TARGET, part_index=1, offset=2)),
    R(refusal_delta=pb.RefusalDelta(part_index=2, text="no")),
    R(tool_call_delta=pb.ToolCallDelta(part_index=3, id="c1", name="f", arguments_fragment="{")),
    discarded(3, 0),
    R(restarted=pb.Restarted(target=TARGET)),
    R(failed=pb.Failed(reason=reasons.ERROR_REASON_STREAM_BROKEN, message="cut", report=REPORT)),
    R(completed=completed("Hi")),
]


def check_every_event(events: list[Event]) -> None:
    target = Target("openai", "gpt-x", "main")
    attempt, *middle, failed, end = events
    assert isinstance(attempt, AttemptEnded)
    assert (attempt.attempt.reason, attempt.attempt.upstream_status) == (Reason.RATE_LIMITED, 429)
    assert middle == [
        Started(target, True),
        ReasoningDelta("hm", 0),
        PartCompleted(0, "openai", b"\0sig"),
        TextDelta("Hi", 1),
        Citation(1, "https://x", "X", "y", 0, 2),
        Resumed(target, 1, 2),
        RefusalDelta("no", 2),
        ToolCallDelta(3, "c1", "f", "{"),
        PartDiscarded(3, 0),
        Restarted(target),
    ]
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.report.request_id) == (Reason.STREAM_BROKEN, "r")
    assert isinstance(end, Completed)
    assert (end.finish_reason, end.text, end.usage.input_tokens, end.cost) == (FinishReason.STOP, "Hi", 1, None)


def test_every_kind_of_event_arrives_typed(sidecar: FakeSidecar, remora: Client) -> None:
    sends(sidecar, *EVERY_EVENT)
    check_every_event(list(remora.chat("smart", "Hi")))


async def test_every_kind_of_event_arrives_typed_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sends(sidecar, *EVERY_EVENT)
    check_every_event([event async for event in aremora.chat("smart", "Hi")])


def test_every_event_of_the_contract_has_a_conversion_and_a_class() -> None:
    assert list(_CONVERSIONS) == [field.name for field in R.DESCRIPTOR.oneofs_by_name["event"].fields]
    assert len(get_args(Event)) == len(_CONVERSIONS)


def test_an_event_of_a_later_version_is_passed_over(sidecar: FakeSidecar, remora: Client) -> None:
    future = R.FromString(b"\xfa\x3e\x03abc")  # field 1007, three bytes
    assert future.WhichOneof("event") is None
    sends(sidecar, text("a"), future, text("b"), R(completed=completed("ab")))
    events = list(remora.chat("smart", "Hi"))
    assert [type(event) for event in events] == [TextDelta, TextDelta, Completed]


def test_an_enum_value_of_a_later_version_stays_visible(sidecar: FakeSidecar, remora: Client) -> None:
    end = completed("x")
    end.finish_reason = 77  # type: ignore[assignment]
    end.report.attempts.add(reason=999, kind=99)
    sends(sidecar, R(completed=end))
    answer = remora.chat("smart", "Hi").finish()
    assert (answer.finish_reason, answer.report.attempts[0].reason) == ("VALUE_77", "VALUE_999")


DISCARDS: list[tuple[str, list[pb.ChatResponse], str]] = [
    ("an end is cut at a code point", [text("abc"), text("def"), discarded(0, 4)], "abcd"),
    ("astral code points count as one", [text("a😀b𝒳c"), discarded(0, 3)], "a😀b"),
    ("a combining mark is a code point of its own", [text("e\u0301x"), discarded(0, 1)], "e"),
    ("a whole part goes", [text("one"), text("two", 1), discarded(1, 0)], "one"),
    ("an offset at the end cuts nothing", [text("abc"), discarded(0, 3)], "abc"),
    ("a discard of an unknown part cuts nothing", [text("abc"), discarded(7, 0)], "abc"),
    ("a part begins again after its discard", [text("old"), discarded(0, 0), text("new")], "new"),
    ("a restart voids everything", [text("a"), text("b", 1), R(restarted=pb.Restarted()), text("c")], "c"),
    ("a resume voids nothing", [text("ab"), R(resumed=pb.Resumed(offset=2)), text("cd")], "abcd"),
    ("reasoning is not text", [R(reasoning_delta=pb.ReasoningDelta(text="hm")), text("x", 1)], "x"),
]


@pytest.mark.parametrize(("responses", "holds"), [case[1:] for case in DISCARDS], ids=[case[0] for case in DISCARDS])
def test_the_text_so_far_is_what_holds(
    sidecar: FakeSidecar, remora: Client, responses: Iterable[pb.ChatResponse], holds: str
) -> None:
    sends(sidecar, *responses, R(completed=completed(holds)))
    stream = remora.chat("smart", "Hi")
    assert stream.final_text() == holds


def test_the_message_is_the_sidecars_own_and_ready_to_append(sidecar: FakeSidecar, remora: Client) -> None:
    end = completed("x")
    end.message.parts[0].opaque_state = b"state"
    sends(sidecar, text("x"), R(completed=end))
    stream = remora.chat("smart", "Hi")
    with pytest.raises(RuntimeError, match="not whole yet"):
        _ = stream.message
    stream.finish()
    assert stream.message == end.message


def test_without_the_sidecars_message_it_is_put_together_from_the_events(sidecar: FakeSidecar, remora: Client) -> None:
    end = completed("")
    end.ClearField("message")
    responses = [
        R(part_completed=pb.PartCompleted(part_index=0, issuer="a", opaque_state=b"s")),
        text("Hi", 1),
        R(tool_call_delta=pb.ToolCallDelta(part_index=2, id="c", name="f", arguments_fragment='{"a"')),
        R(tool_call_delta=pb.ToolCallDelta(part_index=3, id="d", name="g")),
        R(tool_call_delta=pb.ToolCallDelta(part_index=2, arguments_fragment=":1}")),
        R(refusal_delta=pb.RefusalDelta(part_index=4, text="no")),
        R(completed=end),
    ]
    sends(sidecar, *responses)
    stream = remora.chat("smart", "Hi", omit_message=True)
    stream.finish()
    reasoning, said, first, second, refusal = stream.message.parts
    assert stream.message.role == content_pb2.ROLE_ASSISTANT
    assert (reasoning.WhichOneof("content"), reasoning.issuer, reasoning.opaque_state) == ("reasoning", "a", b"s")
    assert (said.text, refusal.refusal) == ("Hi", "no")
    assert (first.tool_call.id, first.tool_call.name, first.tool_call.arguments_json) == ("c", "f", '{"a":1}')
    assert (second.tool_call.id, second.tool_call.name) == ("d", "g")


def test_text_comes_piece_by_piece(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.answers("Hel", "lo")
    with remora.chat("smart", "Hi") as stream:
        assert list(stream.text()) == ["Hel", "lo"]
        assert stream.completed is not None
        assert stream.message.parts[0].text == "Hello"


async def test_text_comes_piece_by_piece_in_asyncio(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sidecar.answers("Hel", "lo")
    async with aremora.chat("smart", "Hi") as stream:
        assert [piece async for piece in stream.text()] == ["Hel", "lo"]
        assert stream.message.parts[0].text == "Hello"
    assert await aremora.chat("smart", "Hi").final_text() == "Hello"


def test_void_text_is_told_to_the_reader_of_text(sidecar: FakeSidecar, remora: Client) -> None:
    sends(sidecar, text("wrong"), R(restarted=pb.Restarted()), text("right"), R(completed=completed("right")))
    told: list[str] = []
    assert list(remora.chat("smart", "Hi").text(on_discard=told.append)) == ["wrong", "right"]
    assert told == [""]
    with pytest.raises(TextDiscarded) as caught:
        list(remora.chat("smart", "Hi").text())
    assert caught.value.text_so_far == ""


def test_an_end_without_completed_is_an_error_and_not_a_short_answer(sidecar: FakeSidecar, remora: Client) -> None:
    sends(sidecar, text("half"))
    stream = remora.chat("smart", "Hi")
    with pytest.raises(StreamBroken):
        stream.final_text()
    assert stream.text_so_far == "half"


async def test_an_end_without_completed_is_an_error_in_asyncio_too(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sends(sidecar, text("half"))
    with pytest.raises(StreamBroken):
        await aremora.chat("smart", "Hi").final_text()

"""The spans of a call: which, below which, with what on them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from sidecar.core.catalog import Entry
from sidecar.core.content import (
    Audio,
    File,
    FormatKind,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from sidecar.core.observation import Operation, Rpc
from sidecar.core.reasons import Reason
from sidecar.core.redaction import Redactor
from sidecar.core.report import AttemptKind, Repair, SkipCause, Skipped
from sidecar.core.usage import Usage
from sidecar.telemetry import names
from sidecar.telemetry.names import Generation
from sidecar.telemetry.otlp_bytes import Envelope
from sidecar.telemetry.shown import Shown
from sidecar.telemetry.spans import SpanMaker

from ..conftest import Golden
from .build import (
    ANSWER,
    BEGAN,
    OPERATION_ID,
    PROMPT,
    RPC_ID,
    TRACE_ID,
    attempt,
    failed,
    operation,
    request,
    rpc,
    target,
)
from .receiver import Export, Seen, seen

GOLDEN = Path(__file__).parent / "golden"
SECRET = "planted-secret-value-0123"


def spans_of(made: Rpc, *, capture_content: bool = False, old: frozenset[Generation] = frozenset()) -> list[Seen]:
    """What a collector would see."""
    maker = SpanMaker(Shown(Redactor([SECRET])), capture_content=capture_content, old=old)
    return seen(Export.FromString(Envelope({}, "remora", "0").request(maker.spans(made, made.request_id))))


def tree(spans: list[Seen]) -> str:
    """The spans as JSON, in microseconds after the call began, their attributes in order of their names."""

    def shown(span: Seen) -> dict[str, Any]:
        told = dataclasses.asdict(span)
        del told["resource"]
        for key in ("started_at", "ended_at"):
            told[key] = _since(told[key])
        for event in told["events"]:
            event["at"] = _since(event["at"])
        return {key: value for key, value in told.items() if value is not False and value not in ("", {}, ())}

    return json.dumps([shown(span) for span in spans], indent=1, sort_keys=True) + "\n"


def _since(nanoseconds: int) -> int:
    return round((nanoseconds - int(BEGAN * 1e9)) / 1000)


def troubled() -> Operation:
    """A wait, a skip and a repair, and an answer from elsewhere."""
    attempts = (
        failed(0, Reason.RATE_LIMITED, upstream_status=429, upstream_code="rate_limit", retry_after_s=0.5),
        failed(1, Reason.UNSUPPORTED_PARAMETER, kind=AttemptKind.RETRY, wait_s=0.25, upstream_status=400),
        attempt(2, target=target("anthropic", "claude-x"), protocol="anthropic"),
    )
    skipped = (Skipped(Entry("groq", "llama-x"), SkipCause.OPEN, "its breaker is open", Reason.OVERLOADED, 12.0, 77.6),)
    repairs = (Repair(1, Reason.UNSUPPORTED_PARAMETER, f"dropped: {PROMPT}"),)
    return operation(*attempts, skipped=skipped, repairs=repairs, arrived_at=77.0)


def resumed() -> Operation:
    """An answer that broke off twice; one that did not go on with it, one that did, and one that ended it."""
    return operation(
        attempt(0, reason=Reason.STREAM_BROKEN, finish=None),
        attempt(1, kind=AttemptKind.RESUME, reason=Reason.CANCELLED, finish=None, target=target("groq", "llama-x")),
        attempt(2, kind=AttemptKind.RESUME, target=target("anthropic", "claude-x"), protocol="anthropic"),
    )


STORIES = {
    "plain": rpc(operation()),
    "troubled": rpc(troubled()),
    "failed": rpc(operation(failed(0), failed(1, Reason.SERVER_ERROR, target=target("groq", "llama-x")))),
    "resumed": rpc(resumed()),
    "refused": rpc(code="INVALID_ARGUMENT", reason=Reason.INVALID_INPUT),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_spans_of_a_story_are_exactly_these(story: str, golden: Golden) -> None:
    golden(GOLDEN / f"{story}.json", tree(spans_of(STORIES[story])))


@pytest.mark.parametrize("story", STORIES)
def test_every_name_in_a_span_is_documented_for_it(story: str) -> None:
    places = {"SERVER": names.Where.SERVER, "INTERNAL": names.Where.OPERATION, "CLIENT": names.Where.ATTEMPT}
    for span in spans_of(STORIES[story], capture_content=True, old=frozenset(Generation)):
        for key in span.attributes:
            assert places[span.kind] in names.ATTRIBUTES[key].where, (span.kind, key)
        for event in span.events:
            assert event.name in names.EVENTS
            assert all(names.Where.EVENT in names.ATTRIBUTES[key].where for key in event.attributes)


@pytest.mark.parametrize("story", STORIES)
def test_children_lie_within_their_parents(story: str) -> None:
    spans = spans_of(STORIES[story])
    by_id = {span.span_id: span for span in spans}
    for span in spans:
        parent = by_id.get(span.parent_id)
        if parent is not None:
            assert parent.started_at <= span.started_at
            assert span.ended_at <= parent.ended_at


@pytest.mark.parametrize("story", STORIES)
def test_no_prompt_and_no_words_of_upstream_are_in_spans(story: str) -> None:
    assert PROMPT not in tree(spans_of(STORIES[story]))
    assert ANSWER not in tree(spans_of(STORIES[story]))


def test_a_secret_in_a_name_that_the_caller_chose_is_redacted() -> None:
    bare = operation(requested_model=f"model-{SECRET}")
    asked = attempt(target=target(model=f"gpt-{SECRET}"))
    for made in (rpc(bare), rpc(operation(asked))):
        assert SECRET not in tree(spans_of(made, capture_content=True))


def test_the_ids_are_those_of_the_rpc_the_call_and_its_attempts() -> None:
    server, call, first = spans_of(rpc(operation()))
    assert (server.span_id, server.parent_id) == (RPC_ID, "b7ad6b7169203331")
    assert (call.span_id, call.parent_id) == (OPERATION_ID, RPC_ID)
    assert (first.span_id, first.parent_id) == ("3333333333333330", OPERATION_ID)
    assert {span.trace_id for span in (server, call, first)} == {TRACE_ID}
    assert {span.state for span in (server, call, first)} == {"vendor=1"}


def test_a_retry_says_how_often_its_target_had_been_asked() -> None:
    counts = [span.attributes.get(names.HTTP_RESEND_COUNT) for span in spans_of(rpc(troubled()))[2:]]
    assert counts == [None, 1, None]


@pytest.mark.parametrize(
    ("code", "is_error"),
    [("OK", False), ("CANCELLED", False), ("INVALID_ARGUMENT", False), ("INTERNAL", True), ("UNAVAILABLE", True)],
)
def test_the_rpc_is_an_error_where_the_server_is_to_blame(code: str, is_error: bool) -> None:
    (server,) = spans_of(rpc(code=code))
    assert server.is_error is is_error
    assert server.attributes.get(names.ERROR_TYPE) == (code if is_error else None)


def test_a_call_that_its_caller_cancelled_is_no_error_and_neither_is_its_attempt() -> None:
    _, call, first = spans_of(rpc(operation(failed(0, Reason.CANCELLED, upstream_status=None)), code="CANCELLED"))
    assert not call.is_error
    assert call.attributes[names.REASON] == "CANCELLED"
    assert not first.is_error
    assert first.attributes[names.REASON] == "CANCELLED"
    assert names.ERROR_TYPE not in first.attributes


def test_old_names_stand_beside_the_new_where_they_are_asked_for() -> None:
    usage = Usage(10, 20, cache_write_input_tokens=7)
    old = names.old_generations({names.OPT_IN_VARIABLE: "http/dup, rpc/dup,gen_ai_latest_experimental/dup"})
    server, _, first = spans_of(rpc(operation(attempt(usage=usage))), old=old)
    assert server.attributes["rpc.system"] == "grpc"
    assert server.attributes["rpc.service"] == "remora.v1.ChatService"
    assert server.attributes["rpc.grpc.status_code"] == 0
    assert first.attributes["gen_ai.system"] == "openai"
    assert first.attributes["gen_ai.usage.cache_creation.input_tokens"] == 7
    assert first.attributes["gen_ai.usage.cache_write.input_tokens"] == 7


def test_old_names_are_left_out_by_default() -> None:
    assert names.old_generations({}) == names.old_generations({names.OPT_IN_VARIABLE: "gen_ai_latest_experimental"})
    told = {key for span in spans_of(rpc(operation())) for key in span.attributes}
    assert not [key for key in told if names.ATTRIBUTES[key].old is not None]


def test_prompt_answer_and_upstream_message_are_told_where_that_is_wanted() -> None:
    made = operation(failed(0), attempt(1))
    _, _, first, second = spans_of(rpc(made), capture_content=True)
    prompt = json.loads(first.attributes[names.INPUT_MESSAGES])
    assert prompt == [{"role": "user", "parts": [{"type": "text", "content": PROMPT}]}]
    assert first.message == f"upstream quotes: {PROMPT}"
    assert names.OUTPUT_MESSAGES not in first.attributes
    answer = json.loads(second.attributes[names.OUTPUT_MESSAGES])
    assert answer == [
        {"role": "assistant", "parts": [{"type": "text", "content": ANSWER}], "finish_reason": "stop"},
    ]


def test_captured_content_is_still_without_secrets() -> None:
    asked = dataclasses.replace(operation(failed(0, message=f"key {SECRET}")), request=request(model=SECRET))
    assert SECRET not in tree(spans_of(rpc(asked), capture_content=True))


def test_captured_content_has_every_kind_of_part_without_the_bytes_of_media() -> None:
    parts = (
        Part(Reasoning("hm")),
        Part(Refusal("no")),
        Part(ToolCall("c1", "f", '{"a": 1}')),
        Part(ToolCall("c2", "g", "not json")),
        Part(ToolResult("c1", "done")),
        Part(Image(b"bytes", None, "image/png")),
        Part(File(None, "https://e.example/f", "application/pdf")),
        Part(Audio(b"bytes")),
    )
    made = dataclasses.replace(operation(), request=request(messages=(Message(Role.ASSISTANT, parts),)))
    (told,) = json.loads(spans_of(rpc(made), capture_content=True)[2].attributes[names.INPUT_MESSAGES])
    assert [part["type"] for part in told["parts"]] == [
        "reasoning",
        "text",
        "tool_call",
        "tool_call",
        "tool_call_response",
        "blob",
        "uri",
        "blob",
    ]
    assert told["parts"][2]["arguments"] == {"a": 1}
    assert told["parts"][3]["arguments"] == "not json"
    assert [part.get("content") for part in told["parts"] if part["type"] == "blob"] == ["", ""]


def test_captured_content_is_bounded_and_keeps_the_latest() -> None:
    turns = tuple(Message(Role.USER, (Part(Text(f"{number} " + "x" * 50_000)),)) for number in range(30))
    made = dataclasses.replace(operation(), request=request(messages=turns))
    text = spans_of(rpc(made), capture_content=True)[2].attributes[names.INPUT_MESSAGES]
    told = [message["parts"][0]["content"] for message in json.loads(text)]
    assert len(text) < 300_000
    assert told[-1].startswith("29 ")
    assert len(told) > 10
    assert {len(content) for content in told} == {20_000}


def test_what_the_caller_asked_for_is_on_every_attempt() -> None:
    asked = request(
        top_p=0.9,
        top_k=5,
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        reasoning_effort="low",
        response_format=ResponseFormat(FormatKind.JSON),
    )
    made = dataclasses.replace(operation(failed(0), attempt(1)), request=asked)
    for span in spans_of(rpc(made))[2:]:
        told = {
            key: value for key, value in span.attributes.items() if key.startswith(("gen_ai.request", "gen_ai.out"))
        }
        assert told == {
            "gen_ai.request.model": "gpt-x",
            "gen_ai.request.stream": True,
            "gen_ai.request.max_tokens": 64,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.top_p": 0.9,
            "gen_ai.request.top_k": 5,
            "gen_ai.request.seed": 7,
            "gen_ai.request.presence_penalty": 0.1,
            "gen_ai.request.frequency_penalty": 0.2,
            "gen_ai.request.reasoning.level": "low",
            "gen_ai.output.type": "json",
        }


def test_a_unary_upstream_call_has_no_time_to_first_chunk() -> None:
    told = spans_of(rpc(operation(attempt(is_streamed=False))))[2].attributes
    assert names.REQUEST_STREAM not in told
    assert names.FIRST_CHUNK not in told


def test_every_count_of_tokens_is_on_the_attempt_and_on_nothing_else() -> None:
    usage = Usage(10, 20, 4, 3, 5, estimated=True)
    server, call, first = spans_of(rpc(operation(attempt(usage=usage))))
    counts = {key: value for key, value in first.attributes.items() if "usage" in key}
    assert counts == {
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.cache_write.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 5,
        "remora.usage.estimated": True,
    }
    assert not [key for span in (server, call) for key in span.attributes if "usage" in key]


@pytest.mark.parametrize(
    ("provider", "protocol", "vendor"),
    [("azure", "openai", "azure.ai.openai"), ("team", "anthropic", "anthropic"), ("team", "own", "team")],
)
def test_a_vendor_is_known_by_its_provider_or_its_protocol(provider: str, protocol: str, vendor: str) -> None:
    made = attempt(target=target(provider), protocol=protocol)
    assert spans_of(rpc(operation(made)))[2].attributes[names.PROVIDER_NAME] == vendor


@pytest.mark.parametrize(
    ("base_url", "host", "port"),
    [
        ("http://127.0.0.1:8080/v1", "127.0.0.1", 8080),
        ("http://h.example", "h.example", 80),
        ("https://[::1]/v1", "::1", 443),
    ],
)
def test_the_provider_has_a_host_and_a_port(base_url: str, host: str, port: int) -> None:
    made = attempt(target=dataclasses.replace(target(), base_url=base_url))
    told = spans_of(rpc(operation(made)))[2].attributes
    assert (told[names.SERVER_ADDRESS], told[names.SERVER_PORT]) == (host, port)


@pytest.mark.parametrize(
    ("peer", "address"), [("ipv4:10.0.0.1:5", "10.0.0.1"), ("ipv6:%5B::1%5D:5", "::1"), ("unix:", None), ("", None)]
)
def test_the_caller_has_an_address_without_its_port(peer: str, address: str | None) -> None:
    assert spans_of(rpc(peer=peer))[0].attributes.get(names.NETWORK_PEER_ADDRESS) == address


def test_what_a_provider_calls_a_code_or_an_id_is_left_out_where_it_is_a_sentence() -> None:
    told = failed(0, upstream_code=PROMPT, upstream_request_id=PROMPT, response_id=PROMPT, response_model=PROMPT)
    assert PROMPT not in tree(spans_of(rpc(operation(told))))


def test_a_thousand_targets_are_not_kept_for_ever() -> None:
    maker = SpanMaker(Shown(Redactor([])), capture_content=False, old=frozenset())
    for number in range(2100):
        made = attempt(target=target(model=f"m{number}"), response_model=f"m{number}")
        maker.spans(rpc(operation(made, requested_model=f"r{number}"), peer=f"ipv4:10.0.0.1:{number}"), "r")
    assert all(len(kept) <= 1024 for kept in (maker._targets, maker._rpcs, maker._calls, maker._outcomes))
    assert len(maker._shown._names) <= 1024

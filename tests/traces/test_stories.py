"""What people see in Jaeger: for each story exactly the spans, parents, attributes and events that belong to it."""

from __future__ import annotations

import secrets
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from sidecar.pb import chat_pb2, content_pb2, health_pb2, policy_pb2
from sidecar.telemetry.access_log import FIELDS
from tests.conftest import Golden
from tests.server.conversation import call, image, question, result, tool, turn, user, whole
from tests.server.outcome import Outcome, ask, chat

from .conftest import SECRETS, Watched
from .tree import tree

GOLDEN = Path(__file__).parent / "golden"
PROMPT = "the planted prompt about ottersheen"
PARENT = "b7ad6b7169203331"
ECHO = {"error": {"message": f"you sent {SECRETS['KEY_NORTH']} and {PROMPT}", "type": "server_error", "code": None}}
"""What a careless provider says: everything it was sent."""
SOON = policy_pb2.Policy(first_content_duration=Duration(nanos=300_000_000))
FAIL = policy_pb2.Policy(on_stream_break=policy_pb2.ON_STREAM_BREAK_FAIL)

Play = Callable[[Watched, Any], Outcome]


def asked(model: str, *messages: content_pb2.Message, **fields: Any) -> Any:
    """A request whose prompt must not be seen."""
    return question(model, *(messages or (user(PROMPT),)), **fields)


def stream(request: Any) -> Play:
    """Plays a Chat."""
    return lambda watched, metadata: chat(watched.sidecar.chat, request, metadata=metadata)


def unary(request: Any) -> Play:
    """Plays a Complete."""
    return lambda watched, metadata: ask(watched.sidecar.chat.Complete, whole(request), metadata=metadata)


def vectors(model: str, **fields: Any) -> Play:
    """Plays an Embed."""
    request = chat_pb2.EmbedRequest(model=model, inputs=[PROMPT], **fields)
    return lambda watched, metadata: ask(watched.sidecar.chat.Embed, request, metadata=metadata)


def hung_up(request: Any) -> Play:
    """Plays a Chat whose caller leaves after the first words."""

    def play(watched: Watched, metadata: Any) -> Outcome:
        stub_call = watched.sidecar.chat.Chat(request, metadata=metadata, timeout=15)
        next(event for event in stub_call if event.text_delta.text)
        stub_call.cancel()
        return Outcome(grpc.StatusCode.CANCELLED, "", {})

    return play


def hurried(request: Any, timeout_s: float) -> Play:
    """Plays a Chat with a deadline."""
    return lambda watched, metadata: chat(watched.sidecar.chat, request, metadata=metadata, timeout_s=timeout_s)


def foreign() -> Any:
    """A conversation with reasoning of somebody else's, and an image."""
    reasoning = content_pb2.Part(
        reasoning=content_pb2.ReasoningPart(text="planted thought"), issuer="elsewhere", opaque_state=b"planted-state"
    )
    assistant = turn("assistant", reasoning, "I look.", call("c1", "look"))
    return asked("west/ok+foreign", user(PROMPT), assistant, turn("tool", result("c1", "seen")), tools=[tool("look")])


STORIES: dict[str, tuple[dict[str, dict[str, Any]], Play, int]] = {
    "an answer": ({}, stream(asked("south/ok+plain", temperature=0.5, max_output_tokens=50)), 3),
    "an answer in one piece": ({}, unary(asked("south/ok+unary")), 3),
    "vectors from the second key": (
        {"embeds": {"status": 429, "key": SECRETS["KEY_NORTH"], "body": ECHO}},
        vectors("north/embeds", dimensions=8, task=chat_pb2.EMBED_TASK_QUERY),
        4,
    ),
    "the other wire": ({}, stream(asked("west/ok+west")), 3),
    "a retry, then another entry": (
        {"down": {"status": 503, "body": ECHO}},
        stream(asked("north/down", fallback_models=["south/ok+second"])),
        5,
    ),
    "a refused key, then the other": (
        {"picky": {"status": 401, "key": SECRETS["KEY_BAD"], "body": ECHO}},
        stream(asked("refused/picky")),
        4,
    ),
    "a stated wait, then another entry": (
        {"limited": {"status": 429, "retry_after": "30"}},
        stream(asked("south/limited", fallback_models=["west/ok+third"])),
        4,
    ),
    "a refused connection": ({}, stream(asked("dead/x", fallback_models=["south/ok+fourth"])), 4),
    "a cut before any word": (
        {"cut-early": {"cut_at": 0}},
        stream(asked("south/cut-early", fallback_models=["west/ok+fifth"])),
        5,
    ),
    "a cut after some words": (
        {"cut-late": {"words": 20, "fin_at": 5}},
        stream(asked("south/cut-late", fallback_models=["west/ok+sixth"])),
        4,
    ),
    "a cut that the caller wants to be told of": (
        {"cut-told": {"words": 20, "fin_at": 5}},
        stream(asked("south/cut-told", fallback_models=["west/ok+seventh"], policy=FAIL)),
        3,
    ),
    "a cut, one that begins again and differs, and one that goes on": (
        {"cut-twice": {"words": 20, "fin_at": 8}},
        stream(asked("south/cut-twice", fallback_models=["south/differs", "west/ok+eighth"])),
        5,
    ),
    "everything fails": (
        {"gone": {"status": 404}, "full": {"status": 402}},
        stream(asked("south/gone", fallback_models=["unpaid/full"])),
        5,
    ),
    "an entry that cannot see": (
        {},
        stream(asked("north/blind", user(PROMPT, image(b"\x89PNG")), fallback_models=["south/ok+sees"])),
        3,
    ),
    "reasoning of another issuer is left out": ({}, stream(foreign()), 3),
    "the caller hangs up": (
        {"slow": {"words": 200, "tokens_per_s": 50}},
        hung_up(asked("south/slow")),
        3,
    ),
    "the deadline runs out": (
        {"silent": {"first_token_s": 30}},
        hurried(asked("west/silent"), 1.0),
        3,
    ),
    "a silent target is hedged, and has timed out": (
        {"silent-1": {"first_token_s": 30}},
        stream(asked("hurried/silent-1", fallback_models=["west/ok+hedge"])),
        4,
    ),
    "a target that only the caller found slow is hedged, and cancelled": (
        {"silent-2": {"first_token_s": 30}},
        stream(asked("south/silent-2", fallback_models=["west/ok+sooner"], policy=SOON)),
        4,
    ),
    "a hedge that loses": (
        {"slow-1": {"first_token_s": 0.6}, "silent-3": {"first_token_s": 30}},
        stream(asked("hurried/slow-1", fallback_models=["west/silent-3"])),
        4,
    ),
    "a request that is wrong": ({}, stream(asked("south/ok", temperature=9.0)), 1),
    "a model nobody knows": ({}, stream(asked("nobody-knows")), 1),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_leaves_exactly_its_spans(watched: Watched, golden: Golden, story: str) -> None:
    actions, play, number = STORIES[story]
    for model, action in actions.items():
        watched.provider.when(model, **action)
    trace_id = secrets.token_hex(16)
    metadata = [("traceparent", f"00-{trace_id}-{PARENT}-01"), ("tracestate", "vendor=1")]
    outcome = play(watched, metadata)
    spans = watched.spans_of(trace_id, number)
    server = next(span for span in spans if span.kind == "SERVER")
    assert server.parent_id == PARENT
    assert {span.state for span in spans} == {"vendor=1"}
    assert server.attributes["rpc.response.status_code"] == outcome.code.name
    golden(GOLDEN / f"{story.replace(' ', '_').replace(',', '')}.txt", tree(spans))


def test_what_opened_a_breaker_and_what_it_skips_are_seen(watched: Watched, golden: Golden) -> None:
    watched.provider.when("breaks", status=500)
    request = asked("north/breaks", fallback_models=["south/ok+skips"])
    for _ in range(2):
        assert chat(watched.sidecar.chat, request).code is grpc.StatusCode.OK
    trace_id = secrets.token_hex(16)
    chat(watched.sidecar.chat, request, metadata=[("traceparent", f"00-{trace_id}-{PARENT}-01")])
    golden(GOLDEN / "an_open_breaker_is_skipped.txt", tree(watched.spans_of(trace_id, 3)))


def test_a_hedge_and_what_it_was_asked_beside_are_siblings_that_overlap(watched: Watched) -> None:
    watched.provider.when("silent-5", first_token_s=30)
    trace_id = secrets.token_hex(16)
    request = asked("hurried/silent-5", fallback_models=["south/ok+beside"])
    chat(watched.sidecar.chat, request, metadata=[("traceparent", f"00-{trace_id}-{PARENT}-01")])
    spans = watched.spans_of(trace_id, 4)
    (operation,) = (span for span in spans if span.kind == "INTERNAL")
    slow, hedge = sorted((span for span in spans if span.kind == "CLIENT"), key=lambda span: span.started_at)
    assert {slow.parent_id, hedge.parent_id} == {operation.span_id}
    assert slow.started_at < hedge.started_at < slow.ended_at <= hedge.ended_at
    kinds = [span.attributes["remora.attempt.kind"] for span in (slow, hedge)]
    assert (kinds, slow.attributes["error.type"], hedge.is_error) == (["first", "hedge"], "TIMEOUT", False)


def test_providers_are_sent_the_attempts_own_span_as_parent(watched: Watched) -> None:
    trace_id = secrets.token_hex(16)
    metadata = [("traceparent", f"00-{trace_id}-{PARENT}-01"), ("tracestate", "vendor=1"), ("baggage", "user=planted")]
    chat(watched.sidecar.chat, asked("south/ok+propagates"), metadata=metadata)
    (attempt,) = (span for span in watched.spans_of(trace_id, 3) if span.kind == "CLIENT")
    headers = watched.provider.entries("ok+propagates")[-1].headers
    assert headers["traceparent"] == f"00-{trace_id}-{attempt.span_id}-01"
    assert "baggage" not in headers


def test_a_trace_the_caller_does_not_record_leaves_no_spans(watched: Watched) -> None:
    unrecorded, recorded = secrets.token_hex(16), secrets.token_hex(16)
    outcome = chat(
        watched.sidecar.chat, asked("south/ok+quiet"), metadata=[("traceparent", f"00-{unrecorded}-{PARENT}-00")]
    )
    assert outcome.trailers["remora-trace-id"] == unrecorded
    chat(watched.sidecar.chat, asked("south/ok+loud"), metadata=[("traceparent", f"00-{recorded}-{PARENT}-01")])
    watched.spans_of(recorded, 3)
    assert unrecorded not in {span.trace_id for span in watched.collector.spans}


@pytest.mark.parametrize("traceparent", ["", "00-zz-1-01", f"00-{'0' * 32}-{PARENT}-01", f"ff-{'a' * 32}-{PARENT}-01"])
def test_without_a_valid_parent_a_trace_begins_here(watched: Watched, traceparent: str) -> None:
    metadata = [("traceparent", traceparent), ("tracestate", "vendor=1")] if traceparent else []
    outcome = chat(watched.sidecar.chat, asked("south/ok+root"), metadata=metadata)
    spans = watched.spans_of(outcome.trailers["remora-trace-id"], 3)
    assert next(span for span in spans if span.kind == "SERVER").parent_id == ""
    assert {span.state for span in spans} == {""}


def test_health_and_reflection_leave_no_spans_and_no_line_in_the_access_log(watched: Watched) -> None:
    trace_id = secrets.token_hex(16)
    metadata = [("traceparent", f"00-{trace_id}-{PARENT}-01")]
    list(watched.sidecar.health.Health(health_pb2.HealthRequest(), metadata=metadata))
    marker = secrets.token_hex(16)
    chat(watched.sidecar.chat, asked("south/ok+marker"), metadata=[("traceparent", f"00-{marker}-{PARENT}-01")])
    watched.spans_of(marker, 3)
    assert trace_id not in {span.trace_id for span in watched.collector.spans}
    assert trace_id not in watched.sidecar.log


def test_each_call_is_one_line_of_the_access_log_with_its_trace(watched: Watched) -> None:
    outcome = chat(watched.sidecar.chat, asked("south/ok+logged", request_id="logged-1"))
    trace_id = outcome.trailers["remora-trace-id"]
    watched.spans_of(trace_id, 3)
    (line,) = (line for line in watched.sidecar.lines if line.get("request_id") == "logged-1")
    assert list(line) == list(FIELDS)
    assert (line["trace_id"], line["code"], line["provider"], line["attempts"]) == (trace_id, "OK", "south", 1)


def test_a_secret_in_a_callers_tracestate_goes_no_further(watched: Watched) -> None:
    trace_id = secrets.token_hex(16)
    state = f"vendor={SECRETS['KEY_NORTH']}"
    chat(
        watched.sidecar.chat,
        asked("south/ok+state"),
        metadata=[("traceparent", f"00-{trace_id}-{PARENT}-01"), ("tracestate", state)],
    )
    assert {span.state for span in watched.spans_of(trace_id, 3)} == {""}
    assert "tracestate" not in watched.provider.entries("ok+state")[-1].headers


def test_the_model_of_a_call_that_was_never_made_is_in_the_access_log(watched: Watched) -> None:
    chat(watched.sidecar.chat, asked("nobody-knows-this", request_id="unmade-1"))
    outcome = chat(watched.sidecar.chat, asked("south/ok+after"))
    watched.spans_of(outcome.trailers["remora-trace-id"], 3)
    (line,) = (line for line in watched.sidecar.lines if line.get("request_id") == "unmade-1")
    assert (line["requested_model"], line["reason"]) == ("nobody-knows-this", "UNKNOWN_MODEL")


def test_no_key_no_prompt_and_no_words_of_a_provider_are_exported_or_logged(watched: Watched) -> None:
    for story, (actions, play, number) in STORIES.items():
        for model, action in actions.items():
            watched.provider.when(model, **action)
        trace_id = secrets.token_hex(16)
        play(watched, [("traceparent", f"00-{trace_id}-{PARENT}-01")])
        assert watched.spans_of(trace_id, min(number, 2)), story
    (health,) = watched.sidecar.health.Health(health_pb2.HealthRequest(), timeout=5)
    assert any(entry.last_error.startswith("503") for entry in health.entries)
    seen = watched.exported.decode(errors="replace") + watched.sidecar.log + metrics(watched) + str(health)
    for planted in (*SECRETS.values(), PROMPT, "you sent", "planted", "otter"):
        assert planted not in seen


def metrics(watched: Watched) -> str:
    """What /metrics says."""
    with urllib.request.urlopen(f"http://{watched.sidecar.probe}/metrics", timeout=5) as response:
        text: str = response.read().decode()
        return text

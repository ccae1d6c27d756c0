"""The judge passes recorded traces as they are, and none that was changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from remora_client.demo.verdict import Check

from .recording import RECORDED, Recording, load
from .story import STORIES, secrets_of
from .verdict import judge

Json = dict[str, Any]
SECRETS = secrets_of(STORIES)
SPANS, FAMILY, ERRORS, ATTRIBUTES, EVENTS, TIMES, WARNINGS, SILENCE = range(8)


def judged(recording: Recording) -> list[Check]:
    return judge(recording.trace, recording.told, recording.ports, SECRETS)


def spans(raw: Json, kind: str) -> list[Json]:
    found = [span for span in raw["spans"] if pair(span["tags"], "span.kind")["value"] == kind]
    return sorted(found, key=lambda span: span["startTime"])


def pair(pairs: list[Json], key: str) -> Json:
    return next(one for one in pairs if one["key"] == key)


def put(span: Json, key: str, value: Any, kind: str = "string") -> None:
    span["tags"] = [one for one in span["tags"] if one["key"] != key]
    span["tags"].append({"key": key, "type": kind, "value": value})


def drop(span: Json, *keys: str) -> None:
    span["tags"] = [one for one in span["tags"] if one["key"] not in keys]


def hang(span: Json, parent: Json | str) -> None:
    (reference,) = span["references"]
    reference["spanID"] = parent if isinstance(parent, str) else parent["spanID"]


def event(span: Json, name: str) -> Json:
    return next(log for log in span["logs"] if pair(log["fields"], "event")["value"] == name)


def lose_an_attempt(raw: Json) -> None:
    raw["spans"].remove(spans(raw, "client")[0])


def tell_an_attempt_twice(raw: Json) -> None:
    raw["spans"].append({**copy.deepcopy(spans(raw, "client")[0]), "spanID": "0123456789abcdef"})


def rename_an_attempt(raw: Json) -> None:
    spans(raw, "client")[0]["operationName"] = "chat other"


def call_an_attempt_internal(raw: Json) -> None:
    put(spans(raw, "client")[0], "span.kind", "internal")


def export_as_another_service(raw: Json) -> None:
    for process in raw["processes"].values():
        process["serviceName"] = "unknown_service"


def hang_an_attempt_below_the_rpc(raw: Json) -> None:
    hang(spans(raw, "client")[-1], spans(raw, "server")[0])


def hang_an_attempt_below_the_one_before(raw: Json) -> None:
    attempts = spans(raw, "client")
    hang(attempts[1], attempts[0])


def lose_the_caller(raw: Json) -> None:
    spans(raw, "server")[0]["references"] = []


def hang_the_rpc_below_a_stranger(raw: Json) -> None:
    hang(spans(raw, "server")[0], "0123456789abcdef")


def give_a_parent_to_the_first(raw: Json) -> None:
    rpc = spans(raw, "server")[0]
    rpc["references"] = [{"refType": "CHILD_OF", "traceID": rpc["traceID"], "spanID": "0123456789abcdef"}]


def begin_another_trace(raw: Json) -> None:
    spans(raw, "client")[0]["traceID"] = "0123456789abcdef0123456789abcdef"


def forgive_a_failure(raw: Json) -> None:
    drop(spans(raw, "client")[0], "error", "otel.status_code")


def set_the_status_without_the_flag(raw: Json) -> None:
    drop(spans(raw, "client")[0], "error")


def blame_the_answer(raw: Json) -> None:
    put(spans(raw, "client")[-1], "error", True, "bool")


def blame_the_call(raw: Json) -> None:
    put(spans(raw, "internal")[0], "otel.status_code", "ERROR")


def change_the_reason(raw: Json) -> None:
    put(spans(raw, "client")[0], "error.type", "TIMEOUT")


def change_the_status(raw: Json) -> None:
    put(spans(raw, "client")[0], "http.response.status_code", 500, "int64")


def make_the_status_a_text(raw: Json) -> None:
    put(spans(raw, "client")[0], "http.response.status_code", "503")


def lose_the_address(raw: Json) -> None:
    drop(spans(raw, "client")[0], "server.address")


def change_the_tokens(raw: Json) -> None:
    put(spans(raw, "client")[-1], "gen_ai.usage.output_tokens", 7_000, "int64")


def count_the_tokens_on_the_call_too(raw: Json) -> None:
    put(spans(raw, "internal")[0], "gen_ai.usage.output_tokens", 20, "int64")


def forget_the_retry(raw: Json) -> None:
    drop(spans(raw, "client")[1], "http.request.resend_count")


def praise_the_wrong_target(raw: Json) -> None:
    put(spans(raw, "internal")[0], "remora.provider", "outage.north")


def lose_the_request_id(raw: Json) -> None:
    drop(spans(raw, "server")[0], "remora.request_id")


def lose_the_events(raw: Json) -> None:
    spans(raw, "internal")[0]["logs"] = []


def tell_an_event_twice(raw: Json) -> None:
    logs = spans(raw, "internal")[0]["logs"]
    logs.append(copy.deepcopy(logs[0]))


def shorten_the_wait(raw: Json) -> None:
    fields = event(spans(raw, "internal")[0], "remora.wait")["fields"]
    pair(fields, "remora.wait_s")["value"] -= 0.1


def move_the_event_to_an_attempt(raw: Json) -> None:
    spans(raw, "client")[0]["logs"] = spans(raw, "internal")[0]["logs"]
    spans(raw, "internal")[0]["logs"] = []


def change_the_skip(raw: Json) -> None:
    fields = event(spans(raw, "internal")[0], "remora.skip")["fields"]
    pair(fields, "remora.skip.cause")["value"] = "cooling"


def move_the_wait(raw: Json) -> None:
    event(spans(raw, "internal")[0], "remora.wait")["timestamp"] += 50_000


def make_an_attempt_longer(raw: Json) -> None:
    spans(raw, "client")[0]["duration"] += 20_000


def begin_an_attempt_before_its_call(raw: Json) -> None:
    spans(raw, "client")[0]["startTime"] -= 1_000_000


def have_jaeger_move_an_attempt(raw: Json) -> None:
    spans(raw, "client")[0]["warnings"] = ["This span's timestamps were adjusted by -101.4ms"]


def have_jaeger_miss_a_parent(raw: Json) -> None:
    spans(raw, "internal")[0]["warnings"] = ["invalid parent span IDs=0123456789abcdef; skipping clock skew adjustment"]


def plant_a_key(raw: Json) -> None:
    put(spans(raw, "client")[0], "http.request.header.authorization", "Bearer sk-demo-outage-north-main")


def plant_the_prompt(raw: Json) -> None:
    put(spans(raw, "internal")[0], "gen_ai.input.messages", '[{"content": "How does a remora travel?"}]')


def plant_an_answer_in_an_event(raw: Json) -> None:
    spans(raw, "client")[-1]["logs"].append(
        {"timestamp": 0, "fields": [{"key": "message", "type": "string", "value": "When its host tires"}]}
    )


CHANGES: tuple[tuple[str, Callable[[Json], None], int], ...] = (
    ("outage", lose_an_attempt, SPANS),
    ("outage", tell_an_attempt_twice, SPANS),
    ("outage", rename_an_attempt, SPANS),
    ("outage", call_an_attempt_internal, SPANS),
    ("outage", export_as_another_service, SPANS),
    ("outage", hang_an_attempt_below_the_rpc, FAMILY),
    ("outage", hang_an_attempt_below_the_one_before, FAMILY),
    ("breaker", lose_the_caller, FAMILY),
    ("breaker", hang_the_rpc_below_a_stranger, FAMILY),
    ("outage", give_a_parent_to_the_first, FAMILY),
    ("outage", begin_another_trace, FAMILY),
    ("outage", forgive_a_failure, ERRORS),
    ("cut", set_the_status_without_the_flag, ERRORS),
    ("outage", blame_the_answer, ERRORS),
    ("outage", blame_the_call, ERRORS),
    ("cancel", blame_the_answer, ERRORS),
    ("outage", change_the_reason, ATTRIBUTES),
    ("outage", change_the_status, ATTRIBUTES),
    ("outage", make_the_status_a_text, ATTRIBUTES),
    ("outage", lose_the_address, ATTRIBUTES),
    ("outage", change_the_tokens, ATTRIBUTES),
    ("outage", count_the_tokens_on_the_call_too, ATTRIBUTES),
    ("outage", forget_the_retry, ATTRIBUTES),
    ("outage", praise_the_wrong_target, ATTRIBUTES),
    ("outage", lose_the_request_id, ATTRIBUTES),
    ("outage", lose_the_events, EVENTS),
    ("cut", lose_the_events, EVENTS),
    ("breaker", lose_the_events, EVENTS),
    ("repair", lose_the_events, EVENTS),
    ("retry-after", lose_the_events, EVENTS),
    ("cut", tell_an_event_twice, EVENTS),
    ("outage", shorten_the_wait, EVENTS),
    ("outage", move_the_event_to_an_attempt, EVENTS),
    ("breaker", change_the_skip, EVENTS),
    ("outage", move_the_wait, TIMES),
    ("outage", make_an_attempt_longer, TIMES),
    ("outage", begin_an_attempt_before_its_call, TIMES),
    ("outage", have_jaeger_move_an_attempt, WARNINGS),
    ("breaker", have_jaeger_miss_a_parent, WARNINGS),
    ("outage", plant_a_key, SILENCE),
    ("outage", plant_the_prompt, SILENCE),
    ("outage", plant_an_answer_in_an_event, SILENCE),
)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_trace_is_as_its_caller_was_told(name):
    assert [check.found for check in judged(load(name)) if not check.kept] == []


@pytest.mark.parametrize(("name", "change", "claim"), CHANGES, ids=lambda value: getattr(value, "__name__", value))
def test_a_trace_that_was_changed_fails(name, change, claim):
    recording = load(name)
    change(recording.raw)
    check = judged(recording)[claim]
    assert not check.kept
    assert check.found


def test_the_trace_of_another_call_fails_in_everything_but_silence():
    one, other = load("outage"), load("breaker")
    kept = [check.kept for check in judge(other.trace, one.told, one.ports, SECRETS)]
    assert kept[SPANS] is kept[FAMILY] is kept[ATTRIBUTES] is kept[EVENTS] is False


def test_no_trace_at_all_fails_every_claim_but_the_events_of_a_call_that_had_none():
    recording = load("cancel")
    recording.raw["spans"] = []
    assert [check.kept for check in judged(recording)] == [False, False, False, False, True, False, False, True]


def test_silence_is_no_claim_where_nothing_is_searched_for():
    recording = load("outage")
    assert not judge(recording.trace, recording.told, recording.ports, [])[SILENCE].kept

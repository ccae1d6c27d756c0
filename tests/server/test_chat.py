"""Chat over a real channel: which events come, in which order, and what they hold."""

from __future__ import annotations

import orjson

from sidecar.pb import chat_pb2, content_pb2, policy_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub
from sidecar.simulator import answer_text, reasoning_text

from .conversation import question, tool, turn, user
from .outcome import chat
from .provider import Provider


def test_text_comes_as_started_deltas_part_completed_and_completed(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("ok"))
    assert outcome.kinds == ["started", "text_delta", "part_completed", "completed"]
    assert outcome.text == answer_text("hi", 20)
    assert {delta.part_index for delta in outcome.of("text_delta")} == {0}
    assert all(delta.text for delta in outcome.of("text_delta"))
    (started,) = outcome.of("started")
    assert (started.target.provider, started.target.model, started.target.profile) == ("sim", "ok", "main")
    assert not started.failed_over
    assert outcome.completed.finish_reason == chat_pb2.FINISH_REASON_STOP


def test_an_answer_is_streamed_while_it_comes_and_not_at_its_end(stub: ChatServiceStub, provider: Provider) -> None:
    model = "stall-at-3+streamed"
    call = stub.Chat(question(model), timeout=10)
    said = ""
    for event in call:
        said += event.text_delta.text
        if said.count("-") == 3:
            break
    assert said == answer_text("hi", 3)
    assert provider.entries(model)[-1].outcome is None
    call.cancel()


def test_reasoning_is_a_part_of_its_own_before_the_text(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("think+order"))
    assert outcome.kinds == ["started", "reasoning_delta", "text_delta", "part_completed", "completed"]
    thought = "".join(delta.text for delta in outcome.of("reasoning_delta"))
    assert thought == reasoning_text("hi", 8)
    assert {delta.part_index for delta in outcome.of("reasoning_delta")} == {0}
    assert {delta.part_index for delta in outcome.of("text_delta")} == {1}
    parts = outcome.completed.message.parts
    assert [part.WhichOneof("content") for part in parts] == ["reasoning", "text"]
    assert parts[0].reasoning.text == thought


def test_a_refusal_has_deltas_of_its_own_kind(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("refusal"))
    assert outcome.kinds == ["started", "refusal_delta", "part_completed", "completed"]
    said = "".join(delta.text for delta in outcome.of("refusal_delta"))
    assert outcome.completed.message.parts[0].refusal == said != ""


def test_a_tool_call_tells_id_and_name_once_and_its_arguments_in_fragments(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("tools", tools=[tool("get_weather")]))
    deltas = outcome.of("tool_call_delta")
    assert [bool(delta.id) for delta in deltas] == [True] + [False] * (len(deltas) - 1)
    assert [delta.name for delta in deltas if delta.name] == ["get_weather"]
    arguments = "".join(delta.arguments_fragment for delta in deltas)
    assert isinstance(orjson.loads(arguments), dict)
    (part,) = outcome.completed.message.parts
    assert (part.tool_call.id, part.tool_call.name, part.tool_call.arguments_json) == (
        deltas[0].id,
        "get_weather",
        arguments,
    )
    assert outcome.completed.finish_reason == chat_pb2.FINISH_REASON_TOOL_CALLS


def test_parallel_tool_calls_are_parts_of_their_own(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("parallel-tools", tools=[tool("get_weather"), tool("get_time")]))
    deltas = outcome.of("tool_call_delta")
    assert {delta.part_index for delta in deltas} == {0, 1}
    for index, part in enumerate(outcome.completed.message.parts):
        mine = [delta for delta in deltas if delta.part_index == index]
        assert part.tool_call.id == mine[0].id
        assert part.tool_call.arguments_json == "".join(delta.arguments_fragment for delta in mine)
    assert len({delta.id for delta in deltas if delta.id}) == 2
    assert [done.part_index for done in outcome.of("part_completed")] == [0, 1]


def test_an_answer_after_a_json_schema_fits_it(stub: ChatServiceStub, provider: Provider) -> None:
    schema = '{"type":"object","properties":{"age":{"type":"integer"}},"required":["age"],"additionalProperties":false}'
    form = content_pb2.ResponseFormat(
        kind=content_pb2.ResponseFormat.KIND_JSON_SCHEMA, schema_json=schema, schema_name="person"
    )
    outcome = chat(stub, question("ok+schema", response_format=form))
    assert isinstance(orjson.loads(outcome.text)["age"], int)
    (body,) = provider.bodies("ok+schema")
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "person", "schema": orjson.loads(schema), "strict": True},
    }


def test_a_finish_by_length_or_filter_is_passed_on_as_what_it_is(stub: ChatServiceStub) -> None:
    cut = chat(stub, question("ok+limit", max_output_tokens=4))
    assert cut.text == answer_text("hi", 4)
    assert cut.completed.finish_reason == chat_pb2.FINISH_REASON_LENGTH
    filtered = chat(stub, question("filtered"))
    assert filtered.text == answer_text("hi", 4)
    assert filtered.completed.finish_reason == chat_pb2.FINISH_REASON_CONTENT_FILTERED


def test_the_completed_message_can_be_appended_and_the_conversation_goes_on(
    stub: ChatServiceStub, provider: Provider
) -> None:
    model = "think+tools+goes-on"
    tools = [tool("get_weather")]
    first = chat(stub, question(model, user("weather?"), tools=tools)).completed.message
    call = next(part.tool_call for part in first.parts if part.HasField("tool_call"))
    answer = content_pb2.ToolResultPart(tool_call_id=call.id, text="12 degrees")
    back = turn("tool", content_pb2.Part(tool_result=answer))
    second = chat(stub, question(model, user("weather?"), first, back, tools=tools))
    assert second.text == answer_text("weather?", 20)
    _, body = provider.bodies(model)
    assert body["messages"][1]["tool_calls"] == [
        {"id": call.id, "type": "function", "function": {"name": "get_weather", "arguments": call.arguments_json}}
    ]
    assert body["messages"][2] == {"role": "tool", "tool_call_id": call.id, "content": "12 degrees"}


def test_a_model_that_cannot_stream_answers_in_one_piece(stub: ChatServiceStub, provider: Provider) -> None:
    outcome = chat(stub, question("sim/unstreamed"))
    assert outcome.kinds == ["started", "text_delta", "part_completed", "completed"]
    assert outcome.text == answer_text("hi", 20)
    assert provider.entries("unstreamed")[-1].stream is False


def test_a_failover_before_content_is_silent_and_told_in_the_report(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("sim/status-500+quiet", fallback_models=["sim/ok+after-500"]))
    assert outcome.kinds == ["started", "text_delta", "part_completed", "completed"]
    assert outcome.of("started")[0].failed_over
    assert outcome.completed.failed_over
    assert outcome.completed.report.attempts[0].upstream_status == 500


def test_with_include_attempts_each_attempt_is_told_as_it_ends(stub: ChatServiceStub) -> None:
    request = question("sim/status-500+told", fallback_models=["sim/ok+told"], include_attempts=True)
    outcome = chat(stub, request)
    assert outcome.kinds == ["attempt", "started", "text_delta", "part_completed", "attempt", "completed"]
    told = [event.attempt for event in outcome.of("attempt")]
    assert told == list(outcome.completed.report.attempts)
    assert [attempt.index for attempt in told] == list(range(1, len(told) + 1))


def test_failed_comes_right_before_the_status_with_the_whole_report(stub: ChatServiceStub) -> None:
    fail = policy_pb2.Policy(on_stream_break=policy_pb2.ON_STREAM_BREAK_FAIL)
    outcome = chat(stub, question("sim/cut-at-4+failed", include_attempts=True, policy=fail))
    assert outcome.kinds == ["started", "text_delta", "attempt", "failed"]
    (failed,) = outcome.of("failed")
    assert failed.reason == outcome.report.reason
    assert failed.message == outcome.message
    assert failed.report == outcome.report
    assert outcome.text == answer_text("hi", 4)

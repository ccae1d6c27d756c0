"""Bad input: refused before any attempt, every problem at once with its path, and nothing reaches a provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from sidecar.pb import chat_pb2, content_pb2, policy_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub

from .conversation import call, image, question, result, text, tool, turn, user, whole
from .outcome import ask, chat
from .provider import Provider

Request = Callable[[], chat_pb2.ChatRequest]
Format = content_pb2.ResponseFormat
Choice = content_pb2.ToolChoice
NAN, INFINITY = float("nan"), float("inf")


def ok(*messages: content_pb2.Message, **fields: Any) -> Request:
    return lambda: question("ok", *messages, **fields)


def policy(**fields: Any) -> Request:
    return ok(policy=policy_pb2.Policy(**fields))


def options(text: str, protocol: str = "openai") -> Request:
    return ok(provider_options={protocol: text})


def empty() -> chat_pb2.ChatRequest:
    return chat_pb2.ChatRequest(model="ok")


CASES: dict[str, tuple[Request, list[str]]] = {
    "an empty conversation": (empty, ["messages"]),
    "a turn without a role": (ok(content_pb2.Message(parts=[text("hi")])), ["messages[0].role"]),
    "an unknown role": (ok(content_pb2.Message(role=77, parts=[text("hi")])), ["messages[0].role"]),
    "a turn without parts": (ok(turn("user")), ["messages[0].parts"]),
    "a part without content": (ok(user(content_pb2.Part())), ["messages[0].parts[0]"]),
    "a picture by the assistant": (ok(turn("assistant", image(b"x"))), ["messages[0].parts[0].image"]),
    "a tool call by the user": (ok(user(call("c", "look"))), ["messages[0].parts[0].tool_call"]),
    "text in a tool's turn": (ok(turn("tool", "hi")), ["messages[0].parts[0].text"]),
    "a result without its call": (
        ok(user("hi"), turn("tool", result("c9", "x"))),
        ["messages[1].parts[0].tool_result.tool_call_id"],
    ),
    "a result before its call": (
        ok(turn("tool", result("c", "x")), turn("assistant", call("c", "look"))),
        ["messages[0].parts[0].tool_result.tool_call_id"],
    ),
    "a call without id and name": (
        ok(turn("assistant", call("", ""))),
        ["messages[0].parts[0].tool_call.id", "messages[0].parts[0].tool_call.name"],
    ),
    "an image without a source": (ok(user(image(b""))), ["messages[0].parts[0].image"]),
    "an image without a media type": (ok(user(image(b"x", ""))), ["messages[0].parts[0].image.media_type"]),
    "an image that is a sound": (ok(user(image(b"x", "audio/wav"))), ["messages[0].parts[0].image.media_type"]),
    "an image at no URL": (
        ok(user(content_pb2.Part(image=content_pb2.ImagePart(uri="file:///etc/passwd")))),
        ["messages[0].parts[0].image.uri"],
    ),
    "an image over 20 MiB": (ok(user(image(b"x" * (20 * 2**20 + 1)))), ["messages[0].parts[0].image.data"]),
    "an unknown detail": (
        ok(user(content_pb2.Part(image=content_pb2.ImagePart(uri="https://x.example/i", detail=9)))),
        ["messages[0].parts[0].image.detail"],
    ),
    "a sound of an unknown kind": (
        ok(user(content_pb2.Part(audio=content_pb2.AudioPart(data=b"x", media_type="audio/ogg")))),
        ["messages[0].parts[0].audio.media_type"],
    ),
    "opaque state over 1 MiB": (
        ok(turn("assistant", content_pb2.Part(text="x", opaque_state=b"x" * (2**20 + 1)))),
        ["messages[0].parts[0].opaque_state"],
    ),
    "a tool with a bad name": (ok(tools=[tool("no spaces")]), ["tools[0].name"]),
    "a tool twice": (ok(tools=[tool("look"), tool("look")]), ["tools[1].name"]),
    "a tool with a broken schema": (ok(tools=[tool("look", '{"type":')]), ["tools[0].parameters_json"]),
    "a choice of an unknown tool": (
        ok(tools=[tool("look")], tool_choice=Choice(mode=Choice.MODE_NAMED, name="jump")),
        ["tool_choice.name"],
    ),
    "a choice without tools": (ok(tool_choice=Choice(mode=Choice.MODE_REQUIRED)), ["tool_choice"]),
    "an unknown choice": (ok(tools=[tool("look")], tool_choice=Choice(mode=8)), ["tool_choice.mode"]),
    "an unknown form": (ok(response_format=Format(kind=12)), ["response_format.kind"]),
    "a schema that is no JSON": (
        ok(response_format=Format(kind=Format.KIND_JSON_SCHEMA, schema_json="{'a': 1}")),
        ["response_format.schema_json"],
    ),
    "a missing schema": (ok(response_format=Format(kind=Format.KIND_JSON_SCHEMA)), ["response_format.schema_json"]),
    "a schema where none belongs": (
        ok(response_format=Format(kind=Format.KIND_JSON, schema_json="{}")),
        ["response_format.schema_json"],
    ),
    "no output tokens": (ok(max_output_tokens=0), ["max_output_tokens"]),
    "a temperature that is no number": (ok(temperature=NAN), ["temperature"]),
    "a temperature over 2": (ok(temperature=2.1), ["temperature"]),
    "an infinite penalty": (ok(presence_penalty=INFINITY), ["presence_penalty"]),
    "a penalty under -2": (ok(frequency_penalty=-3), ["frequency_penalty"]),
    "a top_p of 0": (ok(top_p=0), ["top_p"]),
    "a top_k of 0": (ok(top_k=0), ["top_k"]),
    "an empty stop text": (ok(stop=["a", ""]), ["stop[1]"]),
    "seventeen stop texts": (ok(stop=["x"] * 17), ["stop"]),
    "an unknown effort": (ok(reasoning=content_pb2.Reasoning(effort=99)), ["reasoning.effort"]),
    "several choices": (options('{"n": 2}'), ["provider_options[openai].n"]),
    "a stored answer": (options('{"store": true}'), ["provider_options[openai].store"]),
    "two options that have fields": (
        options('{"temperature": 1, "messages": []}'),
        ["provider_options[openai].messages", "provider_options[openai].temperature"],
    ),
    "options that nest without end": (
        options('{"a":' * 300 + "1" + "}" * 300),
        ["provider_options[openai]"],
    ),
    "a boundary nobody has": (policy(never_providers=["opneai"]), ["policy.never_providers[0]"]),
    "a profile nobody has": (policy(profile="nobody"), ["policy.profile"]),
    "a request id that ends in a line break": (ok(request_id="abc\n"), ["request_id"]),
    "options that are no JSON": (options("n=2"), ["provider_options[openai]"]),
    "options that are no object": (options("[]"), ["provider_options[openai]"]),
    "options of an unknown protocol": (options("{}", "opnai"), ["provider_options[opnai]"]),
    "a request id with a line break": (ok(request_id="a\nb"), ["request_id"]),
    "an empty request id": (ok(request_id=""), ["request_id"]),
    "a request id over 128 characters": (ok(request_id="x" * 129), ["request_id"]),
    "a model over 512 characters": (lambda: question("m" * 513), ["model"]),
    "a fallback over 512 characters": (ok(fallback_models=["b", "m" * 513]), ["fallback_models[1]"]),
    "an empty fallback": (ok(fallback_models=[""]), ["fallback_models[0]"]),
    "an unknown switch": (policy(on_slow=44), ["policy.on_slow"]),
    "an unknown break": (policy(on_stream_break=44), ["policy.on_stream_break"]),
    "no attempts": (policy(max_attempts=0), ["policy.max_attempts"]),
    "a first-content limit of 0": (policy(first_content_duration=Duration()), ["policy.first_content_duration"]),
    "a negative idle time": (policy(idle_duration=Duration(seconds=-1)), ["policy.idle_duration"]),
    "a negative wait": (policy(max_wait_duration=Duration(seconds=-1)), ["policy.max_wait_duration"]),
}


@pytest.mark.parametrize("what", CASES)
def test_it_is_refused_with_the_fields_path_before_any_attempt(
    stub: ChatServiceStub, provider: Provider, what: str
) -> None:
    build, paths = CASES[what]
    before = provider.received
    outcome = chat(stub, build())
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT")
    assert sorted(outcome.fields) == sorted(paths)
    assert all(outcome.fields.values())
    assert any(outcome.message.startswith(path) for path in paths)
    assert outcome.pushback is None
    assert outcome.trailers["remora-attempts"] == "0"
    assert outcome.events == []
    assert provider.received == before


def test_every_field_error_is_told_at_once(stub: ChatServiceStub) -> None:
    request = question(
        "ok",
        content_pb2.Message(role=77),
        turn("tool", result("c", "x")),
        temperature=NAN,
        stop=[""],
        fallback_models=[""],
        tools=[tool("look", "{")],
        provider_options={"openai": '{"n": 2, "store": true}'},
        policy=policy_pb2.Policy(max_attempts=-1),
    )
    outcome = chat(stub, request)
    assert set(outcome.fields) == {
        "messages[0].role",
        "messages[0].parts",
        "messages[1].parts[0].tool_result.tool_call_id",
        "temperature",
        "stop[0]",
        "fallback_models[0]",
        "tools[0].parameters_json",
        "provider_options[openai].n",
        "provider_options[openai].store",
        "policy.max_attempts",
    }
    assert outcome.message.endswith("(and 9 more)")


def test_complete_checks_the_same(stub: ChatServiceStub) -> None:
    outcome = ask(stub.Complete, whole(question("ok", temperature=NAN, stop=[""])))
    assert (outcome.code, sorted(outcome.fields)) == (grpc.StatusCode.INVALID_ARGUMENT, ["stop[0]", "temperature"])


def test_boundaries_that_leave_nothing_are_the_policys_fault(stub: ChatServiceStub) -> None:
    outcome = chat(stub, question("ok", policy=policy_pb2.Policy(only_providers=["spare"])))
    assert (outcome.code, list(outcome.fields)) == (grpc.StatusCode.INVALID_ARGUMENT, ["policy"])

"""What reaches the provider: the conversation and settings in its own format, with the key of the target chosen."""

from __future__ import annotations

from base64 import b64encode

import orjson
import pytest

from sidecar.pb import chat_pb2, content_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub
from sidecar.simulator import fingerprint

from .conversation import call, image, question, result, text, tool, turn, user
from .outcome import chat
from .provider import Provider

PNG = b"\x89PNG\r\n\x1a\nnot really"


def data_url(data: bytes) -> str:
    return f"data:image/png;base64,{b64encode(data).decode()}"


def test_a_conversation_with_tool_results_and_images_arrives_in_the_providers_format(
    stub: ChatServiceStub, provider: Provider
) -> None:
    picture = content_pb2.ImagePart(data=PNG, media_type="image/png")
    request = question(
        "ok+history",
        turn("system", "Be brief."),
        user("What is on it?", image(PNG)),
        turn("assistant", "I look.", call("c1", "look", '{"at": 1.0}'), call("c2", "measure")),
        turn("tool", result("c1", "a cat", picture), result("c2", "no ruler", is_error=True)),
        tools=[tool("look"), tool("measure", None)],
    )
    assert chat(stub, request).completed.finish_reason == chat_pb2.FINISH_REASON_STOP
    (body,) = provider.bodies("ok+history")
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is on it?"},
                {"type": "image_url", "image_url": {"url": data_url(PNG)}},
            ],
        },
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1.0}'}},
                {"id": "c2", "type": "function", "function": {"name": "measure", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
        {"role": "tool", "tool_call_id": "c2", "content": "Error: no ruler"},
        # All results first: a provider refuses anything between a call and its results.
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": data_url(PNG)}}]},
    ]
    assert [entry["function"]["name"] for entry in body["tools"]] == ["look", "measure"]


def test_settings_arrive_under_the_providers_names(stub: ChatServiceStub, provider: Provider) -> None:
    request = question(
        "ok+settings",
        max_output_tokens=7,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=["END"],
        seed=1234567890123,
        presence_penalty=-1,
        frequency_penalty=1.5,
        reasoning=content_pb2.Reasoning(effort=content_pb2.Reasoning.EFFORT_LOW),
        end_user_id="user-7",
        provider_options={"openai": '{"logit_bias": {"50256": -100}}'},
    )
    chat(stub, request)
    (body,) = provider.bodies("ok+settings")
    del body["messages"]
    assert body == {
        "model": "ok+settings",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "stop": ["END"],
        "seed": 1234567890123,
        "presence_penalty": -1,
        "frequency_penalty": 1.5,
        "reasoning_effort": "low",
        "user": "user-7",
        "logit_bias": {"50256": -100},
    }


def test_settings_left_out_are_not_sent(stub: ChatServiceStub, provider: Provider) -> None:
    chat(stub, question("ok+bare"))
    (body,) = provider.bodies("ok+bare")
    assert body == {
        "model": "ok+bare",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_zero_is_a_value_and_not_an_absence(stub: ChatServiceStub, provider: Provider) -> None:
    chat(stub, question("ok+zero", temperature=0, seed=0, presence_penalty=0))
    (body,) = provider.bodies("ok+zero")
    assert (body["temperature"], body["seed"], body["presence_penalty"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (content_pb2.ToolChoice(mode=content_pb2.ToolChoice.MODE_REQUIRED), "required"),
        (content_pb2.ToolChoice(mode=content_pb2.ToolChoice.MODE_NONE), "none"),
        (
            content_pb2.ToolChoice(mode=content_pb2.ToolChoice.MODE_NAMED, name="look"),
            {"type": "function", "function": {"name": "look"}},
        ),
    ],
)
def test_a_tool_choice_arrives(
    stub: ChatServiceStub, provider: Provider, choice: content_pb2.ToolChoice, sent: object
) -> None:
    request = question("ok+choice", tools=[tool("look")], tool_choice=choice, parallel_tool_calls=False)
    outcome = chat(stub, request)
    body = provider.bodies("ok+choice")[-1]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == (sent, False)
    assert bool(outcome.of("tool_call_delta")) == (sent != "none")


def test_schemas_and_arguments_keep_every_byte_and_number(stub: ChatServiceStub, provider: Provider) -> None:
    schema = '{"type":"object","properties":{"big":{"const":12345678901234567890}}}'
    arguments = '{"big": 12345678901234567890, "exact": 1.10}'
    offered = content_pb2.Tool(name="look", parameters_json=schema, strict=True)
    request = question("ok+bytes", user("x"), turn("assistant", call("c", "look", arguments)), tools=[offered])
    request.messages.append(turn("tool", result("c", "done")))
    chat(stub, request)
    (body,) = provider.bodies("ok+bytes")
    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == arguments
    assert body["messages"][1]["content"] is None
    function = body["tools"][0]["function"]
    assert function == {"name": "look", "parameters": orjson.loads(schema), "strict": True}


def test_the_key_of_the_target_chosen_is_the_key_sent(stub: ChatServiceStub, provider: Provider) -> None:
    chat(stub, question("spare/ok+key"))
    entry = provider.ended("ok+key")
    assert entry.key == fingerprint("key-of-spare-0123456789")
    assert entry.path == "/v1/chat/completions"


def test_unicode_arrives_unchanged(stub: ChatServiceStub, provider: Provider) -> None:
    said = "e\u0301 🦈 \u2028 \x00 \ufeff ſ"
    chat(stub, question("ok+unicode", user(text(said))))
    (body,) = provider.bodies("ok+unicode")
    assert body["messages"][0]["content"] == said


@pytest.mark.parametrize("model", ["stale", "close-after-response"])
def test_a_connection_the_provider_closed_while_idle_costs_no_attempt(
    stub: ChatServiceStub, provider: Provider, model: str
) -> None:
    for _ in range(3):
        outcome = chat(stub, question(model))
        assert outcome.trailers["remora-attempts"] == "1"
        assert len(outcome.completed.report.attempts) == 1
    assert len({entry.connection for entry in provider.entries(model)}) > 1

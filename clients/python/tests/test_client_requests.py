"""Requests: every field of the contract can be said, in the shapes a Python programmer would try first."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from remora_client import (
    AsyncClient,
    ChatOptions,
    Client,
    Message,
    Part,
    Policy,
    assistant,
    audio,
    cached,
    document,
    image,
    json_schema,
    named_tool,
    system,
    tool,
    tool_call,
    tool_result,
    user,
)
from remora_client._pb import content_pb2 as content
from remora_client._pb.chat_pb2 import ChatRequest, CompleteRequest
from remora_client._pb.content_pb2 import Reasoning, ResponseFormat, ToolChoice
from remora_client._pb.policy_pb2 import ON_SLOW_WAIT, ON_STREAM_BREAK_RESUME_OR_RESTART
from remora_client._pb.policy_pb2 import Policy as PolicyMessage
from remora_client.request import build_request
from remora_client.testing import FakeSidecar

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def request(prompt: Any = "Hi", model: str | None = "smart", **options: Any) -> ChatRequest:
    return build_request(ChatRequest, model, prompt, options)  # type: ignore[arg-type]


def test_a_prompt_is_text_or_one_message_or_a_conversation() -> None:
    spoken = user("Hi")
    assert list(request("Hi").messages) == list(request(spoken).messages) == list(request([spoken]).messages)
    assert request(message for message in [spoken]) == request([spoken])
    assert request(model=None).model == ""
    with pytest.raises(ValueError, match="at least one message"):
        request([])


@pytest.mark.parametrize(
    "wrong", [None, [None], ["Hi"], {"role": "ROLE_USER"}, [{"role": "user", "content": "Hi"}], [user("Hi").parts[0]]]
)
def test_a_prompt_that_is_none_is_refused_in_words_that_help(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"a prompt is text, a message, or a list of messages from system\(\), user"):
        request(wrong)


def test_a_part_that_is_none_is_refused_in_words_that_help() -> None:
    wrong: Any = tool_result("c1", "sunny")
    with pytest.raises(TypeError, match=r"a part is text or what .* not a whole message"):
        user(wrong)
    wrong = b"bytes"
    with pytest.raises(TypeError, match="not bytes"):
        user("Look:", wrong)


def test_the_roles_have_helpers(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    conversation = [
        system("Be brief."),
        user(
            "What is this?",
            image(b"\xff\xd8\xff", detail="low"),
            document(tmp_path / "a.pdf"),
            audio(b"w", media_type="audio/wav"),
        ),
        assistant("Let me see.", tool_call("c1", "look", {"at": 1})),
        tool_result("c1", {"seen": "é"}, images=[image("https://example.org/x.png")], is_error=True),
    ]
    roles = [content.ROLE_SYSTEM, content.ROLE_USER, content.ROLE_ASSISTANT, content.ROLE_TOOL]
    assert [message.role for message in conversation] == roles
    _, picture, paper, sound = conversation[1].parts
    assert (picture.image.media_type, picture.image.detail) == ("image/jpeg", content.IMAGE_DETAIL_LOW)
    assert (paper.file.media_type, paper.file.filename, paper.file.data) == ("application/pdf", "a.pdf", b"%PDF")
    assert sound.audio.media_type == "audio/wav"
    assert conversation[2].parts[1].tool_call.arguments_json == '{"at": 1}'
    result = conversation[3].parts[0].tool_result
    assert (result.tool_call_id, result.text, result.is_error) == ("c1", '{"seen": "é"}', True)
    assert result.images[0].uri == "https://example.org/x.png"


def test_cached_asks_for_a_cached_prefix_and_leaves_the_part_alone() -> None:
    part = Part(text="long")
    assert cached("long").HasField("cache_hint")
    assert not cached(part).cache_hint.HasField("ttl_duration")
    assert cached(part, ttl_s=3600).cache_hint.ttl_duration.seconds == 3600
    assert not part.HasField("cache_hint")


@pytest.mark.parametrize("wrong", [lambda: image("photo.png"), lambda: image(b"?"), lambda: document(b"?"), user])
def test_content_that_cannot_be_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError):
        wrong()


def test_tools_come_from_the_helper_or_from_a_mapping() -> None:
    described = tool("weather", "Tells it", SCHEMA, strict=True)
    flat = {"name": "weather", "description": "Tells it", "parameters": SCHEMA, "strict": True}
    nested = {"type": "function", "function": flat}
    first, second, third = request(tools=[described, flat, nested]).tools
    assert first == second == third
    assert first.parameters_json == '{"type": "object", "properties": {"city": {"type": "string"}}}'
    assert not tool("bare").HasField("parameters_json")
    with pytest.raises(ValueError, match="a tool is from tool"):
        request(tools=[{"nme": "x"}])
    with pytest.raises(ValueError, match="a tool is from tool"):
        request(tools=["weather"])
    for alone in (described, flat, "weather"):
        with pytest.raises(TypeError, match="tools must be a list"):
            request(tools=alone)


def test_tool_choice_and_response_format_take_names_or_helpers() -> None:
    assert request(tool_choice="required").tool_choice.mode == ToolChoice.MODE_REQUIRED
    assert request(tool_choice=named_tool("f")).tool_choice.name == "f"
    assert request(response_format="json").response_format.kind == ResponseFormat.KIND_JSON
    form = request(response_format=json_schema(SCHEMA, name="place")).response_format
    assert (form.kind, form.schema_name, form.HasField("strict")) == (ResponseFormat.KIND_JSON_SCHEMA, "place", False)
    choices: list[Any] = ["named", "f", {"type": "function"}]
    for choice in choices:
        with pytest.raises(ValueError, match=r"one of 'auto', 'none', 'required', named_tool\(name\)$"):
            request(tool_choice=choice)
    forms: list[Any] = ["json_schema", "json_object", {"type": "json_object"}]
    for wrong in forms:
        with pytest.raises(ValueError, match=r"one of 'text', 'json', json_schema\(schema\)$"):
            request(response_format=wrong)


def test_plain_options_arrive_and_what_is_left_out_is_absent() -> None:
    asked = request(
        fallback_models=["a", "b"], temperature=0.0, seed=0, parallel_tool_calls=False, stop="END",
        provider_options={"openai": {"logit_bias": {}}, "gemini": '{"x": 1.0}'}, metadata={"team": "blue"},
        reasoning_effort="low", reasoning_budget_tokens=100, top_p=None,
    )  # fmt: skip
    assert list(asked.fallback_models) == ["a", "b"]
    assert (asked.HasField("temperature"), asked.HasField("seed"), asked.HasField("parallel_tool_calls")) == (True,) * 3
    assert list(asked.stop) == ["END"]
    assert dict(asked.provider_options) == {"openai": '{"logit_bias": {}}', "gemini": '{"x": 1.0}'}
    assert (asked.reasoning.effort, asked.reasoning.budget_tokens) == (Reasoning.EFFORT_LOW, 100)
    assert not asked.HasField("top_p")
    bare = request()
    assert not any(bare.HasField(name) for name in ("reasoning", "policy", "tool_choice", "response_format"))


def test_an_unknown_option_is_a_type_error_that_names_it() -> None:
    with pytest.raises(TypeError, match="temprature"):
        request(temprature=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": "hot"},
        {"max_output_tokens": 1.5},
        {"metadata": {"team": 1}},
        {"stop": 3},
        {"fallback_models": [1]},
        {"policy": {"max_attempts": 1}},
    ],
)
def test_a_value_of_another_type_is_a_type_error_that_names_the_option(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"^{next(iter(wrong))}"):
        request(**wrong)


def test_one_text_is_a_list_of_one() -> None:
    policy = Policy(only_providers="openai", never_providers="groq")
    asked = request(fallback_models="a/b", stop="END", policy=policy)
    assert (list(asked.fallback_models), list(asked.stop)) == (["a/b"], ["END"])
    assert (list(asked.policy.only_providers), list(asked.policy.never_providers)) == (["openai"], ["groq"])


def test_every_field_of_the_request_has_an_option() -> None:
    covered = set(get_type_hints(ChatOptions)) - {"reasoning_effort", "reasoning_budget_tokens"}
    for kind in (ChatRequest, CompleteRequest):
        assert {field.name for field in kind.DESCRIPTOR.fields} == covered | {"model", "messages", "reasoning"}


def test_a_policy_says_everything_the_contract_can() -> None:
    names = {field.name.removesuffix("_duration") for field in PolicyMessage.DESCRIPTOR.fields}
    assert names == {field.name.removesuffix("_s") for field in fields(Policy)}
    policy = Policy(pin=False, only_providers=["a"], on_slow="wait", on_stream_break="resume_or_restart", idle_s=0.25)
    message = policy.to_message()
    assert message.HasField("pin")
    assert (message.on_slow, message.on_stream_break) == (ON_SLOW_WAIT, ON_STREAM_BREAK_RESUME_OR_RESTART)
    assert (list(message.only_providers), message.idle_duration.nanos) == (["a"], 250_000_000)
    assert Policy().to_message() == PolicyMessage()


@pytest.mark.parametrize(
    "wrong", [{"on_slow": "never"}, {"on_slow": "unspecified"}, {"idle_s": -1}, {"idle_s": float("inf")}]
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        request(policy=Policy(**wrong))


@pytest.mark.parametrize(
    "wrong", [{"idle_s": "3"}, {"max_attempts": "3"}, {"pin": "yes"}, {"only_providers": [1]}, {"max_attempts": 2.5}]
)
def test_a_policy_of_other_types_is_a_type_error_that_names_the_field(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"^{next(iter(wrong))}"):
        request(policy=Policy(**wrong))


def test_both_rpcs_carry_the_same_request(sidecar: FakeSidecar, remora: Client) -> None:
    sidecar.answers("ok")
    options: ChatOptions = {"request_id": "mine", "policy": Policy(pin=True), "tools": [tool("f")]}
    list(remora.chat("smart", "Hi", **options))
    answer = remora.complete("smart", "Hi", **options)
    chat, complete = (call.request for call in sidecar.calls)
    assert chat.SerializeToString(deterministic=True) == complete.SerializeToString(deterministic=True)
    assert (answer.text, answer.request_id, answer.target.provider) == ("ok", "mine", "fake")


async def test_a_conversation_goes_on_with_the_answers_message(sidecar: FakeSidecar, aremora: AsyncClient) -> None:
    sidecar.answers("Rayleigh")
    conversation: list[Message] = [user("Why is the sky blue?")]
    conversation.append((await aremora.complete("smart", conversation)).message or assistant("?"))
    await aremora.complete("smart", [*conversation, user("Who was that?")])
    assert [m.parts[0].text for m in sidecar.calls[-1].request.messages][1:] == ["Rayleigh", "Who was that?"]

"""The official `openai` package takes what our simulator sends: its models fit strictly, its errors are its own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import openai
import pytest
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from sidecar.simulator import answer_text, reasoning_text
from tests.server.provider import Provider

from .conftest import KEY

QUESTION = "How does a remora travel?"
MESSAGES = [{"role": "user", "content": QUESTION}]
ANSWER = answer_text(QUESTION, 20)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("get_weather", "get_time")
]


class Fish(BaseModel):
    """What an answer must look like."""

    name: str
    length_cm: int


@pytest.fixture(scope="module")
def client(simulator: Provider) -> Iterator[openai.OpenAI]:
    """A strict client: an answer that does not fit its models is an error."""
    with openai.OpenAI(
        api_key=KEY, base_url=simulator.url, max_retries=0, timeout=10, _strict_response_validation=True
    ) as made:
        yield made


def streamed(client: openai.OpenAI, model: str, **fields: object) -> ChatCompletion:
    """A streamed answer, put together by the package."""
    with client.chat.completions.stream(
        model=model, messages=MESSAGES, stream_options={"include_usage": True}, **fields
    ) as stream:
        return stream.get_final_completion()


def whole(client: openai.OpenAI, model: str, **fields: object) -> ChatCompletion:
    """An answer in one piece."""
    return client.chat.completions.create(model=model, messages=MESSAGES, **fields)


WAYS = pytest.mark.parametrize("ask", [whole, streamed])


@WAYS
def test_text_fits(client: openai.OpenAI, ask):
    answer = ask(client, "ok")
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == 20
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 20


def test_every_chunk_of_a_stream_fits(client: openai.OpenAI):
    chunks = list(client.chat.completions.create(model="think", messages=MESSAGES, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == ANSWER
    thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    assert thought == reasoning_text(QUESTION, 8)
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}


@WAYS
@pytest.mark.parametrize(("model", "names"), [("tools", 1), ("parallel-tools", 2)])
def test_tool_calls_fit(client: openai.OpenAI, ask, model, names):
    answer = ask(client, model, tools=TOOLS)
    calls = answer.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_time"][:names]
    assert len({call.id for call in calls}) == names
    assert all(isinstance(json.loads(call.function.arguments)["city"], str) for call in calls)
    assert answer.choices[0].finish_reason == "tool_calls"


def test_a_tool_result_is_taken_back(client: openai.OpenAI):
    turn = whole(client, "tools", tools=TOOLS).choices[0].message
    call = turn.tool_calls[0]
    history = [*MESSAGES, turn, {"role": "tool", "tool_call_id": call.id, "content": "11 °C"}]
    answer = client.chat.completions.create(model="tools", messages=history, tools=TOOLS)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content


def test_an_answer_after_a_schema_is_parsed(client: openai.OpenAI):
    answer = client.chat.completions.parse(model="ok", messages=MESSAGES, response_format=Fish)
    assert isinstance(answer.choices[0].message.parsed, Fish)
    assert isinstance(streamed(client, "ok", response_format=Fish).choices[0].message.parsed, Fish)


def test_a_refusal_fits(client: openai.OpenAI):
    for ask in (whole, streamed):
        message = ask(client, "refusal").choices[0].message
        assert message.refusal
        assert not message.content


@pytest.mark.parametrize(("model", "finish"), [("length", "length"), ("filtered", "content_filter")])
def test_other_finish_reasons_fit(client: openai.OpenAI, model, finish):
    assert whole(client, model).choices[0].finish_reason == finish
    chunks = client.chat.completions.create(model=model, messages=MESSAGES, stream=True)
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == finish


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("status-400", openai.BadRequestError),
        ("status-401", openai.AuthenticationError),
        ("status-403", openai.PermissionDeniedError),
        ("status-404", openai.NotFoundError),
        ("status-409", openai.ConflictError),
        ("status-422", openai.UnprocessableEntityError),
        ("status-429", openai.RateLimitError),
        ("quota", openai.RateLimitError),
        ("status-500", openai.InternalServerError),
        ("overloaded", openai.InternalServerError),
        ("context-length", openai.BadRequestError),
        ("prompt-filtered", openai.BadRequestError),
        ("reset", openai.APIConnectionError),
        ("close", openai.APIConnectionError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_the_packages_own(client: openai.OpenAI, model, kind, stream):
    with pytest.raises(kind) as raised:
        client.chat.completions.create(model=model, messages=MESSAGES, stream=stream)
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("quota", "insufficient_quota"),
        ("context-length", "context_length_exceeded"),
        ("prompt-filtered", "content_filter"),
        ("status-401", "invalid_api_key"),
    ],
)
def test_an_error_has_its_code_and_kind(client: openai.OpenAI, model, code):
    with pytest.raises(openai.APIStatusError) as raised:
        whole(client, model)
    assert raised.value.code == code
    assert raised.value.type
    assert raised.value.body["message"]


def test_a_stated_wait_is_found(client: openai.OpenAI):
    with pytest.raises(openai.RateLimitError) as raised:
        whole(client, "retry-after-7")
    assert raised.value.response.headers["retry-after"] == "7"


def test_silence_is_a_timeout(client: openai.OpenAI):
    with pytest.raises(openai.APITimeoutError):
        whole(client, "silence", timeout=0.2)


def test_an_error_event_in_a_stream_is_an_error(client: openai.OpenAI):
    stream = client.chat.completions.create(model="error-event-at-3", messages=MESSAGES, stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


def test_the_list_of_models_fits(client: openai.OpenAI):
    assert [model.object for model in client.models.list()] == ["model"] * len(client.models.list().data)

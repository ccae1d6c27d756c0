"""The official `anthropic` package takes what our simulator sends: its models fit strictly, its errors are its own."""

from __future__ import annotations

from collections.abc import Iterator

import anthropic
import pytest
from anthropic.types import Message
from pydantic import BaseModel

from sidecar.providers.anthropic import VERSION
from sidecar.simulator import answer_text, reasoning_text
from tests.server.provider import Provider

from .conftest import KEY

QUESTION = "How does a remora travel?"
MESSAGES = [{"role": "user", "content": QUESTION}]
ANSWER = answer_text(QUESTION, 20)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"name": name, "input_schema": SCHEMA} for name in ("get_weather", "get_time")]
THINKING = {"type": "enabled", "budget_tokens": 1024}


class Fish(BaseModel):
    """What an answer must look like."""

    name: str
    length_cm: int


SPOKEN = {"its own version": {}, "the codec's version": {"x-api-key": KEY, "anthropic-version": VERSION}}


@pytest.fixture(scope="module", params=SPOKEN)
def client(simulator: Provider, request: pytest.FixtureRequest) -> Iterator[anthropic.Anthropic]:
    """A strict client: an answer that does not fit its models is an error. It speaks that version of the API."""
    with anthropic.Anthropic(
        api_key=KEY,
        base_url=simulator.url.removesuffix("/v1"),
        default_headers=SPOKEN[request.param],
        max_retries=0,
        timeout=10,
        _strict_response_validation=True,
    ) as made:
        yield made


def streamed(client: anthropic.Anthropic, model: str, **fields: object) -> Message:
    """A streamed answer, put together by the package."""
    with client.messages.stream(model=model, **{"messages": MESSAGES, "max_tokens": 4000, **fields}) as stream:
        return stream.get_final_message()


def whole(client: anthropic.Anthropic, model: str, **fields: object) -> Message:
    """An answer in one piece."""
    return client.messages.create(model=model, **{"messages": MESSAGES, "max_tokens": 4000, **fields})


WAYS = pytest.mark.parametrize("ask", [whole, streamed])


@WAYS
def test_text_fits(client: anthropic.Anthropic, ask):
    answer = ask(client, "ok")
    assert [block.text for block in answer.content] == [ANSWER]
    assert (answer.role, answer.type, answer.stop_reason) == ("assistant", "message", "end_turn")
    assert answer.usage.output_tokens == 20
    assert answer.usage.input_tokens > 0


def test_every_event_of_a_stream_fits(client: anthropic.Anthropic):
    events = list(client.messages.create(model="ok", messages=MESSAGES, max_tokens=4000, stream=True))
    kinds = [event.type for event in events if event.type != "content_block_delta"]
    assert [kind for kind in kinds if kind != "ping"] == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert "".join(event.delta.text for event in events if event.type == "content_block_delta") == ANSWER


@WAYS
def test_thinking_comes_signed_and_is_taken_back(client: anthropic.Anthropic, ask):
    turn = ask(client, "think+tools", tools=TOOLS, thinking=THINKING)
    thought, call = turn.content
    assert (thought.type, thought.thinking) == ("thinking", reasoning_text(QUESTION, 8))
    assert thought.signature
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "11 °C"}
    history = [
        *MESSAGES,
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in turn.content]},
        {"role": "user", "content": [result]},
    ]
    answer = ask(client, "think+tools", messages=history, tools=TOOLS, thinking=THINKING)
    assert answer.stop_reason == "end_turn"
    assert answer.content[-1].text


@WAYS
@pytest.mark.parametrize(("model", "names"), [("tools", 1), ("parallel-tools", 2)])
def test_tool_calls_fit(client: anthropic.Anthropic, ask, model, names):
    answer = ask(client, model, tools=TOOLS)
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert [call.name for call in calls] == ["get_weather", "get_time"][:names]
    assert len({call.id for call in calls}) == names
    assert all(isinstance(call.input["city"], str) for call in calls)
    assert answer.stop_reason == "tool_use"


def test_an_answer_after_a_schema_is_parsed(client: anthropic.Anthropic):
    answer = client.messages.parse(model="ok", messages=MESSAGES, max_tokens=4000, output_format=Fish)
    assert isinstance(answer.parsed_output, Fish)


@pytest.mark.parametrize(("model", "stop"), [("length", "max_tokens"), ("filtered", "refusal")])
@WAYS
def test_other_stop_reasons_fit(client: anthropic.Anthropic, ask, model, stop):
    assert ask(client, model).stop_reason == stop


def test_a_stop_sequence_is_told(client: anthropic.Anthropic):
    stop = ANSWER.split()[3]
    for ask in (whole, streamed):
        answer = ask(client, "ok", stop_sequences=[stop])
        assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", stop)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("status-400", anthropic.BadRequestError),
        ("status-401", anthropic.AuthenticationError),
        ("status-403", anthropic.PermissionDeniedError),
        ("status-404", anthropic.NotFoundError),
        ("status-413", anthropic.RequestTooLargeError),
        ("status-429", anthropic.RateLimitError),
        ("status-500", anthropic.InternalServerError),
        ("status-529", anthropic.OverloadedError),
        ("overloaded", anthropic.OverloadedError),
        ("context-length", anthropic.BadRequestError),
        ("reset", anthropic.APIConnectionError),
        ("close", anthropic.APIConnectionError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_the_packages_own(client: anthropic.Anthropic, model, kind, stream):
    with pytest.raises(kind) as raised:
        client.messages.create(model=model, messages=MESSAGES, max_tokens=100, stream=stream)
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("status-401", "authentication_error"),
        ("status-429", "rate_limit_error"),
        ("overloaded", "overloaded_error"),
        ("context-length", "invalid_request_error"),
    ],
)
def test_an_error_has_its_kind_and_the_requests_id(client: anthropic.Anthropic, model, kind):
    with pytest.raises(anthropic.APIStatusError) as raised:
        whole(client, model)
    assert raised.value.body["type"] == "error"
    assert raised.value.body["error"]["type"] == kind
    assert raised.value.request_id == raised.value.response.headers["request-id"]


def test_a_stated_wait_is_found(client: anthropic.Anthropic):
    with pytest.raises(anthropic.RateLimitError) as raised:
        whole(client, "retry-after-7")
    assert raised.value.response.headers["retry-after"] == "7"


def test_silence_is_a_timeout(client: anthropic.Anthropic):
    with pytest.raises(anthropic.APITimeoutError):
        whole(client, "silence", timeout=0.2)


def test_an_error_event_in_a_stream_is_an_error(client: anthropic.Anthropic):
    stream = client.messages.create(model="error-event-at-3", messages=MESSAGES, max_tokens=100, stream=True)
    with pytest.raises(anthropic.APIStatusError):
        list(stream)


def test_the_list_of_models_fits(client: anthropic.Anthropic):
    assert [model.type for model in client.models.list()] == ["model"] * len(client.models.list().data)

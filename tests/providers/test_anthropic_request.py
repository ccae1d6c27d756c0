"""Requests as the Messages API takes them: golden bodies, and what may not stand in provider_options."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError

from sidecar.core import content as c
from sidecar.core.catalog import Model
from sidecar.core.reasons import Reason
from sidecar.providers.anthropic import Anthropic
from sidecar.providers.anthropic_request import RESERVED, refused
from tests.conftest import Golden

from .anthropic_bodies import NEW, OLD, PNG, SCHEMA, asked, body, check, model, repairs, results, sent, system, user

GOLDEN = Path(__file__).parent / "golden"
CALLS = model(
    c.Reasoning("hm"), "I look.", c.ToolCall("c1", "get_weather", '{"city":"Bonn"}'), c.ToolCall("c2", "get_time", "")
)
REQUESTS = {
    "plain": asked(),
    "settings": asked(
        max_output_tokens=9,
        temperature=0.0,
        top_p=0.5,
        top_k=3,
        stop=("a", "b"),
        end_user_id="u",
        provider_options={"anthropic": '{"service_tier": "auto"}', "openai": '{"x": 1}'},
    ),
    "conversation": asked(
        system("One.", "Two."),
        user("a", "b"),
        model("c", "d"),
        model(c.Refusal("no")),
        model(c.Reasoning("only thought")),
        user("e"),
    ),
    "media": asked(
        user(
            "look",
            PNG,
            c.Image(uri="https://x.example/i.png"),
            c.Image(uri="data:image/webp;base64,AQI="),
            c.File(b"%PDF", None, "application/pdf", "a.pdf"),
            c.File(b"a,b", None, "text/csv"),
            c.File(b"GIF8", None, "image/gif", "b.gif"),
        )
    ),
    "tools": asked(
        user("weather?"),
        CALLS,
        results(c.ToolResult("c1", "rain", (PNG,))),
        results(c.ToolResult("c2", "no clock", is_error=True)),
        user("so?"),
        tools=(c.Tool("get_weather", "Tells the weather.", SCHEMA, strict=True), c.Tool("get_time")),
        tool_choice=c.ToolChoice(c.ToolMode.NAMED, "get_weather"),
        parallel_tool_calls=False,
    ),
    "json": asked(response_format=c.ResponseFormat(c.FormatKind.JSON)),
    "schema": asked(response_format=c.ResponseFormat(c.FormatKind.JSON_SCHEMA, SCHEMA, "place")),
    "thinking": asked(reasoning_effort="medium"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_body_is_as_it_was_and_one_the_official_package_knows(name: str, golden: Golden) -> None:
    text = orjson.dumps(body(REQUESTS[name], stream=True), option=orjson.OPT_INDENT_2).decode() + "\n"
    golden(GOLDEN / f"anthropic-{name}.json", text)


def test_the_official_package_would_refuse_a_wrong_body() -> None:
    with pytest.raises(ValidationError):
        check({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": [{"type": "text"}]}]})
    with pytest.raises(ValidationError):
        check({"model": "m", "max_tokens": 1, "messages": [], "seed": 1})


def test_path_and_headers_are_the_protocols() -> None:
    request = sent(asked(), stream=True)
    assert request.path == "/v1/messages"
    assert dict(request.headers) == {
        "content-type": "application/json",
        "accept": "text/event-stream",
        "anthropic-version": "2023-06-01",
    }
    assert sent(asked(), stream=False).headers["accept"] == "application/json"
    assert "stream" not in orjson.loads(sent(asked(), stream=False).body)
    assert Anthropic().authorization("sk-ant-x") == {"x-api-key": "sk-ant-x"}


def test_a_body_does_not_show_in_a_repr() -> None:
    assert "hi" not in repr(sent(asked()))


def test_schemas_and_arguments_keep_every_byte() -> None:
    big = '{"type": "object", "properties": {"n": {"const": 123456789012345678901234567890, "x": 1.10}}}'
    call = model(c.ToolCall("c1", "t", big))
    request = asked(user("hi"), call, results(c.ToolResult("c1", "r")), tools=(c.Tool("t", parameters=big),))
    assert sent(request).body.count(big.encode()) == 2


@pytest.mark.parametrize(
    ("asked_for", "known", "sent_tokens"), [(9, None, 9), (None, 700, 700), (None, None, 4096), (900, 700, 700)]
)
def test_the_output_limit_is_the_requests_else_the_models_else_4096(
    asked_for: int | None, known: int | None, sent_tokens: int
) -> None:
    request, target = asked(max_output_tokens=asked_for), Model(OLD, max_output_tokens=known)
    assert body(request, target)["max_tokens"] == sent_tokens
    told = ("at most 700 output tokens were asked for, the model's limit, instead of 900",)
    assert repairs(request, target) == (told if asked_for == 900 else ())


def test_settings_the_protocol_has_no_field_for_are_left_out_and_told() -> None:
    request = asked(seed=1, presence_penalty=0.0, frequency_penalty=1.0)
    assert body(request).keys() == {"model", "max_tokens", "messages"}
    assert repairs(request) == (
        "seed, presence_penalty, frequency_penalty left out: this protocol has no such setting",
    )


def test_a_temperature_over_one_is_lowered_and_told() -> None:
    assert body(asked(temperature=1.5))["temperature"] == 1
    assert repairs(asked(temperature=1.5)) == ("temperature 1.5 was lowered to 1, the most this protocol takes",)
    assert repairs(asked(temperature=1.0)) == ()


def test_models_without_sampling_settings_are_sent_none_and_it_is_told() -> None:
    request = asked(temperature=0.5, top_k=3)
    assert body(request, NEW).keys() == {"model", "max_tokens", "messages"}
    assert repairs(request, NEW) == ("temperature, top_k left out: this model takes no sampling settings",)


def test_an_end_users_id_that_is_too_long_is_left_out_and_told() -> None:
    assert body(asked(end_user_id="u" * 256))["metadata"] == {"user_id": "u" * 256}
    assert "metadata" not in body(asked(end_user_id="u" * 257))
    assert repairs(asked(end_user_id="u" * 257)) == ("the end user's id left out: it is over 256 characters",)


def test_what_the_contract_has_a_field_for_is_refused_by_name() -> None:
    errors = refused(dict.fromkeys(RESERVED, 1), "here")
    assert [error.path for error in errors] == [f"here.{name}" for name in sorted(RESERVED)]
    assert all("own fields" in error.description for error in errors)


def test_other_options_pass() -> None:
    assert refused({"service_tier": "auto", "container": "x"}, "here") == []


def test_options_too_deep_to_be_written_are_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(300):
        deep = {"a": deep}
    (error,) = refused(deep, "here")
    assert error.description == "is nested too deeply"


def test_a_repair_names_the_refusal_it_prevents() -> None:
    limited = Model("claude-sonnet-4-5", max_output_tokens=100)
    request = asked(model("hello"), user("a"), seed=1, max_output_tokens=900)
    assert {made.prevents for made in sent(request, limited).repairs} == {
        Reason.INVALID_REQUEST,
        Reason.UNSUPPORTED_PARAMETER,
        Reason.MAX_TOKENS,
    }

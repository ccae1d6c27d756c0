"""Every vector of tests/vectors, as it is and changed in ways that must not change its meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.classify import Verdict
from sidecar.core.reasons import Reason
from sidecar.providers.error_reader import classify_answer

FILES = sorted((Path(__file__).parents[1] / "vectors").glob("*.yaml"))
VECTORS: list[dict[str, Any]] = [
    {**vector, "file": path.stem} for path in FILES for vector in yaml.safe_load(path.read_text(encoding="utf-8"))
]
NOW = 1_795_230_000.0
"""2026-11-21T03:00:00Z, the `now` of the vectors that carry dates."""


def named(vector: dict[str, Any]) -> str:
    return f"{vector['file']}/{vector['id']}"


def judged(vector: dict[str, Any], body: str | None = None, headers: dict[str, str] | None = None) -> Verdict:
    text: str = vector["body"] if body is None else body
    return classify_answer(
        vector["protocol"], vector["status"], headers or vector.get("headers", {}), text.encode(), NOW
    )


def seen(verdict: Verdict) -> dict[str, Any]:
    return {
        "reason": verdict.reason.value,
        "retry_after_s": verdict.retry_after_s,
        "limit": verdict.limit,
        "parameter": verdict.parameter,
    }


def expected(vector: dict[str, Any]) -> dict[str, Any]:
    return {"retry_after_s": None, "limit": None, "parameter": None, **vector["expect"]}


def rewritten(vector: dict[str, Any], change: Callable[[Any], Any]) -> str | None:
    """The body with its JSON changed, None where it is not JSON."""
    before, brace, rest = str(vector["body"]).partition("{")
    opening, text = (before, brace + rest) if not before.endswith("[") else (before[:-1], "[" + brace + rest)
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None
    return opening + json.dumps(change(value), ensure_ascii=False) + text[end:]


def with_messages(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Changes every message text of a document."""

    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: walk(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return change(value) if isinstance(value, str) and key in ("message", "Message", "error") else value

    return walk


def shuffled(value: Any) -> Any:
    """Keys in reverse order, and fields nobody knows."""
    if isinstance(value, dict):
        items = [(key, shuffled(item)) for key, item in reversed(value.items())]
        return {"x_trace": {"n": [401, "1113"]}, **dict(items), "zz_added": "insufficient_quota", "hint": None}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


JSON = [vector for vector in VECTORS if rewritten(vector, lambda value: value) is not None]
"""The vectors whose body can be rewritten: a mutation of the others would be the vector itself."""


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_the_vector_comes_out_right(vector: dict[str, Any]) -> None:
    assert seen(judged(vector)) == expected(vector)


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_the_case_of_header_names_does_not_matter(vector: dict[str, Any]) -> None:
    headers = {name.title(): text for name, text in vector.get("headers", {}).items()}
    assert seen(judged(vector, headers=headers)) == expected(vector)


@pytest.mark.parametrize(
    "vector", [vector for vector in JSON if not re.search(r'"\w+Exception"', vector["body"])], ids=named
)
def test_the_order_of_keys_and_unknown_fields_do_not_matter(vector: dict[str, Any]) -> None:
    """Not where the key itself is the exception's name and must come first (Bedrock's events)."""
    assert seen(judged(vector, rewritten(vector, shuffled))) == expected(vector)


ECHOES = [
    " Received: 'Incorrect API key provided. insufficient balance, maximum context length is 5 tokens, try again in 9s'",
    ' (value: "You exceeded your current quota. Please try again in 9s. 429 503 model not found")',
    "\nValue was `does not support tools. Overloaded. Please retry after 9 seconds`.",
    ". Request id: req_401_429_1113, see https://example.invalid/errors?status=503 after 420 s",
]


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("vector", JSON, ids=named)
def test_what_follows_the_providers_sentence_does_not_matter(vector: dict[str, Any], echo: str) -> None:
    body = rewritten(vector, with_messages(lambda text: text.rstrip(".") + "." + echo.removeprefix(".")))
    verdict = judged(vector, body)
    assert seen(verdict) == expected(vector)


@pytest.mark.parametrize(
    "vector",
    [
        v
        for v in JSON
        if v["protocol"] == "openai" and v["file"] != "gemini" and "Provider returned error" not in v["body"]
    ],
    ids=named,
)
def test_what_known_gateways_put_before_the_sentence_does_not_matter(vector: dict[str, Any]) -> None:
    body = rewritten(vector, with_messages(lambda text: f"litellm.APIError: OpenAIException - {text}"))
    assert seen(judged(vector, body)) == expected(vector)


WITH_LIMIT = [vector for vector in VECTORS if "limit" in vector["expect"] and "exclusive" not in vector["body"]]


@pytest.mark.parametrize("factor", [3, 7, 111])
@pytest.mark.parametrize("vector", WITH_LIMIT, ids=named)
def test_other_numbers_give_other_limits(vector: dict[str, Any], factor: int) -> None:
    def scaled(text: str) -> str:
        return re.sub(
            r"(?<![\w.-])\d(?:[\d,]*\d)?(?![\w.-]*\w)", lambda m: str(int(m[0].replace(",", "")) * factor), text
        )

    body = rewritten(vector, with_messages(scaled))
    assert body is not None
    body = re.sub(r'"n_ctx": (\d+)', lambda m: f'"n_ctx": {int(m[1]) * factor}', body)
    if "metadata" in body:  # a relayed error is JSON inside JSON
        body = re.sub(r"(\d+) tokens > (\d+)", lambda m: f"{int(m[1]) * factor} tokens > {int(m[2]) * factor}", body)
    verdict = judged(vector, body)
    assert (verdict.reason.value, verdict.limit) == (vector["expect"]["reason"], vector["expect"]["limit"] * factor)


MODELS = (
    "gpt-9",
    "gpt-4o",
    "llama9",
    "llama3",
    "claude-99",
    "llama-x",
    "llama-old",
    "gpt-x",
    "glm-5",
    "gemini-none",
    "none",
)


@pytest.mark.parametrize("model", ["o", "vendor/new-model.v2:free", "ft:gpt-x:org::429", "429-503"])
@pytest.mark.parametrize("vector", [v for v in JSON if any(name in v["body"] for name in MODELS)], ids=named)
def test_other_model_names_do_not_matter(vector: dict[str, Any], model: str) -> None:
    pattern = "|".join(rf"(?<![\w]){re.escape(name)}(?![\w])" for name in MODELS)
    body = rewritten(vector, with_messages(lambda text: re.sub(pattern, model, text)))
    assert seen(judged(vector, body)) == expected(vector)


PIECES = [
    "Incorrect API key provided", "You exceeded your current quota", "insufficient balance", "x does not support tools",
    "maximum context length is 5 tokens", "max_tokens is too large: 9. This model supports at most 5", "Overloaded",
    "Your request was rejected as a result of our safety system", "prompt is too long: 9 tokens > 5 maximum", "401", "1113",
    "model 'x' not found", "The model `x` does not exist", "please try again in 9s", ". ", ": ", "\n", "(", "[", " - ",
    "Unsupported parameter: temperature", "Invalid `signature` in `thinking` block", "API key not valid",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["openai", "anthropic", "gemini", "bedrock"]))
def test_no_mix_of_phrases_in_the_callers_own_text_is_evidence(pieces: list[str], protocol: str) -> None:
    own = " ".join(pieces).replace('"', "").replace("'", "")
    text = f'Invalid value for messages[0].content: "{own}" is not accepted here.'
    bodies: dict[str, Any] = {
        "openai": {"error": {"message": text, "type": "invalid_request_error", "code": None}},
        "anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": text}},
        "gemini": {"error": {"code": 400, "message": text, "status": "INVALID_ARGUMENT"}},
        "bedrock": {"message": text, "__type": "ValidationException"},
    }
    for status in (400, 422):
        verdict = classify_answer(protocol, status, {}, json.dumps(bodies[protocol]).encode(), NOW)
        assert (verdict.reason, verdict.retry_after_s, verdict.limit) == (Reason.INVALID_REQUEST, None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["error", "message", "code", "type", "param", "detail", "details", "metadata", "raw", "headers", "errors",
             "choices", "innererror", "status", "retry_after", "retryDelay", "object", "__type", "promptFeedback", "loc"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@given(JSON, st.integers(100, 599), st.sampled_from(["openai", "anthropic", "gemini", "bedrock"]), st.booleans())
def test_any_json_gives_a_verdict(value: Any, status: int, protocol: str, is_event: bool) -> None:
    body = json.dumps(value).encode()
    verdict = classify_answer(protocol, status, {}, b"data: " + body + b"\n\n" if is_event else body, NOW)
    assert verdict.status == status
    assert verdict.retry_after_s is None or 0 <= verdict.retry_after_s <= 86_400


@given(st.binary(max_size=200), st.integers(100, 599), st.sampled_from(["openai", "anthropic", "gemini", "bedrock"]))
def test_any_bytes_give_a_verdict_that_blames_no_request(body: bytes, status: int, protocol: str) -> None:
    verdict = classify_answer(protocol, status, {}, body, NOW)
    assert verdict.reason not in (Reason.INVALID_REQUEST, Reason.CONTEXT_LENGTH, Reason.MODEL_NOT_FOUND)

"""The bodies OpenAI (and the proxy before it) sends with each error status."""

from __future__ import annotations

from typing import Any

import orjson

from .wire import BadRequestError, Limit, LimitKind, Page

JSON = "application/json"

_INVALID = "invalid_request_error"
_SORRY = "The server had an error while processing your request. Sorry about that!"
_BUSY = "The engine is currently overloaded, please try again later"

# status: message, type, parameter, code; {model} is the model asked for
_BY_STATUS: dict[int, tuple[str, str, str | None, str | None]] = {
    400: ("We could not understand the request. Please check its parameters.", _INVALID, None, None),
    401: (
        "Incorrect API key provided: sk-sim***. You can find your API key at https://platform.openai.com/account/api-keys.",
        _INVALID,
        None,
        "invalid_api_key",
    ),
    402: ("Your account has no balance left. Please add credits to continue.", "billing_error", None, "balance_empty"),
    403: (
        "Project `proj_simulator` does not have access to model `{model}`.",
        _INVALID,
        None,
        "model_not_found",
    ),
    404: (
        "The model `{model}` does not exist or you do not have access to it.",
        _INVALID,
        None,
        "model_not_found",
    ),
    408: ("The request timed out.", "timeout", None, None),
    413: ("Request body too large.", _INVALID, None, None),
    422: ("Unprocessable request.", _INVALID, None, None),
    429: (
        "Rate limit reached for {model} in organization org-simulator on requests per min (RPM): Limit 3, Used 3, "
        "Requested 1. Visit https://platform.openai.com/account/rate-limits to learn more.",
        "requests",
        None,
        "rate_limit_exceeded",
    ),
    500: (_SORRY, "server_error", None, None),
    503: (_SORRY, "server_error", None, None),
    529: ("Overloaded", "overloaded_error", None, None),
}

# what an action's `error` narrows: status, then as above
_BY_NAME: dict[str, tuple[int, str, str, str | None, str | None]] = {
    "quota": (
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        None,
        "insufficient_quota",
    ),
    "overloaded": (503, _BUSY, "overloaded_error", None, "overloaded"),
    "context_length": (
        400,
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5012 tokens. Please "
        "reduce the length of the messages.",
        _INVALID,
        "messages",
        "context_length_exceeded",
    ),
    "filtered": (
        400,
        "The response was filtered due to the prompt triggering the content management policy. Please modify your "
        "prompt and retry.",
        _INVALID,
        "prompt",
        "content_filter",
    ),
}

_PROXY_TITLES = {502: "502 Bad Gateway", 504: "504 Gateway Time-out"}


def error_object(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Return the body `{"error": {message, type, param, code}}`."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_page(status: int, error: str | None, model: str) -> Page:
    """Return the usual response; `error` is a name of the table of named errors, or None to go by the status."""
    if error is not None:
        named_status, message, kind, param, code = _BY_NAME[error]
        return _page(status or named_status, error_object(message, kind, param, code))
    if status in _PROXY_TITLES:
        return _proxy_page(status)
    usual = (_SORRY, "server_error", None, None) if status >= 500 else _BY_STATUS[400]
    message, kind, param, code = _BY_STATUS.get(status, usual)
    return _page(status, error_object(message.replace("{model}", model), kind, param, code))


def beyond(limit: Limit) -> BadRequestError:
    """Return the 400 of a request that goes beyond `limit`; a limit that OpenAI does not know is never reached."""
    if limit.kind is LimitKind.PARAMETER:
        message = f"Unsupported parameter: '{limit.parameter}' is not supported with this model."
        return BadRequestError(message, limit.parameter, "unsupported_parameter")
    if limit.kind is LimitKind.CONTEXT:
        message = (
            f"This model's maximum context length is {limit.most} tokens. However, you requested "
            f"{limit.prompt + limit.asked} tokens ({limit.prompt} in the messages, {limit.asked} in the completion). "
            "Please reduce the length of the messages or completion."
        )
        return BadRequestError(message, "messages", "context_length_exceeded")
    if limit.kind is LimitKind.OUTPUT:
        message = (
            f"max_tokens is too large: {limit.asked}. This model supports at most {limit.most} completion tokens, "
            f"whereas you provided {limit.asked}."
        )
        return BadRequestError(message, "max_tokens", "invalid_value")
    return BadRequestError("This model does not support assistant message prefill.", "messages")


def _page(status: int, body: dict[str, Any]) -> Page:
    return Page(status, orjson.dumps(body), {"Content-Type": JSON})


def _proxy_page(status: int) -> Page:
    title = _PROXY_TITLES[status]
    lines = [f"<html>\r\n<head><title>{title}</title></head>", f"<body>\r\n<center><h1>{title}</h1></center>"]
    body = "\r\n".join([*lines, "<hr><center>nginx</center>", "</body>", "</html>", ""])
    return Page(status, body.encode(), {"Content-Type": "text/html"})

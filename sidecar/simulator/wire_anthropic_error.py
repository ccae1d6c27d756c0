"""The bodies Anthropic (and the proxy before it) sends with each error status. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from .wire import BadRequestError, ChatCall, Limit, LimitKind, Page

JSON = "application/json"

_INVALID = "invalid_request_error"
_API = ("api_error", "Internal server error")

# status: type and message; {model} is the model asked for
_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: (_INVALID, "There was an issue with the format or content of your request."),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "There is an issue with your billing or payment information."),
    403: ("permission_error", "Your API key does not have permission to use the specified resource."),
    404: ("not_found_error", "model: {model}"),
    408: ("timeout_error", "Request timed out"),
    409: ("conflict_error", "The request conflicts with the current state of a resource."),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: (
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 requests per minute (org: org-simulator, model: "
        "{model}). Please reduce the prompt length or the maximum tokens requested, or try again later.",
    ),
    500: _API,
    504: ("timeout_error", "Request timed out"),
    529: ("overloaded_error", "Overloaded"),
}

# what an action's `error` narrows: status, type, message
_BY_NAME: Mapping[str, tuple[int, str, str]] = {
    "quota": (
        400,
        _INVALID,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
        "credits.",
    ),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "context_length": (400, _INVALID, "prompt is too long: 5012 tokens > 4096 maximum"),
    "filtered": (400, _INVALID, "Output blocked by content filtering policy"),
}

_PROXY_TITLES: Mapping[int, str] = {502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable"}
_SAMPLING = ("temperature", "top_p", "top_k")


def error_object(kind: str, message: str, request_id: str | None = None) -> dict[str, Any]:
    """Return the body `{"type": "error", "error": {type, message}, "request_id"}`; in a stream it has no id."""
    body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}}
    return body if request_id is None else {**body, "request_id": request_id}


def error_page(status: int, error: str | None, model: str, request_id: str) -> Page:
    """Return the usual response; `error` is a name of the table of named errors, or None to go by the status."""
    if error is not None:
        named_status, kind, message = _BY_NAME[error]
        return _page(status or named_status, kind, message, request_id)
    if status in _PROXY_TITLES:
        return _proxy_page(status)
    kind, message = _BY_STATUS.get(status, _API if status >= 500 else _BY_STATUS[400])
    return _page(status, kind, message.replace("{model}", model), request_id)


def refusal_page(bad: BadRequestError, request_id: str) -> Page:
    """Return the response to a request that is refused before it is answered."""
    if bad.status == 404:
        return _page(404, "not_found_error", "Not Found", request_id)
    kind, _ = _BY_STATUS.get(bad.status, _BY_STATUS[400])
    return _page(bad.status, kind, bad.message, request_id)


def beyond(call: ChatCall, limit: Limit) -> BadRequestError:
    """Return the 400 of a request that goes beyond `limit`."""
    match limit.kind:
        case LimitKind.PARAMETER:
            return BadRequestError(_refused(call, limit.parameter))
        case LimitKind.CONTEXT if limit.prompt > limit.most:
            return BadRequestError(f"prompt is too long: {limit.prompt} tokens > {limit.most} maximum")
        case LimitKind.CONTEXT:
            return BadRequestError(
                f"input length and `max_tokens` exceed context limit: {limit.prompt} + {limit.asked} > {limit.most}, "
                "decrease input length or `max_tokens` and try again"
            )
        case LimitKind.OUTPUT:
            return BadRequestError(
                f"max_tokens: {limit.asked} > {limit.most}, which is the maximum allowed number of output tokens for "
                f"{call.model}"
            )
        case LimitKind.PREFILL:
            return BadRequestError(
                "This model does not support assistant message prefill. The conversation must end with a user message."
            )
        case LimitKind.SIGNATURE:
            return BadRequestError(_unsigned(call, limit.parameter))


def _refused(call: ChatCall, parameter: str) -> str:
    if parameter in _SAMPLING:
        return f"`{parameter}` is deprecated for this model."
    if parameter == "output_config" and "effort" in call.fields["output_config"]:
        return "This model does not support the effort parameter."
    if parameter == "thinking" and call.fields["thinking"]["type"] == "adaptive":
        return "adaptive thinking is not supported on this model"
    if parameter == "tools":
        return "This model does not support tool use."
    return f"{parameter}: Extra inputs are not permitted"


def _unsigned(call: ChatCall, path: str) -> str:
    is_redacted = any(block.path == path and block.text is None for block in call.signed)
    what = "`data` in `redacted_thinking`" if is_redacted else "`signature` in `thinking`"
    return f"{path}: Invalid {what} block"


def _page(status: int, kind: str, message: str, request_id: str) -> Page:
    return Page(status, orjson.dumps(error_object(kind, message, request_id)), {"Content-Type": JSON})


def _proxy_page(status: int) -> Page:
    title = _PROXY_TITLES[status]
    lines = [f"<html>\r\n<head><title>{title}</title></head>", f"<body>\r\n<center><h1>{title}</h1></center>"]
    body = "\r\n".join([*lines, "<hr><center>cloudflare</center>", "</body>", "</html>", ""])
    return Page(status, body.encode(), {"Content-Type": "text/html"})

"""Chat completions, outgoing: a request as the JSON body of POST /chat/completions.

Source: OpenAI's API reference, "Create chat completion". Vendors that speak it are configuration of this codec.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import partial

import orjson

from ..core.adjustment import AS_ASKED, STREAM_OPTIONS, Adjustment
from ..core.catalog import Prefill
from ..core.content import (
    Audio,
    Content,
    File,
    FormatKind,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from .history import with_accepted_ids
from .options import Json, options_of, refused_options

PROTOCOL = "openai"
RESERVED = frozenset(
    {
        "model",
        "messages",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "reasoning_effort",
        "user",
        "stream",
        "stream_options",
    }
)
UNSUPPORTED = frozenset({"n", "store"})
refused = partial(refused_options, reserved=RESERVED, unsupported=UNSUPPORTED)
"""What may not stand in this protocol's options: FieldErrors of options, and of their path in the request."""
MAX_ID_CHARACTERS = 40
"""OpenAI refuses longer ids of tool calls (its error string_above_max_length)."""
AUDIO_FORMATS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


def body_of(request: Request, model: str, adjustment: Adjustment = AS_ASKED, *, stream: bool) -> bytes:
    """The body, as bytes of JSON."""
    messages = with_accepted_ids(request.messages, lambda call_id: len(call_id) <= MAX_ID_CHARACTERS)
    body: Json = {"model": model, "messages": _conversation(messages)}
    if stream:
        body["stream"] = True
        if STREAM_OPTIONS not in adjustment.left_out:
            body["stream_options"] = {"include_usage": True}
    _put(body, adjustment.limit_name or "max_tokens", request.max_output_tokens)
    _put(body, "temperature", request.temperature)
    _put(body, "top_p", request.top_p)
    _put(body, "top_k", request.top_k)
    _put(body, "stop", list(request.stop) or None)
    _put(body, "seed", request.seed)
    _put(body, "presence_penalty", request.presence_penalty)
    _put(body, "frequency_penalty", request.frequency_penalty)
    _put(body, "reasoning_effort", request.reasoning_effort)
    _put(body, "user", request.end_user_id)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        _put(body, "tool_choice", _choice(request.tool_choice))
        _put(body, "parallel_tool_calls", request.parallel_tool_calls)
    if request.response_format is not None and request.response_format.kind is not FormatKind.TEXT:
        body["response_format"] = _format(request.response_format)
    _mark_beginning(body, adjustment.prefill)
    body.update(options_of(request, PROTOCOL))
    return orjson.dumps(body)


def _mark_beginning(body: Json, prefill: Prefill) -> None:
    """That the last message is the beginning of the answer, in the endpoint's own way: Mistral and DeepSeek take `prefix`,
    Moonshot and Alibaba's Model Studio `partial`, vLLM what its template needs."""
    match prefill:
        case Prefill.PREFIX | Prefill.PARTIAL:
            body["messages"][-1][prefill.value] = True
        case Prefill.CONTINUE:
            body["continue_final_message"], body["add_generation_prompt"] = True, False
        case _:
            pass


def _put(body: Json, name: str, value: object) -> None:
    if value is not None:
        body[name] = value


def _conversation(messages: Iterable[Message]) -> list[Json]:
    """Every turn. One message for each tool result, and their images in a user message behind all of them: tool
    messages take text only, and nothing may stand between a call and its results."""
    out: list[Json] = []
    images: list[Json] = []
    for message in messages:
        if message.role is Role.TOOL:
            results = [part.content for part in message.parts if isinstance(part.content, ToolResult)]
            out += [_result(result) for result in results]
            images += [_content(image) for result in results for image in result.images]
            continue
        if images:
            out.append({"role": "user", "content": images})
            images = []
        out.append(_turn(message))
    return [*out, {"role": "user", "content": images}] if images else out


def _turn(message: Message) -> Json:
    if message.role is Role.ASSISTANT:
        return _assistant(message.parts)
    if len(message.parts) == 1 and isinstance(message.parts[0].content, Text):
        return {"role": message.role.value, "content": _text_of(message.parts)}
    return {"role": message.role.value, "content": [_content(part.content) for part in message.parts]}


def _assistant(parts: tuple[Part, ...]) -> Json:
    """Reasoning is left out: this protocol takes none back."""
    out: Json = {"role": "assistant"}
    text = _text_of(parts)
    refusal = "".join(part.content.text for part in parts if isinstance(part.content, Refusal))
    calls = [_call(part.content) for part in parts if isinstance(part.content, ToolCall)]
    if text or not (refusal or calls):
        out["content"] = text
    else:
        out["content"] = None
    if refusal:
        out["refusal"] = refusal
    if calls:
        out["tool_calls"] = calls
    return out


def _text_of(parts: tuple[Part, ...]) -> str:
    return "".join(part.content.text for part in parts if isinstance(part.content, Text))


def _call(call: ToolCall) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _result(result: ToolResult) -> Json:
    text = f"Error: {result.text}" if result.is_error else result.text
    return {"role": "tool", "tool_call_id": result.tool_call_id, "content": text}


def _content(content: Content) -> Json:
    match content:
        case Text(text):
            return {"type": "text", "text": text}
        case Image():
            url: Json = {"url": content.uri or _data_url(content.data or b"", content.media_type)}
            _put(url, "detail", content.detail)
            return {"type": "image_url", "image_url": url}
        case Audio():
            form = AUDIO_FORMATS.get(content.media_type, content.media_type.rpartition("/")[2])
            return {"type": "input_audio", "input_audio": {"data": _base64(content.data), "format": form}}
        case File():
            data = _data_url(content.data or b"", content.media_type)
            return {"type": "file", "file": {"file_data": data, "filename": content.filename or "file"}}
        case ToolCall() | ToolResult() | Reasoning() | Refusal():
            raise AssertionError("the edge refuses these in such a turn")


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _data_url(data: bytes, media_type: str | None) -> str:
    return f"data:{media_type or 'application/octet-stream'};base64,{_base64(data)}"


def _tool(tool: Tool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = orjson.Fragment(tool.parameters)
    _put(function, "strict", tool.strict)
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice | None) -> str | Json | None:
    if choice is None:
        return None
    if choice.mode is ToolMode.NAMED:
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode.value


def _format(form: ResponseFormat) -> Json:
    if form.kind is FormatKind.JSON:
        return {"type": "json_object"}
    schema = {"name": form.name, "schema": orjson.Fragment(form.schema or "{}"), "strict": form.strict}
    return {"type": "json_schema", "json_schema": schema}

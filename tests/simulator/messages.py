"""A caller of the simulator's Messages API, and what a stream of it says, read by the official package's models."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from sidecar.simulator import Simulator

from .patience import GIVE_UP_S, Holds, Patience

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
VERSION = "2023-06-01"
HI = {"role": "user", "content": "hi"}
THINKING = {"type": "enabled", "budget_tokens": 1024}
TOOLS = [
    {
        "name": name,
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
            "required": ["city", "days"],
        },
    }
    for name in ("get_weather", "get_time")
]


def result_of(call: dict[str, Any], content: Any = "sunny", **fields: Any) -> dict[str, Any]:
    """A tool_result block for a tool_use block."""
    return {"type": "tool_result", "tool_use_id": call["id"], "content": content, **fields}


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n....").decode()
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}
OTHER = {**CALL, "id": "toolu_2"}
CACHED = {"type": "ephemeral"}


def user(*content: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> dict[str, Any]:
    """A message of the assistant."""
    return {"role": "assistant", "content": list(content)}


def text(said: str = "hi", **fields: Any) -> dict[str, Any]:
    """A block of text."""
    return {"type": "text", "text": said, **fields}


def image(**source: Any) -> dict[str, Any]:
    """A message with an image."""
    return user({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG, **source}})


@dataclass
class Heard:
    """A response as it came; `broke` is the exception that ended it."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    broke: BaseException | None = None

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def error(self) -> str:
        """The message of the error; everything else about it must be as the API's errors are."""
        assert self.json["type"] == "error"
        assert self.json["request_id"] == self.headers["request-id"]
        return f"{self.json['error']['type']}: {self.json['error']['message']}"

    @property
    def message(self) -> Message:
        """A whole answer, checked against the official package's model of it."""
        return Message.model_validate(self.json)

    @property
    def raw(self) -> list[tuple[str, str]]:
        """The events of a stream: name and data, both lines there in each."""
        pairs = [event.split("\n") for event in self.body.decode().split("\n\n")[:-1]]
        assert all(len(pair) == 2 for pair in pairs)
        return [(pair[0].removeprefix("event: "), pair[1].removeprefix("data: ")) for pair in pairs]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.raw]

    @property
    def events(self) -> list[Any]:
        """Events that are JSON, pings and errors left out, each by the official package's model of it."""
        found = []
        for name, data in self.raw:
            if name not in ("ping", "error"):
                found.append(EVENT.validate_json(data))
                assert found[-1].type == name
        return found

    @property
    def deltas(self) -> list[Any]:
        return [event.delta for event in self.events if event.type == "content_block_delta"]

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas if delta.type == "text_delta")

    @property
    def stop(self) -> Any:
        """The message_delta, None where none came."""
        return next((event for event in self.events if event.type == "message_delta"), None)

    @property
    def is_done(self) -> bool:
        return self.names[-1] == "message_stop"


@dataclass
class Messages:
    """Calls one simulator; it hangs up `give_up_s` after it began or, when `after` is given, after that held first."""

    session: aiohttp.ClientSession
    simulator: Simulator

    async def stream(self, model: str, **fields: Any) -> Heard:
        return await self.ask(model, stream=True, **fields)

    async def ask(
        self, model: str, *, give_up_s: float = GIVE_UP_S, after: Holds | None = None, **fields: Any
    ) -> Heard:
        body = {"model": model, "max_tokens": 2000, "messages": [HI], **fields}
        return await self.post(body, give_up_s=give_up_s, after=after)

    async def post(
        self,
        body: Any,
        *,
        key: str | None = "sk-ant",
        version: str | None = VERSION,
        give_up_s: float = GIVE_UP_S,
        after: Holds | None = None,
    ) -> Heard:
        heard = Heard()
        given = {"x-api-key": key, "anthropic-version": version, "content-type": "application/json"}
        sent = {name: value for name, value in given.items() if value is not None}
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        try:
            async with (
                Patience(give_up_s, after) as patience,
                self.session.post(f"{self.simulator.origin}/v1/messages", data=data, headers=sent) as response,
            ):
                heard.status, heard.headers = response.status, dict(response.headers)
                patience.see(heard)
                async for piece in response.content.iter_any():
                    heard.body += piece
                    patience.see(heard)
        except (aiohttp.ClientError, TimeoutError) as error:
            heard.broke = error
        return heard

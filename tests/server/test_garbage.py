"""What a call made is gone when it ends: nothing waits for the garbage collector, which then need hardly run."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import grpc
import pytest

from sidecar.core.observation import Unobserved
from sidecar.engine.attempt import Attempt
from sidecar.engine.failover import Call
from sidecar.pb import chat_pb2, content_pb2
from sidecar.server.chat import ChatServicer
from sidecar.server.gate import Gate
from sidecar.server.guard import Guard
from sidecar.server.trace import unsampled
from sidecar.transport.double import Play, PlayedAnswer, PlayedTransport
from sidecar.transport.http import Post

from ..engine.rig import Rig, error, good, provider

QUESTION = [content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="Why?")])]
CONNECTED: ContextVar[Callable[[], None]] = ContextVar("connected")


class Remembering(PlayedTransport):
    """Leaves in its task's context whom it tells, as the one over HTTP does."""

    async def post(self, post: Post, connect_s: float, on_connected: Callable[[], None]) -> PlayedAnswer:
        CONNECTED.set(on_connected)
        return await super().post(post, connect_s, on_connected)


class Caller:
    """A caller who reads everything at once."""

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    def time_remaining(self) -> None:
        return None

    def peer(self) -> str:
        return "unix:"

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.OK

    def set_trailing_metadata(self, trailers: object) -> None:
        pass

    async def write(self, message: object) -> None:
        pass

    async def abort(self, *said: object) -> None:
        raise grpc.aio.AbortError


@pytest.fixture
def uncollected() -> Iterator[Callable[[], list[object]]]:
    """Calls and attempts that are still there, the collector being off."""
    gc.collect()
    gc.disable()
    yield lambda: [kept for kept in gc.get_objects() if isinstance(kept, (Call, Attempt))]
    gc.enable()


def handlers(plays: list[Play]) -> dict[str, Callable[[Any, Any], Any]]:
    """Complete and Chat as they are registered."""
    rig = Rig({"a/m": plays, "b/m": [good()]}, (provider("a"), provider("b")), ("b/m",))
    rig.engine.services = replace(rig.engine.services, transport=Remembering(rig._play))
    guard = Guard(None, Unobserved(), rig.engine.services.clock, unsampled)
    servicer = ChatServicer(rig.engine, Gate())
    complete: Any = guard.wrap(
        grpc.unary_unary_rpc_method_handler(servicer.Complete), "/remora.v1.ChatService/Complete"
    )
    chat: Any = guard.wrap(grpc.unary_stream_rpc_method_handler(servicer.Chat), "/remora.v1.ChatService/Chat")
    return {"Complete": complete.unary_unary, "Chat": chat.unary_stream}


@pytest.mark.parametrize("method", ["Complete", "Chat"])
@pytest.mark.parametrize("plays", [[good()], [error(401)]], ids=["answered", "failed over"])
async def test_nothing_of_a_call_waits_for_the_collector(
    method: str, plays: list[Play], uncollected: Callable[[], list[object]]
) -> None:
    call = handlers(plays)[method]
    request = chat_pb2.ChatRequest if method == "Chat" else chat_pb2.CompleteRequest
    await asyncio.create_task(call(request(model="smart", messages=QUESTION), Caller()))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not uncollected()

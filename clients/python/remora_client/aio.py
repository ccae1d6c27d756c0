"""The client for asyncio code."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, cast

import grpc
import grpc.aio
from google.protobuf.message import Message as ProtoMessage

from ._pb import chat_pb2, health_pb2
from ._pb.chat_pb2_grpc import ChatServiceStub
from ._pb.health_pb2_grpc import HealthServiceStub
from .aio_stream import AsyncChatStream, AsyncStream
from .answer import Answer, answer_from
from .catalog import Catalog, Embeddings, EmbedOptions, catalog_from, embed_request, embeddings_from
from .connection import (
    DEFAULT_CONNECT_TIMEOUT_S,
    DEFAULT_TIMEOUT_S,
    Allowance,
    check_size,
    new_aio_channel,
    settings_from,
    wait_connected_async,
)
from .conversation import Prompt
from .event import event_from
from .health import Health, HealthReset, health_from, only_snapshot, reset_from, reset_request
from .report import FailoverReport, report_from
from .request import ChatOptions, build_request
from .serving import CHECK, WHOLE_SERVER, is_serving
from .status import error_from

if TYPE_CHECKING:
    from ._pb.chat_pb2_grpc import ChatServiceAsyncStub
    from ._pb.health_pb2_grpc import HealthServiceAsyncStub

Q = TypeVar("Q", bound=ProtoMessage)
A = TypeVar("A", bound=ProtoMessage)


class AsyncClient:
    """The methods and arguments of `Client`, for one event loop: that of its first call."""

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
        credentials: grpc.ChannelCredentials | None = None,
    ) -> None:
        self._settings = settings_from(address, token, timeout_s, connect_timeout_s, credentials)
        self._channel: grpc.aio.Channel | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancels what still runs and disconnects."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()

    @property
    def address(self) -> str:
        """Where the sidecar is expected."""
        return self._settings.address

    def chat(
        self,
        model: str | None,
        prompt: Prompt,
        *,
        timeout_s: float | None = None,
        traceparent: str | None = None,
        **options: Unpack[ChatOptions],
    ) -> AsyncChatStream:
        """The stream of an answer's events, not awaited; the call starts with the first read, or with `async with`."""
        request = build_request(chat_pb2.ChatRequest, model, prompt, options)
        check_size(request)

        async def start() -> Any:
            return await self._stream(self._chat.Chat, request, timeout_s, traceparent)

        return AsyncChatStream(start, event_from, self.address)

    async def complete(
        self,
        model: str | None,
        prompt: Prompt,
        *,
        timeout_s: float | None = None,
        traceparent: str | None = None,
        **options: Unpack[ChatOptions],
    ) -> Answer:
        """The whole answer in one piece; a break on the way is recovered without a trace."""
        request = build_request(chat_pb2.CompleteRequest, model, prompt, options)
        return answer_from(await self._unary(self._chat.Complete, request, timeout_s, traceparent))

    async def embed(
        self,
        model: str | None,
        inputs: str | Sequence[str],
        *,
        timeout_s: float | None = None,
        traceparent: str | None = None,
        **options: Unpack[EmbedOptions],
    ) -> Embeddings:
        """One vector for each text, in order."""
        request = embed_request(model, inputs, options)
        return embeddings_from(await self._unary(self._chat.Embed, request, timeout_s, traceparent))

    async def list_models(self, provider: str | None = None, *, timeout_s: float | None = None) -> Catalog:
        """What can be asked for, of one provider or of all, and whether it is available now."""
        request = chat_pb2.ListModelsRequest(provider=provider)
        return catalog_from(await self._unary(self._chat.ListModels, request, timeout_s))

    async def is_serving(self, *, timeout_s: float | None = None) -> bool:
        """Whether the sidecar takes calls: it listens, and does not drain. Needs no token."""
        allowance = await self._allow(timeout_s)
        check: Any = self._open().unary_unary(CHECK)
        try:
            return is_serving(await check(WHOLE_SERVER, timeout=allowance.remaining_s()))
        except grpc.aio.AioRpcError as error:
            raise error_from(error, self.address) from None

    async def health(self, *, timeout_s: float | None = None) -> Health:
        """A snapshot of every entry and profile."""
        return only_snapshot([change async for change in self._health_stream(False, timeout_s)])

    def watch_health(self, *, timeout_s: float | None = None) -> AsyncStream[Health]:
        """A stream, not awaited, of a snapshot and then each change; without a time limit unless one is given."""
        return self._health_stream(True, math.inf if timeout_s is None else timeout_s)

    async def get_report(self, request_id: str, *, timeout_s: float | None = None) -> list[FailoverReport]:
        """What happened to the last ten minutes' calls with that id: newest first, at most 10; NotFound for none."""
        request = health_pb2.GetReportRequest(request_id=request_id)
        response = await self._unary(self._health.GetReport, request, timeout_s)
        return [report_from(report) for report in response.reports]

    async def reset_health(
        self,
        *,
        entry: str | None = None,
        profile: str | None = None,
        everything: bool = False,
        timeout_s: float | None = None,
    ) -> HealthReset:
        """Forgets breakers and cooldowns of one "provider/model-id", one "provider/profile", or all; else NotFound."""
        request = reset_request(entry=entry, profile=profile, everything=everything)
        return reset_from(await self._unary(self._health.ResetHealth, request, timeout_s))

    @property
    def _chat(self) -> ChatServiceAsyncStub:
        return cast("ChatServiceAsyncStub", ChatServiceStub(self._open()))

    @property
    def _health(self) -> HealthServiceAsyncStub:
        return cast("HealthServiceAsyncStub", HealthServiceStub(self._open()))

    def _open(self) -> grpc.aio.Channel:
        if self._closed:
            raise RuntimeError("the client is closed")
        loop = asyncio.get_running_loop()
        if self._channel is None:
            self._channel, self._loop = new_aio_channel(self._settings), loop
        if self._loop is not loop:
            raise RuntimeError(
                "the client belongs to another event loop, that of its first call: make one in each loop"
            )
        return self._channel

    def _health_stream(self, watch: bool, timeout_s: float | None) -> AsyncStream[Health]:
        request = health_pb2.HealthRequest(watch=watch)

        async def start() -> Any:
            return await self._stream(self._health.Health, request, timeout_s)

        return AsyncStream(start, health_from, self.address)

    async def _stream(
        self,
        method: grpc.aio.UnaryStreamMultiCallable[Q, A],
        request: Q,
        timeout_s: float | None,
        traceparent: str | None = None,
    ) -> Any:
        remaining_s = await self._prepare(request, timeout_s)
        return method(request, timeout=remaining_s, metadata=self._settings.metadata(traceparent))

    async def _unary(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        timeout_s: float | None,
        traceparent: str | None = None,
    ) -> A:
        remaining_s = await self._prepare(request, timeout_s)
        call = method(request, timeout=remaining_s, metadata=self._settings.metadata(traceparent))
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise error_from(error, self.address) from None
        finally:
            call.cancel()

    async def _prepare(self, request: ProtoMessage, timeout_s: float | None) -> float | None:
        """Waits for the sidecar; the seconds that are left for the call."""
        check_size(request)
        return (await self._allow(timeout_s)).remaining_s()

    async def _allow(self, timeout_s: float | None) -> Allowance:
        allowance = Allowance(self._settings, timeout_s)
        await wait_connected_async(self._open(), allowance.connect_s(), self._settings.unreachable)
        return allowance

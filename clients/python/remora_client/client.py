"""The client for ordinary threaded code."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import grpc
from google.protobuf.message import Message as ProtoMessage

from ._pb import chat_pb2, health_pb2
from ._pb.chat_pb2_grpc import ChatServiceStub
from ._pb.health_pb2_grpc import HealthServiceStub
from .answer import Answer, answer_from
from .catalog import Catalog, Embeddings, EmbedOptions, catalog_from, embed_request, embeddings_from
from .connection import (
    DEFAULT_CONNECT_TIMEOUT_S,
    DEFAULT_TIMEOUT_S,
    Allowance,
    check_size,
    new_channel,
    settings_from,
    wait_connected,
)
from .conversation import Prompt
from .event import event_from
from .health import Health, HealthReset, health_from, only_snapshot, reset_from, reset_request
from .progress import closed_error
from .report import FailoverReport, report_from
from .request import ChatOptions, build_request
from .serving import CHECK, WHOLE_SERVER, is_serving
from .status import error_from
from .stream import ChatStream, Stream

CLOSE_S = 2.0
"""How long `close` waits for calls under way to end."""

Q = TypeVar("Q", bound=ProtoMessage)
A = TypeVar("A", bound=ProtoMessage)


class Client:
    """Calls the sidecar at `address`, else REMORA_ADDRESS, else 127.0.0.1:7650. Thread-safe; make one and keep it.

    address: `host:port` or `unix:///path`. token: the caller's own, else REMORA_TOKEN. timeout_s: of each call, in
    seconds; `math.inf` for none; every call may set its own. connect_timeout_s: how long a call waits for a sidecar
    that is not up. credentials: TLS, for a sidecar that is not on this host. Every failure is a `RemoraError`;
    arguments that cannot be are ValueError or TypeError.
    """

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
        self._channel = new_channel(self._settings)
        self._closed = False
        self._chat = ChatServiceStub(self._channel)
        self._health = HealthServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancels what still runs and disconnects; waits for that, 2 seconds at the most."""
        self._closed = True
        # Waits for calls that a KeyboardInterrupt may have left half begun, which never end: that must not keep a program up.
        closing = threading.Thread(target=self._channel.close, daemon=True)
        closing.start()
        closing.join(CLOSE_S)

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
    ) -> ChatStream:
        """Starts an answer and gives the stream of its events. `model` None: the sidecar's default model."""
        request = build_request(chat_pb2.ChatRequest, model, prompt, options)
        call = self._stream(self._chat.Chat, request, timeout_s, traceparent)
        return ChatStream(call, event_from, self.address)

    def complete(
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
        return answer_from(self._unary(self._chat.Complete, request, timeout_s, traceparent))

    def embed(
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
        return embeddings_from(self._unary(self._chat.Embed, request, timeout_s, traceparent))

    def list_models(self, provider: str | None = None, *, timeout_s: float | None = None) -> Catalog:
        """What can be asked for, of one provider or of all, and whether it is available now."""
        request = chat_pb2.ListModelsRequest(provider=provider)
        return catalog_from(self._unary(self._chat.ListModels, request, timeout_s))

    def is_serving(self, *, timeout_s: float | None = None) -> bool:
        """Whether the sidecar takes calls: it listens, and does not drain. Needs no token."""
        allowance = self._allow(timeout_s)
        check: Any = self._channel.unary_unary(CHECK)
        try:
            return is_serving(check(WHOLE_SERVER, timeout=allowance.remaining_s()))
        except grpc.RpcError as error:
            raise error_from(error, self.address) from None

    def health(self, *, timeout_s: float | None = None) -> Health:
        """A snapshot of every entry and profile."""
        call = self._stream(self._health.Health, health_pb2.HealthRequest(), timeout_s)
        return only_snapshot(list(Stream(call, health_from, self.address)))

    def watch_health(self, *, timeout_s: float | None = None) -> Stream[Health]:
        """A stream of a snapshot and then each change; without a time limit unless one is given."""
        limit_s = math.inf if timeout_s is None else timeout_s
        call = self._stream(self._health.Health, health_pb2.HealthRequest(watch=True), limit_s)
        return Stream(call, health_from, self.address)

    def get_report(self, request_id: str, *, timeout_s: float | None = None) -> list[FailoverReport]:
        """What happened to the last ten minutes' calls with that id: newest first, at most 10; NotFound for none."""
        request = health_pb2.GetReportRequest(request_id=request_id)
        return [report_from(report) for report in self._unary(self._health.GetReport, request, timeout_s).reports]

    def reset_health(
        self,
        *,
        entry: str | None = None,
        profile: str | None = None,
        everything: bool = False,
        timeout_s: float | None = None,
    ) -> HealthReset:
        """Forgets breakers and cooldowns of one "provider/model-id", one "provider/profile", or all; else NotFound."""
        request = reset_request(entry=entry, profile=profile, everything=everything)
        return reset_from(self._unary(self._health.ResetHealth, request, timeout_s))

    def _stream(
        self,
        method: grpc.UnaryStreamMultiCallable[Q, A],
        request: Q,
        timeout_s: float | None,
        traceparent: str | None = None,
    ) -> Any:
        remaining_s = self._prepare(request, timeout_s)
        return method(request, timeout=remaining_s, metadata=self._settings.metadata(traceparent))

    def _unary(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        timeout_s: float | None,
        traceparent: str | None = None,
    ) -> A:
        remaining_s = self._prepare(request, timeout_s)
        call = method.future(request, timeout=remaining_s, metadata=self._settings.metadata(traceparent))
        try:
            return call.result()
        except grpc.FutureCancelledError:
            raise closed_error() from None
        except grpc.RpcError as error:
            raise error_from(error, self.address) from None
        finally:
            call.cancel()

    def _prepare(self, request: ProtoMessage, timeout_s: float | None) -> float | None:
        """Waits for the sidecar; the seconds that are left for the call."""
        check_size(request)
        return self._allow(timeout_s).remaining_s()

    def _allow(self, timeout_s: float | None) -> Allowance:
        if self._closed:
            raise RuntimeError("the client is closed")
        allowance = Allowance(self._settings, timeout_s)
        wait_connected(self._channel, allowance.connect_s(), self._settings.unreachable)
        return allowance

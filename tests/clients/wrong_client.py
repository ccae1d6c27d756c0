"""The Python runner with one fault, named by its argument: the suite must notice each. Only for test_wrong_clients."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from sidecar.pb import health_pb2

client: Any
connection: Any
stream: Any
client, connection, stream = (import_module(f"remora_client.{name}") for name in ("client", "connection", "stream"))
PROGRAMS = Path(__file__).parents[2] / "clients/python/programs"
KEPT: list[Any] = []


def never_cancels() -> None:
    def close(self: Any) -> None:
        KEPT.append(self._call)
        self._closed = True

    stream.Stream.close = close
    stream.Stream.__del__ = lambda self: KEPT.append(self._call)


def wrong_pieces() -> None:
    def text(self: Any, **options: Any) -> Iterator[str]:
        for piece in right(self, **options):
            yield piece + " "

    right = stream.ChatStream.text
    stream.ChatStream.text = text


def loses_an_event() -> None:
    taken: list[int] = []

    def lossy(self: Any, event: Any) -> None:
        taken.append(1)
        if getattr(event, "text", "") and len(taken) == 3:
            return
        right(self, event)

    right = stream.ChatStream._take
    stream.ChatStream._take = lossy


def drops_long_text() -> None:
    def lossy(self: Any, event: Any) -> None:
        if len(getattr(event, "text", "")) < 1_000_000:
            right(self, event)

    right = stream.ChatStream._take
    stream.ChatStream._take = lossy


def leaves_out(kind: str) -> Callable[[], None]:
    def install() -> None:
        def built(*arguments: Any, **options: Any) -> Any:
            request: Any = right(*arguments, **options)
            for message in request.messages:
                for index in reversed(range(len(message.parts))):
                    if message.parts[index].HasField(kind):
                        del message.parts[index]
            return request

        right: Any = client.build_request
        client.build_request = built

    return install


def reverses_vectors() -> None:
    def reversed_from(response: Any) -> Any:
        vectors = list(response.embeddings)[::-1]
        del response.embeddings[:]
        response.embeddings.extend(vectors)
        return right(response)

    right = client.embeddings_from
    client.embeddings_from = reversed_from


def watches_once() -> None:
    def watch(self: Any, *, timeout_s: float | None = None) -> Any:
        call = self._stream(self._health.Health, health_pb2.HealthRequest(watch=False), timeout_s)
        return stream.Stream(call, client.health_from, self.address)

    client.Client.watch_health = watch


def unary_without_deadline_and_trace() -> None:
    def unary(self: Any, method: Any, request: Any, timeout_s: float | None, traceparent: str | None = None) -> Any:
        self._allow(timeout_s)
        return method(request)

    client.Client._unary = unary


def smaller_limit() -> None:
    limit = 25 * 1024 * 1024
    connection.CHANNEL_OPTIONS = tuple(
        (name, limit if "message_length" in name else value) for name, value in connection.CHANNEL_OPTIONS
    )
    connection.MAX_MESSAGE_BYTES = limit


def does_not_wait() -> None:
    connection.Allowance.connect_s = lambda self: 0.05


def logs_content() -> None:
    def built(*arguments: Any, **options: Any) -> Any:
        request = right(*arguments, **options)
        logging.getLogger("remora_client").debug("asking %s", request)
        return request

    right: Any = client.build_request
    client.build_request = built


def nothing() -> None:
    """Is right."""


FAULTS: dict[str, Callable[[], None]] = {
    "nothing": nothing,
    "never_cancels": never_cancels,
    "wrong_pieces": wrong_pieces,
    "loses_an_event": loses_an_event,
    "drops_long_text": drops_long_text,
    "leaves_out_images": leaves_out("image"),
    "leaves_out_reasoning": leaves_out("reasoning"),
    "reverses_vectors": reverses_vectors,
    "watches_once": watches_once,
    "unary_without_deadline_and_trace": unary_without_deadline_and_trace,
    "smaller_limit": smaller_limit,
    "does_not_wait": does_not_wait,
    "logs_content": logs_content,
}

if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    sys.path.insert(0, str(PROGRAMS))
    import conformance  # type: ignore[import-not-found]  # found once the path is there

    conformance.main()

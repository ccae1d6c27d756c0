"""The floor: the least a Python sidecar can do for the same bytes. A bare grpc.aio handler and a bare aiohttp post.

uvloop, keep-alive, orjson; no failover, no checks, no health, no report. A burst is written as one coalesced delta, a
paced stream chunk by chunk. It is fixed: what it does may change only when the contract's bytes change.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import grpc
import orjson
import uvloop
from remora_client._pb import chat_pb2, chat_pb2_grpc, content_pb2

from .upstream import write


class Floor(chat_pb2_grpc.ChatServiceServicer):
    """`url`: of the upstream's chat completions."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def Complete(self, request: chat_pb2.CompleteRequest, context: Any) -> chat_pb2.CompleteResponse:
        """Reads the stream to its end."""
        text = []
        async with self._session.post(self._url, data=body(request), headers=HEADERS) as response:
            for piece in texts(await response.read()):
                text.append(piece)
        done = chat_pb2.CompleteResponse(finish_reason=chat_pb2.FINISH_REASON_STOP)
        done.message.parts.add(text="".join(text))
        return done

    async def Chat(self, request: chat_pb2.ChatRequest, context: Any) -> None:
        """Passes each read on as one delta."""
        all_text = []
        async with self._session.post(self._url, data=body(request), headers=HEADERS) as response:
            while data := await response.content.readany():
                text = "".join(texts(data))
                all_text.append(text)
                if text:
                    await context.write(chat_pb2.ChatResponse(text_delta=chat_pb2.TextDelta(text=text)))
        done = chat_pb2.Completed(finish_reason=chat_pb2.FINISH_REASON_STOP)
        done.message.parts.add(text="".join(all_text))
        await context.write(chat_pb2.ChatResponse(completed=done))


HEADERS = {"content-type": "application/json", "authorization": "Bearer floor", "accept-encoding": "identity"}


def body(request: chat_pb2.ChatRequest | chat_pb2.CompleteRequest) -> bytes:
    """The upstream request."""
    messages = [
        {"role": content_pb2.Role.Name(message.role)[5:].lower(), "content": message.parts[0].text}
        for message in request.messages
    ]
    options = {"stream": True, "stream_options": {"include_usage": True}}
    return orjson.dumps({"model": request.model, "messages": messages, **options})


def texts(data: bytes) -> list[str]:
    """The text of each whole event; the upstream of this benchmark never splits one."""
    found = []
    for block in data.split(b"\n\n"):
        if block.startswith(b"data: {"):
            choices = orjson.loads(block[6:])["choices"]
            if choices and (text := choices[0]["delta"].get("content")):
                found.append(text)
    return found


async def main() -> None:
    """`floor.py UPSTREAM_PORT READY_FILE`."""
    url = f"http://127.0.0.1:{sys.argv[1]}/v1/chat/completions"
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        chat_pb2_grpc.add_ChatServiceServicer_to_server(Floor(session, url), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        write(sys.argv[2], f"127.0.0.1:{port}")
        await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())

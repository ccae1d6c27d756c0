"""The suite's runner for `AsyncClient`: the same orders and lines as `conformance`, with everything awaited."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from conformance import Run, answer_fields, error_fields, event_fields, health_fields, named, say, show_log
from remora_client import AsyncChatStream, AsyncClient, Message, RemoraError
from remora_client._pb import chat_pb2


async def main() -> None:
    """Plays every call of the order on one client."""
    order = json.load(sys.stdin)
    last: Message | None = None
    show_log()
    async with AsyncClient(**order["client"]) as remora:
        for call in order["calls"]:
            last = await AsyncRun(remora, call, last).played_async()


class AsyncRun(Run):
    """One call."""

    def __init__(self, remora: AsyncClient, call: dict[str, Any], answer: Message | None) -> None:
        super().__init__(None, call, answer)
        self._aremora = remora
        self._astream: AsyncChatStream | None = None

    async def played_async(self) -> Message | None:
        """Makes the call and prints what came of it; the assistant's turn if there is one."""
        try:
            with self._span():
                message: Message | None = await getattr(self, f"_{self._call['rpc']}")()
                return message
        except RemoraError as error:
            say(error=error_fields(error, self._astream.text_so_far if self._astream else ""))
        return None

    async def _chat(self) -> Message | None:  # type: ignore[override]  # everything is awaited here
        model, prompt, options = self._question(chat_pb2.ChatRequest)
        self._astream = stream = self._aremora.chat(model, prompt, **options, **self._timing("traceparent"))
        is_whole = await self._read_async(stream)
        await asyncio.sleep(self._call.get("linger_s", 0.0))
        if not is_whole:
            say(stopped={"text": stream.text_so_far})
            return None
        done = await stream.finish()
        say(end=answer_fields(done, stream.message) | {"text": stream.text_so_far})
        return stream.message

    async def _complete(self) -> Message | None:  # type: ignore[override]
        model, prompt, options = self._question(chat_pb2.CompleteRequest)
        answer = await self._aremora.complete(model, prompt, **options, **self._timing("traceparent"))
        say(end=answer_fields(answer, answer.message))
        return answer.message

    async def _embed(self) -> None:  # type: ignore[override]
        asked = self._request(chat_pb2.EmbedRequest)
        inputs = list(asked.inputs)
        vectors = await self._aremora.embed(asked.model, inputs, dimensions=asked.dimensions, **self._timing())
        say(end={"vectors": [list(one) for one in vectors.vectors], "target": named(vectors.target)})

    async def _list_models(self) -> None:  # type: ignore[override]
        catalog = await self._aremora.list_models(**self._timing())
        names = {"models": [one.reference for one in catalog.models], "aliases": [one.name for one in catalog.aliases]}
        say(end=names | {"default_model": catalog.default_model or ""})

    async def _health(self) -> None:  # type: ignore[override]
        say(end=health_fields(await self._aremora.health(**self._timing())))

    async def _watch_health(self) -> None:  # type: ignore[override]
        changes = self._aremora.watch_health(**self._timing())
        async for change in changes:
            say(change=health_fields(change))
            self._printed += 1
            if self._printed == self._call.get("stop_after"):
                changes.close()
                say(stopped={"text": ""})
                return
        say(end={})

    async def _read_async(self, stream: AsyncChatStream) -> bool:
        """Reads as it is told; whether to the end."""
        async with aclosing(self._lines_async(stream)) as lines:
            async for line in lines:
                say(**line)
                self._printed += 1
                if self._printed == self._call.get("pause_after"):
                    await asyncio.sleep(self._call["pause_s"])
                if self._printed == self._call.get("stop_after"):
                    if self._call["stop"] == "cancel":
                        stream.close()
                    return False
        return True

    async def _lines_async(self, stream: AsyncChatStream) -> AsyncIterator[dict[str, Any]]:
        read = self._call.get("read", "events")
        if read == "events":
            async for event in stream:
                yield {"event": event_fields(event)}
        elif read == "final":
            await stream.final_text()
        else:
            discards: list[str] = []
            on_discard = discards.append if read == "text_discards" else None
            async for piece in stream.text(on_discard=on_discard):
                for text in discards:
                    yield {"discarded": text}
                discards.clear()
                yield {"piece": piece}
            for text in discards:
                yield {"discarded": text}


if __name__ == "__main__":
    asyncio.run(main())

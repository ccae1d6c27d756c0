"""The queue of encoded spans and the task that sends it: bounded, in batches, with retries, never in a call's way."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..core.backoff import Rand, backoff
from .otlp_bytes import Envelope
from .plan import Batching

log = logging.getLogger("remora.telemetry")
MAX_QUEUE_BYTES = 16 * 1024 * 1024
MAX_BATCH_BYTES = 3 * 1024 * 1024
"""Collectors take 4 MiB over gRPC by default. Only captured content comes near either bound."""


class Fate(StrEnum):
    """What became of a request to the collector."""

    TAKEN = "taken"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """`rejected`: spans of a request that was taken which were not. `said`: why, safe to log."""

    fate: Fate
    said: str = ""
    retry_after_s: float | None = None
    rejected: int = 0


class Sender(Protocol):
    """One way to the collector."""

    async def send(self, body: bytes, limit_s: float) -> Answer:
        """Sends an ExportTraceServiceRequest and says what became of it within `limit_s`. Raises where it cannot be sent."""
        ...

    async def close(self) -> None:
        """Ends its connections."""
        ...


class Drop(StrEnum):
    """Why spans were lost."""

    QUEUE_FULL = "queue_full"
    REFUSED = "refused"
    FAILED = "failed"
    SHUTDOWN = "shutdown"


class Counts(Protocol):
    """Who counts."""

    def spans_exported(self, number: int) -> None:
        """So many more were taken."""
        ...

    def spans_dropped(self, cause: Drop, number: int) -> None:
        """So many more were lost."""
        ...


@dataclass(slots=True)
class _Outage:
    """From the first loss until a batch is taken again: one line in the log at each end."""

    dropped: int = 0


class Exporter:
    """`make_sender`: called by `start`. `request_limit_s`: for one request. `redact`: what the collector said, to be logged.

    Everything runs on the loop that `start` was called on.
    """

    def __init__(
        self,
        make_sender: Callable[[], Sender],
        envelope: Envelope,
        batching: Batching,
        request_limit_s: float,
        rand: Rand,
        redact: Callable[[str], str],
    ) -> None:
        self._make_sender = make_sender
        self._redact = redact
        self._envelope = envelope
        self._batching = batching
        self._request_limit_s = request_limit_s
        self._rand = rand
        self._counts: Counts | None = None
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._filled, self._full, self._stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._outage: _Outage | None = None
        self._task: asyncio.Task[None] | None = None
        self._sender: Sender | None = None

    def start(self, counts: Counts) -> None:
        """Begins to send what is and will be put."""
        self._counts = counts
        self._sender = self._make_sender()
        self._task = asyncio.create_task(self._run(self._sender))

    def put(self, spans: list[bytes]) -> None:
        """Takes encoded spans; those for which there is no room are lost and counted."""
        queue, size = self._queue, sum(map(len, spans))
        room = self._batching.max_queue - len(queue) if self._bytes + size <= MAX_QUEUE_BYTES else 0
        if room < len(spans):
            self._lose(Drop.QUEUE_FULL, len(spans) - room, "the queue is full")
            spans = spans[:room]
            size = sum(map(len, spans))
        queue.extend(spans)
        self._bytes += size
        if queue:
            self._idle.clear()
            self._filled.set()
        if len(queue) >= self._batching.max_batch:
            self._full.set()

    async def flush(self, limit_s: float) -> bool:
        """Sends what is there now; whether all of it was sent, or given up, in time."""
        if self._idle.is_set():
            return True
        self._full.set()
        try:
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self, limit_s: float) -> None:
        """Sends what is left, without retries, for at most `limit_s`; the rest is lost and counted."""
        task, sender = self._task, self._sender
        if task is None or sender is None:
            return
        self._task = None
        self._stopping.set()
        self._filled.set()
        self._full.set()
        await asyncio.wait({task}, timeout=limit_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._queue:
            self._lose(Drop.SHUTDOWN, len(self._queue), "shut down")
            self._queue.clear()
            self._bytes = 0
        await sender.close()

    async def _run(self, sender: Sender) -> None:
        while not self._stopping.is_set() or self._queue:
            await self._filled.wait()
            await _either(self._full, self._batching.delay_s)
            while self._queue:
                await self._send_batch(sender)
            self._full.clear()
            self._filled.clear()
            self._idle.set()

    async def _send_batch(self, sender: Sender) -> None:
        batch = self._next_batch()
        try:
            answer = await self._deliver(sender, self._envelope.request(batch))
        except asyncio.CancelledError:
            self._lose(Drop.SHUTDOWN, len(batch), "shut down")
            raise
        if answer.fate is not Fate.TAKEN:
            self._lose(Drop.REFUSED if answer.fate is Fate.REFUSED else Drop.FAILED, len(batch), answer.said)
            return
        taken = max(0, len(batch) - answer.rejected)
        if self._counts is not None:
            self._counts.spans_exported(taken)
        if answer.rejected > 0:
            self._lose(Drop.REFUSED, len(batch) - taken, answer.said or "the collector refused some of a batch")
        else:
            self._recovered()
            if answer.said:
                log.warning("the collector took spans with a warning: %s", self._redact(answer.said))

    def _next_batch(self) -> list[bytes]:
        """At least one span, and as many as the bounds allow."""
        batch = [self._queue.popleft()]
        size = len(batch[0])
        while self._queue and len(batch) < self._batching.max_batch and size + len(self._queue[0]) <= MAX_BATCH_BYTES:
            batch.append(self._queue.popleft())
            size += len(batch[-1])
        self._bytes -= size
        return batch

    async def _deliver(self, sender: Sender, body: bytes) -> Answer:
        """Retries what may be retried, within the batch's limit (OTLP specification, "Failures")."""
        loop = asyncio.get_running_loop()
        until, retry = loop.time() + self._batching.limit_s, 0
        while True:
            limit_s = min(self._request_limit_s, until - loop.time())
            try:
                answer = await sender.send(body, limit_s)
            except Exception as error:  # a sender's defect must not end the task; its text may show a header
                return Answer(Fate.REFUSED, f"the request cannot be sent ({type(error).__name__})")
            wait_s = answer.retry_after_s if answer.retry_after_s is not None else backoff(retry, self._rand)
            is_over = self._stopping.is_set() or loop.time() + wait_s >= until
            if answer.fate is not Fate.RETRY or is_over:
                return answer
            await _either(self._stopping, wait_s)
            retry += 1

    def _lose(self, cause: Drop, number: int, why: str) -> None:
        if self._counts is not None:
            self._counts.spans_dropped(cause, number)
        if self._outage is None:
            self._outage = _Outage()
            log.warning("spans are lost (%s): %s", cause.value, self._redact(why))
        self._outage.dropped += number

    def _recovered(self) -> None:
        if self._outage is not None:
            log.info("spans are exported again; %d were lost", self._outage.dropped)
            self._outage = None


async def _either(event: asyncio.Event, limit_s: float) -> None:
    """Until the event, or for so long."""
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        pass

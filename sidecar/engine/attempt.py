"""One upstream call: sends, reads, decodes, and keeps the instants its clocks are judged by.

It decides nothing about other attempts. The call takes its events with `take`, asks `due_at` when to look again, and
ends it with `abort`. A caller who reads slowly fills its share of memory; then reading, and its idle clock, stand still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from ..core.classify import Verdict
from ..core.deadline import Allowance, LimitedBy
from ..core.errors import BadToolCall, ProtocolViolation
from ..core.events import Closed, Delta, Finish, Finished, Identity, Kind, Upstream, UsageTold, Vectors
from ..core.reasons import Reason
from ..core.step import Start
from ..core.usage import Usage
from ..providers.codec import Codec, Decoder, ErrorEvent
from ..providers.repair import Repaired
from ..transport.http import CutError, Post, TransportError
from ..transport.interface import Answer, Transport
from .clock import Clock
from .expectation import Expectation, is_writing_call
from .limiter import Reservation
from .limits import Clocks, local_verdict
from .splice import Splice
from .state import Ticket

AFTER_FINISH_S = 1.0
ERROR_BODY_S = 5.0
FORGIVEN_PAUSE_S = 5.0


def _nothing(headers: Mapping[str, str]) -> None:
    """Nobody wants to know."""


class Attempt:
    """One attempt. `index`: its place in the call, from 1. Instants are the clock's `now`. `ended`: nothing more will come;
    `failure` says why, if it failed. `is_slow`: its first limit has run out, and the outer one holds. `splice`: where it
    goes on with another's answer. `has_won`: it is the answer, or its next piece."""

    # What every attempt begins with stands on the class: an object with over 30 attributes of its own is made at twice the
    # price, and most of these are never set.
    first_content_at: float | None = None
    failure: Verdict | None = None
    crash: Exception | None = None
    ended = False
    is_slow = False
    is_given_up = False
    finish: Finish | None = None
    response_id: str | None = None
    response_model: str | None = None
    repairs: tuple[Repaired, ...] = ()
    splice: Splice | None = None
    has_won = False
    index = 0
    span_id = ""
    reservation: Reservation | None = None
    request_id: str | None = None
    usage: Usage | None = None
    vectors: tuple[bytes, ...] = ()
    status: int | None = None
    characters = 0
    content_bytes = 0
    paused_s = 0.0
    _pending_bytes = 0
    _room: asyncio.Future[None] | None = None
    _paused_at = 0.0
    _connected_at: float | None = None
    _finished_at: float | None = None
    _call_byte_at: float | None = None
    _kind: Kind | None = None
    _answer: Answer | None = None
    _closed = False
    _has_finished = False
    _has_content = False
    _task: asyncio.Task[None] | None = None
    _has_begun = False

    def __init__(
        self,
        start: Start,
        ticket: Ticket,
        clocks: Clocks,
        max_pending_bytes: int,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self.start = start
        self.ticket = ticket
        self.clocks = clocks
        self.started_at = self._byte_at = self._content_at = clock.now()
        self.started_wall = clock.wall()
        self.on_answer: Callable[[Mapping[str, str]], None] = _nothing
        self._clock = clock
        self._wake = wake
        self._max_pending_bytes = max_pending_bytes
        self._pending: list[Upstream] = []
        self._content_idle_s = clocks.timing.idle_content_s

    # The call's side.

    def run(
        self,
        transport: Transport,
        post: Post,
        codec: Codec,
        expected: Expectation,
        tasks: set[asyncio.Task[None]],
    ) -> None:
        """Starts sending. The task ends by itself, soon after `abort` at the latest, and is in `tasks` until then."""
        self._tasks = tasks
        self._task = asyncio.create_task(self._run(transport, post, codec, expected))
        tasks.add(self._task)

    def wake_by(self, wake: Callable[[], None]) -> None:
        """From now on this is called when something has come, instead of what was before."""
        self._wake = wake

    def take(self) -> list[Upstream]:
        """The events decoded since the last call; makes room for more."""
        events, self._pending, self._pending_bytes = self._pending, [], 0
        self._resume()
        return events

    def due_at(self) -> float:
        """When the next of its clocks runs out, unless something comes before."""
        if self._finished_at is not None:
            return self._finished_at + AFTER_FINISH_S
        if self._call_byte_at is not None and self._call_byte_at >= self._content_at:
            return min(self._byte_at + self.clocks.idle_s, self._call_byte_at + self.clocks.timing.idle_tool_s)
        if self.first_content_at is None:
            return self._first_content_from() + self.first_content.limit_s
        if self._room is not None:
            return float("inf")
        return min(self._byte_at + self.clocks.idle_s, self._content_at + self._content_idle_s)

    def look_at(self) -> float:
        """When to ask `due_at` again: never later than it will say. A connection that comes up moves it nearer; only one
        that comes up after this instant wakes the call for it."""
        if self._connected_at is None and self._clock.now() < (soonest := self._soonest_due_at()):
            return soonest
        return self.due_at()

    def _soonest_due_at(self) -> float:
        """When the first-content clock runs out if the connection comes up at once."""
        return self.started_at + self.first_content.limit_s

    @property
    def first_content(self) -> Allowance:
        """The first-content limit that holds now."""
        return self.clocks.outer if self.is_slow and self.clocks.outer is not None else self.clocks.first_content

    def _first_content_from(self) -> float:
        """The clock starts when the request is sent; a share of a deadline counts from the attempt's start."""
        return self.started_at if self.first_content.limited_by is LimitedBy.SPLIT else self.asked_at

    @property
    def asked_at(self) -> float:
        """When the request was sent; the latest it may be, while the connection is not up."""
        return self.started_at + self.clocks.timing.connect_s if self._connected_at is None else self._connected_at

    @property
    def is_silent(self) -> bool:
        """Whether it is under way and has said nothing."""
        return not self.ended and not self._has_content

    def content(self, delta: Delta, now: float) -> None:
        """The call saw a piece of content."""
        if self.first_content_at is None:
            self.first_content_at = now
        text = delta.text
        self.characters += len(text) + len(delta.name)
        self.content_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        self._content_at = now
        if delta.kind is not self._kind:
            self._kind, timing = delta.kind, self.clocks.timing
            is_slow = delta.kind in (Kind.TOOL_CALL, Kind.REASONING)
            self._content_idle_s = timing.idle_tool_s if is_slow else timing.idle_content_s

    def embedded(self, event: Vectors, now: float) -> None:
        """The call saw the vectors, all at once."""
        self.first_content_at = self._content_at = now
        self.vectors = event.vectors

    def note(self, event: Upstream, now: float) -> None:
        """The call saw an event that is no content."""
        if isinstance(event, Identity):
            self.response_id, self.response_model = event.response_id, event.model or None
        elif isinstance(event, UsageTold):
            self.usage = event.usage
        elif isinstance(event, Finished):
            self.finish = event.finish
            self._finished_at = now
        elif isinstance(event, Closed):
            self._closed = True

    @property
    def has_events(self) -> bool:
        """Whether `take` would give something."""
        return bool(self._pending)

    @property
    def is_complete(self) -> bool:
        """Whether the provider has signalled completion and nothing more is awaited."""
        return self.finish is not None and (self._closed or self.ended)

    @property
    def was_stalled_by_us(self) -> bool:
        """Whether more than 5 s of our own back-pressure came before: a cut then is no evidence against the target."""
        return self.paused_s > FORGIVEN_PAUSE_S

    def give_up(self) -> None:
        """Before it is ended by us: what was sent by now is paid for."""
        self.is_given_up = self._connected_at is not None and not self.ended

    def abort(self) -> None:
        """Closes the upstream connection at once. Harmless when it has ended."""
        self.ended = True
        if self._answer is not None and not self._closed:
            self._answer.abort()
        if self._task is not None and not self._closed:
            self._task.cancel()
            if not self._has_begun:
                self._let_go()  # a task that is cancelled before its first step never takes one

    # The upstream's side.

    async def _run(self, transport: Transport, post: Post, codec: Codec, expected: Expectation) -> None:
        self._has_begun = True
        try:
            self.failure = await self._exchange(transport, post, codec, expected)
        except TransportError as error:
            reason = Reason.TIMEOUT if error.is_timeout else Reason.CONNECTION
            self.failure = local_verdict(reason, str(error))
        except Exception as error:  # a bug of ours, handed to the call: it must end there, not in a lost task
            self.crash = error
        finally:
            self.ended = True
            if self._answer is not None and not self._closed:
                self._answer.abort()
            self._wake()
            if not self._closed:
                self._let_go()
        if self._closed and self._answer is not None:
            try:
                await self._drain(self._answer)
            finally:
                self._let_go()

    def _let_go(self) -> None:
        """The task is forgotten here too: it keeps its context, which leads back here, and such a circle would wait for the
        garbage collector with everything that the call has made."""
        if self._task is not None:
            self._tasks.discard(self._task)
            self._task = None

    async def _exchange(self, transport: Transport, post: Post, codec: Codec, expected: Expectation) -> Verdict | None:
        answer = self._answer = await transport.post(post, self.clocks.timing.connect_s, self._connected)
        self.status = answer.status
        self.on_answer(answer.headers)
        self.request_id = answer.headers.get("x-request-id") or answer.headers.get("request-id")
        if answer.status != 200:
            body = await answer.read_error(ERROR_BODY_S)
            return codec.classify(answer.status, answer.headers, body, self._clock.wall())
        is_stream = expected.stream and answer.content_type != "application/json"
        decoder = expected.decoder(codec, self.start.target.entry.provider, is_stream=is_stream)
        try:
            await self._read(answer, decoder)
        except ErrorEvent as error:
            self._post(decoder.taken(), 0)
            return codec.classify(200, answer.headers, error.body, self._clock.wall())
        except BadToolCall as error:
            self._post(decoder.taken(), 0)
            return local_verdict(Reason.TOOL_SCHEMA, str(error), self.status)
        except (ProtocolViolation, CutError) as error:
            self._post(decoder.taken(), 0)
            return self._broken(str(error))
        return None if self._has_finished else self._broken("the answer ended without completion")

    async def _read(self, answer: Answer, decoder: Decoder) -> None:
        while not self._closed:
            data = await answer.read()
            self._byte_at = self._clock.now()
            self._post(decoder.feed(data) if data else decoder.end(), len(data))
            if not data:
                return
            if is_writing_call(decoder):
                self._call_byte_at = self._byte_at
            if self._pending_bytes > self._max_pending_bytes:
                await self._wait_for_room()

    def _post(self, events: list[Upstream], size: int) -> None:
        if not events:
            return
        self._pending += events
        self._pending_bytes += size
        if isinstance(events[-1], Closed):
            self._closed = True
        for event in events:
            if isinstance(event, Delta):
                self._has_content = True
            elif isinstance(event, Finished):
                self._has_finished = True
        self._wake()

    async def _wait_for_room(self) -> None:
        """Stands still until the call has taken what waits; the idle clocks stand still with it."""
        self._paused_at = self._clock.now()
        self._room = asyncio.get_running_loop().create_future()
        await self._room

    def _resume(self) -> None:
        if self._room is None:
            return
        if not self._room.done():
            self._room.set_result(None)
        self._room = None
        paused_s = self._clock.now() - self._paused_at
        self.paused_s += paused_s
        self._byte_at += paused_s
        self._content_at += paused_s

    def _connected(self) -> None:
        self._connected_at = self._clock.now()
        if self._connected_at >= self._soonest_due_at():
            self._wake()

    def _broken(self, message: str) -> Verdict:
        reason = Reason.STREAM_BROKEN if self._has_content else Reason.MALFORMED_RESPONSE
        return local_verdict(reason, message, self.status)

    async def _drain(self, answer: Answer) -> None:
        """Reads what follows [DONE], so that the connection can be used again; not for long."""
        if answer.is_read:
            answer.release()
            return
        try:
            async with asyncio.timeout(AFTER_FINISH_S):
                while await answer.read():
                    pass
            answer.release()
        except (TimeoutError, CutError):
            answer.abort()

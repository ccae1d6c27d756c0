"""Where a story is played: asks the sidecar as any caller would, tells it, and keeps what was heard."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Unpack

from ..client import Client
from ..errors import RemoraError
from ..event import AttemptEnded, Event, Resumed, Started, TextDelta
from ..request import ChatOptions
from ..stream import ChatStream
from .heard import Heard, Listener, tried_from, who
from .journal import Journal, Names
from .narrator import Narrator
from .scenery import Scenery
from .verdict import Evidence

QUESTION = "How does a remora travel?"
_KNOCK_LIMIT_S = 2.0


class Stage:
    """One story's stage. The calls ask for the alias that is named as the story.

    addresses: the simulator's listeners, host:port. limit_s: of each call.
    """

    def __init__(
        self,
        scenery: Scenery,
        client: Client,
        journal: Journal,
        narrator: Narrator,
        addresses: Mapping[str, str],
        limit_s: float = 20.0,
    ) -> None:
        self.scenery = scenery
        self.journal = journal
        self.narrator = narrator
        self._client = client
        self._addresses = addresses
        self._limit_s = limit_s
        self._heard: list[Heard] = []

    def chat(
        self, question: str = QUESTION, *, hang_up_after: int | None = None, **options: Unpack[ChatOptions]
    ) -> Heard:
        """A streamed call, told as it happens. `hang_up_after`: words after which the caller goes away."""
        self.narrator.ask(question, "chat")
        listener = self._listener()
        try:
            with self._call(question, options) as stream:
                for event in stream:
                    listener.event(event, stream.text_so_far)
                    self._tell(event, listener)
                    if hang_up_after is not None and len(stream.text_so_far.split()) >= hang_up_after:
                        listener.heard.closed_s = self.journal.now_s()
                        break
        except RemoraError as error:
            listener.failed(error)
        self._end(listener)
        return listener.heard

    def complete(self) -> Heard:
        """A call for the whole answer in one piece."""
        self.narrator.ask(QUESTION, "complete")
        listener = self._listener()
        try:
            answer = self._client.complete(self.scenery.story, QUESTION, timeout_s=self._limit_s)
            listener.heard.text = answer.text
            listener.answered(answer)
            self.narrator.text(answer.text)
        except RemoraError as error:
            listener.failed(error)
        self._end(listener)
        return listener.heard

    @contextmanager
    def second_caller(self, after_s: float) -> Iterator[None]:
        """Another caller asks the same `after_s` into the block, unseen; the block's end waits for it and tells it."""
        listener = self._listener()
        timer = threading.Timer(after_s, self._quietly, [listener])
        timer.daemon = True
        timer.start()
        try:
            yield
        except BaseException:  # Ctrl-C too: the second caller must not ask after the end
            timer.cancel()
            raise
        timer.join()
        self.narrator.remark(f"a second caller had asked {after_s:g} s after the first:")
        self.narrator.ends(listener.heard)
        self._heard.append(listener.heard)

    def evidence(self, names: Names) -> Evidence:
        """What the judge gets. The judge knocks at every endpoint itself."""
        endpoints = self.scenery.endpoints
        refused = frozenset(e.name for e in endpoints if _refuses(self._addresses[e.listener]))
        return Evidence(self.journal.read(self.scenery.story, names), tuple(self._heard), refused)

    def _listener(self) -> Listener:
        listener = Listener(self.journal.now_s, self.scenery.place)
        listener.heard.asked_s = self.journal.now_s()
        return listener

    def _call(self, question: str, options: ChatOptions) -> ChatStream:
        options = {**options, "include_attempts": True}
        return self._client.chat(self.scenery.story, question, timeout_s=self._limit_s, **options)

    def _quietly(self, listener: Listener) -> None:
        listener.heard.asked_s = self.journal.now_s()
        try:
            with self._call(QUESTION, {}) as stream:
                for event in stream:
                    listener.event(event, stream.text_so_far)
        except RemoraError as error:
            listener.failed(error)
        listener.heard.ended_s = self.journal.now_s()

    def _tell(self, event: Event, listener: Listener) -> None:
        at_s = self.journal.now_s() - listener.heard.asked_s
        match event:
            case AttemptEnded(attempt) if attempt.reason is not None:
                self.narrator.attempt(at_s, tried_from(attempt, self.scenery.place), attempt.message or "")
            case Started(target):
                self.narrator.starts(at_s, who(target, self.scenery.place))
            case Resumed(target):
                self.narrator.goes_on(at_s, who(target, self.scenery.place))
            case TextDelta(text):
                self.narrator.text(text)
            case _:
                pass

    def _end(self, listener: Listener) -> None:
        listener.heard.ended_s = self.journal.now_s()
        self.narrator.ends(listener.heard)
        self._heard.append(listener.heard)


def _refuses(address: str) -> bool:
    """Whether nobody listens there."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _KNOCK_LIMIT_S).close()
    except ConnectionRefusedError:
        return True
    return False

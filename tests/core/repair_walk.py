"""One call walked by hand whose refusals are repaired where they may be, as the engine does it."""

from __future__ import annotations

from typing import Any

from sidecar.core.adjustment import Adjustment
from sidecar.core.catalog import Model
from sidecar.core.chain import Link
from sidecar.core.classify import Verdict
from sidecar.core.content import Message, Part, Request, Role, Text
from sidecar.core.lessons import Lessons
from sidecar.core.mending import Mended, Mending
from sidecar.core.policy import Policy
from sidecar.core.reasons import Reason
from sidecar.core.step import Start

from .build import link, request, target, verdict
from .walk import Walk


class RepairWalk(Walk):
    """`sent`: by attempt, the profile asked and what was changed for it. `repairs`: all that was told of changes."""

    def __init__(self, *links: Link, asked: Request | None = None, lessons: Lessons | None = None, **more: Any) -> None:
        super().__init__(*links, **more)
        self.mending = Mending(asked or request(), lessons or Lessons())
        self.repairs: list[Mended] = []
        self.sent: list[tuple[str, Adjustment]] = []

    def next(self) -> str:
        """Takes the next step, and notes what is sent."""
        said = self.go()
        if isinstance(self.last, Start) and self.made and said == self.made[-1][0]:
            self.repairs += self.mending.told(self.last.link, self.last.target, self.now)
            self.sent.append((said, self.mending.adjustment(self.last.link, self.last.target, self.now)))
        return said

    def refuse(self, reason: Reason | Verdict, after_s: float = 0.25, **fields: Any) -> str:
        """The attempt under way is refused; gives what follows."""
        told = verdict(reason, status=400, **fields) if isinstance(reason, Reason) else reason
        start = self.last
        assert isinstance(start, Start)
        assert self._ticket is not None
        self.now += after_s
        self.health.failed(self._ticket, told, "", self.now)
        self.mending.learn(start.link.entry, told, self.now)
        mended = None
        if self.course.may_repair(start, told, self.now):
            mended = self.mending.mend(start.link, start.target, told, self.now)
        elif self.course.may_truncate_later(start, told) and self.mending.mend_later(
            start.link, start.target, told, self.now
        ):
            self.course.truncates_later(start)
        if mended is None:
            self.course.failed(start, told, self.now)
        else:
            self.repairs.append(mended)
            self.course.repaired(start, told, self.now)
        return self.next()

    @property
    def told(self) -> list[str]:
        """The repairs, in words."""
        return [repair.message for repair in self.repairs]

    @property
    def adjustment(self) -> Adjustment:
        """What was changed for the newest attempt."""
        return self.sent[-1][1]


def model_entry(
    owner: str, model: str = "m", window: int | None = None, policy: Policy | None = None, **fields: Any
) -> Link:
    """An entry with one profile named for its provider, and a declared model."""
    return link(target(owner, model, owner), policy=policy, model=Model(model, context_window=window, **fields))


def talk(turns: int, size: int = 400, **fields: Any) -> Request:
    """A request of so many turns, each of about `size` / 4 tokens in a question and an answer; the last has no answer."""
    messages: list[Message] = []
    for _ in range(turns):
        messages.append(Message(Role.USER, (Part(Text("q" * (size // 2))),)))
        messages.append(Message(Role.ASSISTANT, (Part(Text("a" * (size // 2))),)))
    return Request("m", tuple(messages[:-1]), **fields)

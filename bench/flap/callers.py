"""The callers' process: so many calls at once, all the time, over gRPC; and what became of each."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import grpc
import uvloop
from google.rpc import error_details_pb2, status_pb2
from remora_client._pb import chat_pb2, chat_pb2_grpc, content_pb2, policy_pb2

from . import part

CHANNELS = 8
DEADLINE_S = 2.0
CANCELLED_WITHIN_S = 1.5
HURRIED_S = 1.0
"""A caller whose call failed sooner than this pauses, as callers should."""
PAUSE_S = (0.5, 2.0)
QUESTION = [content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="Why is the sky blue?")])]
HABITS = {
    "chat": 50,
    "chat told of attempts": 10,
    "complete": 15,
    "chat cancelled": 8,
    "chat cancelled at the first word": 5,
    "complete cancelled": 2,
    "chat with a deadline": 6,
    "complete with a deadline": 4,
}
"""What callers do, and how often."""
MODELS = ("any", "any", "any", "a/ok", "b/ok", "c/ok", "d/ok", "any-quick")
OWN_ENDS = {"cancelled": grpc.StatusCode.CANCELLED, "deadline": grpc.StatusCode.DEADLINE_EXCEEDED}
"""The status that a caller's own doing gives, by a word of the habit."""


@dataclass(slots=True)
class Ended:
    """What a caller saw: `completed` how often, its status, the sidecar's reason in it, whether something came after."""

    completed: int
    code: grpc.StatusCode
    said: str
    reason: str
    is_late: bool = False

    def outcome(self, habit: str) -> str:
        """In a word; what must not be begins with "FAULT"."""
        is_own = any(word in habit and code is self.code for word, code in OWN_ENDS.items()) and not self.reason
        if self.completed > 1 or self.is_late:
            return f"FAULT {self.completed} answers, or more after one"
        if self.code is grpc.StatusCode.OK:
            return "answer" if self.completed else "FAULT neither an answer nor an error"
        if is_own:
            return f"the caller's own {self.code.name}"
        if self.completed:
            return f"FAULT an answer and {self.code.name}"
        return self.reason if self.reason not in ("", "INTERNAL") else f"FAULT {self.code.name} {self.reason}".strip()


class Callers:
    """A number of callers, each of which makes one call after the other."""

    async def start(self, address: str, number: int, seed: int) -> part.Values:
        """Connects."""
        options = (("grpc.use_local_subchannel_pool", 1),)
        self._stubs = [
            chat_pb2_grpc.ChatServiceStub(grpc.aio.insecure_channel(address, options)) for _ in range(CHANNELS)
        ]
        self._number = number
        self._random = random.Random(seed)
        self._outcomes: Counter[str] = Counter()
        self._begun = 0
        self._is_over = False
        self._tasks: list[asyncio.Task[None]] = []
        return {}

    async def warm(self, number: int) -> part.Values:
        """So many calls at once, before anything is counted."""
        ended = await asyncio.gather(*(self._call("chat", "any-quick", i) for i in range(number)))
        return {"answers": sum(end.completed for end in ended)}

    async def begin(self) -> part.Values:
        """Everybody calls, from now on."""
        self._tasks = [asyncio.create_task(self._caller(index)) for index in range(self._number)]
        return {}

    async def finish(self, limit_s: float) -> part.Values:
        """No new call; what became of all, once the last has ended or `limit_s` is over."""
        self._is_over = True
        _, pending = await asyncio.wait(self._tasks, timeout=limit_s)
        crashes = [repr(task.exception()) for task in self._tasks if task.done() and task.exception() is not None]
        return {"begun": self._begun, "unended": len(pending), "crashes": crashes, "outcomes": self._outcomes}

    async def reach(self, targets: list[str]) -> part.Values:
        """Asks each target ("provider/model@profile") and nobody else; what those said that gave no answer."""
        references = dict.fromkeys(target.partition("@")[0] for target in targets)
        groups = [[target for target in targets if target.partition("@")[0] == one] for one in references]
        found = await asyncio.gather(*map(self._reach, groups))
        return {"failed": {target: said for group in found for target, said in group.items() if said != "answer"}}

    async def _reach(self, targets: list[str]) -> dict[str, str]:
        """Those of one entry, one after the other: its breaker may admit one call only."""
        found = {}
        for target in targets:
            reference, _, profile = target.partition("@")
            ended = await self._call("chat", reference, 0, policy_pb2.Policy(pin=True, profile=profile))
            found[target] = ended.outcome("chat")
        return found

    async def _caller(self, index: int) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_over:
            habit = self._random.choices(list(HABITS), list(HABITS.values()))[0]
            self._begun += 1
            began = loop.time()
            ended = await self._call(habit, self._random.choice(MODELS), index)
            outcome = ended.outcome(habit)
            self._outcomes[f"{outcome} ({habit}; {ended.said})" if outcome.startswith("FAULT") else outcome] += 1
            if ended.code is not grpc.StatusCode.OK and loop.time() - began < HURRIED_S and not self._is_over:
                await asyncio.sleep(self._random.uniform(*PAUSE_S))

    async def _call(self, habit: str, model: str, index: int, policy: policy_pb2.Policy | None = None) -> Ended:
        stub = self._stubs[index % CHANNELS]
        timeout = DEADLINE_S if "deadline" in habit else None
        call: Any
        if "complete" in habit:
            call = stub.Complete(chat_pb2.CompleteRequest(model=model, messages=QUESTION), timeout=timeout)
        else:
            told = "attempts" in habit
            request = chat_pb2.ChatRequest(model=model, messages=QUESTION, policy=policy, include_attempts=told)
            call = stub.Chat(request, timeout=timeout)
        if habit.endswith("cancelled"):
            delay_s = self._random.uniform(0.0, CANCELLED_WITHIN_S)
            asyncio.get_running_loop().call_later(delay_s, call.cancel)
        return await (_answer(call) if "complete" in habit else _stream(call, "first word" in habit))


async def _answer(call: Any) -> Ended:
    """Of a unary call."""
    completed = 0
    try:
        await call
        completed = 1
    except (grpc.aio.AioRpcError, asyncio.CancelledError):
        pass  # the status says it; nobody cancels this task itself
    return Ended(completed, await call.code(), await call.details() or "", await _reason(call))


async def _stream(call: Any, leaves_early: bool) -> Ended:
    """Of a stream."""
    completed, is_late = 0, False
    try:
        async for event in call:
            is_late = is_late or completed > 0
            completed += event.WhichOneof("event") == "completed"
            if leaves_early and event.WhichOneof("event") == "text_delta":
                call.cancel()
    except (grpc.aio.AioRpcError, asyncio.CancelledError):
        pass  # the status says it; nobody cancels this task itself
    return Ended(completed, await call.code(), await call.details() or "", await _reason(call), is_late)


async def _reason(call: Any) -> str:
    """The sidecar's reason in the status; "" where it said none."""
    for key, packed in await call.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(packed).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return str(info.reason)
    return ""


async def main() -> None:
    """Until the parent has gone."""
    callers = Callers()
    asked = ("start", "warm", "begin", "finish", "reach")
    await part.serve({what: getattr(callers, what) for what in asked})


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())

"""An upstream of both protocols that refuses and then answers, and what a call's repairs were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from sidecar.core.catalog import Provider
from sidecar.providers.anthropic import Anthropic
from sidecar.transport.double import Play
from sidecar.transport.http import Post

from .rig import Heard, Rig, good, provider

A, B = provider("a"), provider("b")
CLAUDE = replace(provider("c"), protocol="anthropic")


@dataclass
class Wires(Rig):
    """A rig whose providers may speak either protocol. The first provider's model is `smart`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.engine.services.codecs["anthropic"] = Anthropic()  # type: ignore[index]

    def _play(self, post: Post) -> Play:
        plays = self.plays[f"{post.url.split('//')[1].split('.')[0]}/{orjson.loads(post.body)['model']}"]
        return plays.pop(0) if len(plays) > 1 else plays[0]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was sent, in order."""
        return [orjson.loads(sent.post.body) for sent in self.transport.sent]


def refused(message: str, param: str | None = None, code: str | None = None) -> Play:
    """A refusal in OpenAI's shape."""
    said = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Play((orjson.dumps({"error": said}),), 400, {"content-type": "application/json"})


def claude_refused(message: str) -> Play:
    """A refusal in Anthropic's shape."""
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return Play((orjson.dumps(body),), 400, {"content-type": "application/json"})


def claude_good() -> Play:
    """A whole answer in Anthropic's shape."""
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "m1", "type": "message", "role": "assistant", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello world"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    return Play(tuple(b"event: %s\ndata: %s\n\n" % (e["type"].encode(), orjson.dumps(e)) for e in events))


def one(first: Play, answer: Play | None = None, own: Provider = A) -> Wires:
    """One provider that refuses, then answers."""
    return Wires({f"{own.name}/m": [first, answer or good()]}, (own,))


def repairs(heard: Heard) -> list[tuple[int, str, str]]:
    """Attempt, reason and words of each repair told."""
    report = heard.error.report if heard.error is not None else heard.completed.report
    assert report is not None
    return [(repair.attempt_index, repair.reason, repair.message) for repair in report.repairs]


def differs(rig: Wires) -> dict[str, tuple[Any, Any]]:
    """What the second body says otherwise than the first; None where it says nothing."""
    first, second = rig.bodies
    names = first.keys() | second.keys()
    return {n: (first.get(n), second.get(n)) for n in names if first.get(n) != second.get(n)}


def check_repaired(rig: Wires, heard: Heard) -> None:
    """The same target answered at the second attempt, at once, and nobody's health knows of it."""
    assert heard.text == "Hello world"
    assert heard.kinds == ["first", "retry"]
    assert rig.times == [0.0, 0.0]
    assert not heard.completed.failed_over
    health, held = rig.engine.services.health, rig.target(f"{rig.providers[0].name}/m")
    assert (health.entry(held).failures, health.entry(held).successes) == (0, 1)
    assert health.unavailable(held, 1000.0) is None
    assert rig.engine.services.retries.draw(1000.0), "the budget of retries is whole"

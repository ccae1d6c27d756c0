"""A rig of both protocols whose answers break off, and what a caller makes of what it hears then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sidecar.core.catalog import Credential, Model, Prefill, Profile, Provider
from sidecar.core.content import Message, Part, Reasoning, Refusal, Request, Role, Text, ToolCall
from sidecar.core.events import CallerEvent, Delta, Kind, PartCompleted, PartDiscarded, Restarted, Resumed
from sidecar.core.policy import OnStreamBreak, Policy
from sidecar.transport.double import Cut, Play, Step
from sidecar.transport.http import Post

from ..providers import anthropic_chunks as claude
from .rig import Heard, Rig, ask, chunk, hear, provider, steps, text
from .virtual import run
from .wires import Wires

FAIL = Policy(on_stream_break=OnStreamBreak.FAIL)
RESTART = Policy(on_stream_break=OnStreamBreak.RESTART)
RESUME = Policy(on_stream_break=OnStreamBreak.RESUME)
EITHER = Policy(on_stream_break=OnStreamBreak.RESUME_OR_RESTART)
INSTRUCTION = {
    "role": "user",
    "content": "Your last message was cut off. Go on from exactly where it stops. Write only what comes next.",
}
QUESTION = {"role": "user", "content": "Why?"}


@dataclass
class Breaking(Wires):
    """`plays` as in `Rig`: "provider/model/profile" is looked for first."""

    def _play(self, post: Post) -> Play:
        found = Post(post.url, {**post.headers, "authorization": self._key(post)}, post.body, post.query, post.route)
        return Rig._play(self, found)

    @staticmethod
    def _key(post: Post) -> str:
        return post.headers.get("authorization") or post.headers["x-api-key"]

    @property
    def who(self) -> list[str]:
        """Who was asked, in order."""
        return [sent.post.url.split("//")[1].split(".")[0] for sent in self.transport.sent]

    @property
    def last_body(self) -> dict[str, Any]:
        """What was sent last."""
        return self.bodies[-1]


def plain(name: str, prefill: Prefill = Prefill.NONE, model: Model | None = None) -> Provider:
    """Of the OpenAI protocol."""
    return replace(provider(name, models=(model,) if model else ()), prefill=prefill)


def anthropic(name: str, prefill: Prefill = Prefill.PLAIN) -> Provider:
    """Of the Anthropic protocol."""
    profile = Profile("k1", Credential("literal", f"key-{name}-k1"))
    return Provider(name, "anthropic", f"http://{name}.test", (profile,), {}, prefill=prefill)


A, B, C = plain("a"), plain("b"), plain("c")
PREFILLED = plain("p", Prefill.PLAIN)
CLAUDE = anthropic("claude")


def cut(*pieces: str) -> Play:
    """An answer that breaks off after these."""
    return steps(chunk({"role": "assistant"}), *text(*pieces), Cut())


def calling(arguments: str, call_id: str = "c1", name: str = "look", index: int = 0) -> bytes:
    """A chunk with a tool call, or with more of one where there is no name."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    call = {"index": index, "function": function} | ({"id": call_id} if name else {})
    return chunk({"tool_calls": [call]})


def claude_steps(*events: dict[str, Any] | list[dict[str, Any]], broken: bool = False) -> Play:
    """An answer of the Messages API around these; `broken`: it breaks off behind them."""
    flat = [one for event in events for one in (event if isinstance(event, list) else [event])]
    ending: tuple[Step, ...] = (Cut(),) if broken else (claude.sse(*claude.finish()),)
    return steps(claude.sse(claude.start()), *(claude.sse(event) for event in flat), *ending)


def claude_cut(*pieces: str) -> Play:
    """Text that breaks off after these."""
    opening = claude.begin(0, type="text", text="")
    return claude_steps(opening, *(claude.text(0, piece) for piece in pieces), broken=True)


def claude_says(*pieces: str) -> Play:
    """A whole answer."""
    return claude_steps(claude.said(0, *pieces))


def chain(
    *plays: tuple[Provider, Play | list[Play]], policy: Policy | None = None, more: dict[str, Any] | None = None
) -> Breaking:
    """Entries in this order, each with what it plays."""
    owners = tuple(owner for owner, _ in plays)
    names = [f"{owner.name}/m" for owner in owners]
    listed = {
        name: list(play) if isinstance(play, list) else [play] for name, (_, play) in zip(names, plays, strict=True)
    }
    return Breaking(listed, owners, tuple(names[1:]), policy or Policy(), **(more or {}))


def read(events: list[CallerEvent]) -> dict[int, tuple[Kind, str]]:
    """The parts a caller has who follows every event, by index."""
    parts: dict[int, tuple[Kind, str]] = {}
    for event in events:
        if isinstance(event, Restarted):
            parts.clear()
        elif isinstance(event, PartDiscarded):
            del parts[event.part_index]
        elif isinstance(event, Delta):
            kind, so_far = parts.get(event.part_index, (event.kind, ""))
            assert kind is event.kind
            parts[event.part_index] = (kind, so_far + event.text)
        elif isinstance(event, Resumed) and event.part_index in parts:
            assert event.offset == len(parts[event.part_index][1])
        elif isinstance(event, PartCompleted) and event.opaque_state is None:
            assert event.part_index in parts
    return parts


def whole(heard: Heard) -> str:
    """The text of a caller who follows every event."""
    return "".join(said for _, (kind, said) in sorted(read(heard.events).items()) if kind is Kind.TEXT)


def told(rig: Rig, request: Request | None = None, deadline_s: float | None = None, *, buffered: bool = False) -> Heard:
    """Makes one call to its end; what was heard by then is what the message says."""
    heard = run(hear(rig, request, deadline_s, buffered=buffered))
    if heard.error is None and heard.completed.message is not None and not buffered:
        said = [(kind, words) for _, (kind, words) in sorted(read(heard.events).items())]
        assert said == [_said(part) for part in heard.completed.message.parts]
    return heard


def _said(part: Part) -> tuple[Kind, str]:
    content = part.content
    kinds = {Text: Kind.TEXT, Reasoning: Kind.REASONING, Refusal: Kind.REFUSAL}
    if isinstance(content, ToolCall):
        return Kind.TOOL_CALL, content.arguments
    assert isinstance(content, (Text, Reasoning, Refusal))
    return kinds[type(content)], content.text


def seams(heard: Heard) -> list[tuple[str, int, int]]:
    """Who went on, in which part, at which offset."""
    return [(e.target.entry.provider, e.part_index, e.offset) for e in heard.events if isinstance(e, Resumed)]


def discards(heard: Heard) -> list[int]:
    """Parts that were declared void."""
    return [event.part_index for event in heard.events if isinstance(event, PartDiscarded)]


def restarts(heard: Heard) -> list[str]:
    """Who began again."""
    return [event.target.entry.provider for event in heard.events if isinstance(event, Restarted)]


def message_of(heard: Heard) -> list[tuple[Kind, str]]:
    """The parts of the turn at the end."""
    assert heard.completed.message is not None
    return [_said(part) for part in heard.completed.message.parts]


def begun_by_caller(words: str) -> Request:
    """A question whose answer the caller began."""
    question, begun = Message(Role.USER, (Part(Text("Why?")),)), Message(Role.ASSISTANT, (Part(Text(words)),))
    return ask(messages=(question, begun))


def assistant(words: str) -> dict[str, Any]:
    """A turn of the OpenAI protocol."""
    return {"role": "assistant", "content": words}

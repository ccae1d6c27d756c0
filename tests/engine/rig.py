"""An engine on a virtual clock whose upstream the test plays, and wire bytes to play."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import orjson

from sidecar.core.budget import retry_budget
from sidecar.core.catalog import Alias, Catalog, Credential, Entry, Model, Profile, Provider, Target
from sidecar.core.content import Message, Part, Request, Role, Text
from sidecar.core.errors import CallError
from sidecar.core.events import CallerEvent, Completed, Delta
from sidecar.core.evidence import BreakerSettings
from sidecar.core.policy import Policy
from sidecar.core.redaction import Redactor
from sidecar.core.timing import Timing
from sidecar.engine.engine import Engine
from sidecar.engine.reports import ReportStore
from sidecar.engine.services import Services
from sidecar.engine.state import HealthState
from sidecar.providers.openai import OpenAI
from sidecar.transport.credential import Vault
from sidecar.transport.double import Play, PlayedTransport, Step
from sidecar.transport.http import Post

from .virtual import VirtualClock

DONE = b"data: [DONE]\n\n"


def chunk(delta: dict[str, object] | None = None, finish: str | None = None, **more: object) -> bytes:
    """One chunk of a stream."""
    choices = [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    return (
        b"data: " + orjson.dumps({"id": "r1", "object": "chat.completion.chunk", "choices": choices, **more}) + b"\n\n"
    )


def text(*pieces: str) -> tuple[bytes, ...]:
    """A chunk a piece."""
    return tuple(chunk({"content": piece}) for piece in pieces)


def usage(prompt: int, output: int) -> bytes:
    """The last chunk, with the usage."""
    body = {"id": "r1", "choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": output}}
    return b"data: " + orjson.dumps(body) + b"\n\n"


def good(*pieces: str) -> Play:
    """A whole, healthy answer."""
    return Play((chunk({"role": "assistant"}), *text(*(pieces or ("Hello", " world"))), chunk({}, "stop"), DONE))


def steps(*parts: Step) -> Play:
    """An answer of these steps."""
    return Play(parts)


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Play:
    """An error answer in OpenAI's shape. Header names with - written as _."""
    body = orjson.dumps({"error": {"message": message, "type": None, "param": None, "code": code}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Play((body,), status, {"content-type": "application/json", **named})


def provider(name: str, *keys: str, models: tuple[Model, ...] = (), **more: object) -> Provider:
    """A provider with a profile for each key (profile k1, k2, …; the key is `key-<provider>-k1`)."""
    names = keys or ("k1",)
    profiles = tuple(Profile(key, Credential("literal", f"key-{name}-{key}")) for key in names)
    declared = {model.id: model for model in models}
    return Provider(name, "openai", f"http://{name}.test/v1", profiles, declared, **more)  # type: ignore[arg-type]


@dataclass
class Rig:
    """`plays` maps "provider/model" or "provider/model/profile" to what happens, in order; the last one repeats."""

    plays: dict[str, list[Play]]
    providers: tuple[Provider, ...]
    fallbacks: tuple[str, ...] = ()
    policy: Policy = Policy()
    rand: Callable[[], float] = lambda: 0.5
    max_concurrent: int = 1000
    max_pending_bytes: int = 256 * 1024
    engine: Engine = field(init=False)
    transport: PlayedTransport = field(init=False)

    def __post_init__(self) -> None:
        """Builds the engine."""
        alias = Alias("smart", (f"{self.providers[0].name}/m",), self.fallbacks)
        catalog = Catalog({p.name: p for p in self.providers}, {"smart": alias}, policy=self.policy)
        self.transport = PlayedTransport(self._play)
        vault = Vault(catalog, lambda credential: credential.source)
        services = Services(
            codecs={"openai": OpenAI()},
            transport=self.transport,
            vault=vault,
            health=HealthState(catalog, BreakerSettings(), self.rand),
            retries=retry_budget(),
            reports=ReportStore(pickle.dumps),
            redactor=Redactor(vault.secrets()),
            clock=VirtualClock(),
            rand=self.rand,
            timing=Timing(),
            max_pending_bytes=self.max_pending_bytes,
            tasks=set(),
        )
        self.engine = Engine(catalog, services, self.max_concurrent, 256 * 1024 * 1024)

    def _play(self, post: Post) -> Play:
        name = post.url.split("//")[1].split(".")[0]
        profile = post.headers["authorization"].rpartition("-")[2]
        model = orjson.loads(post.body)["model"]
        plays = self.plays.get(f"{name}/{model}/{profile}") or self.plays[f"{name}/{model}"]
        return plays.pop(0) if len(plays) > 1 else plays[0]

    @property
    def asked(self) -> list[str]:
        """What was asked, in order: "provider/model/profile"."""
        out = []
        for sent in self.transport.sent:
            name = sent.post.url.split("//")[1].split(".")[0]
            model = orjson.loads(sent.post.body)["model"]
            out.append(f"{name}/{model}/{sent.post.headers['authorization'].rpartition('-')[2]}")
        return out

    @property
    def times(self) -> list[float]:
        """When, in seconds since the loop began."""
        return [round(sent.at - 1000.0, 3) for sent in self.transport.sent]

    def target(self, reference: str, profile: int = 0) -> Target:
        """A target by "provider/model"."""
        name, _, model = reference.partition("/")
        return self.engine.services.vault.targets_of(Entry(name, model))[profile]


def ask(model: str = "smart", policy: Policy | None = None, **more: object) -> Request:
    """A small question."""
    message = Message(Role.USER, (Part(Text("Why?")),))
    request = Request(
        model, (message,), policy=policy or Policy(), request_id="q1", trace_id="0" * 31 + "1", size_bytes=40
    )
    return replace(request, **more)  # type: ignore[arg-type]


@dataclass
class Heard:
    """What a caller got: events, or the error, and how long it took in virtual seconds."""

    events: list[CallerEvent]
    error: CallError | None
    took_s: float

    @property
    def text(self) -> str:
        """All text."""
        return "".join(e.text for e in self.events if isinstance(e, Delta) and e.kind == "text")

    @property
    def completed(self) -> Completed:
        """The end."""
        end = self.events[-1]
        assert isinstance(end, Completed), self.error
        return end

    @property
    def reasons(self) -> list[str]:
        """The reason of each attempt; "" for the answer."""
        report = self.error.report if self.error is not None else self.completed.report
        assert report is not None
        return [attempt.reason or "" for attempt in report.attempts]

    @property
    def kinds(self) -> list[str]:
        """The kind of each attempt."""
        report = self.error.report if self.error is not None else self.completed.report
        assert report is not None
        return [attempt.kind.value for attempt in report.attempts]


async def hear(
    rig: Rig, request: Request | None = None, deadline_s: float | None = None, *, buffered: bool = False
) -> Heard:
    """Makes one call to its end."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    events: list[CallerEvent] = []
    try:
        async with rig.engine.call(request or ask(), deadline_s, buffered=buffered) as call:
            async for batch in call:
                events += batch
    except CallError as failed:
        return Heard(events, failed, loop.time() - began)
    finally:
        assert rig.engine.calls_under_way == 0
        assert rig.engine.services.health.open_tickets == 0
    return Heard(events, None, loop.time() - began)

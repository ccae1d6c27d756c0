"""Calls for vectors in virtual time: a rig with aliases for them, answers to play, and what a call came to."""

from __future__ import annotations

import asyncio
import base64
import pickle
import struct
from dataclasses import dataclass, replace
from typing import Any

import orjson

from sidecar.core.catalog import Alias, Model, Price
from sidecar.core.content import Embedding, Request
from sidecar.core.errors import CallError
from sidecar.core.events import Completed
from sidecar.core.evidence import BreakerSettings
from sidecar.core.policy import Policy
from sidecar.engine.embed import EmbedCall
from sidecar.transport.double import Play

from .rig import Rig, provider

JSON = {"content-type": "application/json", "x-request-id": "up-1"}
BATCH = Model("m", max_batch_inputs=2, price=Price(input=2_000_000, output=9_000_000))
A, B = provider("a", models=(BATCH,)), provider("b", models=(replace(BATCH, max_batch_inputs=3),))
KEYS = provider("a", "k1", "k2", models=(BATCH,))


def row(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def vectors(*rows: bytes, tokens: int | None = 3, before_s: float = 0.0) -> Play:
    """An answer with these vectors."""
    data = [{"index": i, "embedding": base64.b64encode(one).decode()} for i, one in enumerate(rows)]
    usage = {} if tokens is None else {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    return Play((orjson.dumps({"model": "m-1", "data": data} | usage),), 200, JSON, before_headers_s=before_s)


ONE, TWO, THREE = row(1.0, 0.0), row(0.0, 1.0), row(0.5, 0.5)


def ask(*inputs: str, model: str = "same", policy: Policy | None = None, **more: Any) -> Request:
    embedding = Embedding(inputs or ("one",), **more)
    size = sum(map(len, embedding.inputs))
    request = Request(model, (), request_id="q1", trace_id="0" * 31 + "1", size_bytes=size, embedding=embedding)
    return replace(request, policy=policy) if policy is not None else request


def rigged(plays: dict[str, list[Play]], *providers: Any, **more: Any) -> Rig:
    """A rig with `same`, an alias of every provider's model `m` that are interchangeable, and `mixed`, which are not."""
    rig = Rig(plays, providers or (A, B), **more)
    targets = tuple(f"{one.name}/m" for one in rig.providers)
    aliases = {"same": Alias("same", targets, interchangeable=True), "mixed": Alias("mixed", targets)}
    rig.engine.adopt(
        replace(rig.engine.catalog, aliases=aliases), rig.engine.services, 1000, 256 * 1024 * 1024, BreakerSettings()
    )
    return rig


@dataclass
class Got:
    """The end of one call."""

    call: EmbedCall
    completed: Completed | None
    error: CallError | None
    took_s: float

    @property
    def done(self) -> Completed:
        assert self.completed is not None, self.error
        return self.completed

    @property
    def failed(self) -> CallError:
        assert self.error is not None
        return self.error

    @property
    def attempts(self) -> list[tuple[int, str, str, str]]:
        """Index, entry, kind and reason of each, from the report."""
        report = self.call.report
        assert report is not None
        return [(a.index, str(a.target.entry), a.kind.value, a.reason or "") for a in report.attempts]


async def get(rig: Rig, request: Request, deadline_s: float | None = None) -> Got:
    loop = asyncio.get_running_loop()
    began = loop.time()
    call = rig.engine.embed(request, deadline_s)
    completed, failed = None, None
    try:
        async with call:
            completed = await call.answer()
    except CallError as raised:
        failed = raised
    assert rig.engine.calls_under_way == 0
    assert rig.engine.bytes_in_flight == 0
    assert rig.engine.services.health.open_tickets == 0
    return Got(call, completed, failed, loop.time() - began)


def bodies(rig: Rig) -> list[dict[str, Any]]:
    return [orjson.loads(sent.post.body) for sent in rig.transport.sent]


def kept(rig: Rig) -> list[Any]:
    return [pickle.loads(one) for one in rig.engine.services.reports.find("q1", 1001.0)]

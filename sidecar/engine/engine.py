"""The engine as the edges see it: calls, what can be asked for, and how it is."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from ..core.catalog import Catalog, Entry
from ..core.chain import Candidates, Chain, build_chain, chain_entries
from ..core.content import Request
from ..core.deadline import Deadline
from ..core.errors import CallError
from ..core.evidence import BreakerSettings
from ..core.reasons import Reason
from ..core.reference import named_models
from .embed import EmbedCall
from .embed_size import check_size
from .failover import Call
from .services import Services

STOP_GRACE_S = 2.0
BUSY_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Availability:
    """How a request for a reference would fare now: entries of its chain, and whether one may be called."""

    chain_length: int
    is_available: bool


@dataclass(slots=True, eq=False)
class _Version:
    """A configuration with the number of calls under way that began with it."""

    catalog: Catalog
    services: Services
    calls: int = 0
    named: dict[str, tuple[str, ...]] = field(init=False)
    candidates: Candidates = field(default_factory=Candidates)
    revision: int = 0

    def __post_init__(self) -> None:
        """Looks up once what the configuration names."""
        self.named = named_models(self.catalog)


class Engine:
    """Makes calls. One for the process; what it calls with can be replaced while calls are under way."""

    def __init__(self, catalog: Catalog, services: Services, max_concurrent: int, max_bytes: int) -> None:
        self._version = _Version(catalog, services)
        self._older: list[_Version] = []
        self._breaker = BreakerSettings()
        self._max_concurrent = max_concurrent
        self._max_bytes = max_bytes
        self._bytes = 0
        self._numbers = 0
        self._calls: dict[Call | EmbedCall, _Version] = {}
        self._idle: asyncio.Event | None = None
        services.limiter.adopt([catalog], services.vault.key_ids())

    @property
    def catalog(self) -> Catalog:
        """What new calls are made with."""
        return self._version.catalog

    @property
    def services(self) -> Services:
        """What new calls share."""
        return self._version.services

    @services.setter
    def services(self, services: Services) -> None:
        self._version.services = services
        self._version.candidates = Candidates()

    def adopt(
        self, catalog: Catalog, services: Services, max_concurrent: int, max_bytes: int, breaker: BreakerSettings
    ) -> None:
        """New calls are made with these; calls under way go on with what they began with.

        `services` share the health of the present ones: what is in both configurations keeps its state, and what is in
        neither the new one nor one that a call still uses is forgotten.
        """
        if self._version.calls:
            self._older.append(self._version)
        self._version = _Version(catalog, services)
        self._max_concurrent, self._max_bytes, self._breaker = max_concurrent, max_bytes, breaker
        self._adopt_health()

    def _adopt_health(self) -> None:
        versions = [self._version, *self._older]
        key_ids = frozenset().union(*(version.services.vault.key_ids() for version in versions))
        catalogs = [version.catalog for version in versions]
        self.services.health.adopt(catalogs, key_ids, self._breaker)
        self.services.limiter.adopt(catalogs, key_ids)

    @property
    def calls_under_way(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._calls)

    @property
    def bytes_in_flight(self) -> int:
        """Of the requests of these calls."""
        return self._bytes

    def is_declared(self, provider: str, model: str) -> bool:
        """Whether the present configuration names this model of this provider."""
        return model in self._version.named.get(provider, ())

    def call(self, request: Request, deadline_s: float | None, *, buffered: bool) -> Call:
        """A call, ready to be iterated. `deadline_s`: what the caller has left, None without a deadline.

        Raises CallError: BUSY, or what `build_chain` raises; nothing was sent then.
        """
        chain, deadline = self._begin(request, deadline_s)
        call = Call(self.services, request, chain, self._numbers, deadline, buffered=buffered)
        call.on_close = self._ended
        self._note(call)
        return call

    def embed(self, request: Request, deadline_s: float | None) -> EmbedCall:
        """A call for the vectors of the request's `embedding`, ready to be asked for its answer; else as `call`.

        Raises CallError too where the vectors asked for would not fit into one message.
        """
        embedding = request.embedding
        if embedding is not None:
            check_size(len(embedding.inputs), embedding.dimensions)
        chain, deadline = self._begin(request, deadline_s)
        call = EmbedCall(self.services, request, chain, self._numbers, deadline)
        call.on_close = self._ended
        self._note(call)
        return call

    def _begin(self, request: Request, deadline_s: float | None) -> tuple[Chain, Deadline]:
        """The chain and the deadline of a call that arrives now."""
        self._check_room(request)
        version, services = self._version, self._version.services
        vault, lessons, now = services.vault, services.lessons, services.clock.now()
        if vault.revision != version.revision:
            version.candidates, version.revision = Candidates(), vault.revision
        chain = build_chain(
            request,
            version.catalog,
            vault.targets_of,
            version.candidates,
            lambda entry: lessons.refused(entry, now),
        )
        services.retries.request(now)
        services.hedges.request(now)
        self._numbers += 1
        return chain, Deadline.starting(now, deadline_s, services.deadline)

    def _note(self, call: Call | EmbedCall) -> None:
        """The call is under way until it is closed."""
        self._calls[call] = self._version
        self._version.calls += 1
        self._bytes += call.size_bytes

    def _check_room(self, request: Request) -> None:
        why = ""
        if len(self._calls) >= self._max_concurrent:
            why = f"{self._max_concurrent} calls are under way, the limit of this sidecar"
        elif self._calls and self._bytes + request.size_bytes > self._max_bytes:
            why = f"requests of {self._bytes} bytes are under way, and the limit of this sidecar is {self._max_bytes}"
        if why:
            raise CallError(Reason.BUSY, why, retry_after_s=BUSY_RETRY_S)

    def availability(self, reference: str) -> Availability:
        """Of a reference as a caller would name it, for text and without a policy."""
        request = Request(reference, ())
        try:
            entries = chain_entries(request, reference, self.catalog)
        except CallError:
            return Availability(0, False)
        return Availability(len(entries), any(self.is_callable(entry) for entry in entries))

    def is_callable(self, entry: Entry) -> bool:
        """Whether some target of the entry may be called now."""
        now = self.services.clock.now()
        targets = self.services.vault.targets_of(entry)
        return any(self.services.health.unavailable(target, now) is None for target in targets)

    async def idle(self, limit_s: float) -> None:
        """Returns when no call is under way, after `limit_s` at the latest."""
        if self._calls:
            self._idle = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), limit_s)

    def _ended(self, call: Call | EmbedCall) -> None:
        version = self._calls.pop(call, None)
        if version is not None:
            self._bytes -= call.size_bytes
            version.calls -= 1
            if not version.calls and version in self._older:
                self._older.remove(version)
                self._adopt_health()
        if self._idle is not None and not self._calls:
            self._idle.set()

    def interrupt_all(self) -> None:
        """Ends every call under way with DRAINING and its report."""
        for call in list(self._calls):
            call.interrupt(Reason.DRAINING, "this sidecar is shutting down")

    async def close(self) -> None:
        """Closes what is still upstream."""
        for call in list(self._calls):
            call.close()
        tasks = list(self.services.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_GRACE_S)
        await self.services.transport.close()

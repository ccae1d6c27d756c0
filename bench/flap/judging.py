"""What follows from the counts: one finding for each thing that must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Record

MOST_CYCLES = 60.0
"""Objects in cycles, a call: some are aiohttp's, where a connection breaks. A call that leaves itself behind is 150."""
HELD = ("calls", "bytes", "permits", "reservations", "slots", "upstream tasks")
OPEN_SHARE = 0.9
"""It is looked once a second, and callers pause now and then: the very most at once goes unseen."""
MORE_THREADS = 16
"""gRPC's own pool grows with load, to a bound of its own, and shrinks later; Python's threads must stay as they are."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must hold, whether it does, and the numbers."""

    name: str
    passes: bool
    said: str

    def line(self) -> str:
        """As printed."""
        return f"{'PASS' if self.passes else 'FAIL'}  {self.name}: {self.said}"


def findings(record: Record) -> list[Finding]:
    """Every one."""
    return [*_calls(record), *_held(record), *_sockets(record), *_recovery(record), *_spans(record), *_log(record)]


def table(record: Record) -> str:
    """What happened, in numbers."""
    outcomes, upstream = record.callers["outcomes"], record.upstream
    rows: list[tuple[str, Any]] = [
        ("calls", record.callers["begun"]),
        *sorted(((f"  {name}", number) for name, number in outcomes.items()), key=lambda row: -row[1]),
        ("attempts", record.state["attempts"]),
        ("  requests at the providers", upstream["requests"]),
        *((f"    while {mood}", number) for mood, number in sorted(upstream["moods"].items())),
        *(
            (f"  never got there: {why}", n)
            for why, n in sorted(upstream["spans that never got to a provider"].items())
        ),
        ("attempts' spans", upstream["spans"]),
        ("breakers opened", record.state["openings"]),
        *((f"resident KB, second {at}", record.memory[at]) for at in range(0, len(record.memory), 60)),
        *((f"most at once: {name}", record.most[name]) for name in ("calls", *HELD[2:], "sockets", "threads")),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {number:>9,}" for name, number in rows)


def _calls(record: Record) -> Iterator[Finding]:
    callers, outcomes = record.callers, record.callers["outcomes"]
    faults = {name: number for name, number in outcomes.items() if name.startswith("FAULT")}
    ended = sum(outcomes.values())
    is_whole = not callers["unended"] and not callers["crashes"] and ended == callers["begun"]
    said = f"{ended} of {callers['begun']} ended" + "".join(f"; {crash}" for crash in callers["crashes"])
    yield Finding("every call ends", is_whole, said)
    yield Finding(
        "each in one answer or one error", not faults, _listed(faults) or f"{outcomes.get('answer', 0)} answers"
    )
    most, meant = record.most["calls"], record.plan.concurrent
    yield Finding("as many calls at once as meant", most >= OPEN_SHARE * meant, f"{most} of {meant}")


def _held(record: Record) -> Iterator[Finding]:
    rested, before = record.rested, record.before
    for name in HELD:
        yield Finding(f"no leaked {name}", not rested[name], f"{rested[name]} (at most {record.most[name]} at once)")
    more = _more(rested["tasks"], before["tasks"])
    yield Finding("no leaked task", not more, _listed(more) or f"{sum(rested['tasks'].values())} as before")
    python, every = (rested[name] - before[name] for name in ("python threads", "threads"))
    said = f"{python:+d} of Python's, {every:+d} in all"
    yield Finding("no more threads", python <= 0 and every <= MORE_THREADS, said)
    files = record.idle["files"] - before["files"]
    yield Finding("no more open files", files <= 0, f"{files:+d} once idle connections are closed")
    cycles = record.state["collected"] / max(1, record.callers["begun"])
    yield Finding("little for the garbage collector", cycles <= MOST_CYCLES, f"{cycles:.0f} objects a call")
    if record.plan.most_mb is not None:
        grown = (record.idle["resident KB"] - before["resident KB"]) / 1024
        yield Finding(
            "no more memory", grown <= record.plan.most_mb, f"{grown:+.1f} MB of {record.plan.most_mb:g} allowed"
        )


def _sockets(record: Record) -> Iterator[Finding]:
    rested, idle, closed = (part["sockets"] for part in (record.rested, record.idle, record.closed))
    # One that no call holds and the pool does not know would stay.
    said = f"{idle.get('upstream', 0)} left of {rested.get('upstream', 0)} kept alive"
    yield Finding("idle connections are closed", not idle.get("upstream"), said)
    before = record.before["sockets"]
    more = {role: n for role, n in _more(rested, before).items() if role not in ("upstream", "collector")}
    yield Finding("no leaked socket", not more, _listed(more) or _listed(rested))
    yield Finding("closing closes every socket", not closed, _listed(closed) or "none left")
    tasks = {name: number for name, number in record.closed["tasks"].items() if name not in _PART}
    yield Finding("closing ends every task", not tasks, _listed(tasks) or "none left")


def _recovery(record: Record) -> Iterator[Finding]:
    returns, failed = record.returns, record.reached["failed"]
    yield Finding("nothing refuses for ever", not returns["stuck"], _listed(returns["stuck"]) or "nothing is stuck")
    reached = f"{len(returns['callable']) - len(failed)} of {returns['targets']} targets answer, each asked alone"
    late = f"; after {returns['waited_s']:.0f} s resting: {_listed(returns['late'])}" if returns["late"] else ""
    is_late = bool(returns["late"]) and record.plan.keepalive_s is None
    yield Finding("every target is back", not failed and not is_late, (_listed(failed) or reached) + late)
    awaited = {name.partition("@")[0] for name in returns["late"]}
    still = [name for name in record.state["not closed"] if not any(_is_of(name, entry) for entry in awaited)]
    yield Finding(
        "every breaker is closed", not still, ", ".join(still) or f"{record.state['openings']} openings before"
    )


def _is_of(key: str, entry: str) -> bool:
    """Whether a breaker ("provider/base URL/model") is of an entry ("provider/model")."""
    provider, _, model = entry.partition("/")
    return key.startswith(f"{provider}/") and key.endswith(f"/{model}")


def _spans(record: Record) -> Iterator[Finding]:
    upstream, attempts = record.upstream, record.state["attempts"]
    for name in (
        "requests without a span",
        "requests without an id",
        "requests lost",
        "spans twice",
        "answered spans without a request",
    ):
        yield Finding(f"no {name}", not upstream[name], f"{upstream[name]}")
    spans = upstream["spans"]
    yield Finding("as many spans as attempts", spans == attempts, f"{spans} spans, {attempts} attempts")
    dropped, flushed = record.closed["dropped"], record.closed["flushed"]
    yield Finding("nothing told is lost", not dropped and flushed, f"{dropped:.0f} spans and log lines dropped")


def _log(record: Record) -> Iterator[Finding]:
    lines = record.log
    yield Finding(
        "nothing unexpected in the log", not lines, f"{len(lines)} lines: {lines[0]}" if lines else "no such line"
    )


_PART = frozenset({"main", "Runner.run"})
"""The counting process's own task."""


def _more(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: number - before.get(name, 0) for name, number in after.items() if number > before.get(name, 0)}


def _listed(found: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in found.items())

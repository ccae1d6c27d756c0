"""Judges a whole performance by Jaeger's query API: each story's traces, the documented searches, services, operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from remora_client.demo.verdict import Check

from . import shop
from .expectation import SERVICE
from .happening import happenings
from .performance import Performance, Played
from .query import Query
from .search import REQUEST_ID, SEARCHES
from .story import secrets_of
from .verdict import judge
from .witness import Told

_FIRST_WORDS = 24
"""Code points of a provider's message that must not be in a trace."""
REASONS = frozenset(
    [
        *("RATE_LIMITED", "SERVER_ERROR", "CONNECTION", "AUTHENTICATION", "TIMEOUT", "MALFORMED_RESPONSE"),
        *("STREAM_BROKEN", "CANCELLED", "UNSUPPORTED_PARAMETER"),
    ]
)
KINDS = frozenset({"FIRST", "ROTATION", "RETRY", "FAILOVER", "RESUME"})
EVENTS = frozenset({"remora.wait", "remora.skip", "remora.resume", "remora.repair"})


def judge_all(query: Query, performance: Performance) -> Iterator[tuple[str, Check]]:
    """Every check, with the story it is of."""
    stories = [played.story for played in performance.played]
    every = [told for played in performance.played for told in played.told]
    secrets = [*secrets_of(stories), *_words_of_providers(every)]
    for played in performance.played:
        name = played.story.scenery.story
        yield name, played.judge()
        for check in _judge_story(query, played, secrets):
            yield name, check
    yield from (("shop", check) for check in shop.judge(query, *performance.shop, secrets))
    shops = performance.shop[0]
    yield from (("search", check) for check in judge_searches(query, every, shops))
    yield from (("jaeger", check) for check in (*_judge_lists(query, every), judge_coverage(every)))


def _judge_story(query: Query, played: Played, secrets: Sequence[str]) -> list[Check]:
    """The same claims of each call, as one check each."""
    each = []
    for told in played.told:
        trace = query.trace(told.trace_id, 2 + len(told.report.attempts))
        each.append(judge(trace, told, played.ports, secrets))
    return [_together(checks) for checks in zip(*each, strict=True)]


def _together(checks: Sequence[Check]) -> Check:
    found = "; ".join(f"call {number}: {check.found}" for number, check in enumerate(checks, start=1) if not check.kept)
    times = f" ({len(checks)} traces)" if len(checks) > 1 else ""
    return Check(not found, checks[0].claim + times, found)


def _words_of_providers(every: Sequence[Told]) -> list[str]:
    """How their error messages begin, as the callers were told them."""
    messages = [attempt.message for told in every for attempt in told.report.attempts if attempt.message]
    return sorted({message[:_FIRST_WORDS] for message in messages})


def judge_searches(query: Query, every: Sequence[Told], others: str = "") -> Iterator[Check]:
    """The documented searches find exactly the traces they are for. `others`: a trace that is no call of `every`."""
    for one in SEARCHES:
        wanted = {told.trace_id for told in every if one.finds(told)}
        found = {span.trace_id for trace in query.search(SERVICE, one.tags) for span in trace.spans} - {others}
        claim = f"tags {one}: {one.question} ({len(wanted)} traces)"
        yield Check(
            found == wanted and bool(wanted), claim, f"{len(found - wanted)} too many, {len(wanted - found)} missing"
        )
    wrong = [told.call.request_id for told in every if _found_by_id(query, told) != {told.trace_id}]
    yield Check(not wrong, f"tags {REQUEST_ID}=…: each of the {len(every)} calls by its id", f"{wrong}")


def _found_by_id(query: Query, told: Told) -> set[str]:
    traces = query.search(SERVICE, {REQUEST_ID: told.call.request_id})
    return {span.trace_id for trace in traces for span in trace.spans}


def _judge_lists(query: Query, every: Sequence[Told]) -> Iterator[Check]:
    services = query.services()
    yield Check(services == {SERVICE, shop.SHOP}, "exactly the services remora and shop", f"{sorted(services)}")
    wanted = {(f"remora.v1.ChatService/{told.call.method}", "server") for told in every}
    wanted |= {(f"chat {told.alias}", "internal") for told in every}
    wanted |= {(f"chat {attempt.target.model}", "client") for told in every for attempt in told.report.attempts}
    found = query.operations(SERVICE)
    yield Check(found == wanted, f"exactly the {len(wanted)} operations of remora", f"{sorted(found ^ wanted)}")


def judge_coverage(every: Sequence[Told]) -> Check:
    """Judged spans are worth nothing if nothing happened in them."""
    attempts = [attempt for told in every for attempt in told.report.attempts]
    seen = {str(attempt.reason) for attempt in attempts} | {attempt.kind for attempt in attempts}
    seen |= {name for told in every for name, _ in happenings(told.report)}
    missing = sorted((REASONS | KINDS | EVENTS) - seen)
    claim = f"{len(REASONS)} reasons, {len(KINDS)} kinds of attempts and {len(EVENTS)} kinds of events were among them"
    return Check(not missing, claim, f"missing: {missing}")

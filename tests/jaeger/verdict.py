"""Judges the trace of one call, as Jaeger has it, by what the caller was told. Pure; nothing is taken on trust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from remora_client.demo.verdict import Check

from .expectation import PRESENT, SERVICE, Expected, attempt_span, operation_span, rpc_span
from .happening import happenings
from .trace import Span, Trace
from .witness import Told

TOLERANCE_S = 0.005
"""Between a report's durations and a span's: their clocks are one, what differs is where they are rounded."""
_BESIDE = ("w3c.tracestate",)
_MISSING_PARENT = "invalid parent span"


def judge(trace: Trace, told: Told, ports: Mapping[str, int], secrets: Sequence[str]) -> list[Check]:
    """The checks of one call, always the same eight claims. `ports` by provider; `secrets`: texts that may not be there."""
    rpc, operation, attempts = rpc_span(told), operation_span(told), _attempts(told, ports)
    spans = trace.of(SERVICE)
    pairs = _paired(spans, [rpc, operation, *attempts])
    return [
        _exactly(spans, pairs, [rpc, operation, *attempts]),
        _family(spans, told),
        _errors(pairs),
        _attributes(pairs),
        _events(spans, told),
        _times(spans, told),
        _warnings(spans, told),
        silence(trace, secrets),
    ]


def _attempts(told: Told, ports: Mapping[str, int]) -> list[Expected]:
    return [attempt_span(attempt, told, ports) for attempt in told.report.attempts]


Pairs = list[tuple[Span, Expected]]


def _paired(spans: Sequence[Span], expected: Sequence[Expected]) -> Pairs:
    """Each span with what it must be: attempts by their index, the others by their kind. What fits nothing is left out."""
    by_key = {_key(one.kind, one.attributes): one for one in expected}
    found = ((span, by_key.get(_key(span.kind, span.attributes))) for span in spans)
    return [(span, one) for span, one in found if one is not None]


def _key(kind: str, attributes: Mapping[str, Any]) -> tuple[str, Any]:
    return kind, attributes.get("remora.attempt.index") if kind == "client" else None


def _exactly(spans: Sequence[Span], pairs: Pairs, expected: Sequence[Expected]) -> Check:
    claim = "exactly the spans of the call: rpc, operation, and one for each attempt of the report"
    seen, wanted = sorted((s.kind, s.name) for s in spans), sorted((one.kind, one.name) for one in expected)
    names_fit = all(span.name == one.name for span, one in pairs)
    return Check(seen == wanted and len(pairs) == len(expected) and names_fit, claim, f"{seen}, not {wanted}")


def _family(spans: Sequence[Span], told: Told) -> Check:
    claim = "SERVER → operation → attempts as siblings, in the caller's trace"
    rpcs, operations = [s for s in spans if s.kind == "server"], [s for s in spans if s.kind == "internal"]
    if len(rpcs) != 1 or len(operations) != 1:
        return Check(False, claim, f"{len(rpcs)} SERVER spans, {len(operations)} INTERNAL ones")
    (rpc,), (operation,) = rpcs, operations
    parents = {"server": told.call.span_id, "internal": rpc.span_id, "client": operation.span_id}
    wrong = [
        f"{span.kind} {span.name} below {span.parent_id}" for span in spans if span.parent_id != parents[span.kind]
    ]
    traces = {span.trace_id for span in spans}
    wanted = {told.trace_id} | ({told.call.trace_id} if told.call.trace_id is not None else set())
    kept = not wrong and traces == wanted and len({span.span_id for span in spans}) == len(spans)
    return Check(kept, claim, f"{wrong}, traces {traces}, not {wanted}")


def _errors(pairs: Pairs) -> Check:
    claim = "red where something failed, and nowhere else"
    wrong = [
        f"{span.kind} {span.name}: error {span.is_error}, status {span.status}"
        for span, one in pairs
        if span.is_error != one.is_error or span.status != ("ERROR" if one.is_error else None)
    ]
    return Check(bool(pairs) and not wrong, claim, "; ".join(wrong) or "no spans")


def _attributes(pairs: Pairs) -> Check:
    claim = "every attribute as the caller was told, and no other"
    wrong = [
        f"{span.kind} {span.name}: {problem}"
        for span, one in pairs
        for problem in differences(span.attributes, one.attributes, one.optional)
    ]
    return Check(bool(pairs) and not wrong, claim, "; ".join(wrong) or "no spans")


def differences(seen: Mapping[str, Any], wanted: Mapping[str, Any], optional: Iterable[str] = frozenset()) -> list[str]:
    """What is missing, different, or there without being wanted."""
    missing = [f"no {key}" for key in wanted if key not in seen]
    more = [f"{key} = {seen[key]!r} was not expected" for key in seen if key not in {*wanted, *optional, *_BESIDE}]
    wrong = [
        f"{key} = {seen[key]!r}, not {value!r}"
        for key, value in wanted.items()
        if key in seen and not _is_like(seen[key], value)
    ]
    return [*missing, *wrong, *more]


def _is_like(seen: Any, wanted: Any) -> bool:
    if wanted is PRESENT:
        return seen not in (None, "")
    if isinstance(wanted, float):
        return isinstance(seen, int | float) and abs(seen - wanted) <= TOLERANCE_S
    return type(seen) is type(wanted) and bool(seen == wanted)


def _events(spans: Sequence[Span], told: Told) -> Check:
    wanted = happenings(told.report)
    claim = "its waits, skips, resumes and repairs as events of the operation"
    elsewhere = [f"{span.kind} {event.name}" for span in spans if span.kind != "internal" for event in span.events]
    open_ = [(event.name, event.attributes) for span in spans if span.kind == "internal" for event in span.events]
    missing = []
    for name, attributes in wanted:
        fits = [one for one in open_ if one[0] == name and not differences(one[1], attributes)]
        if fits:
            open_.remove(fits[0])
        else:
            missing.append((name, attributes))
    seams = sum(name == "remora.resume" for name, _ in wanted)
    kept = not (elsewhere or open_ or missing) and (told.call.method == "Complete" or seams == told.seams)
    return Check(kept, claim, f"missing {missing}, too much {open_ + elsewhere}, seams {told.seams}")


def _times(spans: Sequence[Span], told: Told) -> Check:
    claim = "the call's times: durations as reported, children within their parents, waits right before their attempts"
    by_id = {span.span_id: span for span in spans}
    attempts = {span.attributes.get("remora.attempt.index"): span for span in spans if span.kind == "client"}
    wrong = [
        f"attempt {one.index} took {span.duration_s:.3f} s, not {one.total_s:.3f} s"
        for one in told.report.attempts
        if (span := attempts.get(one.index)) is not None and abs(span.duration_s - one.total_s) > TOLERANCE_S
    ]
    for span in spans:
        parent = by_id.get(span.parent_id or "")
        if parent is not None and not _is_within(span.started_s, span.ended_s, parent):
            wrong.append(f"{span.name} is outside {parent.name}")
        for event in span.events:
            if not _is_within(event.at_s, event.at_s, span):
                wrong.append(f"{event.name} is outside {span.name}")
            wrong += _late(event.attributes, event.at_s, attempts) if event.name == "remora.wait" else []
    return Check(not wrong and bool(spans), claim, "; ".join(wrong) or "no spans")


def _is_within(began_s: float, ended_s: float, parent: Span) -> bool:
    return parent.started_s - TOLERANCE_S <= began_s <= ended_s <= parent.ended_s + TOLERANCE_S


def _late(wait: Mapping[str, Any], at_s: float, attempts: Mapping[Any, Span]) -> list[str]:
    attempt = attempts.get(wait.get("remora.attempt.index"))
    until_s = at_s + float(wait.get("remora.wait_s", 0.0))
    if attempt is not None and abs(until_s - attempt.started_s) <= TOLERANCE_S:
        return []
    return [f"a wait until {until_s:.3f}, which is no attempt's beginning"]


def _warnings(spans: Sequence[Span], told: Told) -> Check:
    """Jaeger may move a span that ends even a microsecond after its parent, by what it takes for another clock's lead."""
    claim = "no span that Jaeger warns of"
    # The caller's own span is not exported here, which is no fault of these.
    wrong = [
        f"{span.kind} {span.name}: {warning}"
        for span in spans
        for warning in span.warnings
        if not (span.kind == "server" and told.call.span_id is not None and _MISSING_PARENT in warning)
    ]
    return Check(not wrong and bool(spans), claim, "; ".join(wrong) or "no spans")


def silence(trace: Trace, secrets: Sequence[str]) -> Check:
    """None of these texts is anywhere in the trace's JSON. Nothing to search, or nothing to search for, is a failure."""
    found = sum(secret in trace.text for secret in secrets)
    kept = bool(secrets) and bool(trace.text) and found == 0
    return Check(kept, "no key, no prompt, no answer and no words of a provider anywhere in it", f"{found} are there")

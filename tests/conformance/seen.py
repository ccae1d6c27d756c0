"""What was seen, as data in the form of a case's expectations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from sidecar.pb import chat_pb2, error_reason_pb2, health_pb2, report_pb2
from sidecar.simulator import Entry


def _reason(value: int, nothing: str) -> str:
    return nothing if value == 0 else error_reason_pb2.ErrorReason.Name(value).removeprefix("ERROR_REASON_")  # type: ignore[arg-type]


def target_name(target: report_pb2.Target) -> str:
    """ "provider/model@profile"."""
    return f"{target.provider}/{target.model}@{target.profile}"


def text_of(events: Iterable[chat_pb2.ChatResponse]) -> str:
    """The text a caller has in the end, discards applied."""
    parts: dict[int, str] = {}
    for event in events:
        match event.WhichOneof("event"):
            case "text_delta":
                index = event.text_delta.part_index
                parts[index] = parts.get(index, "") + event.text_delta.text
            case "restarted":
                parts.clear()
            case "part_discarded":
                index, offset = event.part_discarded.part_index, event.part_discarded.offset
                parts[index] = parts.get(index, "")[:offset]
    return "".join(text for _, text in sorted(parts.items()))


def event_lines(events: Iterable[chat_pb2.ChatResponse]) -> list[str]:
    """The kinds in order, repetitions in one; with the target, or the part, that some are about."""
    lines: list[str] = []
    for event in events:
        line = kind = event.WhichOneof("event") or "unknown"
        if kind in ("started", "resumed", "restarted"):
            line = f"{kind} {target_name(getattr(event, kind).target)}"
        elif kind == "part_discarded":
            line = f"{kind} {event.part_discarded.part_index}"
        if lines[-1:] != [line]:
            lines.append(line)
    return lines


def attempt_line(attempt: report_pb2.Attempt) -> dict[str, Any]:
    """One attempt of a report."""
    kind = report_pb2.AttemptKind.Name(attempt.kind).removeprefix("ATTEMPT_KIND_")
    status = attempt.upstream_status if attempt.HasField("upstream_status") else "-"
    return {
        "was": f"{target_name(attempt.target)} {kind} {_reason(attempt.reason, 'ok')} {status}",
        "wait_s": attempt.wait_duration.ToMilliseconds() / 1000 if attempt.HasField("wait_duration") else None,
        "retry_after_s": (
            attempt.retry_after_duration.ToMilliseconds() / 1000 if attempt.HasField("retry_after_duration") else None
        ),
        "message": attempt.message,
    }


def skip_line(skipped: report_pb2.SkippedEntry) -> str:
    """One skipped entry of a report."""
    cause = report_pb2.SkipCause.Name(skipped.cause).removeprefix("SKIP_CAUSE_")
    return f"{skipped.target.provider}/{skipped.target.model} {cause} {_reason(skipped.reason, '-')}"


def repair_line(repair: report_pb2.Repair) -> dict[str, str]:
    """One repair of a report."""
    return {"was": f"{_reason(repair.reason, '-')} {repair.attempt_index}", "message": repair.message}


def journal_line(entry: Entry, keys: Mapping[str, str], before: Entry | None) -> dict[str, Any]:
    """One request that the provider saw. `keys`: profiles by fingerprint."""
    name = keys.get(entry.key or "", "unknown")
    return {
        "was": f"{entry.model} {name} {entry.status or '-'}",
        "gap_s": None if before is None else entry.received_s - before.received_s,
        "body": entry.body,
        "outcome": entry.outcome,
    }


def health_of(
    snapshot: health_pb2.HealthResponse, providers: set[str], listener: Callable[[str], str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """What a snapshot says of these providers; what is at rest is left out."""
    now = snapshot.observed_time
    entries = {
        _entry_name(entry, listener): seen
        for entry in snapshot.entries
        if entry.entry.split("/")[0] in providers and (seen := _entry(entry, now))
    }
    profiles = {
        " ".join(filter(None, (f"{profile.provider}/{profile.profile}", profile.model))): {
            "reason": _reason(profile.reason, "-"),
            "returns_s": _seconds(profile.cooldown_end_time, now),
        }
        for profile in snapshot.profiles
        if profile.provider in providers and profile.HasField("cooldown_end_time")
    }
    return {"entries": entries, "profiles": profiles}


def _entry_name(entry: health_pb2.EntryHealth, listener: Callable[[str], str]) -> str:
    where = listener(entry.base_url)
    return entry.entry if where == "main" else f"{entry.entry} at {where}"


def _entry(entry: health_pb2.EntryHealth, now: Timestamp) -> dict[str, Any]:
    """`returns_s`: where it is held by itself; where only its keys rest, `profiles` tells when they return."""
    is_held = entry.state != health_pb2.BREAKER_STATE_CLOSED or entry.HasField("cooldown_end_time")
    state = health_pb2.BreakerState.Name(entry.state).removeprefix("BREAKER_STATE_").lower()
    more: dict[str, Any] = {"openings": entry.openings} if entry.openings else {}
    if is_held and entry.HasField("next_attempt_time"):
        more["returns_s"] = _seconds(entry.next_attempt_time, now)
    if state == "closed" and not entry.consecutive_failures and not more:
        return {}
    return {"state": state, "failures": entry.consecutive_failures} | more


def _seconds(instant: Timestamp, now: Timestamp) -> float:
    return (instant.ToNanoseconds() - now.ToNanoseconds()) / 1e9

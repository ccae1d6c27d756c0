"""Playing a case: its calls over gRPC, and what was seen of them as data in the form of the expectations."""

from __future__ import annotations

import threading
import time
from typing import Any

import grpc
from google.protobuf import json_format

from sidecar.pb import chat_pb2, health_pb2, report_pb2
from sidecar.simulator import Entry, answer_text

from ..server.outcome import Outcome
from ..server.process import Sidecar
from .case import Call, Case
from .judging import differences
from .seen import attempt_line, event_lines, health_of, journal_line, repair_line, skip_line, target_name, text_of
from .stage import Stage

REPORT_WITHIN_S = 10.0
JOURNAL_WITHIN_S = 0.5
"""Some requests of a suite are meant to be under way still: those cost each case as much."""
JOURNAL_LIMIT_S = 5.0
WORDS = 20
DIED_BEFORE_HEADERS = ("reset", "closed", "stale")


def play(stage: Stage, case: Case) -> list[str]:
    """Plays a case; one line for each thing that was not as expected."""
    sidecar = stage.sidecar(case)
    found = _judged_health(stage, case, sidecar, "before")
    number = 0
    for index, call in enumerate(case.calls):
        for _ in range(call.times):
            time.sleep(call.gap_s)  # the case's own pause: what it waits for is the sidecar's clock
            number += 1
            found += _played(stage, case, call, f"calls[{index}]", f"{case.case}-{number}")
    return found + _judged_upstream(stage, case) + _judged_health(stage, case, sidecar, "after")


def _judged_upstream(stage: Stage, case: Case) -> list[str]:
    """What the provider saw. It notices the end of a request a moment after the caller: it is asked again for some seconds."""
    expected = "none" if case.upstream == "none" else list(case.upstream)
    limit = time.monotonic() + JOURNAL_LIMIT_S
    while found := differences(expected, _upstream(stage, case), "upstream"):
        if time.monotonic() > limit:
            break
        time.sleep(0.05)  # another process's journal: there is no event to await
    return found


def _judged_health(stage: Stage, case: Case, sidecar: Sidecar, when: str) -> list[str]:
    snapshot = next(iter(sidecar.health.Health(health_pb2.HealthRequest(), timeout=5)))
    seen = health_of(snapshot, set(case.providers), stage.listener)
    expected = getattr(case.health, when)
    return [
        line
        for part in ("entries", "profiles")
        for line in differences(getattr(expected, part), seen[part], f"health.{when}.{part}")
    ]


def _played(stage: Stage, case: Case, call: Call, path: str, request_id: str) -> list[str]:
    sidecar = stage.sidecar(case)
    request = json_format.ParseDict(call.request, chat_pb2.ChatRequest(request_id=request_id))
    if not request.messages:
        message = request.messages.add(role="ROLE_USER")
        message.parts.add(text=case.prompt)
    if call.renew:
        stage.renew(call.renew)
    outcome = _called(sidecar, request, call)
    found = [] if call.answer == "any" else differences(_answer(call, case), text_of(outcome.events), f"{path}.answer")
    found += differences(call.events, event_lines(outcome.events), f"{path}.events")
    found += differences(call.tool_calls, _tool_calls(outcome), f"{path}.tool_calls")
    found += _judged_ending(call, outcome, f"{path}.ending")
    return found + differences(call.report.model_dump(), _report(sidecar, request_id, call), f"{path}.report")


def _called(sidecar: Sidecar, request: chat_pb2.ChatRequest, call: Call) -> Outcome:
    stream = sidecar.chat.Chat(request, timeout=call.timeout_s)
    leaving = threading.Timer(call.cancel_after_s or 0.0, stream.cancel)
    if call.cancel_after_s is not None:
        leaving.start()
    events: list[chat_pb2.ChatResponse] = []
    try:
        events += stream
    except grpc.RpcError:
        pass  # the status says it
    leaving.cancel()
    return Outcome(stream.code(), stream.details() or "", dict(stream.trailing_metadata() or ()), events)


def _tool_calls(outcome: Outcome) -> list[str]:
    """What the whole message of the answer asks to be called."""
    parts = [part for completed in outcome.of("completed") for part in completed.message.parts]
    calls = (part.tool_call for part in parts if part.HasField("tool_call"))
    return [f"{call.name} {call.arguments_json}" for call in calls]


def _answer(call: Call, case: Case) -> str:
    if call.answer == "ordinary":
        return answer_text(case.prompt, WORDS)
    count, _, rest = call.answer.partition(" ")
    if call.answer.startswith("@"):
        return answer_text(call.answer[1:], WORDS)
    if rest in ("word", "words"):
        return answer_text(case.prompt, int(count))
    return call.answer


def _judged_ending(call: Call, outcome: Outcome, path: str) -> list[str]:
    has_details = "grpc-status-details-bin" in outcome.trailers
    expected = call.ending
    found = differences(expected.code, outcome.code.name, f"{path}.code")
    found += differences(expected.reason, outcome.reason if has_details else None, f"{path}.reason")
    retry_s = outcome.retry_s if has_details else None
    found += differences(expected.retry_info_s, retry_s, f"{path}.retry_info_s")
    found += differences(expected.fields, list(outcome.fields) if has_details else [], f"{path}.fields")
    found += [
        f"{path}.says: {text!r} not in {outcome.message!r}" for text in expected.says if text not in outcome.message
    ]
    metadata = dict(outcome.info.metadata) if has_details else {}
    said = {name: metadata.get(name) for name in expected.metadata}
    return found + ([] if said == expected.metadata else [f"{path}.metadata: seen {said}"])


def _report(sidecar: Sidecar, request_id: str, call: Call) -> dict[str, Any]:
    """The whole report; a call that was refused before anything has none. One that was cancelled ends a moment later."""
    limit = time.monotonic() + (REPORT_WITHIN_S if call.cancel_after_s is not None else 0.0)
    while True:
        try:
            answer = sidecar.health.GetReport(health_pb2.GetReportRequest(request_id=request_id), timeout=5)
        except grpc.RpcError:
            if time.monotonic() > limit:
                return {"attempts": [], "skipped": [], "repairs": [], "failed_over": None, "actual": None}
            time.sleep(0.01)  # another process ends the call: there is no event to await
            continue
        return _report_lines(answer.reports[0])


def _report_lines(report: report_pb2.FailoverReport) -> dict[str, Any]:
    return {
        "attempts": [attempt_line(attempt) for attempt in report.attempts],
        "skipped": [skip_line(skipped) for skipped in report.skipped],
        "repairs": [repair_line(repair) for repair in report.repairs],
        "failed_over": report.failed_over,
        "actual": target_name(report.actual_target) if report.HasField("actual_target") else None,
    }


def _upstream(stage: Stage, case: Case) -> list[dict[str, Any]]:
    """The requests, oldest first; a kept connection that died, and the fresh one that took its place, are one line."""
    lines: list[dict[str, Any]] = []
    before: Entry | None = None
    limit = time.monotonic() + JOURNAL_WITHIN_S
    while any(entry.outcome is None for entry in stage.journal(case)) and time.monotonic() < limit:
        time.sleep(0.01)  # another process's journal: there is no event to await
    for entry in stage.journal(case):
        line = {"requests": 1} | journal_line(entry, stage.keys, before)
        if (
            before is not None
            and before.outcome in DIED_BEFORE_HEADERS
            and _is_second_try(lines[-1], line, before, entry)
        ):
            lines.pop()
            line["requests"] = 2
        lines.append(line)
        before = entry
    return lines


def _is_second_try(first: dict[str, Any], second: dict[str, Any], before: Entry, entry: Entry) -> bool:
    is_same = first["was"].rpartition(" ")[0] == second["was"].rpartition(" ")[0]
    return is_same and first["requests"] == 1 and before.connection != entry.connection

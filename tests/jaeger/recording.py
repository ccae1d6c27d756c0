"""Calls kept as files, to try the judge on: what their callers were told, and the traces as Jaeger had them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from remora_client.report import Attempt, FailoverReport, Repair, SkippedEntry, Target, Usage

from .performance import Performance
from .query import Query
from .trace import Trace, trace_from
from .witness import Call, Told

RECORDED = ("outage", "cut", "breaker", "repair", "cancel", "retry-after")
_FOLDER = Path(__file__).parent / "recorded"


@dataclass(frozen=True, slots=True)
class Recording:
    """One call. raw: the trace as JSON, which tests change; ports: of the providers."""

    told: Told
    raw: dict[str, Any]
    ports: dict[str, int]

    @property
    def trace(self) -> Trace:
        """The trace as it is in `raw` now."""
        return trace_from(self.raw)


def record(query: Query, performance: Performance) -> None:
    """Writes the files anew, of each of these stories the last call."""
    for played in performance.played:
        if played.story.scenery.story in RECORDED:
            told = played.told[-1]
            trace = query.trace(told.trace_id, 2 + len(told.report.attempts))
            _save(played.story.scenery.story, told, trace, played.ports)


def _save(name: str, told: Told, trace: Trace, ports: Mapping[str, int]) -> None:
    """Instants of the report are left out, nothing is judged by them."""
    content = {"told": asdict(told), "ports": dict(ports), "trace": json.loads(trace.text)}
    _FOLDER.mkdir(exist_ok=True)
    (_FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1, default=lambda _: None) + "\n")


def load(name: str) -> Recording:
    """The recorded call of that story."""
    content = json.loads((_FOLDER / f"{name}.json").read_text())
    told = content["told"]
    call = Call(**told.pop("call"))
    return Recording(Told(call, report=_report(told.pop("report")), **told), content["trace"], content["ports"])


def _report(found: dict[str, Any]) -> FailoverReport:
    attempts = tuple(map(_attempt, found.pop("attempts")))
    skipped = tuple(SkippedEntry(**{**one, "target": Target(**one["target"])}) for one in found.pop("skipped"))
    repairs = tuple(Repair(**one) for one in found.pop("repairs"))
    actual = found.pop("actual_target")
    target = Target(**actual) if actual is not None else None
    return FailoverReport(**found, actual_target=target, attempts=attempts, skipped=skipped, repairs=repairs)


def _attempt(found: dict[str, Any]) -> Attempt:
    usage = Usage(**found["usage"]) if found["usage"] is not None else None
    return Attempt(**{**found, "target": Target(**found["target"]), "usage": usage})

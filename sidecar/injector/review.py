"""An AdmissionReview (admission.k8s.io/v1) in, one out; nothing else knows the envelope. Pure.

Whatever goes wrong inside, the pod is allowed, unpatched, with a warning.
"""

from __future__ import annotations

import base64
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from . import annotation, decision, names
from .container import render
from .decision import Place, Request
from .patch import Operation, operations, raised_grace_s
from .pod import Pod
from .reason import Outcome, Reason
from .template import Template

API_VERSION, KIND = "admission.k8s.io/v1", "AdmissionReview"
MAX_WARNING_CHARACTERS = 120
"""The API server cuts a warning at 256 characters, and all of them at 4,096; 120 fit into a line of kubectl's."""
MAX_WARNINGS = 20


class NotAReviewError(Exception):
    """The bytes are no AdmissionReview that could be answered; the text says why, and quotes nothing of them."""


@dataclass(frozen=True)
class Subject:
    """Whom a review is about. `name`: what the pod is called, or what its name will begin with."""

    uid: str
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True)
class Reviewed:
    """An answer, and what is told of it. `reason`: None where the sidecar was injected. `fault`: of the injector's."""

    body: bytes
    subject: Subject
    reason: Reason | None
    warnings: tuple[str, ...]
    is_native: bool = False
    fault: str = ""

    @property
    def outcome(self) -> Outcome:
        """What it counts as."""
        return Outcome.INJECTED if self.reason is None else self.reason.outcome


def answer(body: bytes, template: Template, version: str) -> Reviewed:
    """The answer to one review. `version`: written on the pod. Raises NotAReviewError."""
    request = _envelope(body)
    subject = Subject(request["uid"])
    try:
        subject = _subject(request)
        return _answer(request, subject, template, version)
    except Exception as error:  # a fault of ours must not block a pod
        return _refusal(subject, Reason.INTERNAL_ERROR, _fault(error))


def _answer(request: dict[str, Any], subject: Subject, template: Template, version: str) -> Reviewed:
    pod = Pod(request.get("object") or {})
    asked = Request(_kind(request), request["operation"], request.get("subResource") or "", subject.namespace, pod)
    if (reason := decision.hindrance(asked, template.namespace)) is not None:
        return _refusal(subject, reason)
    reading = annotation.read(pod.annotations, template)
    found = decision.place(pod, reading.options, template)
    if isinstance(found, Reason):
        return _refusal(subject, found)
    return _injection(subject, pod, reading, found, template, version)


def _injection(
    subject: Subject, pod: Pod, reading: annotation.Reading, found: Place, template: Template, version: str
) -> Reviewed:
    options = reading.options
    rendered = render(template, options, found.is_native, has_resources=not pod.has_own_resources)
    notes = [*reading.warnings, *found.notes]
    if (raised := raised_grace_s(pod, options)) is not None:
        notes.append(f"terminationGracePeriodSeconds was raised to {raised}, for the sidecar's drain")
    warnings = _bounded(notes)
    patch = operations(pod, found, rendered, options, version)
    return Reviewed(_response(subject.uid, warnings, patch), subject, None, warnings, found.is_native)


def _refusal(subject: Subject, reason: Reason, fault: str = "") -> Reviewed:
    warnings = _bounded([f"not injected ({reason}): {reason.sentence}"]) if reason.is_warned else ()
    return Reviewed(_response(subject.uid, warnings), subject, reason, warnings, fault=fault)


def _envelope(body: bytes) -> dict[str, Any]:
    """The request, whose uid is a text."""
    try:
        review = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotAReviewError("not JSON") from None
    if not isinstance(review, dict) or (review.get("apiVersion"), review.get("kind")) != (API_VERSION, KIND):
        raise NotAReviewError(f"not {KIND} of {API_VERSION}")
    request = review.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("uid"), str) or not request["uid"]:
        raise NotAReviewError("no request with a uid")
    return request


def _response(uid: str, warnings: Sequence[str], patch: list[Operation] | None = None) -> bytes:
    response: dict[str, Any] = {"uid": uid, "allowed": True}
    if warnings:
        response["warnings"] = list(warnings)
    if patch is not None:
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(orjson.dumps(patch)).decode()}
    return orjson.dumps({"apiVersion": API_VERSION, "kind": KIND, "response": response})


def _subject(request: dict[str, Any]) -> Subject:
    metadata = (request.get("object") or {}).get("metadata") or {}
    name = request.get("name") or metadata.get("name") or metadata.get("generateName") or ""
    return Subject(request["uid"], str(request.get("namespace") or metadata.get("namespace") or ""), str(name))


def _kind(request: dict[str, Any]) -> str:
    kind = request["kind"]
    return ".".join(filter(None, (kind["kind"], kind.get("group"))))


def _bounded(notes: Sequence[str]) -> tuple[str, ...]:
    """As warnings, which travel in HTTP headers: printable ASCII, short, and not too many."""
    kept = [_line(note) for note in notes[:MAX_WARNINGS]]
    if len(notes) > MAX_WARNINGS:
        kept[-1] = _line(f"and {len(notes) - MAX_WARNINGS + 1} more")
    return tuple(kept)


def _line(note: str) -> str:
    line = f"{names.CONTAINER}: {note}"
    line = "".join(sign if " " <= sign <= "~" else "?" for sign in line)
    return line if len(line) <= MAX_WARNING_CHARACTERS else line[: MAX_WARNING_CHARACTERS - 3] + "..."


def _fault(error: Exception) -> str:
    """The kind of error and its place, and not its text: that may quote the pod, which may have secrets."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name} line {last.lineno}"

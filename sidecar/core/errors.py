"""Errors of the core, as a tree.

RemoraError
├── CallError          the call ends: a reason, one sentence, and what the edge needs to say it
├── AttemptFailed      one attempt ends: a verdict; the engine decides what follows
└── ProtocolViolation  upstream bytes that are not the protocol (a codec raises it, the engine makes it a verdict)
    └── BadToolCall    a tool call that a model wrote into its text, and wrote wrong: the model's fault, not the provider's
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .classify import Verdict
from .reasons import Reason
from .report import Report


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `path` as in the request ("messages[2].parts[0]"), and a sentence."""

    path: str
    description: str


class RemoraError(Exception):
    """Root of every error Remora raises on purpose."""


class CallError(RemoraError):
    """The call ends with `reason`. `retry_after_s`: the soonest return of anything, None when not known.

    `attempted`: whether an attempt was made or refused for health, so that the caller's own retries must not add to it.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        retry_after_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
        fields: tuple[FieldError, ...] = (),
        report: Report | None = None,
        attempted: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry_after_s = retry_after_s
        self.metadata = dict(metadata or {})
        self.fields = fields
        self.report = report
        self.attempted = attempted


class AttemptFailed(RemoraError):
    """One attempt failed."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class ProtocolViolation(RemoraError):
    """Upstream sent what is not its protocol. The text names the violation, never the content."""


class BadToolCall(ProtocolViolation):
    """A model that was given tools as instructions wrote a call that is none. The provider did its part: TOOL_SCHEMA."""

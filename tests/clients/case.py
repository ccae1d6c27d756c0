"""One case of the clients' suite: what the sidecar is, what the client is told to do, and what must come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).parents[1] / "conformance/clients"


class Part(BaseModel):
    """A part of a case: unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(Part):
    """How a scripted call ends: a gRPC code, and what is in the details. `reason` none: no details at all."""

    code: str
    message: str = "the message"
    reason: str | None = None
    domain: str = "remora"
    retry_after_s: float | None = None
    fields: dict[str, str] = {}
    trailers: dict[str, str] = {}
    broken_details: bool = False


class Step(Part):
    """One thing a scripted sidecar does: sends an event, an event of a later version, a long text; waits; or ends the call."""

    event: dict[str, Any] | None = None
    future: bool = False
    text_mib: int | None = None
    hangs: bool = False
    end: Status | None = None


class Seen(Part):
    """What a scripted sidecar saw. `metadata`: values by key; "" for none, `~…` for a beginning. Numbers are bounds.

    `hung_up`: the caller left the call while its process still ran.
    """

    calls: int
    metadata: dict[str, str] = {}
    deadline_s: tuple[float, float] | None = None
    message_mib: int | None = None
    hung_up: bool = False


class Expected(Part):
    """What the runner must print for a call.

    `lines`: the events, changes and pieces in order: repetitions of deltas of one part as one line. `text`: "ordinary",
    "3 words" of it, "begins" (some of it, from its beginning), "any", or the text itself. `end`, `error`: what these lines
    must say, all that is named; `{has: text}` is a text that contains that one, `{from: 1, to: 2}` a number within,
    `{some: one}` a list with one like that, `{vector_of: text}` the simulator's vector of it. `text_mib`: the text's length.
    """

    lines: list[str] | None = None
    text: str | None = None
    text_mib: int | None = None
    end: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    stopped: bool = False


class Request(Part):
    """A request that the provider saw: "model outcome", how many tokens it had sent by then, and texts in the body."""

    was: str
    tokens: tuple[int, int] | None = None
    body_has: list[str] = []


class Call(Part):
    """One call. `request`: JSON of protobuf, with the prompt where it has no messages; `text_mib`: a prompt so long."""

    rpc: Literal["chat", "complete", "embed", "list_models", "health", "watch_health"] = "chat"
    request: dict[str, Any] = {}
    text_mib: int | None = None
    options: dict[str, Any] = {}
    expect: Expected

    @property
    def ends(self) -> int:
        """How many of end, error and stopped are expected: one."""
        return (self.expect.end is not None) + (self.expect.error is not None) + self.expect.stopped


class Case(Part):
    """`server`: what the client meets. `sidecar`: a real one on a simulated provider, like `token` (asks for one), `unix` (on a
    unix socket) and `late` (comes up after the client's first call); `scripted`: a gRPC server that follows `steps`;
    `nobody`: a port where nothing listens. `client`: arguments of the client. `upstream`: the requests the provider saw, as
    "model outcome" or with more of them. `during`: a signal for the sidecar once the provider has the first request, or
    `changes`: of health, all the time; or `restart`: another process takes its place
    once the provider has answered the first request.
    """

    case: str = Field(pattern=r"^[a-z0-9-]+$")
    says: str
    server: Literal["sidecar", "token", "unix", "late", "scripted", "nobody"] = "sidecar"
    client: dict[str, Any] = {}
    environment: dict[str, str] = {}
    script: list[dict[str, Any]] = []
    steps: list[Step] = []
    during: Literal["SIGTERM", "SIGKILL", "restart", "changes"] | None = None
    calls: list[Call] = Field(min_length=1)
    upstream: list[str | Request] | None = None
    seen: Seen | None = None


def load(folder: Path = FOLDER) -> list[Case]:
    """Every case of every file, in order."""
    return [
        Case.model_validate(case) for file in sorted(folder.glob("*.yaml")) for case in yaml.safe_load(file.read_text())
    ]

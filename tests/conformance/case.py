"""One case of a suite: what is set up, what is asked, and everything that must be seen. Nothing may be left out.

"none" is written where there is nothing, "any" where only the clock decides: no part of an expectation is a default. Two
numbers under a name ending in `_s` are bounds in seconds, both included. `{has: text}` is a text that contains that one.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Nothing = Literal["none"]
Anything = Literal["any"]
Bounds = tuple[float, float]
Line = str | dict[str, Any]
"""A line, or the line under `was` with more that must hold of it."""


class Part(BaseModel):
    """A part of a case: unknown names are errors, and so are missing ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Report(Part):
    """What the whole report of a call says.

    `attempts`: "provider/model@profile KIND REASON status", `ok` for no reason and `-` for no status; beside `was` they may
    name `wait_s`, `retry_after_s`, `message`. `skipped`: "provider/model CAUSE REASON". `repairs`: "REASON attempt", which
    beside `was` may name `message`.
    """

    attempts: list[Line] | Nothing
    skipped: list[str] | Nothing
    repairs: list[Line] | Nothing
    failed_over: bool | Nothing
    actual: str


class Ending(Part):
    """How a call ends: the gRPC code, ErrorInfo's reason, and RetryInfo.

    `fields`: BadRequest's paths. `says`: texts of the status message. `metadata`: some of ErrorInfo's.
    """

    code: str
    reason: str
    retry_info_s: Bounds | Nothing | Anything
    fields: list[str] = []
    says: list[str] = []
    metadata: dict[str, str] = {}


class Call(Part):
    """One call, or `times` equal ones, after a pause of `gap_s` seconds.

    `request`: a ChatRequest as JSON of protobuf with the names of the contract; without messages it says the case's prompt.
    `cancel_after_s`: the caller leaves. `renew`: a profile whose key file gets another key right before.
    `answer`: "ordinary", "3 words" of it, "@" and the prompt it is the ordinary answer to, any other text, "any", or "none".
    It is judged with discards applied. `events`: what came, as kinds with repetitions in one; `started`, `resumed` and
    `restarted` with the target behind them, `part_discarded` with the part's index.
    `tool_calls`: what the caller is asked to call, each as "name arguments"; none unless they are named.
    """

    request: dict[str, Any]
    answer: str
    ending: Ending
    report: Report
    times: int = 1
    gap_s: float = 0.0
    timeout_s: float = 15.0
    cancel_after_s: float | None = None
    renew: str = ""
    tool_calls: list[str] | Anything = []
    events: list[str] | Anything = "any"


class Health(Part):
    """What the Health rpc says of the case's providers; what is not named is at rest.

    `entries`: by "provider/model": `state`, `failures` in a row, and where there are any `openings` and `returns_s`.
    `profiles`: by "provider/profile", or "provider/profile model": `reason`, `returns_s`.
    """

    entries: dict[str, dict[str, Any]] | Nothing
    profiles: dict[str, dict[str, Any]] | Nothing


class HealthAround(Part):
    """Health before the first call and after the last."""

    before: Health
    after: Health


class Case(Part):
    """One case. In its strings `~` stands for a mark of its own, so that its providers and aliases are nobody else's.

    `process`: settings of the whole file; cases with equal ones share a process. `providers`: as in the configuration, but
    `at` names a listener of the simulator, and `profiles` may be plain names: each gets a key of its own.
    `script`: rules of the simulator, for this case's prompt only; a `key` in a match is "provider/profile". Where none fits,
    the model's name says what happens. `upstream`: the requests the provider saw of this case's keys, oldest first, as
    "model provider/profile status"; beside `was` they may name `gap_s`, seconds since the one before, parts of the
    `body`, and `requests`: 2 where a kept connection died and a fresh one took its place.
    """

    case: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    rules: list[str] = Field(min_length=1)
    process: dict[str, Any] | Nothing
    providers: dict[str, dict[str, Any]]
    aliases: dict[str, Any] | Nothing
    script: list[dict[str, Any]] | Nothing
    calls: list[Call] = Field(min_length=1)
    upstream: list[Line] | Nothing
    health: HealthAround

    @property
    def prompt(self) -> str:
        """What its calls say; contained in no other case's."""
        return f"case [{self.case}]"

"""Behaviour by model name: a table of names, so that a fault needs no script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .action import FIELDS, Action, conflicts

_NUMBER = object()
_SECONDS = object()
_WORD = object()
_PLACES = {
    "<n>": r"(\d{1,7})",
    "<code>": r"([2-5]\d\d)",
    "<s>": r"(\d{1,5}(?:\.\d{1,3})?)",
    "<parameter>": r"([a-z_]+)",
    "<word>": r"([a-z_]+)",
}


@dataclass(frozen=True, slots=True)
class FaultName:
    """A model name, or a pattern of them, and the action it stands for."""

    pattern: str
    fields: Mapping[str, Any]
    meaning: str

    def read(self, name: str) -> dict[str, Any] | None:
        """Return the fields of an action that `name` stands for; None when it is another name."""
        found = re.fullmatch(_expression(self.pattern), name)
        if found is None:
            return None
        groups = iter(found.groups())
        values = {field: _filled(value, groups) for field, value in self.fields.items()}
        try:
            return {field: FIELDS[field](value) for field, value in values.items()}
        except ValueError:
            return None


NAMES: tuple[FaultName, ...] = (
    FaultName("ok", {}, "an ordinary answer"),
    FaultName("words-<n>", {"words": _NUMBER}, "an answer of n words"),
    FaultName("burst", {"burst": True}, "everything at once, without any pace"),
    FaultName("tps-<s>", {"tokens_per_s": _SECONDS}, "so many tokens a second"),
    FaultName("slow-first-<s>s", {"first_token_s": _SECONDS}, "headers and role, the first token after s seconds"),
    FaultName("slow-headers-<s>s", {"delay_s": _SECONDS}, "nothing at all for s seconds, then the answer"),
    FaultName("pings", {"pings_s": 0.2}, "a comment or ping every 0.2 s wherever a stream waits"),
    FaultName("think", {"think": 8}, "8 words of reasoning before the answer"),
    FaultName("redacted", {"think": 8, "redacted": True}, "the same, given out encrypted (Anthropic)"),
    FaultName("signing-<word>", {"signing": _WORD}, "signs reasoning in a space of its own (Anthropic)"),
    FaultName("tools", {"tools": 1}, "calls the request's first tool; answers in words once it has the result"),
    FaultName("parallel-tools", {"tools": 2}, "calls two tools at once"),
    FaultName("filtered", {"words": 4, "finish": "content_filter"}, "4 words, then finish reason `content_filter`"),
    FaultName("refusal", {"refusal": "I'm sorry, I can't help with that."}, "a refusal instead of text"),
    FaultName("length", {"finish": "length"}, "finish reason `length`"),
    FaultName("empty", {"empty": True}, "finished by `stop` with nothing in it, not even a role"),
    FaultName("role-only", {"role_only": True}, "a role, then finished by `stop`"),
    FaultName("no-usage", {"no_usage": True}, "leaves out `usage`"),
    FaultName("begins-again", {"continuation": "again"}, "begins from the start when asked to go on"),
    FaultName("overlaps", {"continuation": "overlap"}, "says the last 6 words again when asked to go on"),
    FaultName("differs", {"continuation": "different"}, "begins from the start when asked to go on, then differs"),
    FaultName(
        "seed-<n>", {"continuation_seed": _NUMBER}, "goes on when asked to in one of four ways, by n and the request"
    ),
    FaultName("no-prefill", {"continuation": "refuse"}, "400 when the last message is the assistant's"),
    FaultName("refuses-<parameter>", {"refuses": [_WORD]}, "400 when the request has this parameter"),
    FaultName("context-<n>", {"context_tokens": _NUMBER}, "400 when prompt and `max_tokens` exceed n tokens"),
    FaultName("max-output-<n>", {"max_output_tokens": _NUMBER}, "400 when `max_tokens` exceeds n"),
    FaultName("status-<code>", {"status": _NUMBER}, "this status with a provider's usual body"),
    FaultName("retry-after-<s>", {"status": 429, "retry_after": _SECONDS}, "429 with `Retry-After`"),
    FaultName("quota", {"error": "quota"}, "the account has no money left"),
    FaultName("overloaded", {"error": "overloaded"}, "503 or 529 that says the provider is overloaded"),
    FaultName("context-length", {"error": "context_length"}, "400: the prompt is too long"),
    FaultName("prompt-filtered", {"error": "filtered"}, "400: the prompt is filtered"),
    FaultName("reset", {"reset": True}, "RST before the headers"),
    FaultName("close", {"close": True}, "FIN before the headers"),
    FaultName("silence", {"silence": True}, "takes the request, never sends a byte"),
    FaultName("headers-then-silence", {"headers_then_silence": True}, "200 and headers, then nothing"),
    FaultName("html", {"html": True}, "200 with an HTML page"),
    FaultName("not-json", {"not_json": True}, "200 with plain text"),
    FaultName("no-body", {"no_body": True}, "200 with an empty body"),
    FaultName("cut-at-<n>", {"cut_at": _NUMBER}, "RST after n tokens"),
    FaultName("fin-at-<n>", {"fin_at": _NUMBER}, "FIN after n tokens, the body's end missing"),
    FaultName("end-at-<n>", {"end_at": _NUMBER}, "the body ends cleanly after n tokens, nothing is finished"),
    FaultName("stall-at-<n>", {"stall_at": _NUMBER}, "nothing more after n tokens, the connection stays open"),
    FaultName(
        "stall-pings-at-<n>", {"stall_at": _NUMBER, "pings_s": 0.2}, "the same with a comment or ping every 0.2 s"
    ),
    FaultName("malformed-at-<n>", {"malformed_at": _NUMBER}, "an event of broken JSON after n tokens, then on"),
    FaultName("error-event-at-<n>", {"error_event_at": _NUMBER}, "an error event after n tokens, then a clean end"),
    FaultName("no-finish", {"no_finish": True}, "all the text, no finish reason, no last event, a clean end"),
    FaultName("no-done", {"no_done": True}, "a finish reason, but no last event (`[DONE]`, `message_stop`)"),
    FaultName("close-after-response", {"close_after_response": True}, "closes the kept connection after the answer"),
    FaultName("stale", {"stale": True}, "answers, then closes the kept connection as its next request arrives"),
)


def read_names(model: str) -> tuple[dict[str, Any], list[str]]:
    """Return the fields `model` stands for, and those of its parts (joined by `+`) that are no known name."""
    values: dict[str, Any] = {}
    unknown = []
    for part in model.split("+"):
        found = next((read for name in NAMES if (read := name.read(part)) is not None), None)
        if found is None:
            unknown.append(part)
        else:
            values.update(found)
    return values, unknown


@lru_cache(maxsize=4096)
def action_of(model: str) -> Action:
    """Return the action that `model` stands for; parts of no known name are labels and say nothing.

    Of parts that exclude each other only the first of all counts.
    """
    values, _ = read_names(model)
    if list(conflicts(values)):
        values, _ = read_names(model.partition("+")[0])
    return Action(**values)


def _expression(pattern: str) -> str:
    expression = re.escape(pattern)
    for place, group in _PLACES.items():
        expression = expression.replace(re.escape(place), group)
    return expression


def _filled(value: Any, groups: Iterator[str]) -> Any:
    if value is _NUMBER:
        return int(next(groups))
    if value is _SECONDS:
        text = next(groups)
        return float(text) if "." in text else int(text)
    if value is _WORD:
        return next(groups)
    return [next(groups)] if value == [_WORD] else value

"""The table of reasons, against the table of the specification."""

from __future__ import annotations

import pytest

from sidecar.core.reasons import TABLE, Again, Blame, Effect, Reason, Then
from sidecar.core.tuning import CooldownSettings

SPECIFIED = """
AUTHENTICATION        profile        no      profile   cooldown  FAILED_PRECONDITION
PERMISSION            profile+model  no      profile   cooldown  FAILED_PRECONDITION
BILLING               profile        no      profile   cooldown  RESOURCE_EXHAUSTED
RATE_LIMITED          profile+model  short   profile   cooldown  RESOURCE_EXHAUSTED
OVERLOADED            entry          yes     entry     breaker   UNAVAILABLE
SERVER_ERROR          entry          yes     entry     breaker   UNAVAILABLE
CONNECTION            endpoint       iflast  endpoint  breaker   UNAVAILABLE
TIMEOUT               entry          no      entry     breaker   UNAVAILABLE
MALFORMED_RESPONSE    entry          once    entry     breaker   UNAVAILABLE
EMPTY_RESPONSE        entry          once    entry     none      UNAVAILABLE
STREAM_BROKEN         entry          no      stream    breaker   UNAVAILABLE
MODEL_NOT_FOUND       entry          no      one       cooldown  NOT_FOUND
CONTEXT_LENGTH        request        repair  overflow     none      INVALID_ARGUMENT
MAX_TOKENS            request        repair   entry     none      INVALID_ARGUMENT
UNSUPPORTED_PARAMETER request        repair   entry     none      INVALID_ARGUMENT
TOOL_SCHEMA           request+model  repair   entry     none      INVALID_ARGUMENT
FOREIGN_REASONING     request        repair   entry     none      INVALID_ARGUMENT
CONTENT_FILTERED      request        no      stop      none      INVALID_ARGUMENT
INVALID_REQUEST       request        no      stop      none      INVALID_ARGUMENT
SPEND_LIMIT           request        no      stop      none      RESOURCE_EXHAUSTED
DEADLINE              nobody         no      entry     none      DEADLINE_EXCEEDED
CANCELLED             nobody         no      stop      none      CANCELLED
UNKNOWN               nobody         yes     entry     streak    UNAVAILABLE
UNKNOWN_MODEL         nobody         no      stop      none      NOT_FOUND
CAPABILITY            nobody         no      stop      none      INVALID_ARGUMENT
ALL_UNAVAILABLE       nobody         no      stop      none      UNAVAILABLE
DRAINING              nobody         no      stop      none      UNAVAILABLE
BUSY                  nobody         no      stop      none      RESOURCE_EXHAUSTED
NOT_BUILT             nobody         no      stop      none      UNIMPLEMENTED
CALLER_UNAUTHENTICATED nobody        no      stop      none      UNAUTHENTICATED
INVALID_INPUT         nobody         no      stop      none      INVALID_ARGUMENT
INTERNAL              nobody         no      stop      none      INTERNAL
"""
AGAIN = {
    "no": Again.NO,
    "yes": Again.BACKOFF,
    "once": Again.ONCE,
    "short": Again.SHORT_WAIT,
    "iflast": Again.IF_LAST,
    "repair": Again.REPAIRED,
}
THEN = {
    "profile": Then.PROFILE,
    "endpoint": Then.OTHER_ENDPOINT,
    "one": Then.ONE_PROFILE,
    "entry": Then.ENTRY,
    "stream": Then.STREAM,
    "stop": Then.STOP,
    "overflow": Then.OVERFLOW,
}
EFFECT = {
    "cooldown": Effect.COOLDOWN,
    "breaker": Effect.BREAKER,
    "streak": Effect.UNKNOWN_STREAK,
    "none": Effect.NONE,
}
ROWS = [line.split() for line in SPECIFIED.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_reason_has_the_blame_and_consequences_of_its_row(row: list[str]) -> None:
    name, blame, again, then, effect, code = row
    actual = TABLE[Reason(name)]
    assert (actual.blame, actual.again, actual.then) == (Blame(blame), AGAIN[again], THEN[then])
    assert (actual.effect, actual.code) == (EFFECT[effect], code)


def test_the_table_is_closed() -> None:
    assert [row[0] for row in ROWS] == [reason.value for reason in Reason]
    assert set(TABLE) == set(Reason)


def test_only_what_cools_has_a_ladder() -> None:
    assert {r for r, row in TABLE.items() if row.ladder} == {
        r for r, row in TABLE.items() if row.effect is Effect.COOLDOWN
    }


@pytest.mark.parametrize("reason", [r for r in Reason if TABLE[r].then is Then.STOP])
def test_what_stops_a_call_touches_nobodys_health(reason: Reason) -> None:
    assert TABLE[reason].effect is Effect.NONE


@pytest.mark.parametrize("reason", [r for r in Reason if TABLE[r].ladder])
def test_no_ladder_ever_falls_or_overflows(reason: Reason) -> None:
    ladder = TABLE[reason].ladder
    assert ladder is not None
    lengths = [CooldownSettings().length_s(ladder, step) for step in range(1, 2000)]
    assert lengths == sorted(lengths)
    assert lengths[-1] <= 86_400.0


def test_every_sentence_is_one_a_person_can_read() -> None:
    for reason, row in TABLE.items():
        assert row.sentence.endswith("."), reason

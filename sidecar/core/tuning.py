"""The numbers of the walk and of cooldowns that an operator may set, and the table of reasons as the operator wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from .policy import OnContentFiltered, Policy
from .reasons import TABLE, Again, Ladder, Reason, Row, Then


@dataclass(frozen=True, slots=True)
class CooldownSettings:
    """How long a key or model rests after a refusal that says nothing about how long. Seconds.

    `credential_limit_step`: from this step in a row on it is `credential_limit_s`. `stated_limit_s`: the longest stated
    wait that is believed. `decay_s`: counts that nothing clears end after it. `trial_from_s`: after a cooldown this long
    one attempt is admitted until its outcome is known.
    """

    credential_s: float = 60.0
    credential_limit_s: float = 3600.0
    credential_limit_step: int = 3
    billing_s: float = 3600.0
    billing_limit_s: float = 86_400.0
    rate_s: float = 5.0
    rate_limit_s: float = 300.0
    stated_limit_s: float = 86_400.0
    decay_s: float = 86_400.0
    trial_from_s: float = 60.0

    def length_s(self, ladder: Ladder, step: int) -> float:
        """Seconds of cooldown for the n-th step in a row, n from 1."""
        match ladder:
            case Ladder.CREDENTIAL:
                return self.credential_s if step < self.credential_limit_step else self.credential_limit_s
            case Ladder.BILLING:
                return _doubling(self.billing_s, self.billing_limit_s, step)
            case Ladder.RATE:
                return _doubling(self.rate_s, self.rate_limit_s, step)
            case _:
                assert_never(ladder)


def _doubling(first_s: float, limit_s: float, step: int) -> float:
    return min(first_s * 2.0 ** min(step - 1, 32), limit_s)


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """How often one request asks where, and how it waits between. Seconds.

    `same_target`, `same_target_last`: retries of a target while another entry is callable, and when this is the last.
    `attempts_per_entry`, `attempts_per_entry_credential` (all failures were about credentials): while an untried entry is
    callable; `attempts_reserved`: kept for untried entries. `max_waits`: with nothing callable, a request;
    `wait_spread_s`: over how long those who wait for the same start. `last_resort_interval_s`: between early probes of a
    target.
    """

    same_target: int = 1
    same_target_last: int = 2
    backoff_s: float = 0.5
    backoff_limit_s: float = 10.0
    short_wait_s: float = 3.0
    attempts_per_entry: int = 3
    attempts_per_entry_credential: int = 5
    attempts_reserved: int = 2
    max_waits: int = 2
    wait_spread_s: float = 1.0
    last_resort_interval_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Disposition:
    """What an operator wants done about a reason; None: as the table says."""

    again: Again | None = None
    then: Then | None = None


def rows_of(dispositions: Mapping[Reason, Disposition]) -> dict[Reason, Row]:
    """The table with these rows changed."""
    rows = dict(TABLE)
    for reason, said in dispositions.items():
        row = rows[reason]
        rows[reason] = replace(row, again=said.again or row.again, then=said.then or row.then)
    return rows


@dataclass(frozen=True, slots=True)
class Tuning:
    """What holds for every walk of one configuration. `rows`: the table of reasons, some of it as the operator said."""

    retry: RetrySettings = RetrySettings()
    rows: Mapping[Reason, Row] = field(default_factory=lambda: TABLE)

    def row(self, reason: Reason, policy: Policy) -> Row:
        """What follows from a reason in a call with this policy."""
        row = self.rows[reason]
        if reason is Reason.CONTENT_FILTERED and policy.on_content_filtered is OnContentFiltered.FAILOVER:
            return replace(row, then=Then.ENTRY)
        return row

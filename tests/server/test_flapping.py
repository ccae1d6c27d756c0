"""Many calls at once while providers come and go: everything taken is given back, and the count itself would see it if not."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from typing import Any

import pytest

from bench.flap.judging import HELD, findings, table
from bench.flap.run import SHORT, Record, run
from bench.flap.schedule import GATED, KEYS, PROVIDERS, Mood, turns


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_200_calls_at_once_while_providers_come_and_go_leave_nothing_behind() -> None:
    record, found = run(SHORT)
    failed = [finding.line() for finding in found if not finding.passes]
    assert not failed, "\n".join([table(record), *failed])


def whole() -> Record:
    """Of a run in which all was well."""
    rest: dict[str, Any] = dict.fromkeys(HELD, 0)
    tasks, sockets = {"serving": 3}, {"callers": 8, "listening": 1}
    count = rest | {"tasks": tasks, "sockets": sockets, "python threads": 3, "threads": 13, "files": 20}
    none = ("requests without a span", "requests without an id", "requests lost", "spans twice")
    upstream = dict.fromkeys((*none, "answered spans without a request"), 0) | {"requests": 9, "spans": 10}
    return Record(
        plan=SHORT,
        before=count,
        most=Counter(dict.fromkeys((*HELD, "sockets", "threads"), SHORT.concurrent)),
        callers={"begun": 5, "unended": 0, "crashes": [], "outcomes": {"answer": 4, "TIMEOUT": 1}},
        rested=count,
        returns={"targets": 1, "callable": ["a/ok@k1"], "waited_s": 1.0, "late": {}, "stuck": {}},
        reached={"failed": {}},
        state={"attempts": 10, "openings": 1, "not closed": [], "collected": 100},
        idle=count,
        closed={"flushed": True, "dropped": 0.0, "tasks": {"main": 1}, "sockets": {}},
        upstream=upstream | {"moods": {}, "spans that never got to a provider": {"CONNECTION": 1}},
        log=[],
        memory=[60_000],
    )


def test_a_run_in_which_all_was_well_passes() -> None:
    record = whole()
    assert [finding.line() for finding in findings(record) if not finding.passes] == []
    assert "attempts' spans" in table(record)


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        *(("rested", {name: 1}) for name in HELD),
        ("rested", {"tasks": {"serving": 3, "Attempt._run": 1}}),
        ("rested", {"sockets": {"callers": 9, "listening": 1}}),
        ("rested", {"python threads": 4}),
        ("idle", {"sockets": {"upstream": 1}}),
        ("closed", {"sockets": {"upstream": 1}}),
        ("closed", {"tasks": {"main": 1, "Exporter._run": 1}}),
        ("closed", {"dropped": 1.0}),
        ("callers", {"unended": 1}),
        ("callers", {"outcomes": {"answer": 3}}),
        ("callers", {"outcomes": {"answer": 4, "FAULT neither an answer nor an error": 1}}),
        ("callers", {"crashes": ["AttributeError()"]}),
        ("returns", {"stuck": {"a/ok@k1": "a probe is out that nobody makes"}}),
        ("reached", {"failed": {"a/ok@k1": "TIMEOUT"}}),
        ("state", {"not closed": ["a/http://127.0.0.1:1/v1/ok"]}),
        ("state", {"attempts": 11}),
        ("state", {"collected": 1000}),
        ("upstream", {"requests without a span": 1}),
        ("upstream", {"answered spans without a request": 1}),
    ],
)
def test_whatever_is_left_over_is_found(part: str, changes: dict[str, Any]) -> None:
    record = whole()
    setattr(record, part, getattr(record, part) | changes)
    assert len([finding for finding in findings(record) if not finding.passes]) == 1


def test_a_line_of_the_log_that_nobody_expects_is_found() -> None:
    record = dataclasses.replace(whole(), log=["Task exception was never retrieved"])
    assert [finding.name for finding in findings(record) if not finding.passes] == ["nothing unexpected in the log"]


@pytest.mark.parametrize("seed", range(5))
def test_moods_follow_one_another_without_a_gap_and_fit_their_provider(seed: int) -> None:
    planned = turns(60.0, 5.0, seed)
    assert planned == turns(60.0, 5.0, seed)
    for provider in PROVIDERS:
        own = [turn for turn in planned if turn.provider == provider]
        assert own[0].after_s == 0.0
        assert own[-1].until_s == 60.0
        for turn, following in itertools.pairwise(own):
            assert turn.until_s == following.after_s
            assert turn.mood is not following.mood
        assert provider in GATED or not any(turn.mood is Mood.REFUSED for turn in own)
        assert KEYS[provider] > 1 or not any(turn.mood is Mood.KEY for turn in own)

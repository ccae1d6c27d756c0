"""Random upstreams, some silent, some slow, some failing: whatever they do, a hedged call keeps its promises."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.core.observation import Unobserved
from sidecar.core.policy import OnStreamBreak
from sidecar.core.report import Attempt, AttemptKind
from sidecar.transport.double import Cut, Play, Wait

from .hedged import HEDGE, SILENT, fails, heard_beside_others, late, nothing_is_held, several
from .rig import Heard, Rig, chunk, good, steps, text
from .virtual import run

FAIL = replace(HEDGE, on_stream_break=OnStreamBreak.FAIL)
MOMENTS = st.sampled_from([0.0, 0.5, 2.0, 3.0, 9.5, 10.0, 11.0, 20.0, 59.0, 61.0])


@dataclass
class Counting(Unobserved):
    """`most`: attempts told to be under way at once."""

    under_way: int = 0
    most: int = 0
    ended: list[Attempt] = field(default_factory=list)

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)

    def attempt_ended(self, attempt: Attempt) -> None:
        self.under_way -= 1
        self.ended.append(attempt)


def plays(name: str) -> st.SearchStrategy[Play]:
    """One upstream's answer; every piece of its text is its name."""
    answers = MOMENTS.map(lambda s: late(s, name, name))
    cut = MOMENTS.map(lambda s: steps(Wait(s), *text(name), Wait(1), Cut()))
    empty = MOMENTS.map(lambda s: steps(chunk({"role": "assistant"}), Wait(s), chunk({}, "stop")))
    statuses = st.sampled_from([400, 401, 404, 429, 500, 503, 529])
    refusals = st.tuples(MOMENTS, statuses).map(lambda found: fails(*found))
    fixed = st.sampled_from([SILENT, good(name), Play(refused=True), Play(connect_s=60)])
    return st.one_of(answers, cut, empty, refusals, fixed)


async def calls(rig: Rig, count: int, buffered: bool, pause_s: float) -> list[Heard]:
    """One after the other, and then long enough for every unseen probe to end."""
    heard = []
    for _ in range(count):
        heard.append(await heard_beside_others(rig, buffered=buffered))
        await asyncio.sleep(pause_s)
    await asyncio.sleep(90.0)
    return heard


@settings(max_examples=150, deadline=None)
@given(
    *(st.lists(plays(name), min_size=1, max_size=6) for name in "abc"),
    st.booleans(),
    st.sampled_from([0.0, 5.0, 25.0]),
)
def test_every_call_ends_once_by_one_target_and_gives_everything_back(
    a: list[Play], b: list[Play], c: list[Play], buffered: bool, pause_s: float
) -> None:
    rig = several(SILENT, SILENT, SILENT, policy=FAIL)
    rig.plays = {"a/m": list(a), "b/m": list(b), "c/m": list(c)}
    observer = Counting()
    rig.engine.services = replace(rig.engine.services, observer=observer)
    heard = run(calls(rig, 5, buffered, pause_s))
    for one in heard:
        assert len(set(one.text)) <= 1, "two targets spoke in one answer"
        report = one.error.report if one.error is not None else one.completed.report
        assert report is not None
        assert [attempt.index for attempt in report.attempts] == list(range(1, len(report.attempts) + 1))
        assert [attempt.reason for attempt in report.attempts].count(None) == (one.error is None)
        assert all((attempt.kind is AttemptKind.FIRST) == (attempt.index == 1) for attempt in report.attempts)
        assert len(report.attempts) <= 8
    assert observer.most <= 2
    assert observer.under_way == 0
    assert len(observer.ended) == len(rig.transport.sent)
    assert nothing_is_held(rig)
    assert rig.engine.calls_under_way == 0

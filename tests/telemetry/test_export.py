"""The queue and its task, in virtual time: batches, retries, outages, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from sidecar.telemetry.export import Answer, Drop, Exporter, Fate
from sidecar.telemetry.otlp_bytes import Envelope, Span, encoded
from sidecar.telemetry.plan import Batching

from ..engine.virtual import run
from .receiver import Export, seen

DEFAULT = Batching()
TAKEN = Answer(Fate.TAKEN)
REFUSED = Answer(Fate.REFUSED, "the collector answered 400")
DOWN = Answer(Fate.RETRY, "the collector answered 503")


@dataclass
class Double:
    """A collector that answers in turn, its last answer for ever. `takes_s`: how long each request lasts."""

    answers: list[Answer] = field(default_factory=lambda: [TAKEN])
    takes_s: float = 0.0
    batches: list[list[str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    is_closed: bool = False

    async def send(self, body: bytes, limit_s: float) -> Answer:
        """Notes the names of the spans."""
        self.batches.append([span.name for span in seen(Export.FromString(body))])
        self.times.append(asyncio.get_running_loop().time())
        self.limits.append(limit_s)
        await asyncio.sleep(self.takes_s)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def close(self) -> None:
        """Notes it."""
        self.is_closed = True


@dataclass
class Tally:
    """Counts."""

    exported: int = 0
    dropped: dict[Drop, int] = field(default_factory=dict)

    def spans_exported(self, number: int) -> None:
        """Adds."""
        self.exported += number

    def spans_dropped(self, cause: Drop, number: int) -> None:
        """Adds."""
        self.dropped[cause] = self.dropped.get(cause, 0) + number


def span(name: str) -> bytes:
    """One encoded span."""
    return encoded(Span("0" * 31 + "1", "0" * 15 + "1", None, name, 1, 1.0, 2.0, []))


def spans(number: int, first: int = 0) -> list[bytes]:
    """Some, named by their numbers."""
    return [span(str(first + index)) for index in range(number)]


Scene = Callable[[Exporter, Double, Tally], Coroutine[Any, Any, None]]


def play(scene: Scene, double: Double, batching: Batching = DEFAULT) -> Tally:
    """Runs a scene in virtual time with a started exporter; it is stopped afterwards."""
    tally = Tally()

    async def main() -> None:
        exporter = Exporter(lambda: double, Envelope({}, "r", "0"), batching, 2.0, lambda: 1.0, lambda text: text)
        exporter.start(tally)
        await scene(exporter, double, tally)
        await exporter.stop(2.0)

    run(main())
    return tally


def test_spans_go_out_together_after_the_delay() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(2))
        await asyncio.sleep(1.0)
        exporter.put(spans(1, 2))
        await asyncio.sleep(3.5)
        assert double.batches == []
        await asyncio.sleep(1.0)
        assert double.batches == [["0", "1", "2"]]

    assert play(scene, Double()).exported == 3


def test_a_full_batch_goes_out_at_once() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(5))
        await asyncio.sleep(0.1)
        assert double.batches == [["0", "1"], ["2", "3"], ["4"]]

    play(scene, Double(), Batching(max_batch=2))


def test_spans_without_room_are_lost_and_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(3))
        exporter.put(spans(3))
        exporter.put(spans(3))

    with caplog.at_level(logging.INFO):
        tally = play(scene, Double(), Batching(max_queue=4))
    assert tally.dropped == {Drop.QUEUE_FULL: 5}
    assert tally.exported == 4
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.records[1].getMessage() == "spans are exported again; 5 were lost"


def test_a_collector_that_is_down_for_a_moment_is_asked_again() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(1))
        await exporter.flush(30.0)

    double = Double([DOWN, DOWN, TAKEN])
    assert play(scene, double).exported == 1
    assert double.batches == [["0"]] * 3
    assert double.times[1] - double.times[0] == pytest.approx(0.5)
    assert double.times[2] - double.times[1] == pytest.approx(1.0)


def test_a_stated_wait_is_kept() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(1))
        await exporter.flush(30.0)

    double = Double([Answer(Fate.RETRY, "503", retry_after_s=7.0), TAKEN])
    assert play(scene, double).exported == 1
    assert double.times[1] - double.times[0] == pytest.approx(7.0)


def test_a_batch_is_given_up_at_its_limit_and_an_outage_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        for _ in range(3):
            exporter.put(spans(2))
            assert await exporter.flush(30.0)
        double.answers = [TAKEN]
        exporter.put(spans(1))
        await exporter.flush(30.0)

    with caplog.at_level(logging.INFO):
        tally = play(scene, Double([DOWN]), Batching(limit_s=5.0))
    assert tally.dropped == {Drop.FAILED: 6}
    assert tally.exported == 1
    assert [record.getMessage() for record in caplog.records] == [
        "spans are lost (failed): the collector answered 503",
        "spans are exported again; 6 were lost",
    ]


def test_one_request_has_its_own_limit_within_the_batch_s() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(1))
        await exporter.flush(30.0)

    double = Double([DOWN])
    play(scene, double, Batching(limit_s=2.2))
    assert double.limits == [2.0, pytest.approx(1.7), pytest.approx(0.7)]


def test_a_refused_batch_is_not_sent_again() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(2))
        await exporter.flush(30.0)

    double = Double([REFUSED])
    assert play(scene, double).dropped == {Drop.REFUSED: 2}
    assert len(double.batches) == 1


def test_a_partial_success_counts_both_parts_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(3))
        await exporter.flush(30.0)

    tally = play(scene, Double([Answer(Fate.TAKEN, "too long", rejected=2)]))
    assert (tally.exported, tally.dropped) == (1, {Drop.REFUSED: 2})
    assert "too long" in caplog.text


def test_a_warning_of_a_collector_that_took_everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(1))
        await exporter.flush(30.0)

    assert play(scene, Double([Answer(Fate.TAKEN, "old protocol")])).exported == 1
    assert "old protocol" in caplog.text


def test_a_request_that_cannot_be_sent_loses_its_spans_and_not_the_task(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Double):
        async def send(self, body: bytes, limit_s: float) -> Answer:
            if not self.batches:
                self.batches.append([])
                raise RuntimeError("authorization: planted")
            return await super().send(body, limit_s)

    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        for _ in range(2):
            exporter.put(spans(1))
            assert await exporter.flush(30.0)

    tally = play(scene, Broken())
    assert (tally.exported, tally.dropped) == (1, {Drop.REFUSED: 1})
    assert "RuntimeError" in caplog.text
    assert "planted" not in caplog.text


def test_large_spans_go_out_in_batches_that_collectors_take() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put([span(letter * 1024 * 1024) for letter in "abcde"])

    double = Double()
    assert play(scene, double).exported == 5
    assert [len(batch) for batch in double.batches] == [2, 2, 1]


def test_the_queue_is_bounded_in_bytes_too() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        for letter in "abcdefghijklmnopqrst":
            exporter.put([span(letter * 1024 * 1024)])
        assert await exporter.flush(30.0)
        exporter.put([span("u" * 1024 * 1024)])

    tally = play(scene, Double())
    assert (tally.exported, tally.dropped) == (16, {Drop.QUEUE_FULL: 5})


def test_stopping_sends_what_is_left() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(700))

    double = Double()
    assert play(scene, double).exported == 700
    assert double.is_closed


def test_stopping_takes_no_longer_than_its_limit_with_a_collector_that_hangs() -> None:
    async def main() -> Tally:
        tally, double = Tally(), Double(takes_s=1000.0)
        exporter = Exporter(lambda: double, Envelope({}, "r", "0"), Batching(), 2.0, lambda: 1.0, lambda text: text)
        exporter.start(tally)
        exporter.put(spans(700))
        before = asyncio.get_running_loop().time()
        await exporter.stop(2.0)
        assert asyncio.get_running_loop().time() - before <= 2.0
        assert double.is_closed
        return tally

    assert run(main()).dropped == {Drop.SHUTDOWN: 700}


def test_stopping_ends_a_wait_before_a_retry() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        exporter.put(spans(1))
        await exporter.flush(0.1)
        before = asyncio.get_running_loop().time()
        await exporter.stop(2.0)
        assert asyncio.get_running_loop().time() == before

    double = Double([Answer(Fate.RETRY, "503", retry_after_s=20.0), TAKEN])
    assert play(scene, double).exported == 1


def test_stopping_an_exporter_that_never_started_or_has_stopped_is_harmless() -> None:
    async def main() -> None:
        exporter = Exporter(Double, Envelope({}, "r", "0"), Batching(), 2.0, lambda: 1.0, lambda text: text)
        await exporter.stop(2.0)
        exporter.start(Tally())
        await exporter.stop(2.0)
        await exporter.stop(2.0)

    run(main())


def test_a_flush_says_whether_it_was_in_time() -> None:
    async def scene(exporter: Exporter, double: Double, tally: Tally) -> None:
        assert await exporter.flush(1.0)
        exporter.put(spans(1))
        assert not await exporter.flush(1.0)
        assert await exporter.flush(5.0)

    play(scene, Double(takes_s=2.0))

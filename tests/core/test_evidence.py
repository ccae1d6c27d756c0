"""When failures are evidence enough."""

from __future__ import annotations

from dataclasses import replace

from sidecar.core.evidence import BreakerSettings, Evidence
from sidecar.core.window import Record

SETTINGS = BreakerSettings()


class Told:
    """Evidence told of attempts one by one; each is a request of its own unless said."""

    def __init__(self, settings: BreakerSettings = SETTINGS) -> None:
        self.evidence = Evidence(settings)
        self.requests = 0

    def start(self, at: float, request: int | None = None) -> Record:
        self.requests += 1
        return self.evidence.started(at, self.requests if request is None else request)

    def success(self, at: float) -> Record:
        record = self.start(at)
        self.evidence.settled(record, False)
        return record

    def failure(self, at: float, request: int | None = None, after_s: float = 0.0) -> bool:
        return self.end(self.start(at, request), at + after_s)

    def end(self, record: Record, now: float) -> bool:
        self.evidence.settled(record, True)
        return self.evidence.condemns(record, now)


def test_three_failures_in_a_row_condemn_where_attempts_are_few() -> None:
    told = Told()
    assert [told.failure(float(i)) for i in range(3)] == [False, False, True]


def test_the_three_count_however_old_they_are() -> None:
    told = Told()
    assert [told.failure(i * 3600.0) for i in range(3)] == [False, False, True]


def test_a_success_between_breaks_the_row() -> None:
    told = Told()
    told.failure(0.0)
    told.failure(1.0)
    told.success(2.0)
    assert [told.failure(3.0 + i) for i in range(3)] == [False, False, True]


def test_three_failures_of_one_request_are_not_enough() -> None:
    told = Told()
    assert not any(told.failure(float(i), request=7) for i in range(3))
    assert told.failure(3.0, request=8)


def test_a_pending_attempt_does_not_break_the_row() -> None:
    told = Told()
    told.failure(0.0)
    told.failure(1.0)
    told.start(1.5)
    assert told.failure(2.0)


def test_a_success_that_breaks_later_is_the_newest_outcome_and_a_failure() -> None:
    told = Told()
    told.failure(0.0)
    streaming = told.success(1.0)
    assert not told.failure(2.0)
    assert told.end(streaming, 3.0)


def test_the_same_outcome_told_twice_counts_once() -> None:
    told = Told()
    told.failure(0.0)
    record = told.start(1.0)
    told.end(record, 1.0)
    assert not told.end(record, 1.0)


def test_exactly_ten_attempts_are_still_few_so_that_calls_just_under_one_a_second_are_covered() -> None:
    told = Told()
    for i in range(7):
        told.success(i * 1.001)
    assert [told.failure((7 + i) * 1.001) for i in range(3)] == [False, False, True]


def test_with_more_than_ten_attempts_three_in_a_row_are_not_enough() -> None:
    told = Told()
    for i in range(8):
        told.success(i * 0.9)
    assert not any(told.failure((8 + i) * 0.9) for i in range(3))


def test_half_of_at_least_ten_recent_attempts_condemn() -> None:
    told = Told()
    for i in range(10):
        told.success(i * 0.1)
    assert [told.failure(1.0 + i * 0.1) for i in range(10)] == [False] * 9 + [True]


def test_pending_attempts_hold_the_share_down() -> None:
    told = Told()
    for i in range(12):
        told.start(i * 0.1)
    assert not any(told.failure(1.2 + i * 0.1) for i in range(11))
    assert told.failure(2.3)


def test_failures_that_take_the_whole_first_content_limit_to_show_condemn() -> None:
    told = Told()
    records = [told.start(i * 0.5) for i in range(60)]
    verdicts = [told.end(record, record.started_at + 10.0) for record in records[:20]]
    assert verdicts.index(True) == 9


def test_failures_slower_than_the_usual_limit_condemn_by_the_attempts_of_their_own_time() -> None:
    told = Told()
    records = [told.start(i * 0.5) for i in range(130)]
    verdicts = [told.end(record, record.started_at + 60.0) for record in records[:10]]
    assert verdicts.index(True) == 9


def test_quick_failures_beside_slow_ones_find_them_one_limit_ago() -> None:
    told = Told()
    slow = [told.start(i * 0.1) for i in range(12)]
    for record in slow[:5]:
        told.evidence.settled(record, True)
    for i in range(40):
        told.success(2.0 + i * 0.2)
    told.evidence.settled(slow[5], True)
    assert told.failure(11.2)


def test_at_a_hundred_a_second_failures_that_take_a_second_condemn_within_two() -> None:
    told = Told()
    for i in range(1000):
        told.success(i / 100)
    records = [told.start(10.0 + i / 100) for i in range(200)]
    verdicts = [told.end(record, record.started_at + 1.0) for record in records[:60]]
    assert True in verdicts


def test_a_withdrawn_attempt_counts_for_nothing_unless_it_gave_content() -> None:
    told = Told()
    for i in range(10):
        told.success(i * 0.1)
    for i in range(5):
        told.evidence.withdrawn(told.start(1.0 + i * 0.1))
    for i in range(3):
        told.evidence.withdrawn(told.success(1.5 + i * 0.01))
    assert [told.failure(2.0 + i * 0.1) for i in range(13)].index(True) == 12


def test_cleared_evidence_is_gone() -> None:
    told = Told()
    told.failure(0.0)
    told.failure(1.0)
    told.evidence.clear()
    assert [told.failure(2.0 + i) for i in range(3)] == [False, False, True]


def test_a_row_of_one_needs_no_second_request() -> None:
    told = Told(replace(SETTINGS, failures_in_a_row=1))
    told.success(0.0)
    assert told.failure(1.0)


def test_new_numbers_keep_attempts_for_as_long_as_a_slow_failure_may_need_them() -> None:
    told = Told(replace(SETTINGS, lease_s=5.0))
    told.evidence.retune(SETTINGS)
    records = [told.start(i * 0.5) for i in range(150)]
    verdicts = [told.end(record, record.started_at + SETTINGS.lease_s) for record in records[:10]]
    assert verdicts.index(True) == 9

"""Why a failed call failed."""

from __future__ import annotations

from sidecar.core.catalog import Entry
from sidecar.core.conclusion import Ending, conclude, soonest_return_s, summary
from sidecar.core.reasons import Reason


def ending(reason: Reason | None, name: str = "x/c", **fields: object) -> Ending:
    provider, _, model = name.partition("/")
    return Ending(Entry(provider, model), reason, **fields)  # type: ignore[arg-type]


def reason_of(*reasons: Reason) -> Reason:
    return conclude([ending(reason) for reason in reasons])


def test_temporary_beats_permanent() -> None:
    assert reason_of(Reason.AUTHENTICATION, Reason.TIMEOUT) is Reason.TIMEOUT


def test_it_is_rate_limited_if_all_temporary_ones_are() -> None:
    assert reason_of(Reason.BILLING, Reason.RATE_LIMITED, Reason.RATE_LIMITED) is Reason.RATE_LIMITED


def test_else_the_first_temporary_in_chain_order() -> None:
    assert reason_of(Reason.OVERLOADED, Reason.RATE_LIMITED) is Reason.OVERLOADED
    assert reason_of(Reason.PERMISSION, Reason.TIMEOUT, Reason.OVERLOADED) is Reason.TIMEOUT


def test_without_a_temporary_one_the_first_permanent() -> None:
    assert reason_of(Reason.MODEL_NOT_FOUND, Reason.AUTHENTICATION) is Reason.MODEL_NOT_FOUND


def test_a_skipped_entry_counts_with_what_made_it_unavailable() -> None:
    skipped = ending(Reason.TIMEOUT, skipped="open for 12 s")
    assert conclude([skipped, ending(Reason.AUTHENTICATION)]) is Reason.TIMEOUT


def test_a_skipped_entry_of_which_nothing_is_known_counts_for_nothing() -> None:
    assert conclude([ending(None, skipped="why"), ending(Reason.BILLING)]) is Reason.BILLING


def test_nothing_tried_is_all_unavailable() -> None:
    assert conclude([ending(Reason.TIMEOUT, skipped="open for 12 s")]) is Reason.ALL_UNAVAILABLE


def test_the_soonest_return_of_any_entry_is_told() -> None:
    endings = [ending(Reason.BILLING, returns_at=3700.0), ending(Reason.RATE_LIMITED, returns_at=105.0)]
    assert soonest_return_s(endings, 100.0) == 5.0
    assert soonest_return_s(endings, 200.0) == 0.0


def test_nothing_is_told_where_nothing_is_known_to_return() -> None:
    assert soonest_return_s([ending(Reason.TOOL_SCHEMA)], 0.0) is None


def test_no_late_return_is_told_while_an_entry_that_failed_for_a_while_is_callable() -> None:
    endings = [ending(Reason.SERVER_ERROR), ending(Reason.BILLING, returns_at=3700.0)]
    assert soonest_return_s(endings, 100.0) is None


def test_the_message_is_one_line_a_person_can_read() -> None:
    endings = [
        ending(Reason.RATE_LIMITED, "openai/a", status=429, profiles=2),
        ending(Reason.OVERLOADED, "anthropic/b", status=529, profiles=1),
        ending(Reason.TIMEOUT, "x/c", skipped="open for 12 s"),
    ]
    assert summary(endings) == (
        "3 entries failed: openai/a RATE_LIMITED 429 (2 keys); anthropic/b OVERLOADED 529; x/c skipped, open for 12 s (TIMEOUT)"
    )
    assert summary([ending(Reason.CONNECTION)]) == "1 entry failed: x/c CONNECTION"

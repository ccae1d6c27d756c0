"""Answers that a provider's filter ended: passed on as they are, or asked for elsewhere where the caller says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sidecar.core.events import Finish
from sidecar.core.policy import OnContentFiltered, Policy
from sidecar.core.reasons import Reason, Then
from sidecar.core.tuning import Disposition, Tuning, rows_of
from sidecar.transport.double import Play

from .rig import DONE, Heard, ask, chunk, good, hear, text
from .virtual import run
from .wires import CLAUDE, A, B, Wires, claude_good

FAILOVER = Policy(on_content_filtered=OnContentFiltered.FAILOVER)
STOPS = [Policy(), Policy(on_content_filtered=OnContentFiltered.STOP)]


def filtered(*pieces: str) -> Play:
    """An answer of these words that the provider's filter ends."""
    return Play((chunk({"role": "assistant"}), *text(*pieces), chunk({}, "content_filter"), DONE))


def claude_filtered() -> Play:
    """The same without any content, in Anthropic's shape."""
    begin, *_, end, stop = claude_good().steps
    assert isinstance(end, bytes)
    return Play((begin, end.replace(b"end_turn", b"refusal"), stop))


def rigged(first: Play, second: Play | None = None) -> Wires:
    return Wires({"a/m": [first], "b/m": [second or good()]}, (A, B), ("b/m",))


def check_untouched(rig: Wires, *names: str) -> None:
    """Nobody is blamed, and each of these may be asked at once."""
    for name in names:
        health, held = rig.engine.services.health, rig.target(name)
        assert health.entry(held).failures == 0
        assert health.unavailable(held, 1000.0) is None


@pytest.mark.parametrize("policy", STOPS)
@pytest.mark.parametrize("pieces", [(), ("Some", " words")])
def test_what_the_filter_ended_is_the_answer_unless_the_policy_says_otherwise(
    policy: Policy, pieces: tuple[str, ...]
) -> None:
    rig = rigged(filtered(*pieces))
    heard = run(hear(rig, ask(policy=policy)))
    assert (heard.text, heard.completed.finish) == ("".join(pieces), Finish.CONTENT_FILTERED)
    assert rig.asked == ["a/m/k1"]
    assert heard.reasons == [""]
    check_untouched(rig, "a/m")


@pytest.mark.parametrize("is_buffered", [False, True])
def test_an_empty_answer_of_the_filter_goes_to_the_next_entry_where_the_policy_says_so(is_buffered: bool) -> None:
    rig = rigged(filtered())
    heard = run(hear(rig, ask(policy=FAILOVER), buffered=is_buffered))
    assert (heard.text, heard.completed.finish) == ("" if is_buffered else "Hello world", Finish.STOP)
    assert rig.asked == ["a/m/k1", "b/m/k1"]
    assert rig.times == [0.0, 0.0]
    assert (heard.kinds, heard.reasons) == (["first", "failover"], ["CONTENT_FILTERED", ""])
    assert heard.completed.failed_over
    check_untouched(rig, "a/m", "b/m")


def test_over_the_other_wire_too() -> None:
    rig = Wires({"c/m": [claude_filtered()], "b/m": [good()]}, (CLAUDE, B), ("b/m",))
    heard = run(hear(rig, ask(policy=FAILOVER)))
    assert heard.reasons == ["CONTENT_FILTERED", ""]
    rig = Wires({"c/m": [claude_filtered()], "b/m": [good()]}, (CLAUDE, B), ("b/m",))
    assert run(hear(rig)).completed.finish is Finish.CONTENT_FILTERED


def test_the_operator_may_send_it_on_for_everybody() -> None:
    rig = rigged(filtered())
    rows = rows_of({Reason.CONTENT_FILTERED: Disposition(then=Then.ENTRY)})
    rig.engine.services = replace(rig.engine.services, tuning=Tuning(rows=rows))
    assert run(hear(rig)).reasons == ["CONTENT_FILTERED", ""]


def test_what_was_told_before_the_filter_ended_it_stays_the_answer() -> None:
    rig = rigged(filtered("Some", " words"))
    heard = run(hear(rig, ask(policy=FAILOVER)))
    assert (heard.text, heard.completed.finish) == ("Some words", Finish.CONTENT_FILTERED)
    assert rig.asked == ["a/m/k1"]


def test_filtered_everywhere_the_call_ends_with_that_and_names_no_return() -> None:
    rig = rigged(filtered(), filtered())
    heard = run(hear(rig, ask(policy=FAILOVER)))
    assert heard.error is not None
    assert (heard.error.reason, heard.error.retry_after_s) == (Reason.CONTENT_FILTERED, None)
    assert heard.reasons == ["CONTENT_FILTERED"] * 2
    check_untouched(rig, "a/m", "b/m")


def test_a_filter_that_ends_many_answers_opens_no_breaker() -> None:
    rig = rigged(filtered())

    async def ten() -> list[Heard]:
        return [await hear(rig, ask(policy=FAILOVER)) for _ in range(10)]

    assert [heard.reasons for heard in run(ten())] == [["CONTENT_FILTERED", ""]] * 10
    check_untouched(rig, "a/m")


@pytest.mark.parametrize(("finish", "said"), [("length", Finish.LENGTH), ("tool_calls", Finish.TOOL_CALLS)])
def test_an_empty_answer_that_ended_otherwise_is_no_business_of_that_policy(finish: str, said: Any) -> None:
    rig = rigged(Play((chunk({"role": "assistant"}), chunk({}, finish), DONE)))
    heard = run(hear(rig, ask(policy=FAILOVER)))
    assert heard.completed.finish is said
    assert rig.asked == ["a/m/k1"]

"""Faults that show at once and before any content: refusals, errors, broken connections, nothing in the answer."""

from __future__ import annotations

from .caller import Heard
from .judge import DETECTED_S, Run, Scenario
from .stage import REFERENCE_KEY, Entry

OTHER = Entry("b", "words-60+burst")
BACKOFF_S = 0.5
"""The most that Remora waits before it asks the same target again the first time."""
JITTERED_S = BACKOFF_S + DETECTED_S


def _failed_over(run: Run, heard: Heard, times: int = 1, at_most: float = DETECTED_S) -> None:
    """The answer is `b`'s, the caller saw nothing of the failure, and `a` was asked so often."""
    run.whole(heard)
    run.asked("a", times)
    run.asked("b", 1)
    kinds = heard.kinds()
    run.holds(
        "the caller sees one ordinary answer", kinds == ["started", "text_delta", "part_completed", "completed"], kinds
    )
    run.holds("said to have failed over", bool(heard.completed and heard.completed.failed_over))
    first = heard.first_content_at()
    fault_at = run.fault_at("a") if run.stage.journal("a") else heard.asked_at
    run.figure("fault to first content", None if first is None else max(0.0, first - fault_at), at_most)


def limited_with_return(run: Run) -> None:
    """The next entry answers, and nothing is asked again before the stated time."""
    run.open(Entry("a", "retry-after-30"), OTHER)
    _failed_over(run, run.ask())
    again = run.ask()
    run.whole(again)
    run.asked("a", 1)
    run.figure(
        "the next call's first content", (again.first_content_at() or again.ended_at) - again.asked_at, DETECTED_S
    )


def limited_for_a_second(run: Run) -> None:
    """A stated second is waited for where nothing else could answer."""
    run.open(
        Entry("a", "words-60+burst"),
        script={"rules": [{"match": {"model": "*+a"}, "times": 1, "action": "retry-after-1"}]},
    )
    heard = run.ask()
    run.whole(heard)
    run.asked("a", 2)
    first, second = (float(entry["received_time"]) for entry in run.stage.journal("a"))
    run.holds("not asked before its time", second - first >= 1.0, second - first)
    run.figure(
        "fault to first content", (heard.first_content_at() or heard.ended_at) - run.fault_at("a"), 1.0 + JITTERED_S
    )


def limited_without_return(run: Run) -> None:
    """The next entry answers."""
    run.open(Entry("a", "status-429"), OTHER)
    _failed_over(run, run.ask())


def error_once(run: Run) -> None:
    """The same model answers when asked again."""
    rule = {"match": {"model": "*+a"}, "times": 1, "action": "status-500"}
    run.open(Entry("a", "words-60+burst"), OTHER, script={"rules": [rule]})
    heard = run.ask()
    run.whole(heard)
    run.asked("a", 2)
    run.asked("b", 0)
    run.holds("no failover", bool(heard.completed and not heard.completed.failed_over))
    run.figure("fault to first content", (heard.first_content_at() or heard.ended_at) - run.fault_at("a"), JITTERED_S)


def unavailable_for_ever(run: Run) -> None:
    """The next entry answers, and the dead one is soon left alone."""
    run.open(Entry("a", "status-503"), OTHER)
    _failed_over(run, run.ask(), times=2, at_most=DETECTED_S + BACKOFF_S)
    for _ in range(8):
        run.whole(run.ask())
    run.figure("requests at the dead primary in 9 calls", float(len(run.stage.journal("a"))), 5.0, "")


def reset(run: Run) -> None:
    """The next entry answers."""
    run.open(Entry("a", "reset"), OTHER)
    heard = run.ask()
    # A connection that was kept ready may have died before: what is reset on one is sent once more, on a new one.
    seen = len(run.stage.journal("a"))
    _failed_over(run, heard, times=min(max(seen, 1), 2))
    run.figure("requests at the primary", float(seen), 2.0, "")


def refused(run: Run) -> None:
    """The next entry answers."""
    run.open(Entry("a", "ok", listener="dead"), OTHER)
    _failed_over(run, run.ask(), times=0)


def empty(run: Run) -> None:
    """An answer with nothing in it is a failure."""
    run.open(Entry("a", "empty"), OTHER)
    _failed_over(run, run.ask(), times=2, at_most=JITTERED_S)


def not_the_protocol(run: Run) -> None:
    """What is not the protocol is a failure."""
    run.open(Entry("a", "html"), OTHER)
    _failed_over(run, run.ask(), times=2, at_most=JITTERED_S)


def context(run: Run) -> None:
    """A model with another window answers."""
    run.open(Entry("a", "context-length"), OTHER)
    heard = run.ask()
    _failed_over(run, heard)


def filtered(run: Run) -> None:
    """No other model is asked what one was told not to answer."""
    run.open(Entry("a", "prompt-filtered"), OTHER)
    heard = run.ask()
    run.holds("the honest error", heard.reason == "CONTENT_FILTERED", f"{heard.code} {heard.reason}")
    run.holds("no content", not heard.text, heard.text)
    run.asked("a", 1)
    run.asked("b", 0)
    run.figure("fault to error", heard.ended_at - run.fault_at("a"), DETECTED_S)


def no_done(run: Run) -> None:
    """A finish reason is an end, and at once."""
    run.open(Entry("a", "words-60+tps-200+no-done"), OTHER)
    heard = run.ask()
    run.whole(heard)
    run.asked("a", 1)
    run.asked("b", 0)
    last = max(at for at, _ in heard.of("text_delta"))
    run.figure("last content to end", heard.ended_at - last, DETECTED_S)


def one_key_dead(run: Run) -> None:
    """The other key answers, and the dead one rests."""
    keys = ("sk-scorecard-dead", "sk-scorecard-good")
    run.open(Entry("a", "words-60+burst", keys=keys), OTHER, script={"keys": [keys[1], REFERENCE_KEY]})
    heard = run.ask()
    run.whole(heard)
    seen = [entry["key"] for entry in run.stage.journal("a")]
    run.holds("both keys seen, once each", len(seen) == 2 and len(set(seen)) == 2, seen)
    run.asked("b", 0)
    run.figure("fault to first content", (heard.first_content_at() or heard.ended_at) - run.fault_at("a"), DETECTED_S)
    for _ in range(3):
        run.whole(run.ask())
    later = [entry["key"] for entry in run.stage.journal("a")][2:]
    run.holds("the dead key is not asked again", later == seen[1:] * 3, later)


def all_down(run: Run) -> None:
    """One honest error, soon, with everything that was tried."""
    run.open(
        Entry("a", "status-503"), Entry("b", "reset"), Entry("c", "ok", listener="dead"),
    )  # fmt: skip
    heard = run.ask()
    run.holds("one honest error", heard.code == "UNAVAILABLE" and heard.reason != "", f"{heard.code} {heard.reason}")
    run.holds("no content", not heard.text, heard.text)
    tried = {attempt.target.provider for attempt in heard.report.attempts} if heard.report else set()
    run.holds("the report has every entry", tried == {"a", "b", "c"}, tried)
    requests = len(run.stage.journal("a")) + len(run.stage.journal("b"))
    run.figure("requests at the providers", float(requests), 8.0, "")
    run.figure("call to error", heard.ended_at - heard.asked_at, 5.0)


SCENARIOS = (
    Scenario("429 with Retry-After", limited_with_return),
    Scenario("429 with Retry-After, alone", limited_for_a_second),
    Scenario("429 without Retry-After", limited_without_return),
    Scenario("500 once", error_once),
    Scenario("503 for ever", unavailable_for_ever),
    Scenario("reset before headers", reset),
    Scenario("connection refused", refused),
    Scenario("empty answer", empty),
    Scenario("a page instead of a stream", not_the_protocol),
    Scenario("context too long", context),
    Scenario("content filter", filtered),
    Scenario("no `[DONE]`", no_done),
    Scenario("one of two keys dead", one_key_dead),
    Scenario("all down", all_down),
)

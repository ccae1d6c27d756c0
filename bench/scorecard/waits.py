"""Faults that show only by waiting: silence, slowness, hedges, and a primary that is down or dumb for a minute."""

from __future__ import annotations

import threading
import time

from .caller import Heard
from .judge import BEYOND_LIMIT_S, DETECTED_S, Run, Scenario
from .stage import Entry

OTHER = Entry("b", "words-60+burst")
HUNG_UP = "caller_hung_up"
MOST_DEAD = 5.0
MOST_SILENT = 8.0
MORE_FAST = 2.0
"""Where the clocks are short the backoff before a retry is not, so that calls overlap."""
RETRIED_S = 0.5 + 2 * DETECTED_S


def _hedged(run: Run, model: str) -> None:
    run.open(Entry("a", model), OTHER)
    heard = run.ask()
    run.whole(heard)
    run.asked("a", 1)
    run.asked("b", 1)
    outcome = run.stage.journal("a")[0]["outcome"]
    run.holds("the slow one was hung up on", outcome == HUNG_UP, outcome)
    waited_s = (heard.first_content_at() or heard.ended_at) - heard.asked_at
    run.figure("call to first content", waited_s, run.profile.first_content_s + BEYOND_LIMIT_S)


def silence(run: Run) -> None:
    """The next entry is asked beside it once the limit has run out."""
    _hedged(run, "silence")


def slow(run: Run) -> None:
    """Who is asked beside the slow one answers first."""
    _hedged(run, f"words-60+slow-first-{run.profile.s(20, 5):g}s")


def pings(run: Run) -> None:
    """Pings keep a connection, not an answer."""
    _hedged(run, "slow-first-600s+pings")


def both_answer(run: Run) -> None:
    """One answer, of one of them."""
    texts = {name: f"the answer of {name} " + " ".join(f"{name}{place}" for place in range(60)) for name in "ab"}
    limit_s = run.profile.first_content_s
    first_token_s = {"a": limit_s + 0.03, "b": 0.03}
    rules = [
        {"match": {"model": f"*+{name}"}, "action": {"text": texts[name], "first_token_s": first_token_s[name]}}
        for name in "ab"
    ]
    run.open(Entry("a", "ok"), Entry("b", "ok"), script={"rules": rules})
    heard = run.ask()
    answered = heard.completed.target.provider if heard.completed else ""
    run.holds("the call ends well", heard.code == "OK", f"{heard.code} {heard.reason}")
    run.holds(
        "text exact, of the one that is said to have answered", heard.text == texts.get(answered), heard.text[:80]
    )
    run.asked("a", 1)
    run.asked("b", 1)
    loser = "a" if answered == "b" else "b"
    outcome = run.stage.journal(loser)[0]["outcome"]
    run.holds("the other was hung up on", outcome == HUNG_UP, outcome)
    run.figure(
        "call to first content", (heard.first_content_at() or heard.ended_at) - heard.asked_at, limit_s + BEYOND_LIMIT_S
    )


def both_fail(run: Run) -> None:
    """One honest error."""
    limit_s = run.profile.first_content_s
    late = {"match": {"model": "*+a"}, "action": {"status": 500, "delay_s": 1.1 * limit_s}}
    run.open(Entry("a", "ok"), Entry("b", "status-500"), script={"rules": [late]})
    heard = run.ask()
    run.holds("one honest error", heard.reason == "SERVER_ERROR", f"{heard.code} {heard.reason}")
    run.holds("no content", not heard.text, heard.text)
    tried = {attempt.target.provider for attempt in heard.report.attempts} if heard.report else set()
    run.holds("the report has both", tried == {"a", "b"}, tried)
    run.figure("requests at the providers", float(len(run.stage.journal())) - 1, 8.0, "")
    run.figure("call to error", heard.ended_at - heard.asked_at, 4.0 * limit_s + 5.0)


def hedge_fails(run: Run) -> None:
    """The third entry takes its place."""
    run.open(Entry("a", "silence"), Entry("b", "status-500"), Entry("c", "words-60+burst"))
    heard = run.ask()
    run.whole(heard)
    run.asked("a", 1)
    run.asked("c", 1)
    waited_s = (heard.first_content_at() or heard.ended_at) - heard.asked_at
    run.figure("call to first content", waited_s, run.profile.first_content_s + BEYOND_LIMIT_S)


def _every(run: Run, interval_s: float, until_s: float, began_at: float) -> list[Heard]:
    """Calls at equal distances from `began_at` on, each on a thread of its own; returns when all have ended."""
    heard: list[Heard] = []
    threads = []
    for place in range(int(until_s / interval_s + 1e-6)):
        time.sleep(max(0.0, began_at + place * interval_s - time.time()))
        threads.append(threading.Thread(target=lambda: heard.append(run.ask())))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return sorted(heard, key=lambda each: each.asked_at)


def _all_whole(run: Run, calls: list[Heard]) -> None:
    wanted = str(run.stage.whole_answer("Tell me about the harbor.", "words-60")["message"]["content"])
    wrong = [f"{heard.code} {heard.reason}" for heard in calls if heard.code != "OK" or heard.text != wanted]
    run.holds(f"all {len(calls)} answers exact", not wrong, wrong)


def _waited_s(heard: Heard) -> float:
    return (heard.first_content_at() or heard.ended_at) - heard.asked_at


def outage(run: Run) -> None:
    """A call every 4 s: all are answered, and the primary is found again."""
    outage_s, interval_s = run.profile.s(60.0, 6.0), run.profile.s(4.0, 0.4)
    script = {"rules": [{"match": {"model": "*+a"}, "until_s": outage_s, "action": {"status": 503}}]}
    run.open(Entry("a", "words-60+burst"), OTHER, script=script)
    began_at = run.stage.restart_script(script)
    calls = _every(run, interval_s, 1.75 * outage_s, began_at)
    _all_whole(run, calls)
    tries = run.stage.journal("a")
    run.figure(
        "requests at the dead primary",
        float(sum(e["status"] != 200 for e in tries)),
        MOST_DEAD + run.profile.s(0.0, MORE_FAST),
        "",
    )
    back = next((float(e["received_time"]) for e in tries if e["status"] == 200), None)
    run.figure("recovery to first answer of it", None if back is None else back - began_at - outage_s, 0.5 * outage_s)
    run.figure("slowest first content", max(map(_waited_s, calls)), RETRIED_S)


def never_answers(run: Run) -> None:
    """A call every 4 s for a minute: it is parked, and calls are quick."""
    minute_s, interval_s = run.profile.s(60.0, 6.0), run.profile.s(4.0, 0.4)
    run.open(Entry("a", "silence"), OTHER)
    calls = _every(run, interval_s, minute_s, time.time())
    _all_whole(run, calls)
    tries = run.stage.journal("a")
    run.figure("requests at the silent primary", float(len(tries)), MOST_SILENT + run.profile.s(0.0, MORE_FAST), "")
    told = sum(map(_asked_by, calls))
    run.holds("the reports tell of each of them", told == len(tries), f"{told} for {len(tries)}")
    parked_at = next((heard.asked_at for heard in calls if not _asked_by(heard)), None)
    run.holds("it gets parked", parked_at is not None)
    before = [_waited_s(heard) for heard in calls if parked_at is None or heard.asked_at < parked_at]
    run.figure(
        "first content, before it is parked", max(before, default=0.0), run.profile.first_content_s + BEYOND_LIMIT_S
    )
    later = [heard for heard in calls if parked_at is not None and heard.asked_at >= parked_at]
    aside = [_waited_s(heard) for heard in later if not _asked_by(heard)]
    probes = [_waited_s(heard) for heard in later if _asked_by(heard)]
    run.figure("first content, parked", max(aside, default=0.0), 1.0)
    run.figure("first content on a probe", max(probes, default=0.0), 3.0)


def _asked_by(heard: Heard) -> int:
    """How often this call asked the primary, by its own report."""
    attempts = heard.completed.report.attempts if heard.completed else ()
    return sum(attempt.target.provider == "a" for attempt in attempts)


SCENARIOS = (
    Scenario("silence", silence, is_long=True),
    Scenario("first content after 20 s", slow, is_long=True),
    Scenario("pings without content", pings, is_long=True),
    Scenario("a hedge that both answer", both_answer, is_long=True),
    Scenario("a hedge that both fail", both_fail, is_long=True),
    Scenario("a hedge that fails", hedge_fails, is_long=True),
    Scenario("primary down for 60 s", outage, is_long=True),
    Scenario("primary never answers", never_answers, is_long=True),
)

"""Streams that break after their first content: the caller's text is whole whatever the next model does."""

from __future__ import annotations

from collections.abc import Mapping

from .judge import BEYOND_LIMIT_S, DETECTED_S, Run, Scenario
from .stage import Entry

BROKEN = "words-60+tps-200"
LAST = Entry("c", "words-60+burst")
"""Goes on as asked: so some entry can give the whole text, whatever the one before it does."""


def _next(run: Run, name: str = "b", prefill: str = "", more: str = "", protocol: str = "openai") -> Entry:
    """An entry that goes on in one of the four ways, by the number of the run."""
    return Entry(name, f"words-60+burst+seed-{run.number}{more}", protocol, prefill)


def _resumed(run: Run, fault: str, *others: Entry, at_most: float = DETECTED_S) -> None:
    run.open(Entry("a", f"{BROKEN}+{fault}"), *others, LAST)
    heard = run.ask()
    run.whole(heard)
    run.seam(heard)
    run.asked("a", 1)
    run.recovery("a", heard, at_most)


def cut(run: Run) -> None:
    """The next entry goes on from the text sent."""
    _resumed(run, "cut-at-40", _next(run))


def cut_prefill(run: Run) -> None:
    """The text sent is the beginning of the next model's turn."""
    _resumed(run, "cut-at-40", _next(run, prefill="plain"))


def cut_other_protocol(run: Run) -> None:
    """One answer of two protocols."""
    _resumed(run, "cut-at-40", _next(run, protocol="anthropic"))


def ended_early(run: Run) -> None:
    """An end that nobody announced is a break."""
    _resumed(run, "end-at-40", _next(run))


def malformed(run: Run) -> None:
    """Text may be missing behind an event that cannot be read."""
    _resumed(run, "malformed-at-40", _next(run))


def error_event(run: Run) -> None:
    """An error is an error wherever it comes."""
    _resumed(run, "error-event-at-40", _next(run))


def prefill_refused(run: Run) -> None:
    """It is asked by an instruction, and the caller sees nothing of it."""
    run.open(Entry("a", f"{BROKEN}+cut-at-40"), Entry("b", "words-60+burst+no-prefill", prefill="plain"))
    heard = run.ask()
    run.whole(heard)
    run.seam(heard)
    run.asked("a", 1)
    run.asked("b", 2)
    run.recovery("a", heard)


def begins_again(run: Run) -> None:
    """What the caller has is cut off."""
    run.open(Entry("a", f"{BROKEN}+cut-at-40"), Entry("b", "words-60+burst+begins-again", prefill="plain"))
    heard = run.ask()
    run.whole(heard)
    run.seam(heard)
    run.asked("b", 1)
    run.recovery("a", heard)


def differs(run: Run) -> None:
    """Nothing of it is spliced; another goes on."""
    run.open(Entry("a", f"{BROKEN}+cut-at-40"), Entry("b", "words-60+burst+differs", prefill="plain"), LAST)
    heard = run.ask()
    run.whole(heard)
    run.seam(heard)
    run.asked("c", 1)
    run.recovery("a", heard)


def differs_alone(run: Run) -> None:
    """Rather the honest error than another text."""
    run.open(Entry("a", f"{BROKEN}+cut-at-40+differs"), Entry("b", "words-60+burst+differs"))
    heard = run.ask()
    wanted = str(run.stage.whole_answer("Tell me about the harbor.", "words-40")["message"]["content"])
    run.holds("the honest error", heard.reason == "STREAM_BROKEN", f"{heard.code} {heard.reason}")
    run.holds("the caller has the beginning and nothing else", heard.text == wanted, heard.text[-60:])
    run.figure("fault to error", heard.ended_at - run.fault_at("a"))


def second_cut(run: Run) -> None:
    """A resumed answer resumes again."""
    run.open(Entry("a", f"{BROKEN}+cut-at-20"), Entry("b", f"{BROKEN}+cut-at-20"), _next(run, "d"), LAST)
    heard = run.ask()
    run.whole(heard)
    run.seam(heard, 2)
    run.asked("a", 1)
    run.asked("b", 1)
    run.recovery("b", heard)


def alone(run: Run) -> None:
    """The broken target itself goes on."""
    rule = {"match": {"model": "*+a"}, "times": 1, "action": f"{BROKEN}+cut-at-40"}
    run.open(Entry("a", "words-60+burst"), script={"rules": [rule]})
    heard = run.ask()
    run.whole(heard)
    run.seam(heard)
    run.asked("a", 2)
    run.recovery("a", heard)


def complete(run: Run) -> None:
    """One whole answer."""
    run.open(Entry("a", f"{BROKEN}+cut-at-40"), _next(run), LAST)
    heard = run.complete()
    wanted = str(run.stage.whole_answer("Tell me about the harbor.", "words-60")["message"]["content"])
    run.holds("the call ends well", heard.code == "OK", f"{heard.code} {heard.reason}")
    run.holds("text exact", heard.whole_text == wanted, heard.whole_text[-60:])
    run.asked("a", 1)
    run.figure("fault to answer", heard.ended_at - run.fault_at("a"), DETECTED_S)


def restart(run: Run) -> None:
    """The answer begins again, and says so."""
    run.open(Entry("a", f"{BROKEN}+cut-at-40"), LAST)
    heard = run.ask(policy={"on_stream_break": 2})
    run.whole(heard)
    run.holds(
        "one `restarted`, no `resumed`",
        heard.kinds().count("restarted") == 1 and "resumed" not in heard.kinds(),
        heard.kinds(),
    )
    run.recovery("a", heard)


def buffered(run: Run) -> None:
    """A break inside the buffer is invisible."""
    run.open(Entry("a", f"{BROKEN}+cut-at-15"), LAST)
    heard = run.ask(policy={"on_stream_break": 5})
    run.whole(heard)
    kinds = heard.kinds()
    run.holds("the break is invisible", kinds == ["started", "text_delta", "part_completed", "completed"], kinds)
    run.figure("fault to first content", (heard.first_content_at() or heard.ended_at) - run.fault_at("a"), DETECTED_S)


def failing(run: Run) -> None:
    """The honest error, at once."""
    run.open(Entry("a", f"{BROKEN}+cut-at-40"), LAST)
    heard = run.ask(policy={"on_stream_break": 1})
    run.holds("the honest error", heard.reason == "STREAM_BROKEN", f"{heard.code} {heard.reason}")
    run.asked("c", 0)
    run.figure("fault to error", heard.ended_at - run.fault_at("a"), DETECTED_S)


def _stalled(run: Run, fault: str, rule: Mapping[str, object] | None, limit_s: float) -> None:
    script = {"rules": [{"match": {"model": "*+a"}, "action": rule}]} if rule else {}
    run.open(Entry("a", f"{BROKEN}+{fault}"), _next(run), LAST, script=script)
    heard = run.ask()
    run.whole(heard)
    run.seam(heard)
    run.asked("a", 1)
    run.holds("the silent one was hung up on", run.stage.journal("a")[0]["outcome"] == "caller_hung_up")
    behind = heard.content_behind("resumed")
    silence_from = heard.last_content_before("resumed")
    run.figure("silence to good content", None if behind is None else behind - silence_from, limit_s + BEYOND_LIMIT_S)


def stalled(run: Run) -> None:
    """Silence inside an answer is a break."""
    rule = {"words": 60, "tokens_per_s": 200, "stall_at": 40, "stall_s": run.profile.s(30.0, 4.0)}
    _stalled(run, "stall-at-40", rule, run.profile.idle_s)


def stalled_pinging(run: Run) -> None:
    """Pings are no content."""
    _stalled(run, "stall-pings-at-40", None, run.profile.idle_content_s)


SCENARIOS = (
    Scenario("cut at token 40 of 60", cut),
    Scenario("cut, the next takes a prefill", cut_prefill),
    Scenario("cut, the next speaks another protocol", cut_other_protocol),
    Scenario("a clean end without a finish", ended_early),
    Scenario("stall of 30 s", stalled, is_long=True),
    Scenario("stall with pings", stalled_pinging, is_long=True),
    Scenario("malformed event", malformed),
    Scenario("error event in a 200", error_event),
    Scenario("cut, the next refuses prefill", prefill_refused),
    Scenario("the next begins again", begins_again),
    Scenario("the next begins again and differs", differs),
    Scenario("every next begins again and differs", differs_alone),
    Scenario("a second cut after a resume", second_cut),
    Scenario("cut, nobody else", alone),
    Scenario("Complete over a cut", complete),
    Scenario("cut, policy RESTART", restart),
    Scenario("cut, policy BUFFER", buffered),
    Scenario("cut, policy FAIL", failing),
)

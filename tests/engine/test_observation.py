"""What observers are told of a call, in virtual time."""

from __future__ import annotations

from dataclasses import replace

from sidecar.core.observation import Unobserved
from sidecar.core.report import Attempt, SkipCause
from sidecar.core.trace import Trace
from sidecar.transport.double import Play, Wait

from .rig import DONE, Rig, ask, error, good, hear, provider, steps, text
from .virtual import run

A, B = provider("a"), provider("b")
TRACE = Trace("a" * 32, "b" * 16, None, True)


class Heard(Unobserved):
    """Remembers attempts."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ended: list[Attempt] = []

    def attempt_started(self, provider: str, model: str, number: int = 1) -> None:
        self.started.append(f"{provider}/{model}")

    def attempt_ended(self, attempt: Attempt) -> None:
        self.ended.append(attempt)


def watched(rig: Rig, **more: object) -> Heard:
    heard = Heard()
    rig.engine.services = replace(rig.engine.services, observer=heard, **more)  # type: ignore[arg-type]
    return heard


def test_every_attempt_is_told_when_it_starts_and_when_it_is_booked() -> None:
    rig = Rig({"a/m": [error(500)], "b/m": [good()]}, (A, B), ("b/m",))
    heard = watched(rig)
    run(hear(rig))
    assert heard.started == ["a/m", "a/m", "b/m"]
    assert [str(a.reason) if a.reason else "" for a in heard.ended] == ["SERVER_ERROR", "SERVER_ERROR", ""]
    assert [a.protocol for a in heard.ended] == ["openai"] * 3
    assert (heard.ended[-1].finish, heard.ended[-1].response_id) == ("stop", "r1")


def test_an_attempt_that_its_caller_leaves_is_told_as_cancelled() -> None:
    rig = Rig({"a/m": [Play((*text("Hel"), Wait(100), DONE))]}, (A,))
    heard = watched(rig)

    async def scenario() -> None:
        async with rig.engine.call(ask(), None, buffered=False) as call:
            await call.__anext__()

    run(scenario())
    assert [str(a.reason) for a in heard.ended] == ["CANCELLED"]


def test_each_attempt_of_a_traced_call_has_a_span_of_its_own() -> None:
    rig = Rig({"a/m": [error(500)], "b/m": [good()]}, (A, B), ("b/m",))
    heard = watched(rig)
    run(hear(rig, ask(trace=TRACE)))
    ids = [a.span_id for a in heard.ended]
    assert len(set(ids)) == 3
    assert all(len(span_id) == 16 for span_id in ids)


def test_providers_hear_of_the_trace_only_where_that_is_asked_for() -> None:
    for propagates in (False, True):
        rig = Rig({"a/m": [good()]}, (A,))
        heard = watched(rig, propagates=propagates)
        run(hear(rig, ask(trace=replace(TRACE, state="v=1", baggage="user=1"))))
        headers = rig.transport.sent[0].post.headers
        expected = f"00-{TRACE.trace_id}-{heard.ended[0].span_id}-01" if propagates else None
        assert headers.get("traceparent") == expected
        assert headers.get("tracestate") == ("v=1" if propagates else None)
        assert "baggage" not in headers


def test_a_skip_is_noted_when_it_happened() -> None:
    slow = Play((b"oops",), 500, before_headers_s=2.0)
    rig = Rig({"a/m": [slow], "b/m": [good()]}, (A, B), ("b/m",))
    run(hear(rig))
    run(hear(rig))
    answer = run(hear(rig)).completed.report
    (skip,) = answer.skipped
    assert skip.cause is SkipCause.OPEN
    assert skip.noted_at is not None
    assert skip.noted_at - answer.arrived_at == 0.0


def test_a_task_that_is_cancelled_before_its_first_step_is_not_kept() -> None:
    rig = Rig({"a/m": [steps(*text("x"), DONE)]}, (A,))

    async def scenario() -> None:
        call = rig.engine.call(ask(), None, buffered=False)
        await call._launch()
        call.close()
        assert not rig.engine.services.tasks

    run(scenario())

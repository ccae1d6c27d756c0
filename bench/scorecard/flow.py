"""What callers do: cancel, pause, and have their sidecar stopped."""

from __future__ import annotations

import time
from typing import Any

from .caller import Heard
from .judge import DETECTED_S, Run, Scenario, difference
from .stage import Entry

OTHER = Entry("b", "words-60+burst")
PIECE_BYTES = 32 * 1024
PIECES = 560
"""Of 32 KiB: 17.5 MiB."""
NOTICED_S = 5.0


def cancels(run: Run) -> None:
    """The provider is hung up on."""
    run.open(Entry("a", "words-600+tps-100"), OTHER)
    cancelled_at = 0.0

    def cancel(heard: Heard, call: Any) -> None:
        nonlocal cancelled_at
        if len(heard.events) == 10:
            cancelled_at = time.time()
            call.cancel()

    heard = run.ask(meanwhile=cancel)
    ends_at = time.time() + NOTICED_S
    while not run.stage.journal("a")[0]["outcome"] and time.time() < ends_at:
        time.sleep(0.01)
    run.holds("the call is cancelled", heard.code == "CANCELLED", heard.code)
    outcome = run.stage.journal("a")[0]["outcome"]
    run.holds("the provider was hung up on", outcome == "caller_hung_up", outcome)
    run.asked("b", 0)
    run.figure("cancellation to the provider's notice", max(0.0, run.fault_at("a") - cancelled_at), DETECTED_S)


def _pausing(run: Run) -> Any:
    paused_s = run.profile.s(60.0, 3.0)

    def pause(heard: Heard, _: Any) -> None:
        if heard.events[-1][1].WhichOneof("event") == "text_delta" and sum(1 for _ in heard.of("text_delta")) == 1:
            time.sleep(paused_s)

    return pause


def pauses(run: Run) -> None:
    """Nobody is blamed for a caller that does not read."""
    run.open(Entry("a", "words-60+tps-60"), OTHER)
    heard = run.ask(meanwhile=_pausing(run))
    run.whole(heard)
    _undisturbed(run, heard)


def pauses_over_much(run: Run) -> None:
    """The provider is made to wait, and nobody is blamed."""
    text = "".join(f"{' ' * (PIECE_BYTES - 8)}word-{place:03d}"[:PIECE_BYTES] for place in range(PIECES))
    action = {"text": text, "tokens_per_s": 1000, "first_token_s": 0.02}
    script = {"rules": [{"match": {"model": "*+a"}, "action": action}], "journal_bodies": False}
    run.open(Entry("a", "ok"), OTHER, script=script)
    sent_in_pause = 0
    pause = _pausing(run)

    def look(heard: Heard, call: Any) -> None:
        nonlocal sent_in_pause
        is_paused = not sent_in_pause and heard.events[-1][1].WhichOneof("event") == "text_delta"
        pause(heard, call)
        if is_paused:
            sent_in_pause = run.stage.journal("a")[0]["tokens_sent"]

    heard = run.ask(meanwhile=look, omit_message=True)
    run.holds("the call ends well", heard.code == "OK", f"{heard.code} {heard.reason}")
    run.holds("text exact", heard.text == text, difference(text, heard.text))
    run.holds("the provider was made to wait", 0 < sent_in_pause < PIECES, sent_in_pause)
    run.figure("the provider could send in the pause", sent_in_pause * PIECE_BYTES / 2**20, 16.0, "MiB")
    _undisturbed(run, heard)


def _undisturbed(run: Run, heard: Heard) -> None:
    run.asked("a", 1)
    run.asked("b", 0)
    run.holds(
        "nothing but the answer",
        heard.kinds() == ["started", "text_delta", "part_completed", "completed"],
        heard.kinds(),
    )
    deltas = [at for at, _ in heard.of("text_delta")]
    run.figure("paused", deltas[1] - deltas[0] if len(deltas) > 1 else None)


def stopped(run: Run) -> None:
    """The running answer is finished, new calls are sent elsewhere."""
    run.open(Entry("a", "words-60+tps-30"), OTHER)
    refused: list[Heard] = []
    stopped_at = 0.0

    def stop(heard: Heard, _: Any) -> None:
        nonlocal stopped_at
        if sum(1 for _ in heard.of("text_delta")) == 5 and not refused:
            stopped_at = time.time()
            run.stage.sidecar.terminate()
            time.sleep(0.2)
            refused.append(run.ask("b"))

    heard = run.ask("a", meanwhile=stop)
    run.whole(heard)
    run.holds(
        "a new call is sent elsewhere", bool(refused) and refused[0].reason == "DRAINING", refused and refused[0].reason
    )
    run.asked("b", 0)
    code = run.stage.sidecar.exit_code()
    run.holds("exit code 0", code == 0, code)
    run.figure("SIGTERM to exit", time.time() - stopped_at, 30.0)


SCENARIOS = (
    Scenario("the caller cancels", cancels),
    Scenario("the caller pauses 60 s", pauses, is_long=True),
    Scenario("the caller pauses 60 s, over 16 MiB", pauses_over_much, is_long=True),
    Scenario("SIGTERM mid-stream", stopped),
)

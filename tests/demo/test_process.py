"""The demo's processes: why one does not start is said, and a stubborn one is ended all the same."""

from __future__ import annotations

import io
import os
import sys
import time

import pytest
from remora_client.demo import process as module
from remora_client.demo.heard import Heard, Tried
from remora_client.demo.journal import Asked
from remora_client.demo.narrator import WIDTH, Narrator
from remora_client.demo.process import ProcessError, Processes
from remora_client.demo.verdict import Check


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_ends_at_once_says_why(tmp_path):
    processes = Processes(tmp_path)
    process = processes.start("sidecar", [sys.executable, "-c", "import sys; sys.exit('no such setting: lisden')"])
    with pytest.raises(ProcessError, match=r"the sidecar ended with exit code 1\n  no such setting: lisden"):
        process.wait_for_file(tmp_path / "never")
    processes.stop()


def test_a_process_that_is_never_ready_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "READY_LIMIT_S", 0.1)
    processes = Processes(tmp_path)
    process = processes.start("sidecar", [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(ProcessError, match=r"did not start within 0\.1 s; it wrote nothing"):
        process.wait_for_file(tmp_path / "never")
    processes.stop()
    assert not is_running(process.pid)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STOP_LIMIT_S", 0.2)
    code = (
        "import signal, pathlib, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).write_text('1'); time.sleep(60)"
    )
    processes = Processes(tmp_path)
    process = processes.start("sidecar", [sys.executable, "-c", code])
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    processes.stop()
    assert not is_running(process.pid)


@pytest.fixture
def processes(tmp_path):
    started = Processes(tmp_path)
    yield started
    started.stop()


def test_only_news_is_told(processes):
    processes.start("sidecar", [sys.executable, "-c", "print('serving', flush=True); import time; time.sleep(60)"])
    told: list[str] = []
    while not told:
        told = processes.news()
    assert told == ["sidecar: serving"]
    assert processes.news() == []


def test_a_line_half_written_is_told_once_it_is_whole(processes, tmp_path):
    process = processes.start("sidecar", [sys.executable, "-c", "import time; time.sleep(60)"])
    with (tmp_path / "sidecar.log").open("ab", buffering=0) as log:
        log.write(b"first\nser")
        assert process.news() == ["first"]
        log.write(b"ving")
        assert process.news() == []
        log.write(b"\n")
    assert process.news() == ["serving"]


def test_the_narrator_wraps_but_never_changes_a_text():
    out = io.StringIO()
    narrator = Narrator(out)
    text = " ".join(f"word-{n}" for n in range(60))
    for start in range(0, len(text), 7):
        narrator.text(text[start : start + 7])
    narrator.ends(Heard(finish="STOP", by="north main", text=text))
    lines = out.getvalue().splitlines()
    assert " ".join(" ".join(lines[:-1]).split()) == text
    assert max(map(len, lines)) <= WIDTH + len("word-60")
    assert lines[-1].strip() == "0.00 s ■ STOP: 60 words by north main"


def test_the_narrator_tells_failures_and_verdicts_without_colour():
    out = io.StringIO()
    narrator = Narrator(out)
    narrator.attempt(0.01, Tried("north main", "SERVER_ERROR", 503), "over\nloaded")
    narrator.ends(Heard(code="UNAVAILABLE", reason="SERVER_ERROR", message="1 entry failed", retry_after_s=2.0))
    narrator.provider_saw([Asked("north main", 7.0, None, "caller_hung_up", 0, 8.0), Asked("south main", 8.5)])
    narrator.verdict([Check(True, "kept"), Check(False, "promised", "seen")])
    assert out.getvalue().splitlines() == [
        '     0.01 s ↯ north main SERVER_ERROR 503  "over loaded"',
        "     0.00 s ■ UNAVAILABLE SERVER_ERROR, come back in 2.0 s",
        "             1 entry failed",
        "    the provider saw: north main at 0.00 s → not a byte, caller hung up after 1.00 s, south main at",
        "      1.50 s → 200",
        "    ✓ kept",
        "    ✗ promised: seen",
    ]

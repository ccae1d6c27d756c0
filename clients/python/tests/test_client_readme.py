"""The README's promises: its snippets run, and the first stream takes ten lines or fewer."""

from __future__ import annotations

import re
from pathlib import Path

import grpc
import pytest
from remora_client.testing import FakeSidecar

README = (Path(__file__).parents[1] / "README.md").read_text()
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def run(snippet: str) -> None:
    exec(compile(snippet, "README.md", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_each_snippet_runs(
    snippet: str, sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REMORA_ADDRESS", sidecar.address)
    sidecar.answers("Because", " of Rayleigh scattering.")
    run(snippet)
    assert "FakeSidecar" in snippet or "Because of Rayleigh scattering." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reason", "code", "said"),
    [
        ("RATE_LIMITED", grpc.StatusCode.RESOURCE_EXHAUSTED, "come back in 3.0 s"),
        ("INVALID_INPUT", grpc.StatusCode.INVALID_ARGUMENT, "change the request: INVALID_INPUT"),
        ("OVERLOADED", grpc.StatusCode.UNAVAILABLE, "OVERLOADED the message None r-1"),
    ],
)
def test_the_snippet_about_errors_tells_them_apart(
    sidecar: FakeSidecar,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reason: str,
    code: grpc.StatusCode,
    said: str,
) -> None:
    monkeypatch.setenv("REMORA_ADDRESS", sidecar.address)
    sidecar.fails(reason, code, "the message", retry_after_s=3)
    run(next(snippet for snippet in SNIPPETS if "except RateLimited" in snippet))
    assert said in capsys.readouterr().out


def test_a_stream_takes_ten_lines_of_at_most_a_hundred_characters() -> None:
    lines = SNIPPETS[0].splitlines()
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 100

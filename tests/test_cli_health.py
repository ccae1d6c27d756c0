"""`remora health`: what a person at a terminal, a pipe, a script and a container engine get to see."""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from remora_client import EntryHealth, Health, ProfileHealth
from remora_client._pb import health_pb2
from remora_client.testing import FakeSidecar

from sidecar.cli import main
from sidecar.cli_health import HealthSettings, add_health_arguments, applied, health
from sidecar.cli_health_table import change_line, clock, render

from .server.conversation import question
from .server.outcome import chat
from .server.process import Sidecar, command, environment, run
from .server.provider import Provider

NOW = datetime.now(UTC)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def fake() -> Iterator[FakeSidecar]:
    with FakeSidecar() as sidecar:
        yield sidecar


def show(address: str, *, out: io.StringIO | None = None, **settings: Any) -> tuple[int, str, str]:
    out, err = out or io.StringIO(), io.StringIO()
    code = health(HealthSettings(address, **settings), out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def entry(state: str, **other: Any) -> EntryHealth:
    values: dict[str, Any] = {
        "base_url": "u", "since": None, "reason": None, "last_error": "", "consecutive_failures": 0, "openings": 0,
        "attempts": 0, "successes": 0, "failures": 0, "next_attempt_at": None, "cooldown_ends_at": None,
    }  # fmt: skip
    return EntryHealth(**{**values, "entry": "openai/gpt-x", "state": state, **other})


def test_the_table_shows_entries_and_the_profiles_that_cool() -> None:
    parked = entry("OPEN", reason="TIMEOUT", consecutive_failures=3, next_attempt_at=NOW + timedelta(days=2))
    cooling = ProfileHealth("openai", "main", None, NOW + timedelta(days=2), "RATE_LIMITED", 0, None)
    idle = ProfileHealth("openai", "spare", None, None, None, None, None)
    table = render(Health(True, (parked,), (cooling, idle), "", NOW))
    when = (NOW + timedelta(days=2)).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    lines = table.splitlines()
    assert lines[0].split("  ")[0] == "ENTRY"
    assert "openai/gpt-x  OPEN   –      TIMEOUT (3x)  " + when in table
    assert f"openai/main  all    {when}  RATE_LIMITED  0 requests" in table
    assert "spare" not in table


def test_a_refused_configuration_stands_above_the_table() -> None:
    table = render(Health(True, (), (), "", NOW, "line 3:\x1b[31m unknown key"))
    assert table.startswith("✗ the newest configuration was refused: line 3:[31m unknown key\n")


def test_a_change_is_one_line_with_what_changed_and_why() -> None:
    later = NOW + timedelta(days=2)
    cooling = ProfileHealth("openai", "main", "gpt-x", later, "RATE_LIMITED", None, None)
    free = ProfileHealth("openai", "spare", None, None, None, None, None)
    opened = change_line(Health(False, (entry("OPEN", next_attempt_at=later),), (), "3 failures in a row", NOW))
    assert opened == f"{clock(NOW)}  openai/gpt-x OPEN until {clock(later)}: 3 failures in a row"
    both = change_line(Health(False, (), (cooling, free), "because\nof this", NOW))
    assert both == (
        f"{clock(NOW)}  openai/main with gpt-x COOLING until {clock(later)}, openai/spare FREE: because of this"
    )
    assert change_line(Health(False, (), (), "applied", NOW)) == f"{clock(NOW)}  applied"


def test_a_change_replaces_what_it_names_and_keeps_the_rest() -> None:
    state = Health(True, (entry("OPEN"), entry("CLOSED", entry="x/y")), (), "", NOW)
    changed = applied(state, Health(False, (entry("HALF_OPEN"),), (), "its time is up", NOW, "refused"))
    assert [(item.entry, item.state) for item in changed.entries] == [("openai/gpt-x", "HALF_OPEN"), ("x/y", "CLOSED")]
    assert (changed.snapshot, changed.configuration_problem) == (True, "refused")


def watched(request: Any, context: Any) -> Iterator[health_pb2.HealthResponse]:
    state = health_pb2.EntryHealth(entry="openai/gpt-x", state=health_pb2.BREAKER_STATE_CLOSED)
    yield health_pb2.HealthResponse(snapshot=True, entries=[state])
    state.state = health_pb2.BREAKER_STATE_OPEN
    yield health_pb2.HealthResponse(entries=[state], cause="three failures in a row")
    yield health_pb2.HealthResponse(cause="line 3: unknown key", configuration_problem="line 3: unknown key")


def test_watching_draws_again_on_each_change_until_the_sidecar_ends_it(fake: FakeSidecar) -> None:
    fake.replies["Health"] = watched
    code, out, _ = show(fake.address, watch=True, out=Terminal())
    first, second, third = out.split("\x1b[H\x1b[2J")[1:]
    assert code == 0
    assert "CLOSED" in first
    assert "OPEN" in second
    assert "three failures in a row" in second
    assert "the newest configuration was refused: line 3" in third
    assert "three failures in a row" in third


def test_watching_into_a_pipe_is_a_table_and_one_line_a_change(fake: FakeSidecar) -> None:
    fake.replies["Health"] = watched
    code, out, _ = show(fake.address, watch=True)
    assert (code, "\x1b" in out) == (0, False)
    assert [line.split("  ", 1)[1] for line in out.splitlines()[-2:]] == [
        "openai/gpt-x OPEN: three failures in a row",
        "configuration refused, the old one stays: line 3: unknown key",
    ]


def test_watching_says_that_a_cause_is_the_configurations(fake: FakeSidecar) -> None:
    def of_configuration(request: Any, context: Any) -> Iterator[health_pb2.HealthResponse]:
        yield health_pb2.HealthResponse(snapshot=True, configuration_problem="line 3: unknown key")
        parked = health_pb2.EntryHealth(entry="openai/gpt-x", state=health_pb2.BREAKER_STATE_OPEN)
        yield health_pb2.HealthResponse(
            entries=[parked], cause="3 failures", configuration_problem="line 3: unknown key"
        )
        yield health_pb2.HealthResponse(cause="reset by an operator", configuration_problem="line 3: unknown key")
        yield health_pb2.HealthResponse(cause="line 4: unknown key", configuration_problem="line 4: unknown key")
        yield health_pb2.HealthResponse(cause="nothing differs")
        yield health_pb2.HealthResponse(cause="alias b new")

    fake.replies["Health"] = of_configuration
    _, out, _ = show(fake.address, watch=True)
    assert [line.split("  ", 1)[1] for line in out.splitlines()[-5:]] == [
        "openai/gpt-x OPEN: 3 failures",
        "reset by an operator",
        "configuration refused, the old one stays: line 4: unknown key",
        "configuration accepted again: nothing differs",
        "alias b new",
    ]


def test_a_refused_token_is_told_with_the_variable_to_set(tmp_path: Path, provider: Provider) -> None:
    config = CONFIG.replace("URL", provider.url).replace("]}", "], token: env:OWN_TOKEN}")
    secrets = {"SIM_KEY": "key-of-sim-0123456789", "OWN_TOKEN": "token-0123456789abcdef"}
    with Sidecar(tmp_path, config, **secrets) as started:
        refused = health_of(started)
        told = run("health", REMORA_ADDRESS=started.addresses[0], REMORA_TOKEN=secrets["OWN_TOKEN"])
    assert (refused.returncode, "\n  set REMORA_TOKEN to the sidecar's token\n" in refused.stderr) == (1, True)
    assert (told.returncode, told.stderr) == (0, "")


def test_json_is_one_object_a_line(fake: FakeSidecar) -> None:
    fake.replies["Health"] = watched
    _, out, _ = show(fake.address, watch=True, as_json=True)
    first, second, third = map(orjson.loads, out.splitlines())
    assert (first["snapshot"], first["entries"][0]["state"], first["entries"][0]["since"]) == (True, "CLOSED", None)
    assert (second["cause"], second["entries"][0]["entry"]) == ("three failures in a row", "openai/gpt-x")
    assert third["configuration_problem"] == "line 3: unknown key"
    assert first["observed_at"] == "1970-01-01T00:00:00Z"


def test_health_of_a_sidecar_without_an_answer_is_an_error(fake: FakeSidecar) -> None:
    code, _, err = show(fake.address)
    assert code == 1
    assert err.startswith("✗ ")
    assert show("nowhere")[0] == 2


def test_an_interrupt_ends_a_watch_without_a_word(fake: FakeSidecar) -> None:
    class Interrupting(io.StringIO):
        def write(self, text: str) -> int:
            raise KeyboardInterrupt

    fake.replies["Health"] = watched
    code, _, err = show(fake.address, watch=True, out=Interrupting())
    assert (code, err) == (130, "")


def test_a_check_of_what_accepts_and_never_answers_fails_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code, out, err = show(f"127.0.0.1:{silent.getsockname()[1]}", check=True)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("✗ not serving at 127.0.0.1:")


def test_a_reset_names_its_scope_and_tells_what_was_reset(fake: FakeSidecar) -> None:
    fake.replies["ResetHealth"] = health_pb2.ResetHealthResponse(entries=["a/b"], profiles=["a/main"])
    assert show(fake.address, reset_all=True)[:2] == (0, "reset entry a/b\nreset profile a/main\n")
    assert fake.calls[-1].request.all
    code, out, _ = show(fake.address, reset_entry="a/b", as_json=True)
    assert (code, orjson.loads(out)) == (0, {"entries": ["a/b"], "profiles": ["a/main"]})
    assert fake.calls[-1].request.entry == "a/b"
    show(fake.address, reset_profile="a/main")
    assert fake.calls[-1].request.profile == "a/main"


def test_what_a_command_does_is_one_thing() -> None:
    parser = argparse.ArgumentParser()
    add_health_arguments(parser)
    assert parser.parse_args(["--watch", "--json"]).as_json
    with pytest.raises(SystemExit):
        parser.parse_args(["--watch", "--check"])


@pytest.mark.parametrize("name", ["health", "explain"])
def test_every_option_is_documented(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([name, "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    page = (Path(__file__).parent.parent / "docs/operating.md").read_text()
    assert options == {option for option in options if f"`{option}" in page}


CONFIG = """
listen: {grpc: ["127.0.0.1:0"]}
providers: {sim: {protocol: openai, base_url: URL, api_key: env:SIM_KEY}}
default_provider: sim
"""


@pytest.fixture
def provider() -> Iterator[Provider]:
    started = Provider().start()
    yield started
    started.stop()


@pytest.fixture
def sidecar(provider: Provider, tmp_path: Path) -> Iterator[Sidecar]:
    with Sidecar(tmp_path, CONFIG.replace("URL", provider.url), SIM_KEY="key-of-sim-0123456789") as started:
        yield started


def health_of(sidecar: Sidecar, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("health", *arguments, REMORA_ADDRESS=sidecar.addresses[0])


def test_a_check_passes_while_it_serves_and_fails_while_it_drains_and_after(
    sidecar: Sidecar, provider: Provider
) -> None:
    serving = health_of(sidecar, "--check")
    assert (serving.returncode, serving.stdout) == (0, f"serving at {sidecar.addresses[0]}\n")
    provider.when("lasting", text="word " * 30, tokens_per_s=2)
    call = sidecar.chat.Chat(question("lasting"), timeout=20)
    next(call)
    sidecar.terminate()
    draining = _eventually(lambda: health_of(sidecar, "--check"), lambda done: done.returncode == 1)
    assert (draining.stdout, len(draining.stderr.splitlines())) == ("", 1)
    assert "drains" in draining.stderr
    call.cancel()
    assert sidecar.wait() == 0
    gone = health_of(sidecar, "--check")
    assert (gone.returncode, gone.stdout, len(gone.stderr.splitlines())) == (1, "", 1)


def _eventually(ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    limit = time.monotonic() + 10.0
    while not holds(answer := ask()):
        assert time.monotonic() < limit
    return answer


def test_the_command_shows_watches_and_resets_a_real_sidecar(sidecar: Sidecar) -> None:
    line = command("health", "--watch", "--address", sidecar.addresses[0])
    watching = subprocess.Popen(line, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert watching.stdout is not None
        assert watching.stdout.readline().startswith("ENTRY")
        assert watching.stdout.readline() == "\n"
        assert watching.stdout.readline() == "no profile is cooling (1 in all)\n"
        for _ in range(3):
            chat(sidecar.chat, question("status-500", policy={"max_attempts": 1}))
        told = watching.stdout.readline()
        assert "  sim/status-500 OPEN until " in told
        assert ": 3 failures in a row: SERVER_ERROR; open for " in told
        assert " OPEN " in health_of(sidecar).stdout
        assert health_of(sidecar, "--reset-entry", "sim/status-500").stdout == "reset entry sim/status-500\n"
        assert watching.stdout.readline().endswith("  sim/status-500 CLOSED: reset by an operator\n")
        wrong = health_of(sidecar, "--reset-entry", "sim/status-50")
        assert (wrong.returncode, "closest: sim/status-500" in wrong.stderr) == (1, True)
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=10)
        assert (watching.returncode, err) == (130, "")
    finally:
        if watching.poll() is None:
            os.kill(watching.pid, signal.SIGKILL)
        watching.communicate()

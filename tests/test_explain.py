"""`remora explain`: the chain a request would use now, with and without a running sidecar, as people and programs see it."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from sidecar.cli_explain import ExplainSettings, run

from .server.conversation import question
from .server.outcome import chat
from .server.process import Sidecar
from .server.process import run as command
from .server.provider import Provider

CONFIG = """
listen: {grpc: ["127.0.0.1:0"]}
default_model: smart
providers:
  sim:
    protocol: openai
    base_url: URL
    profiles: [{name: main, api_key: env:MAIN}, {name: spare, api_key: env:SPARE}]
    models:
      blind: {capabilities: [tools]}
      ok: {policy: {max_attempts: 3}}
      status-500: {}
  other: {protocol: openai, base_url: URL, api_key: env:OTHER, models: {ok: {}}}
aliases:
  smart: {targets: [sim/blind, sim/ok], fallbacks: [other/ok]}
  down: {targets: [sim/status-500], isolated: true}
"""
KEYS = {"MAIN": "key-main-0123456789", "SPARE": "key-spare-0123456789", "OTHER": "key-other-0123456789"}
HI: dict[str, Any] = {"messages": [{"role": "ROLE_USER", "parts": [{"text": "hi"}]}]}
PICTURE: dict[str, Any] = {
    "messages": [{"role": "ROLE_USER", "parts": [{"text": "what?"}, {"image": {"uri": "https://x.test/a.png"}}]}]
}


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "remora.yaml"
    path.write_text(CONFIG.replace("URL", "http://127.0.0.1:9/v1"))
    return path


class Explained:
    """What the command said about a request."""

    def __init__(self, tmp_path: Path, request: dict[str, Any] | str, config: Path | None, **settings: Any) -> None:
        file = tmp_path / "request"
        file.write_text(request if isinstance(request, str) else orjson.dumps(request).decode())
        out, err = io.StringIO(), io.StringIO()
        chosen = ExplainSettings(str(file), str(config) if config is not None else None, **settings)
        self.code = run(chosen, KEYS, out=out, err=err)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


@pytest.fixture(autouse=True)
def _alone(nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sidecar of this machine has a say."""
    monkeypatch.setenv("REMORA_ADDRESS", nobody)


def test_without_a_sidecar_the_chain_is_shown_as_healthy(tmp_path: Path, config: Path) -> None:
    found = Explained(tmp_path, HI, config)
    assert found.code == 0
    lines = found.out.splitlines()
    assert lines[0] == "smart (the default model): 3 entries; sim/blind main would be asked first"
    assert lines[1].startswith("health: taken as healthy throughout: no sidecar answers at 127.0.0.1:")
    assert lines[3:10] == [
        " 1  sim/blind",
        "      main   callable",
        "      spare  callable",
        " 2  sim/ok",
        "      main   callable",
        "      spare  callable",
        " 3  other/ok",
    ]
    assert [line.split(":")[0] for line in lines[-2:]] == ["policy of 1, 3", "policy of 2"]
    assert "max_attempts 3" in lines[-1]
    assert "on_slow hedge · first_content_s 10 · idle_s 15 · on_stream_break resume" in lines[-2]


def test_what_cannot_do_it_and_what_may_not_are_skipped_with_why(tmp_path: Path, config: Path) -> None:
    found = Explained(tmp_path, PICTURE | {"policy": {"never_providers": ["other"]}}, config)
    assert found.code == 0
    assert " –  sim/blind  skipped: capability, cannot do images" in found.out.splitlines()
    assert " –  other/ok  skipped: boundary, the policy does not allow other" in found.out.splitlines()
    assert found.out.splitlines()[0].endswith("3 entries; sim/ok main would be asked first")
    assert "never_providers other" in found.out


def test_nothing_left_is_the_error_a_caller_would_get(tmp_path: Path, config: Path) -> None:
    found = Explained(tmp_path, PICTURE | {"model": "sim/blind", "policy": {"pin": True}}, config)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(
        "✗ CAPABILITY: no entry of the chain can do what the request needs: sim/blind cannot do"
    )


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        ({"temperature": 9, "top_p": 7}, ["messages", "temperature", "top_p"]),
        (
            {"modle": "x", "messages": [{"rolle": 1}], "policy": {"pinn": True}},
            ["modle", "messages[0].rolle", "policy.pinn"],
        ),
        ({"temperature": "warm"}, ["request"]),
        ("[1, 2]", ["request"]),
        ("{a: b: c", ["request"]),
    ],
)
def test_a_wrong_request_is_told_with_every_problem(
    tmp_path: Path, config: Path, request_: dict[str, Any] | str, fields: list[str]
) -> None:
    found = Explained(tmp_path, request_, config, as_json=True)
    assert found.code == 1
    error = found.json["error"]
    assert (found.json["callable"], error["reason"]) == (False, "INVALID_INPUT")
    assert [field["field"] for field in error["fields"]] == fields
    assert Explained(tmp_path, request_, config).err.count("\n") >= len(fields)


def test_yaml_and_the_names_of_protobufs_json_are_taken(tmp_path: Path, config: Path) -> None:
    text = "model: other/ok\nmessages: [{role: ROLE_USER, parts: [{text: hi}]}]\nmaxOutputTokens: 5\n"
    found = Explained(tmp_path, text, config, as_json=True)
    assert (found.code, found.json["first"]) == (0, "other/ok main")


def test_a_model_nobody_has_is_told_with_the_closest(tmp_path: Path, config: Path) -> None:
    found = Explained(tmp_path, HI | {"model": "smrt"}, config)
    assert found.code == 1
    assert "closest: smart" in found.err


def test_a_configuration_or_a_file_that_cannot_be_used_is_told(tmp_path: Path, config: Path) -> None:
    config.write_text("providers: {openai: {}}\nnonsense: 1\n")
    broken = Explained(tmp_path, HI, config)
    assert broken.code == 1
    assert "nonsense" in broken.err
    out, err = io.StringIO(), io.StringIO()
    config.write_text(CONFIG.replace("URL", "http://127.0.0.1:9/v1"))
    assert run(ExplainSettings("/nowhere/at/all", str(config)), KEYS, out=out, err=err) == 1
    assert err.getvalue() == "✗ /nowhere/at/all cannot be read: No such file or directory\n"


def test_without_a_configuration_providers_come_from_the_environment(tmp_path: Path) -> None:
    key = {"OPENAI_API_KEY": "sk-" + "a" * 24}
    out, err = io.StringIO(), io.StringIO()
    file = tmp_path / "request.json"
    file.write_bytes(orjson.dumps(HI | {"model": "gpt-5"}))
    assert run(ExplainSettings(str(file)), key, out=out, err=err) == 0
    assert " 1  openai/gpt-5" in out.getvalue()
    assert key["OPENAI_API_KEY"] not in out.getvalue()
    assert run(ExplainSettings(str(file)), {}, out=out, err=err) == 1
    assert "OPENAI_API_KEY" in err.getvalue()


def test_a_sidecar_that_was_named_must_answer(tmp_path: Path, config: Path, nobody: str) -> None:
    found = Explained(tmp_path, HI, config, address=nobody)
    assert (found.code, found.out) == (1, "")
    assert f"no sidecar answers at {nobody}" in found.err
    assert Explained(tmp_path, HI, config, address="nowhere").code == 2


@pytest.fixture
def provider() -> Iterator[Provider]:
    started = Provider().start()
    yield started
    started.stop()


@pytest.fixture
def sidecar(provider: Provider, tmp_path: Path) -> Iterator[Sidecar]:
    with Sidecar(tmp_path / "sidecar", CONFIG.replace("URL", provider.url), **KEYS) as started:
        yield started


def test_a_running_sidecars_health_is_taken_into_account(sidecar: Sidecar, provider: Provider, tmp_path: Path) -> None:
    provider.when("ok", status=401)
    chat(sidecar.chat, question("sim/ok", policy={"max_attempts": 1}))
    for _ in range(3):
        chat(sidecar.chat, question("sim/status-500", policy={"max_attempts": 1, "profile": "spare"}))
    config = tmp_path / "sidecar" / "remora.yaml"
    named = {"address": sidecar.addresses[0], "as_json": True}
    up = Explained(tmp_path, HI, config, **named).json
    assert up["health"].startswith(f"as the sidecar at {sidecar.addresses[0]} told at ")
    assert up["first"] == "sim/blind spare"
    main, spare = up["entries"][0]["targets"]
    assert (main["callable"], main["why"]) == (False, "the profile is cooling (AUTHENTICATION)")
    assert main["until"].endswith("Z")
    assert spare == {"profile": "spare", "callable": True, "why": None, "until": None}
    down = Explained(tmp_path, HI | {"model": "down"}, config, **named)
    assert (down.code, down.json["callable"], down.json["first"]) == (1, False, None)
    assert down.json["entries"][0]["targets"][1]["why"] == "the breaker is open (SERVER_ERROR)"
    text = Explained(tmp_path, HI | {"model": "down"}, config, address=sidecar.addresses[0]).out
    assert text.startswith("down: 1 entry; nothing is callable\n")
    assert "      main   the profile is cooling (AUTHENTICATION), until " in text


def test_a_sidecar_with_another_configuration_is_noticed(sidecar: Sidecar, tmp_path: Path, config: Path) -> None:
    config.write_text(config.read_text().replace("other", "another"))
    found = Explained(tmp_path, HI, config, address=sidecar.addresses[0])
    assert "that sidecar has no another/main: it runs with another configuration" in found.out


def test_the_command_asks_the_sidecar_it_finds(sidecar: Sidecar, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(orjson.dumps(HI))
    config = str(tmp_path / "sidecar" / "remora.yaml")
    done = command("explain", str(file), "--config", config, REMORA_ADDRESS=sidecar.addresses[0], **KEYS)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"health: as the sidecar at {sidecar.addresses[0]} told at " in done.stdout
    assert not any(key in done.stdout for key in KEYS.values())

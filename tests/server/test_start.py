"""Starting the command: from the environment, on the simulator, and what it says when it cannot."""

from __future__ import annotations

import socket
from pathlib import Path

import grpc
import orjson
import pytest

from sidecar import __version__
from sidecar.pb import policy_pb2
from sidecar.simulator import answer_text, fingerprint

from .conversation import question
from .outcome import chat
from .process import Sidecar, run
from .provider import Provider


def test_without_a_file_and_without_a_key_it_names_the_variables_and_ends_with_1() -> None:
    ended = run("serve")
    assert ended.returncode == 1
    assert {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"} <= set(ended.stderr.replace(",", " ").split())
    assert "Traceback" not in ended.stderr


def test_the_simulator_answers_every_model_and_every_answer_is_marked(tmp_path: Path) -> None:
    config = 'listen: {grpc: ["127.0.0.1:0"]}\nproviders: {openai: {api_key: none}}\n'
    with Sidecar(tmp_path, config, "--simulator") as sidecar:
        outcome = chat(sidecar.chat, question("whatever-model"))
        assert outcome.text == answer_text("hi", 20)
        assert outcome.trailers["remora-provider"] == "simulator"
        assert chat(sidecar.chat, question("")).trailers["remora-provider"] == "simulator"
        failed = chat(sidecar.chat, question("status-404", policy=policy_pb2.Policy(max_attempts=1)))
        assert (failed.code, failed.trailers["remora-provider"]) == (grpc.StatusCode.NOT_FOUND, "simulator")
        sidecar.terminate()
        assert sidecar.wait() == 0


def test_keys_of_the_environment_are_enough(provider: Provider, tmp_path: Path) -> None:
    variables = {"OPENAI_API_KEY": "sk-from-environment", "OPENAI_BASE_URL": provider.url}
    with DefaultPort(tmp_path, None, **variables) as sidecar:
        outcome = chat(sidecar.chat, question("ok+environment"))
        assert outcome.text == answer_text("hi", 20)
        assert outcome.trailers["remora-provider"] == "openai"
        assert provider.ended("ok+environment").key == fingerprint("sk-from-environment")
        assert "sk-from-environment" not in sidecar.log


class DefaultPort(Sidecar):
    """A sidecar on the default address; the test is skipped where somebody else has it."""

    def start(self) -> Sidecar:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", 7650))
            except OSError:
                pytest.skip("port 7650 is in use on this machine")
        return super().start()


def test_the_ready_file_has_the_real_addresses_when_it_serves(provider: Provider, tmp_path: Path) -> None:
    config = (
        'listen: {grpc: ["127.0.0.1:0", "127.0.0.1:0"]}\n'
        f"providers: {{sim: {{protocol: openai, base_url: '{provider.url}', api_key: none}}}}\n"
        "default_provider: sim\n"
    )
    with Sidecar(tmp_path, config) as sidecar:
        ready = orjson.loads((tmp_path / "ready.json").read_bytes())
        assert (ready["http"], ready["probe"], len(ready["grpc"])) == (None, None, 2)
        ports = [address.rpartition(":")[2] for address in ready["grpc"]]
        assert len(set(ports)) == 2
        assert "0" not in ports
        with grpc.insecure_channel(ready["grpc"][1]) as channel:
            outcome = chat(type(sidecar.chat)(channel), question("ok+keyless"))
        assert outcome.code is grpc.StatusCode.OK
        assert provider.ended("ok+keyless").key is None
        assert list(tmp_path.glob(".ready*")) == []


def test_version_prints_the_version() -> None:
    ended = run("version")
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, __version__, "")


def test_check_says_every_problem_with_its_line_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "remora.yaml"
    file.write_text("providers:\n  openai: {api_key: env:NOT_SET}\nfallback: []\n")
    ended = run("check", str(file))
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert "remora.yaml:2" in said
    assert "NOT_SET" in said
    assert "remora.yaml:3" in said
    file.write_text("providers:\n  openai: {api_key: env:KEY}\n")
    assert run("check", str(file), KEY="sk-ordinary-0123456789").returncode == 0


def test_serve_refuses_a_file_with_problems_or_with_what_is_not_built(tmp_path: Path) -> None:
    file = tmp_path / "remora.yaml"
    file.write_text("providers: {openai: {api_key: none, unknown: 1}}\n")
    ended = run("serve", "--config", str(file))
    assert (ended.returncode, "unknown" in ended.stderr, "Traceback" in ended.stderr) == (1, True, False)
    file.write_text(
        "providers: {openai: {api_key: none}}\nspend: {limits: [{name: daily, usd: 50, window_s: 86400}]}\n"
    )
    ended = run("serve", "--config", str(file))
    assert (ended.returncode, "spend.limits" in ended.stderr) == (1, True)
    ended = run("serve", "--config", str(tmp_path / "missing.yaml"))
    assert (ended.returncode, "missing.yaml" in ended.stderr, "Traceback" in ended.stderr) == (1, True, False)


def test_wrong_usage_ends_with_2() -> None:
    assert run("no-such-command").returncode == 2
    assert run().returncode == 2


def test_a_log_line_is_one_json_object(provider: Provider, tmp_path: Path) -> None:
    config = (
        'listen: {grpc: ["127.0.0.1:0"]}\n'
        f"providers: {{sim: {{protocol: openai, base_url: '{provider.url}', api_key: none}}}}\n"
    )
    with Sidecar(tmp_path, config) as sidecar:
        sidecar.terminate()
        assert sidecar.wait() == 0
        assert [line["message"].split()[0] for line in sidecar.lines] == ["serving", "draining"]
        assert all({"ts", "level", "logger", "message"} <= set(line) for line in sidecar.lines)

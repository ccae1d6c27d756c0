"""`remora serve` told where to listen by whoever starts it: the injector, a unit file."""

from __future__ import annotations

import signal
import urllib.request
from pathlib import Path

import grpc
import pytest

from sidecar.config.override import override
from sidecar.config.settings import Settings
from sidecar.core.catalog import Catalog
from sidecar.pb import health_pb2

from .conversation import question
from .outcome import chat
from .process import Sidecar, run

CONFIG = """
listen: {grpc: ["127.0.0.1:1"], probe: "127.0.0.1:2"}
providers: {p: {protocol: openai, base_url: "http://127.0.0.1:1/v1", api_key: env:KEY}}
"""


def test_the_command_lines_addresses_take_the_configurations_place(tmp_path: Path) -> None:
    where = ("--listen-grpc", f"unix://{tmp_path}/s", "--listen-grpc", "127.0.0.1:0", "--listen-probe", "127.0.0.1:0")
    with Sidecar(tmp_path, CONFIG, "--simulator", *where, KEY="k") as sidecar:
        assert sidecar.addresses[0] == f"unix://{tmp_path}/s"
        assert not sidecar.addresses[1].endswith(":1")
        assert chat(sidecar.chat, question("ok")).code is grpc.StatusCode.OK
        with urllib.request.urlopen(f"http://{sidecar.probe}/readyz", timeout=5) as answer:
            assert answer.status == 200


def test_they_hold_over_a_new_configuration(tmp_path: Path) -> None:
    with Sidecar(tmp_path, CONFIG, "--listen-grpc", "127.0.0.1:0", "--listen-probe", "127.0.0.1:0", KEY="k") as sidecar:
        told = sidecar.health.Health(health_pb2.HealthRequest(watch=True), timeout=20)
        next(told)
        (tmp_path / "remora.yaml").write_text(CONFIG + "fallbacks: [p/other]\n")
        sidecar.process.send_signal(signal.SIGHUP)
        change = next(told)
        assert (change.configuration_problem, "needs a restart" in sidecar.log) == ("", False)
        assert "settings of the process" in change.cause


def test_the_bytes_under_way_are_the_command_lines_and_else_the_configurations() -> None:
    settings = Settings(Catalog({}))
    assert override([], None, None, 5).applied(settings).limits.max_bytes_in_flight == 5
    assert override([], None, 1.0, None).applied(settings).limits.max_bytes_in_flight == 268_435_456


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen-grpc", "0.0.0.0:7650"), "--listen-grpc: 0.0.0.0:7650 is reachable from outside"),
        (("--listen-grpc", "here"), "--listen-grpc: must be host:port"),
        (("--listen-probe", "unix:///s"), "--listen-probe: the kubelet needs host:port"),
        (("--drain-s", "-1"), "--drain-s: must be from 0 to 3600 seconds"),
        (("--max-bytes-in-flight", "0"), "--max-bytes-in-flight: must be from 1 to 1099511627776 bytes"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_1(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "remora.yaml").write_text(CONFIG)
    ended = run("serve", "--config", str(tmp_path / "remora.yaml"), *arguments, KEY="k")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert said in ended.stderr

"""Where the sidecar listens, and who can reach that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.config.address import Address, parsed
from sidecar.config.loading import Loaded

Load = Callable[..., Loaded]
Wrong = Callable[..., list[str]]

OPENAI = "providers: {openai: {}}\n"
EXPOSED = "can be reached from elsewhere: set tls, or insecure: true where a mesh encrypts"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:7650", Address("127.0.0.1", 7650)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:7650", Address("::1", 7650)),
        ("unix:///run/remora/remora.sock", Address(unix_path="/run/remora/remora.sock")),
    ],
)
def test_local_addresses_are_taken(text: str, address: Address, load: Load) -> None:
    assert load(f"{OPENAI}listen: {{grpc: ['{text}']}}\n").settings.listen.grpc == (address,)
    assert address.is_local
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7650",
        ":7650",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "::1:7650",
        "[::1",
        "[x]:1",
        "256.0.0.1:1",
        "a b:1",
        "-a:1",
        "http://127.0.0.1:1",
        "unix:relative",
        "unix://relative",
        "unix:///",
        "unix:///" + "x" * 120,
        "127.0.0.1:٣",
    ],
)
def test_malformed_addresses_are_refused(text: str, wrong: Wrong) -> None:
    with pytest.raises(ValueError, match=r"must|address|host|brackets|socket"):
        parsed(text)
    assert wrong(f"{OPENAI}listen: {{grpc: ['{text}']}}\n")[0].startswith("f:2:17: listen.grpc[0]: ")


@pytest.mark.parametrize("text", ["0.0.0.0:7650", "10.1.2.3:1", "[::]:1", "sidecar.internal:1"])
def test_an_address_off_loopback_needs_tls_or_insecure(text: str, load: Load, wrong: Wrong) -> None:
    listen = f"{OPENAI}listen: {{grpc: ['{text}']"
    assert wrong(listen + "}\n") == [f"f:2:17: listen.grpc[0]: {EXPOSED}"]
    assert wrong(listen + ", insecure: false}\n") == [f"f:2:17: listen.grpc[0]: {EXPOSED}"]
    assert load(listen + ", insecure: true}\n").settings.listen.insecure


def test_the_http_door_is_held_to_the_same_and_the_probe_is_not(wrong: Wrong, load: Load) -> None:
    assert wrong(OPENAI + "listen: {http: '0.0.0.0:1'}\n") == [f"f:2:16: listen.http: {EXPOSED}"]
    assert load(OPENAI + "listen: {probe: '0.0.0.0:1'}\n").settings.listen.probe == Address("0.0.0.0", 1)


def test_the_same_address_twice_is_refused_but_port_0_is_not(wrong: Wrong, load: Load) -> None:
    assert wrong(OPENAI + "listen: {grpc: ['127.0.0.1:1'], http: '127.0.0.1:1'}\n") == [
        "f:2:39: listen.http: is used twice"
    ]
    assert len(load(OPENAI + "listen: {grpc: ['127.0.0.1:0', '127.0.0.1:0']}\n").settings.listen.grpc) == 2


def test_tls_files_are_looked_at(load: Load, wrong: Wrong, tmp_path: Path) -> None:
    (tmp_path / "cert").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "key").write_text("-----BEGIN PRIVATE KEY-----\n")
    text = OPENAI + "listen: {grpc: ['0.0.0.0:1'], tls: {cert: cert, key: key}}\n"
    tls = load(text).settings.listen.tls
    assert tls is not None
    assert (tls.cert, tls.key, tls.client_ca) == (str(tmp_path / "cert"), str(tmp_path / "key"), None)
    (tmp_path / "key").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "cert").unlink()
    assert wrong(text) == [
        f"f:2:43: listen.tls.cert: the file {tmp_path / 'cert'} cannot be read: No such file or directory",
        f"f:2:54: listen.tls.key: the file {tmp_path / 'key'} has no PEM private key",
    ]


@pytest.mark.parametrize("mode", ["0660", "660", "0600"])
def test_the_mode_of_sockets_is_octal(mode: str, load: Load) -> None:
    assert load(f"{OPENAI}listen: {{unix_mode: '{mode}'}}\n").settings.listen.unix_mode == int(mode, 8)


@pytest.mark.parametrize("mode", ["0660", "'0980'", "'rw-rw----'", "'10660'"])
def test_any_other_mode_is_refused(mode: str, wrong: Wrong) -> None:
    assert "quotes" in wrong(f"{OPENAI}listen: {{unix_mode: {mode}}}\n")[0]

"""Where the sidecar listens and who may call: unix sockets, ports, TLS, the callers' token."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2 as standard_pb2
from grpc_health.v1 import health_pb2_grpc as standard_pb2_grpc

from sidecar.pb import chat_pb2, health_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub

from .certificate import Certificate, made
from .conftest import Start
from .conversation import question
from .outcome import ask, chat
from .process import StubbornError
from .reflection import services_of

OK = grpc.StatusCode.OK


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return made(tmp_path_factory.mktemp("certificates"))


def test_a_unix_socket_serves_with_its_mode_and_goes_with_the_process(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "remora.sock"
    sidecar = start(listen=f"{{grpc: ['unix://{path}', '127.0.0.1:0'], unix_mode: '0600'}}")
    assert sidecar.addresses[0] == f"unix://{path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert chat(sidecar.chat, question("ok+unix")).code is OK
    assert sidecar.addresses[1].startswith("127.0.0.1:")
    sidecar.terminate()
    assert sidecar.wait() == 0
    assert not path.exists()


def test_a_unix_sockets_mode_is_0660_by_default(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "remora.sock"
    start(listen=f"{{grpc: ['unix://{path}']}}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_socket_a_dead_process_left_is_replaced(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "remora.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert chat(start(listen=f"{{grpc: ['unix://{path}']}}").chat, question("ok+stale")).code is OK


def test_a_socket_in_use_or_a_file_in_its_place_is_refused(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "remora.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(StubbornError, match=r"exit code 1: cannot listen on unix://.*another process listens"):
            start(listen=f"{{grpc: ['unix://{path}']}}")
    path.unlink()
    path.write_text("precious")
    with pytest.raises(StubbornError, match=r"exit code 1: cannot listen on unix://.*no socket"):
        start(listen=f"{{grpc: ['unix://{path}']}}")
    assert path.read_text() == "precious"


def test_a_port_in_use_is_named_and_the_exit_code_is_1(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StubbornError) as caught:
            start(listen=f"{{grpc: ['{address}']}}")
    assert str(caught.value).strip() == f"exit code 1: cannot listen on {address}: Address already in use"


def test_a_second_sidecar_cannot_share_the_first_ones_port(start: Start) -> None:
    address = start().addresses[0]
    with pytest.raises(StubbornError, match=f"exit code 1: cannot listen on {address}"):
        start(listen=f"{{grpc: ['{address}']}}")


def test_off_loopback_it_wants_tls_or_insecure(start: Start) -> None:
    with pytest.raises(StubbornError, match=r"exit code 1: .*listen.*insecure"):
        start(listen="{grpc: ['0.0.0.0:0']}")
    sidecar = start(listen="{grpc: ['0.0.0.0:0'], insecure: true}")
    port = sidecar.addresses[0].rpartition(":")[2]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert chat(ChatServiceStub(channel), question("ok+mesh")).code is OK


def test_with_tls_a_caller_that_trusts_the_authority_is_served_and_a_plain_one_is_not(
    start: Start, certificate: Certificate
) -> None:
    tls = f"{{cert: {certificate.cert}, key: {certificate.key}}}"
    sidecar = start(listen=f"{{grpc: ['127.0.0.1:0'], tls: {tls}}}")
    trusting = grpc.ssl_channel_credentials(certificate.ca.read_bytes())
    assert chat(ChatServiceStub(sidecar.channel(trusting)), question("ok+tls")).code is OK
    plain = chat(ChatServiceStub(sidecar.channel()), question("ok+plain"), timeout_s=5)
    assert plain.code is grpc.StatusCode.UNAVAILABLE


def test_with_a_client_authority_a_caller_needs_a_certificate(start: Start, certificate: Certificate) -> None:
    mine = made(certificate.ca.parent, "client")
    tls = f"{{cert: {certificate.cert}, key: {certificate.key}, client_ca: {certificate.ca}}}"
    sidecar = start(listen=f"{{grpc: ['127.0.0.1:0'], tls: {tls}}}")
    ca = certificate.ca.read_bytes()
    known = grpc.ssl_channel_credentials(ca, mine.key.read_bytes(), mine.cert.read_bytes())
    assert chat(ChatServiceStub(sidecar.channel(known)), question("ok+mtls")).code is OK
    nameless = sidecar.channel(grpc.ssl_channel_credentials(ca))
    refused = chat(ChatServiceStub(nameless), question("ok+nameless"), timeout_s=5)
    assert refused.code is grpc.StatusCode.UNAVAILABLE


def test_a_tls_file_that_cannot_be_read_is_named(start: Start, tmp_path: Path) -> None:
    with pytest.raises(StubbornError, match=r"exit code 1: .*missing\.pem"):
        start(listen=f"{{grpc: ['127.0.0.1:0'], tls: {{cert: {tmp_path}/missing.pem, key: {tmp_path}/k.pem}}}}")


def test_tls_files_that_are_no_certificates_are_one_line_and_exit_1(start: Start, tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text("not a certificate")
    with pytest.raises(StubbornError) as caught:
        start(listen=f"{{grpc: ['127.0.0.1:0'], tls: {{cert: {tmp_path}/c.pem, key: {tmp_path}/c.pem}}}}")
    assert str(caught.value).startswith("exit code 1: ")
    assert "Traceback" not in str(caught.value)


def test_with_a_token_every_rpc_wants_it_and_grpc_health_does_not(start: Start) -> None:
    sidecar = start(listen="{grpc: ['127.0.0.1:0'], token: 'env:TOKEN'}")
    right = [("authorization", "Bearer a-token")]
    assert chat(sidecar.chat, question("ok+token"), metadata=right).code is OK
    assert chat(sidecar.chat, question("ok+token"), metadata=[("authorization", "bearer a-token")]).code is OK
    for wrong in ([], [("authorization", "Bearer b-token")], [("authorization", "a-token")], [("authorization", "é")]):
        if wrong and not wrong[0][1].isascii():
            continue  # gRPC itself refuses to send it
        outcome = chat(sidecar.chat, question("ok+token", request_id="mine"), metadata=wrong)
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNAUTHENTICATED")
        assert outcome.pushback is None
        assert "a-token" not in str(outcome.status)
    for method, request in (
        (sidecar.chat.ListModels, chat_pb2.ListModelsRequest()),
        (sidecar.health.GetReport, health_pb2.GetReportRequest(request_id="x")),
    ):
        assert ask(method, request).code is grpc.StatusCode.UNAUTHENTICATED  # type: ignore[arg-type]
    stub = standard_pb2_grpc.HealthStub(sidecar.shared_channel)
    assert stub.Check(standard_pb2.HealthCheckRequest(), timeout=5).status == standard_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        services_of(sidecar.shared_channel, "v1")
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED  # type: ignore[attr-defined]
    assert "remora.v1.ChatService" in services_of(sidecar.shared_channel, "v1", right)

"""The webhook as a process, asked over TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import trustme

from tests.injector.making import TEMPLATE, VERSION, decoded, pod, request
from tests.injector.process import HOST, Injector, ask
from tests.injector.test_golden import CASES, FOLDER

REVIEW = orjson.dumps(request(pod()))


@pytest.fixture
def injector(tmp_path: Path) -> Iterator[Injector]:
    """With a certificate, and serving."""
    with Injector(tmp_path) as started:
        started.certify()
        started.told("serving")
        yield started


def test_recorded_reviews_are_answered_as_recorded(injector: Injector) -> None:
    connection = injector.connect()
    for name in CASES:
        recorded = orjson.loads((FOLDER / f"{name}.json").read_bytes())
        if CASES[name]().template is TEMPLATE:
            status, body = ask(connection, orjson.dumps(recorded["review"]))
            assert (status, decoded(body)) == (200, recorded["response"])
    connection.close()


def test_each_review_is_one_line_and_one_count(injector: Injector) -> None:
    injector.post(REVIEW)
    injector.post(orjson.dumps(request(pod(hostNetwork=True))))
    injected, skipped = injector.told("a pod was reviewed", 1), injector.told("a pod was reviewed", 2)
    assert (injected["namespace"], injected["name"], injected["outcome"]) == ("shop", "shop-7d4b9-", "injected")
    assert injected["native"] is True
    assert (skipped["outcome"], skipped["reason"], skipped["level"]) == ("skipped", "HOST_NETWORK", "info")
    status, metrics = injector.probe("/metrics")
    assert status == 200
    assert 'remora_injector_pods_total{outcome="injected",reason=""} 1.0' in metrics
    assert 'remora_injector_pods_total{outcome="skipped",reason="HOST_NETWORK"} 1.0' in metrics
    assert 'remora_injector_pods_total{outcome="skipped",reason="WINDOWS"} 0.0' in metrics
    assert "remora_injector_review_duration_seconds_count 2.0" in metrics
    assert f'remora_injector_build_info{{version="{VERSION}"}} 1.0' in metrics


def test_garbage_is_refused_and_counted_and_the_next_pod_is_injected(injector: Injector) -> None:
    assert injector.post(b"hunter2") == (400, b'{"error": "not JSON"}')
    assert injector.post(b"{}")[0] == 400
    assert injector.post(b" " * (8 * 1024 * 1024 + 1))[0] == 413
    assert injector.post(REVIEW, "/elsewhere")[0] == 404
    assert decoded(injector.post(REVIEW)[1])["patchType"] == "JSONPatch"
    metrics = injector.probe("/metrics")[1]
    assert 'remora_injector_requests_refused_total{cause="malformed"} 2.0' in metrics
    assert 'remora_injector_requests_refused_total{cause="too_large"} 1.0' in metrics
    assert all("hunter2" not in str(line) for line in injector.lines())


def test_a_fault_inside_is_allowed_logged_and_counted(injector: Injector) -> None:
    status, body = injector.post(orjson.dumps(request(pod(containers=["hunter2"]))))
    assert (status, decoded(body)["allowed"]) == (200, True)
    line = injector.told("a pod was reviewed")
    assert (line["level"], line["reason"]) == ("error", "INTERNAL_ERROR")
    assert "pod.py" in line["fault"]
    assert 'outcome="failed",reason="INTERNAL_ERROR"} 1.0' in injector.probe("/metrics")[1]
    assert "hunter2" not in str(injector.lines())


def test_the_probes_answer_in_plain_and_the_webhook_has_none(injector: Injector) -> None:
    assert injector.probe("/healthz") == (200, '{"status": "ok"}')
    assert injector.probe("/readyz") == (200, '{"status": "ready"}')
    assert injector.probe("/inject")[0] == 404
    connection = injector.connect()
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    assert (response.status, response.headers["Server"]) == (404, None)
    connection.close()


def test_a_replaced_certificate_is_served_and_open_connections_go_on(injector: Injector) -> None:
    open_connection = injector.connect()
    assert ask(open_connection, REVIEW)[0] == 200
    other = trustme.CA()
    injector.certify(other)
    injector.told("the certificate was read", 2)
    with pytest.raises(ssl.SSLCertVerificationError):
        injector.connect()
    newest = injector.connect(other)
    assert ask(newest, REVIEW)[0] == 200
    assert ask(open_connection, REVIEW)[0] == 200
    newest.close()
    open_connection.close()


def test_half_a_pair_is_refused_and_the_old_certificate_stays(injector: Injector) -> None:
    stranger = injector.authority.issue_cert(HOST)
    known = (injector.certificates / "tls.crt").read_bytes()
    injector.mount({"tls.crt": known, "tls.key": stranger.private_key_pem.bytes()})
    line = injector.told("the certificate cannot be used; the old one is kept")
    assert line["level"] == "error"
    assert line["problem"] == "KEY_VALUES_MISMATCH"
    assert injector.post(REVIEW)[0] == 200
    assert 'remora_injector_reloads_total{file="certificate",outcome="refused"} 1.0' in injector.probe("/metrics")[1]
    injector.certify()
    injector.told("the certificate was read", 2)
    assert injector.post(REVIEW)[0] == 200


def test_a_replaced_template_is_used_and_a_bad_one_is_not(injector: Injector) -> None:
    text = injector.template.read_text()
    injector.rewrite(text.replace("remora:0.1.0", "remora:0.2.0"))
    injector.told("the template was read", 2)
    assert b"remora:0.2.0" in orjson.dumps(decoded(injector.post(REVIEW)[1]))
    injector.rewrite(text.replace("remora:0.1.0", "remora:0.3.0") + "colour: blue\n")
    line = injector.told("the template cannot be used; the old one is kept")
    assert line["problem"] == "colour: Extra inputs are not permitted"
    assert b"remora:0.2.0" in orjson.dumps(decoded(injector.post(REVIEW)[1]))
    assert 'remora_injector_reloads_total{file="template",outcome="refused"} 1.0' in injector.probe("/metrics")[1]


def test_the_webhook_waits_for_its_certificate(tmp_path: Path) -> None:
    with Injector(tmp_path) as injector:
        line = injector.told("the certificate cannot be used; there is none yet")
        assert line["problem"] == "No such file or directory"
        injector.certify()
        assert injector.post(REVIEW)[0] == 200


def test_a_webhook_that_waits_for_its_certificate_ends_when_told_to(tmp_path: Path) -> None:
    with Injector(tmp_path) as injector:
        injector.told("the certificate cannot be used; there is none yet")
        injector.end()
        assert injector.exit_code() == 0


def test_sigterm_ends_it_after_the_connections_were_asked_to_go(tmp_path: Path) -> None:
    with Injector(tmp_path, drain_s=1.0) as injector:
        injector.certify()
        connection = injector.connect()
        ask(connection, REVIEW)
        injector.end()
        injector.told("draining")
        connection.request("POST", "/inject", REVIEW)
        response = connection.getresponse()
        assert (response.status, response.headers["Connection"]) == (200, "close")
        response.read()
        connection.close()
        assert injector.probe("/readyz") == (503, '{"status": "not ready"}')
        assert injector.post(REVIEW)[0] == 200
        assert injector.exit_code() == 0
        assert injector.lines()[-1]["message"] == "stopped"


def test_an_idle_connection_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with Injector(tmp_path) as injector:
        injector.certify()
        connection = injector.connect()
        ask(connection, REVIEW)
        injector.end()
        assert injector.exit_code() == 0
        connection.close()


def test_without_a_template_it_says_so_and_ends(tmp_path: Path) -> None:
    injector = Injector(tmp_path)
    injector.template.unlink()
    with injector:
        assert injector.exit_code() == 1
        (line,) = injector.lines()
        assert line["message"] == "the template cannot be used; there is none yet"
        assert line["problem"] == "cannot be read: No such file or directory"


@pytest.mark.parametrize("kind", ["taken", "nonsense"])
def test_an_address_that_cannot_be_had_is_named(tmp_path: Path, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}" if kind == "taken" else "nonsense"
        with Injector(tmp_path, address=address) as injector:
            injector.certify()
            assert injector.exit_code() == 1
            why = "Address already in use" if kind == "taken" else "it is not host:port"
            assert injector.lines()[-1]["message"] == f"cannot listen on {address}: {why}"

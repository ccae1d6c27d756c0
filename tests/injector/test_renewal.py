"""The renewal, against a small API server over HTTPS."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme
from aiohttp import web

from sidecar.injector import certificate, renewal
from sidecar.injector.certificate import Pair
from sidecar.injector.renewal import Cluster, RenewalError, Target, in_cluster, renew
from tests.injector.api_server import TOKEN, ApiServer, serving

NOW = datetime(2026, 11, 2, tzinfo=UTC)
TARGET = Target("remora-system", "remora-injector-tls", "remora-injector", "remora-injector")
SECRETS = "/api/v1/namespaces/remora-system/secrets"
SECRET = f"{SECRETS}/remora-injector-tls"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/remora-injector"
CONFIGURATION: dict[str, Any] = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "MutatingWebhookConfiguration",
    "metadata": {"name": "remora-injector", "labels": {"app": "remora"}},
    "webhooks": [
        {"name": "namespace.remora.dev", "clientConfig": {"service": {"name": "remora-injector"}}, "timeoutSeconds": 3},
        {"name": "pod.remora.dev", "clientConfig": {"service": {"name": "remora-injector"}}},
    ],
}
EMPTY = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "remora-injector-tls"}, "type": "Opaque"}


@pytest.fixture(autouse=True)
def log_kept() -> Iterator[None]:
    """The renewal sets up the log of its process; this one keeps its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "PAUSE_S", 0.0)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiServer]:
    """With the chart's two objects, as installed."""
    async with serving(tmp_path) as server:
        server.put(SECRET, EMPTY)
        server.put(WEBHOOKS, CONFIGURATION)
        yield server


async def run(api: ApiServer, now: datetime = NOW) -> int:
    api.journal.clear()
    return await renew(TARGET, {}, cluster=api.cluster, now=lambda: now)


def held(api: ApiServer) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in api.objects[SECRET]["data"].items()}


def bundles(api: ApiServer) -> list[bytes]:
    webhooks = api.objects[WEBHOOKS]["webhooks"]
    return [base64.b64decode(webhook["clientConfig"].get("caBundle", "")) for webhook in webhooks]


async def test_the_first_run_fills_the_secret_and_every_webhooks_bundle(api: ApiServer) -> None:
    assert await run(api) == 0
    assert api.writes() == [("PUT", WEBHOOKS), ("PUT", SECRET)]
    kept = held(api)
    assert set(kept) == {"ca.crt", "ca.key", "tls.crt", "tls.key"}
    assert bundles(api) == [kept["ca.crt"], kept["ca.crt"]]
    pair = Pair(kept["tls.crt"], kept["tls.key"])
    assert certificate.is_serving(pair, Pair(kept["ca.crt"], kept["ca.key"]), "remora-injector.remora-system.svc", NOW)


async def test_nothing_but_the_bundles_and_the_data_is_changed(api: ApiServer) -> None:
    api.put(SECRET, EMPTY | {"data": {"note": "aGk="}})
    await run(api)
    assert api.objects[SECRET]["data"].pop("note") == "aGk="
    for webhook in api.objects[WEBHOOKS]["webhooks"]:
        webhook["clientConfig"].pop("caBundle")
    for path, document in ((SECRET, EMPTY | {"data": api.objects[SECRET]["data"]}), (WEBHOOKS, CONFIGURATION)):
        api.objects[path]["metadata"].pop("resourceVersion")
        assert api.objects[path] == document


async def test_a_run_with_nothing_due_only_reads(api: ApiServer) -> None:
    await run(api)
    assert await run(api, NOW + timedelta(days=30)) == 0
    assert api.journal == [("GET", SECRET), ("GET", WEBHOOKS)]


async def test_a_due_serving_certificate_is_replaced_and_the_bundle_stays(api: ApiServer) -> None:
    await run(api)
    before = held(api)
    assert await run(api, NOW + timedelta(days=61)) == 0
    assert api.writes() == [("PUT", SECRET)]
    after = held(api)
    assert {key for key in after if after[key] != before[key]} == {"tls.crt", "tls.key"}


async def test_a_due_authority_is_trusted_before_anything_is_served_that_it_signed(api: ApiServer) -> None:
    await run(api)
    old = held(api)
    assert await run(api, NOW + timedelta(days=2 * 365 + 1)) == 0
    assert api.writes() == [("PUT", WEBHOOKS), ("PUT", SECRET)]
    new = held(api)
    assert new["ca.crt"].endswith(old["ca.crt"])
    assert len(new["ca.crt"]) > len(old["ca.crt"])
    assert bundles(api) == [new["ca.crt"]] * 2


async def test_a_bundle_that_somebody_emptied_is_set_again(api: ApiServer) -> None:
    await run(api)
    api.put(WEBHOOKS, CONFIGURATION)
    assert await run(api) == 0
    assert api.writes() == [("PUT", WEBHOOKS)]
    assert bundles(api) == [held(api)["ca.crt"]] * 2


async def test_a_secret_that_is_missing_is_created(api: ApiServer) -> None:
    del api.objects[SECRET]
    assert await run(api) == 0
    assert api.writes() == [("PUT", WEBHOOKS), ("POST", SECRETS)]
    assert api.objects[SECRET]["type"] == "Opaque"
    assert bundles(api) == [held(api)["ca.crt"]] * 2


async def test_two_runs_at_once_end_with_one_authority_that_is_trusted(api: ApiServer) -> None:
    other = certificate.renewed(None, TARGET.host, NOW).material

    def interfere(method: str, path: str) -> None:
        """Another run wins the race for the Secret."""
        if (method, path) == ("PUT", SECRET) and api.journal.count(("PUT", SECRET)) == 1:
            data = {
                "ca.crt": other.trusted,
                "ca.key": other.authority.key,
                "tls.crt": other.serving.certificate,
                "tls.key": other.serving.key,
            }
            api.put(SECRET, EMPTY | {"data": {key: base64.b64encode(value).decode() for key, value in data.items()}})

    api.before = interfere
    assert await run(api) == 0
    assert held(api)["ca.crt"] == other.trusted
    assert bundles(api) == [other.trusted] * 2


async def test_a_configuration_that_changed_meanwhile_is_read_again(api: ApiServer) -> None:
    def interfere(method: str, path: str) -> None:
        if (method, path) == ("PUT", WEBHOOKS) and api.journal.count(("PUT", WEBHOOKS)) == 1:
            api.put(WEBHOOKS, CONFIGURATION | {"webhooks": CONFIGURATION["webhooks"][:1]})

    api.before = interfere
    assert await run(api) == 0
    assert bundles(api) == [held(api)["ca.crt"]]


async def test_endless_conflicts_end_the_run(api: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    api.before = lambda method, path: api.put(WEBHOOKS, CONFIGURATION) if method == "PUT" else None
    assert await run(api) == 1
    assert len(api.writes()) == renewal.MAX_TRIES
    assert problem(capsys) == "somebody else wrote 5 times in a row"


async def test_without_the_configuration_the_secret_is_written_and_the_run_fails(
    api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    del api.objects[WEBHOOKS]
    assert await run(api) == 1
    assert problem(capsys) == "there is no MutatingWebhookConfiguration remora-injector"
    api.put(WEBHOOKS, CONFIGURATION)
    assert await run(api) == 0
    assert api.writes() == [("PUT", WEBHOOKS)]


async def test_a_certificate_that_somebody_brought_is_never_overwritten(
    api: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    api.put(SECRET, EMPTY | {"data": {"tls.crt": "AAAA", "tls.key": "AAAA"}})
    assert await run(api) == 1
    assert api.writes() == []
    assert "name another Secret" in problem(capsys)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (lambda: web.json_response({}, status=403), "was answered 403"),
        (lambda: web.Response(status=307, headers={"Location": "https://elsewhere.example/"}), "was answered 307"),
        (lambda: web.Response(text="no JSON"), "was answered without JSON"),
        (lambda: web.json_response([]), "was answered without an object"),
    ],
)
async def test_an_answer_that_will_not_do_is_told_by_its_request(
    api: ApiServer, capsys: pytest.CaptureFixture[str], response: Any, said: str
) -> None:
    api.refused["GET", SECRET] = response()
    assert await run(api) == 1
    assert problem(capsys) == f"GET {SECRET} {said}"


async def test_an_api_server_of_another_authority_gets_no_token(
    api: ApiServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    assert await run(api) == 1
    assert api.journal == []
    assert problem(capsys) == f"GET {SECRET}: ClientConnectorCertificateError"


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
async def test_a_missing_service_account_is_said(
    api: ApiServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    (tmp_path / missing).unlink()
    assert await run(api) == 1
    assert problem(capsys) == "the service account is not mounted, or cannot be read"


async def test_the_log_says_what_was_done_and_no_secret(api: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    await run(api)
    await run(api)
    text = capsys.readouterr().err
    first, second = (orjson.loads(line) for line in text.splitlines())
    assert first["renewed"] == "certificate authority, serving certificate, the webhook's caBundle"
    assert second["renewed"] == "nothing was due"
    assert TOKEN not in text
    assert "PRIVATE" not in text


def test_the_cluster_is_known_from_the_environment() -> None:
    assert in_cluster({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}) == Cluster(
        "https://10.0.0.1:443"
    )
    found = in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"})
    assert found.url == "https://[fd00::1]:443"
    with pytest.raises(RenewalError, match="KUBERNETES_SERVICE_HOST is not set: this is no pod"):
        in_cluster({})


def problem(capsys: pytest.CaptureFixture[str]) -> str:
    """What the last line of the log gives as the reason; no token is in any."""
    text = capsys.readouterr().err
    assert TOKEN not in text
    said: str = orjson.loads(text.splitlines()[-1])["problem"]
    return said

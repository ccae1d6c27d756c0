"""From an injected pod to an answer: the stored sidecar runs as a process, with the mounts, keys and probes of its pod."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from remora_client import Client, RemoraError

from sidecar.simulator import answer_text
from tests.cluster.api import Document
from tests.cluster.child import Child, free_port
from tests.cluster.cluster import ENABLED, RESTRICTED, Cluster, app_pod, variable
from tests.cluster.node import REMORA, Running
from tests.cluster.volume import MountError

pytestmark = pytest.mark.usefixtures("injector")
QUESTION = "Why is the sky blue?"
KEYS = ("hunter2-first", "hunter2-second")
LIMIT_S = 60.0
CONFIG = """
providers:
  openai:
    base_url: {base_url}
    profiles: [{{name: main, api_key: "file:/var/run/secrets/remora/openai/api-key"}}]
    models: {{gpt-x: {{}}, tps-4+words-20: {{}}}}
default_model: openai/gpt-x
"""


class Provider:
    """`remora simulate` as a process, which takes two keys."""

    def __init__(self, cluster: Cluster) -> None:
        folder = cluster.control_plane.folder
        self.port = free_port()
        script = folder / f"provider-{self.port}.json"
        script.write_text(json.dumps({"keys": list(KEYS), "defaults": {"first_token_s": 0.0}}))
        command: list[str | Path] = [*REMORA, "simulate", "--port", str(self.port), "--script", script]
        self.child = Child(command, folder / f"provider-{self.port}.log")

    def keys(self) -> list[str]:
        """The fingerprint of each request's key, in order."""
        with urlopen(f"http://127.0.0.1:{self.port}/__journal", timeout=LIMIT_S) as answer:
            return [entry["key"] for entry in json.load(answer)["entries"]]

    def is_there(self) -> bool:
        """Whether it answers."""
        try:
            self.keys()
        except OSError:
            return False
        return True


@pytest.fixture
def provider(cluster: Cluster) -> Iterator[Provider]:
    """Serves."""
    found = Provider(cluster)
    with found.child:
        found.child.until(found.is_there, LIMIT_S, "serving")
        yield found


@pytest.fixture
def pod(cluster: Cluster, provider: Provider, request: pytest.FixtureRequest) -> Document:
    """As the API server stored it, of a namespace with the configuration and a key. Its ports are free here.

    `request.param`: annotations beside the usual ones.
    """
    shop = cluster.namespace(ENABLED | RESTRICTED)
    config = {"remora.yaml": CONFIG.format(base_url=f"http://127.0.0.1:{provider.port}/v1")}
    cluster.admin.create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "remora"}, "data": config}, shop
    )
    cluster.admin.create(_secret(KEYS[0]), shop)
    annotations = {
        "profile-secrets": "openai",
        "grpc-port": str(free_port()),
        "probe-port": str(free_port()),
        "drain-seconds": "25",
    }
    return cluster.admin.create(app_pod("shop", shop, annotations=annotations | getattr(request, "param", {}))).document


@pytest.fixture
def running(cluster: Cluster, pod: Document) -> Iterator[Running]:
    """The sidecar's container, past its startup probe."""
    found = Running(cluster, pod, "remora")
    try:
        found.start()
        found.until_started()
        yield found
    finally:
        found.end()


def test_the_sidecars_traces_say_whose_they_are(cluster: Cluster, pod: Document) -> None:
    told = Running(cluster, pod, "remora").variables["OTEL_RESOURCE_ATTRIBUTES"]
    assert told == f"k8s.namespace.name={pod['metadata']['namespace']},k8s.pod.name=shop"


@pytest.mark.parametrize(
    "pod", [{}, {"native": "false"}, {"unix-socket": "true"}], indirect=True, ids=["native", "ordinary", "socket"]
)
def test_an_app_gets_its_answer_at_the_address_in_its_environment(running: Running, provider: Provider) -> None:
    assert (running.ask("readinessProbe"), running.ask("livenessProbe")) == (200, 200)
    with Client(address_of(running)) as remora:
        answer = remora.complete("", QUESTION, timeout_s=LIMIT_S)
    assert answer.text == answer_text(QUESTION, 20)
    assert provider.keys() == [fingerprint(KEYS[0])]


def test_a_changed_secret_is_used_without_a_restart(cluster: Cluster, running: Running, provider: Provider) -> None:
    pid = running.child.pid
    cluster.admin.update(cluster_secret(cluster, running.pod) | {"data": _secret(KEYS[1])["data"]})
    assert running.mount()
    with Client(address_of(running)) as remora:

        def is_new() -> bool:
            remora.complete("", QUESTION, timeout_s=LIMIT_S)
            return provider.keys()[-1] == fingerprint(KEYS[1])

        running.child.until(is_new, LIMIT_S, "asking with the new key")
    assert running.child.exit_code is None
    assert running.child.pid == pid
    assert "hunter2" not in running.child.said()


def test_a_changed_config_map_is_used_without_a_restart(cluster: Cluster, running: Running) -> None:
    path = f"/api/v1/namespaces/{running.pod['metadata']['namespace']}/configmaps/remora"
    stored = cluster.admin.get(path)
    stored["data"]["remora.yaml"] += "aliases: {smart: {targets: [openai/gpt-x]}}\n"
    cluster.admin.update({"apiVersion": "v1", "kind": "ConfigMap"} | stored)
    assert running.mount()
    with Client(address_of(running)) as remora:

        def is_known() -> bool:
            try:
                return remora.complete("smart", QUESTION, timeout_s=LIMIT_S).text == answer_text(QUESTION, 20)
            except RemoraError:
                return False

        running.child.until(is_known, LIMIT_S, "answering to the new name")


def test_a_terminated_pod_ends_its_answers_first(running: Running) -> None:
    heard: list[str] = []

    def listen() -> None:
        with Client(address_of(running)) as remora, remora.chat("openai/tps-4+words-20", QUESTION) as stream:
            heard.extend(stream.text())

    caller = threading.Thread(target=listen)
    caller.start()
    running.child.until(lambda: bool(heard), LIMIT_S, "streaming")
    running.terminate()
    running.child.until(lambda: running.ask("readinessProbe") == 503, LIMIT_S, "not ready")
    assert running.ask("livenessProbe") == 200
    assert running.ended() == 0
    caller.join(LIMIT_S)
    assert "".join(heard) == answer_text(QUESTION, 20)


def test_a_pod_without_its_config_map_waits_and_needs_no_restart(cluster: Cluster) -> None:
    shop = cluster.namespace(ENABLED)
    stored = cluster.admin.create(app_pod("early", shop)).document
    early = Running(cluster, stored, "remora")
    with pytest.raises(MountError, match="configmaps remora: 404"):
        early.mount()
    data = {"remora.yaml": "providers: {ollama: {}}"}
    cluster.admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "remora"}, "data": data}, shop)
    assert early.mount()


def address_of(running: Running) -> str:
    """What the app's container finds in REMORA_ADDRESS."""
    app = next(one for one in running.pod["spec"]["containers"] if one["name"] == "app")
    found = variable(app, "REMORA_ADDRESS")
    assert found is not None
    return running.local(found)


def cluster_secret(cluster: Cluster, pod: Document) -> Document:
    """The Secret with the provider's key, as it is stored."""
    found = cluster.admin.get(f"/api/v1/namespaces/{pod['metadata']['namespace']}/secrets/openai")
    return {"apiVersion": "v1", "kind": "Secret"} | found


def fingerprint(key: str) -> str:
    """How the provider's journal shows a key."""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _secret(key: str) -> Document:
    data = {"api-key": base64.b64encode(key.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "openai"}, "data": data}

"""The sidecar's container: the same one injected, taken into another chart's pod, and on its own."""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from sidecar import cli
from sidecar.injector import quantity
from sidecar.injector import template as injector
from tests.kubernetes.rendering import (
    CHART,
    HERE,
    Case,
    Document,
    cases,
    documents,
    helm,
    injector_template,
    one_of,
    pod_spec,
    template,
)

INJECTING = [case.name for case in cases() if case.values.get("injector", {}).get("enabled", True)]
IDLE_BYTES = 96 * 2**20
BYTES_PER_REQUEST_BYTE = 9
"""Measured by peak_memory.py, refused requests among them, and rounded up."""
NATIVE = {"first-native-cluster": True, "old-cluster": False}


@pytest.fixture(scope="module")
def example_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart of somebody else's, with this one beside it as its dependency, fetched."""
    root = tmp_path_factory.mktemp("charts")
    shutil.copytree(CHART, root / "helm/remora")
    app = root / "tests/kubernetes/example-app"
    shutil.copytree(HERE / "example-app", app)
    done = helm("dependency", "update", "--skip-refresh", app)
    assert done.returncode == 0, done.stderr
    return app


@pytest.mark.parametrize("kube_version", ["1.28.0", "1.29.0"])
def test_the_container_is_the_same_in_all_three_ways(example_app: Path, kube_version: str) -> None:
    sidecar = {"secrets": ["openai"], "drainSeconds": 30, "env": [{"name": "A", "value": "b"}]}
    standalone = {"enabled": True, "insecure": True, "configMap": "remora"}
    own = _rendered(Case("own", kube_version, values={"sidecar": sidecar, "standalone": standalone}))
    other = _rendered(Case("other", kube_version, values={"remora": {"sidecar": sidecar}}), example_app)
    injected = injector_template(own)["container"]
    taken = _sidecar_of(one_of(other, "Deployment", "example-app"))
    alone = _sidecar_of(one_of(own, "Deployment", "-standalone"))
    assert injected["args"][4] == taken["args"][4] == "127.0.0.1:7650"
    assert alone["args"][4] == "0.0.0.0:7650"
    assert _without_place(injected) == _without_place(taken) == _without_place(alone)


def test_a_chart_that_has_this_one_as_a_dependency_gets_nothing_else_from_it(example_app: Path) -> None:
    assert {one["kind"] for one in _rendered(Case("app", "1.34.0"), example_app)} == {"ConfigMap", "Deployment"}


def test_an_app_is_told_the_port_and_waits_for_a_native_sidecar(example_app: Path) -> None:
    values = {"remora": {"sidecar": {"grpcPort": 17650, "drainSeconds": 60}}}
    spec = pod_spec(one_of(_rendered(Case("app", "1.34.0", values=values), example_app), "Deployment"))
    assert spec is not None
    assert spec["containers"][0]["env"] == [{"name": "REMORA_ADDRESS", "value": "127.0.0.1:17650"}]
    assert [(one["name"], one["restartPolicy"]) for one in spec["initContainers"]] == [("remora", "Always")]
    assert spec["initContainers"][0]["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert spec["terminationGracePeriodSeconds"] == 65


@pytest.mark.parametrize(("name", "is_native"), NATIVE.items())
def test_a_sidecar_is_native_where_the_cluster_can(name: str, is_native: bool) -> None:
    assert injector_template(documents(name))["native"] is is_native


@pytest.mark.parametrize(
    ("name", "is_native"), [("ordinary-on-a-new-cluster", False), ("native-on-an-old-cluster", True)]
)
def test_a_value_decides_over_the_cluster(name: str, is_native: bool) -> None:
    assert injector_template(documents(name))["native"] is is_native


@pytest.mark.parametrize("name", INJECTING)
def test_the_injector_takes_its_template(name: str) -> None:
    text = one_of(documents(name), "ConfigMap", "-injector")["data"]["template.yaml"]
    assert injector.parse(text).container_document()["args"][0] == "serve"


def test_the_command_line_is_one_that_remora_knows() -> None:
    arguments = injector_template(documents("everything-set"))["container"]["args"]
    parsed = cli._parser().parse_args(arguments)
    assert (parsed.listen_grpc, parsed.listen_probe) == (["127.0.0.1:17650"], "0.0.0.0:17652")
    assert (parsed.drain_s, parsed.log_level, parsed.config) == (120.0, "debug", "/etc/remora/remora.yaml")
    assert parsed.max_bytes_in_flight == 41943040


@pytest.mark.parametrize("name", INJECTING)
def test_the_injectors_and_the_renewals_command_lines_are_ones_that_remora_knows(name: str) -> None:
    lines = [
        container["args"]
        for document in documents(name)
        for container in (pod_spec(document) or {}).get("containers", [])
        if container["name"] in ("injector", "renewal")
    ]
    for line in lines:
        parsed = cli._parser().parse_args(line)
        given = [flag.removeprefix("--") for flag in line if flag.startswith("--")]
        assert all(getattr(parsed, flag.replace("-", "_")) for flag in given)
    assert lines


def test_a_standalone_configuration_is_one_that_remora_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = one_of(documents("standalone-behind-a-mesh"), "ConfigMap", "-standalone")["data"]["remora.yaml"]
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-the-test")
    (tmp_path / "token").write_text("a-token-of-the-test")
    file = tmp_path / "remora.yaml"
    file.write_text(text.replace("/var/run/secrets/remora/openai/token", str(tmp_path / "token")))
    assert cli.main(["check", str(file)]) == 0
    assert yaml.safe_load(text)["listen"]["insecure"] is True


def test_a_standalone_deployment_is_drained_within_its_grace_period() -> None:
    values = {"sidecar": {"drainSeconds": 90}, "standalone": {"enabled": True, "insecure": True, "configMap": "remora"}}
    spec = pod_spec(one_of(_rendered(Case("slow", "1.34.0", values=values)), "Deployment", "-standalone"))
    assert spec is not None
    assert spec["terminationGracePeriodSeconds"] == 95


def test_traces_say_whose_they_are() -> None:
    names = [one["name"] for one in injector_template(documents("everything-set"))["container"]["env"]]
    assert names == ["POD_NAME", "POD_NAMESPACE", "NODE", "OTEL_RESOURCE_ATTRIBUTES"]
    told = injector_template(documents("defaults"))["container"]["env"]
    assert told[-1]["value"] == "k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME)"
    fields = {one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"] for one in told[:-1]}
    assert fields == {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}


@pytest.mark.parametrize("name", ["POD_NAME", "OTEL_RESOURCE_ATTRIBUTES"])
def test_a_variable_that_is_given_is_not_written_twice(name: str) -> None:
    given = {"name": name, "value": "team=shop"}
    found = injector_template(_rendered(Case("given", "1.34.0", values={"sidecar": {"env": [given]}})))
    assert [one for one in found["container"]["env"] if one["name"] == name] == [given]


def test_on_ipv6_every_listener_is_told_so() -> None:
    found = documents("on-ipv6-alone")
    injected = cli._parser().parse_args(injector_template(found)["container"]["args"])
    assert (injected.listen_grpc, injected.listen_probe) == (["127.0.0.1:7650"], "[::]:7652")
    alone = cli._parser().parse_args(_sidecar_of(one_of(found, "Deployment", "-standalone"))["args"])
    assert (alone.listen_grpc, alone.listen_probe) == (["[::]:7650"], "[::]:7652")
    spec = pod_spec(one_of(found, "Deployment", "-injector"))
    assert spec is not None
    webhook = cli._parser().parse_args(spec["containers"][0]["args"])
    assert (webhook.listen, webhook.listen_probe) == ("[::]:8443", "[::]:8080")


@pytest.mark.parametrize("name", ["defaults", "everything-set"])
def test_the_memory_limit_holds_the_requests_that_are_let_in(name: str) -> None:
    container = injector_template(documents(name))["container"]
    in_flight = cli._parser().parse_args(container["args"]).max_bytes_in_flight
    assert quantity.parse(container["resources"]["limits"]["memory"]) >= IDLE_BYTES + BYTES_PER_REQUEST_BYTE * in_flight


def _rendered(case: Case, chart: Path = CHART) -> list[Document]:
    done = template(case, chart)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def _sidecar_of(deployment: Document) -> Document:
    spec = deployment["spec"]["template"]["spec"]
    containers: list[Document] = [*spec["containers"], *spec.get("initContainers", [])]
    (found,) = (one for one in containers if one["name"] == "remora")
    return found


def _without_place(container: Document) -> Document:
    """Without what follows from where it runs: its address, whether it is native, and Secrets, which pods name."""
    kept = deepcopy(container)
    kept.pop("restartPolicy", None)
    kept["args"][4] = ""
    kept["volumeMounts"] = [mount for mount in kept["volumeMounts"] if not mount["name"].startswith("remora-secret-")]
    return kept

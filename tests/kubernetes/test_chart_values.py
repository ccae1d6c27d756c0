"""The values: each documented, each in the schema, and mistakes refused with words that help."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml

from tests.kubernetes.rendering import CHART, Case, Document, template

VALUES = CHART / "values.yaml"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
FREE = {"standalone.config", "nodeSelector", "podLabels", "podAnnotations", "labels", "affinity"}
"""Maps whose keys are not the chart's."""
STANDALONE = {"enabled": True, "configMap": "remora", "insecure": True}

OWN_CONFIG = {"enabled": True, "insecure": True, "config": {"providers": {"openai": {"api_key": "env:KEY"}}}}


@pytest.mark.parametrize(
    ("values", "misspelt"),
    [
        ({"sidecr": {}}, "sidecr"),
        ({"image": {"repo": "remora"}}, "repo"),
        ({"sidecar": {"drainSecond": 5}}, "drainSecond"),
        ({"sidecar": {"resources": {"request": {"cpu": "1"}}}}, "request"),
        ({"sidecar": {"resources": {"limits": {"mem": "1Gi"}}}}, "mem"),
        ({"injector": {"replica": 3}}, "replica"),
        ({"injector": {"tolerations": [{"kee": "dedicated"}]}}, "kee"),
        ({"certificates": {"certManager": {"issuerRef": {"nam": "company"}}}}, "nam"),
        ({"standalone": {"tls": {"secret": "remora-tls"}}}, "secret"),
        ({"monitoring": {"podMonitor": {"intervall": "30s"}}}, "intervall"),
        ({"networkPolicy": {"apiServerPort": [443]}}, "apiServerPort"),
    ],
    ids=str,
)
def test_a_misspelt_value_is_refused_by_its_name(values: Document, misspelt: str) -> None:
    done = template(Case("typo", "1.34.0", values=values))
    assert done.returncode != 0
    assert f"additional properties '{misspelt}' not allowed" in done.stderr


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"sidecar": {"native": "maybe"}}, "/sidecar/native"),
        ({"sidecar": {"order": "middle"}}, "/sidecar/order"),
        ({"sidecar": {"logLevel": "loud"}}, "/sidecar/logLevel"),
        ({"sidecar": {"grpcPort": 80}}, "/sidecar/grpcPort"),
        ({"sidecar": {"drainSeconds": 2.5}}, "/sidecar/drainSeconds"),
        ({"sidecar": {"resources": {"limits": {"memory": "256 MB"}}}}, "/sidecar/resources/limits/memory"),
        ({"sidecar": {"secrets": ["Not_A_Name"]}}, "/sidecar/secrets/0"),
        ({"sidecar": {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {}}}]}}, "/sidecar/env/0/valueFrom"),
        (
            {"sidecar": {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.nope"}}}]}},
            "/sidecar/env/0/valueFrom/fieldRef/fieldPath",
        ),
        (
            {
                "sidecar": {
                    "env": [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
                }
            },
            "/sidecar/env/0",
        ),
        ({"sidecar": {"resources": {"requests": {"cpu": "0"}}}}, "/sidecar/resources/requests/cpu"),
        ({"sidecar": {"resources": {"requests": {"memory": "0.0Mi"}}}}, "/sidecar/resources/requests/memory"),
        ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
        ({"image": {"digest": "sha256:12"}}, "/image/digest"),
        ({"certificates": {"mode": "letsencrypt"}}, "/certificates/mode"),
        (
            {"certificates": {"provided": {"caBundle": "-----BEGIN CERTIFICATE-----"}}},
            "/certificates/provided/caBundle",
        ),
        ({"injector": {"replicas": 0}}, "/injector/replicas"),
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_refused_by_its_place(values: Document, place: str) -> None:
    done = template(Case("bounds", "1.34.0", values=values))
    assert done.returncode != 0
    assert f"at '{place}'" in done.stderr


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sidecar": {"grpcPort": 7652}}, "sidecar.grpcPort and sidecar.probePort must differ"),
        (
            {"sidecar": {"resources": {"requests": {"memory": "96Mi"}, "limits": {"memory": "64Mi"}}}},
            "sidecar.resources.requests.memory (96Mi) is above sidecar.resources.limits.memory (64Mi)",
        ),
        (
            {"sidecar": {"resources": {"requests": {"cpu": "0.3"}, "limits": {"cpu": "250m"}}}},
            "sidecar.resources.requests.cpu (0.3) is above sidecar.resources.limits.cpu (250m)",
        ),
        (
            {"standalone": OWN_CONFIG | {"config": {"listen": {"token": "a-literal"}}}},
            "standalone.config.listen.token must be env:NAME or file:PATH",
        ),
        (
            {"standalone": OWN_CONFIG | {"openToAll": True, "config": {"providers": {"a": {"api_key": "a-literal"}}}}},
            "standalone.config.providers.a.api_key must be env:NAME or file:PATH",
        ),
        (
            {
                "standalone": OWN_CONFIG
                | {"openToAll": True, "config": {"providers": {"a": {"profiles": [{"api_key": "a-literal"}]}}}}
            },
            "standalone.config.providers.a.profiles[0].api_key must be env:NAME or file:PATH",
        ),
        ({"certificates": {"mode": "provided"}}, "needs certificates.provided.secretName"),
        ({"standalone": {"enabled": True}}, "standalone needs a configuration"),
        ({"standalone": STANDALONE | {"config": {"providers": {}}}}, "exclude each other"),
        (
            {"standalone": STANDALONE | {"insecure": False}},
            "set standalone.tls.secretName, or standalone.insecure: true",
        ),
        ({"standalone": STANDALONE | {"tls": {"secretName": "tls"}}}, "exclude each other"),
        ({"standalone": OWN_CONFIG}, "set standalone.config.listen.token, or standalone.openToAll: true"),
        ({"standalone": OWN_CONFIG | {"config": {"listen": None}}}, "set standalone.config.listen.token"),
        (
            {"standalone": OWN_CONFIG | {"openToAll": True, "config": {"listen": {"token": "env:TOKEN"}}}},
            "standalone.config.listen.token (or tls.client_ca) and standalone.openToAll exclude each other",
        ),
    ],
    ids=str,
)
def test_values_that_do_not_go_together_are_refused_with_a_sentence(values: Document, sentence: str) -> None:
    done = template(Case("together", "1.34.0", values=values))
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("changed", "rolls"),
    [
        ({"listen": {"token": "env:OTHER"}}, False),
        ({"aliases": {"smart": {"targets": ["a/b"]}}}, False),
        ({"telemetry": {"sample_ratio": 0.5}}, False),
        ({"listen": {"token": "env:TOKEN", "unix_mode": 384}}, True),
        ({"telemetry": {"endpoint": "http://collector:4318"}}, True),
        ({"state": {"path": "state.json"}}, True),
    ],
    ids=str,
)
def test_a_stand_alones_pods_are_rolled_by_what_needs_a_restart_and_by_nothing_else(
    changed: Document, rolls: bool
) -> None:
    checksums = []
    for config in ({}, changed):
        whole = {"listen": {"token": "env:TOKEN"}, **config}
        done = template(Case("rolls", "1.34.0", values={"standalone": OWN_CONFIG | {"config": whole}}))
        assert done.returncode == 0, done.stderr
        checksums += [line.strip() for line in done.stdout.splitlines() if "checksum/needs-restart" in line]
    assert len(checksums) == 2
    assert (checksums[0] != checksums[1]) is rolls


def test_no_resources_at_all_are_a_template_that_the_injector_takes() -> None:
    done = template(Case("none", "1.34.0", values={"sidecar": {"resources": None}}))
    assert done.returncode == 0, done.stderr
    assert "resources: null" not in done.stdout


def test_callers_certificates_are_as_good_as_a_token() -> None:
    given = {"tls": {"secretName": "tls"}, "insecure": False, "config": {"listen": {"tls": {"client_ca": "ca.crt"}}}}
    done = template(Case("certificates", "1.34.0", values={"standalone": OWN_CONFIG | given}))
    assert done.returncode == 0, done.stderr
    assert "client_ca: ca.crt" in done.stdout


def test_whoever_says_so_may_let_all_callers_in() -> None:
    done = template(Case("open", "1.34.0", values={"standalone": OWN_CONFIG | {"openToAll": True}}))
    assert done.returncode == 0, done.stderr


def test_a_cluster_that_is_too_old_is_refused() -> None:
    done = template(Case("old", "1.24.0"))
    assert done.returncode != 0
    assert "incompatible with Kubernetes v1.24.0" in done.stderr


def test_the_schema_and_the_values_have_the_same_names() -> None:
    given = set(_paths(yaml.safe_load(VALUES.read_text())))
    known = {path for path in _properties(SCHEMA) if not path.startswith("global") and "ephemeral-storage" not in path}
    # A map that is empty by default has its properties in the schema only, and limits.cpu is left out on purpose.
    assert given - known == set()
    assert {path for path in known - given if not path.endswith("limits.cpu")} == set()


def test_every_value_and_every_group_of_values_is_explained_where_it_stands() -> None:
    lines = VALUES.read_text().splitlines()
    bare = [line for before, line in zip(["", *lines], lines, strict=False) if _is_key(line) and "#" not in before]
    assert bare == []


def test_everything_in_the_schema_is_described() -> None:
    bare = [path for path, schema in _walk(SCHEMA) if "description" not in schema]
    assert bare == []


def test_no_group_of_values_takes_unknown_names() -> None:
    loose = [path for path, schema in _walk(SCHEMA) if schema.get("type") == "object" and _is_loose(schema, path)]
    assert loose == []


def _is_key(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith("#")


def _is_loose(schema: Document, path: str) -> bool:
    is_free = path in FREE or path.split(".")[-1] in FREE or path == "global"
    return schema.get("additionalProperties") is not False and not is_free


def _paths(values: Document, above: str = "") -> Iterator[str]:
    """Of the leaves."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _paths(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def _properties(schema: Document) -> Iterator[str]:
    """The paths of leaves."""
    groups = [path for path, found in _walk(schema) if found.get("properties") and path.split(".")[-1] not in FREE]
    for path, _ in _walk(schema):
        if path not in groups and not any(name in path.split(".")[:-1] for name in FREE):
            yield path


def _walk(schema: Document, above: str = "") -> Iterator[tuple[str, Document]]:
    """Every property below, with its schema; references are followed."""
    for name, found in _resolved(schema).get("properties", {}).items():
        resolved = _resolved(found)
        yield f"{above}{name}", resolved
        if name not in FREE:
            yield from _walk(resolved, f"{above}{name}.")


def _resolved(schema: Document) -> Document:
    for reference in (schema, *schema.get("allOf", [])):
        if "$ref" in reference:
            found = SCHEMA["definitions"][reference["$ref"].rpartition("/")[2]]
            return _resolved(found) | {name: value for name, value in schema.items() if name not in ("allOf", "$ref")}
    return schema

"""The template file: what is taken, what is refused, and that refusals quote nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sidecar.injector import template
from sidecar.injector.template import Order, TemplateError
from tests.injector.making import TEMPLATE, TEMPLATE_FILE

DOCUMENT = yaml.safe_load(TEMPLATE_FILE.read_text())


def changed(path: str, value: Any) -> str:
    """The template's text with one value set; a path with dots."""
    document = yaml.safe_load(TEMPLATE_FILE.read_text())
    holder = document
    *parents, last = path.split(".")
    for part in parents:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    holder[int(last) if isinstance(holder, list) else last] = value
    return yaml.safe_dump(document)


def test_the_container_and_the_volumes_are_handed_on_as_they_were_written() -> None:
    assert TEMPLATE.container_document() == DOCUMENT["container"]
    assert TEMPLATE.volume_documents() == DOCUMENT["volumes"]


def test_all_but_the_container_and_the_namespace_has_a_default() -> None:
    least = template.parse("{container: {name: remora, image: x}, namespace: ns}")
    assert (least.native, least.order, least.config_map) == (True, Order.LAST, "remora")
    assert (least.grpc_port, least.probe_port, least.drain_s) == (7650, 7652, 20)


def test_numbers_are_amounts_too() -> None:
    read = template.parse(changed("container.resources.limits", {"cpu": 1}))
    assert read.container.resources.limits == {"cpu": "1"}


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("colour", "blue", "colour: Extra inputs are not permitted"),
        ("container.volumeMount", [], "container.volumeMount: Extra inputs are not permitted"),
        ("container.volume_mounts", [], "container.volume_mounts: Extra inputs are not permitted"),
        ("container.restartPolicy", "Always", "container.restartPolicy: Extra inputs are not permitted"),
        ("container.name", "sidecar", "container.name: Input should be 'remora'"),
        ("container.image", "", "container.image: String should have at least 1 character"),
        ("container.args", ["--drain-s", 20], "container.args.1: Input should be a valid string"),
        ("container.ports.0.name", "grpc", "container.ports.0.name: Value error, must begin with remora-"),
        ("container.resources.limits.memory", "1GB", "container.resources.limits.memory: Value error, not a quantity"),
        ("container.resources.limits.cpu", "10m", "container.resources: Value error, a request is above its limit"),
        (
            "container.env",
            [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.nope"}}}],
            "container.env.0.valueFrom.fieldRef.fieldPath: Value error, no field of a pod that a variable may have",
        ),
        (
            "container.env",
            [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "container.env.0: Value error, value and valueFrom exclude each other",
        ),
        (
            "container.env",
            [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "b", "key": "c"}}}],
            "container.env.0.valueFrom.fieldRef: Field required; "
            "container.env.0.valueFrom.secretKeyRef: Extra inputs are not permitted",
        ),
        ("volumes.0.name", "tmp", "volumes.0.name: Value error, must begin with remora-"),
        ("volumes", [], "the file: Value error, a mount has no volume"),
        (
            "container.volumeMounts.1.mountPath",
            "/etc/remora/",
            "the file: Value error, two volumes, or two mounts, are the same",
        ),
        (
            "container.volumeMounts.1.mountPath",
            "/run/remora",
            "the file: Value error, the socket and the Secrets are mounted by the injector",
        ),
        ("native", "yes", "native: Input should be a valid boolean"),
        ("order", "middle", "order: Input should be 'first' or 'last'"),
        ("grpc_port", 80, "grpc_port: Input should be greater than or equal to 1024"),
        ("probe_port", 7650, "the file: Value error, grpc_port and probe_port must differ"),
        ("drain_s", 0, "drain_s: Input should be greater than or equal to 1"),
        ("namespace", "", "namespace: String should have at least 1 character"),
    ],
)
def test_a_problem_is_told_with_its_place(path: str, value: Any, problem: str) -> None:
    with pytest.raises(TemplateError) as told:
        template.parse(changed(path, value))
    assert str(told.value) == problem


def test_all_problems_are_told_at_once_and_no_value_is() -> None:
    with pytest.raises(TemplateError) as told:
        template.parse("{container: {name: hunter2, image: x, env: hunter2}, namespace: 1}")
    assert str(told.value).count(";") == 2
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a: [", "no YAML in line 1"), ("", "the file: Input should be a valid dictionary or instance of Template")],
)
def test_what_is_no_template_at_all_is_said(text: str, problem: str) -> None:
    with pytest.raises(TemplateError) as told:
        template.parse(text)
    assert str(told.value) == problem


def test_a_file_that_is_missing_not_text_or_too_large_is_said(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    for data, problem in (
        (None, "cannot be read: No such file or directory"),
        (b"\xff", "cannot be read: not UTF-8"),
        (b" " * (template.MAX_BYTES + 1), "larger than 1048576 bytes"),
    ):
        if data is not None:
            file.write_bytes(data)
        with pytest.raises(TemplateError) as told:
            template.read(file)
        assert str(told.value) == problem

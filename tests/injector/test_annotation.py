"""Annotations: what each changes, and what each refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sidecar.injector import annotation, names
from sidecar.injector.annotation import Options
from sidecar.injector.template import Order
from tests.injector.making import TEMPLATE


def read(**values: str) -> tuple[Options, tuple[str, ...]]:
    reading = annotation.read(
        {names.PREFIX + name.replace("_", "-"): value for name, value in values.items()}, TEMPLATE
    )
    return reading.options, reading.warnings


DIGEST = f"sha256:{'0123456789abcdef' * 4}"
GOOD: list[tuple[str, str, str, Any]] = [
    ("config", "shop.models-2", "config_map", "shop.models-2"),
    ("profile_secrets", "a", "secrets", ("a",)),
    ("profile_secrets", " b , a,b ", "secrets", ("b", "a")),
    ("log_level", "warning", "log_level", "warning"),
    ("grpc_port", "1024", "grpc_port", 1024),
    ("probe_port", "65535", "probe_port", 65535),
    ("unix_socket", "true", "has_socket", True),
    ("image", f"registry.example:5000/a/b@{DIGEST}", "image", f"registry.example:5000/a/b@{DIGEST}"),
    ("image", f"[fd00::1]:5000/a__b/c-d.e:v1_2.3@{DIGEST}", "image", f"[fd00::1]:5000/a__b/c-d.e:v1_2.3@{DIGEST}"),
    ("image", "Registry.Example/remora", "image", "Registry.Example/remora"),
    ("image", "remora", "image", "remora"),
    ("native", "false", "is_native", False),
    ("drain_seconds", "1", "drain_s", 1),
    ("drain_seconds", "3600", "drain_s", 3600),
    ("order", "first", "order", Order.FIRST),
]


@pytest.mark.parametrize(("name", "text", "field", "value"), GOOD)
def test_a_good_value_is_taken_without_a_warning(name: str, text: str, field: str, value: Any) -> None:
    options, warnings = read(**{name: text})
    assert (getattr(options, field), warnings) == (value, ())


BAD = [
    ("config", ["", "Shop", "-a", "a/b", "../a", "a" * 254]),
    ("profile_secrets", ["", ",", "a,", "a,,b", "A", "a b", ",".join(f"s{n}" for n in range(17))]),
    ("log_level", ["", "INFO", "trace"]),
    ("cpu_request", ["", "0", "-1", "none", "1 core", "1e", "1Kii", "٣", "9" * 40]),
    ("memory_request", ["none", "1GB", "Mi"]),
    ("cpu_limit", ["0", "None"]),
    ("memory_limit", ["-1Gi", "0Mi"]),
    ("grpc_port", ["0", "1023", "65536", "grpc", "-8080", "8080.0", "٧٦٥٠", "111111"]),
    ("probe_port", ["", "80"]),
    ("unix_socket", ["", "yes", "True", "1"]),
    ("image", ["", "a b", "-a", "a\nb", "a" * 600, "Remora", "example.com/Remora:1", "remora:", "remora@sha256:0123"]),
    ("image", ["a//b", "/a", "a/", "remora:.1", "remora:" + "1" * 129, "https://example.com/remora", "a..b"]),
    ("native", ["", "no"]),
    ("drain_seconds", ["0", "3601", "1.5", "20s"]),
    ("order", ["", "First", "middle"]),
]


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD for text in texts])
def test_a_bad_value_leaves_the_default_and_warns_without_quoting_it(name: str, text: str) -> None:
    options, (warning,) = read(**{name: text})
    assert options == annotation.defaults(TEMPLATE)
    assert re.fullmatch(rf"annotation remora\.dev/{name.replace('_', '-')}: must be .+; the default is used", warning)


def test_every_annotation_is_tried_here() -> None:
    known = {name.removeprefix(names.PREFIX).replace("-", "_") for name in annotation.KNOWN}
    assert {name for name, _ in BAD} == known


def test_a_good_annotation_counts_beside_a_bad_one() -> None:
    options, warnings = read(log_level="debug", order="middle", sparkle="yes")
    assert (options.log_level, options.order, len(warnings)) == ("debug", Order.LAST, 2)


def test_an_unknown_annotation_under_our_name_is_named() -> None:
    assert read(grpcport="7660")[1] == ("annotation remora.dev/grpcport is unknown, and was ignored",)


def test_other_peoples_annotations_and_our_own_mark_say_nothing() -> None:
    found = annotation.read({"prometheus.io/port": "x", "remora.developers/x": "1", names.INJECTED: "0.0.9"}, TEMPLATE)
    assert found == annotation.Reading(annotation.defaults(TEMPLATE))


def test_resources_replace_add_and_take_away() -> None:
    options, warnings = read(cpu_request="10m", cpu_limit="2", memory_limit="none")
    assert options.resources == {"requests": {"cpu": "10m", "memory": "96Mi"}, "limits": {"cpu": "2"}}
    assert warnings == ()


def test_a_request_above_the_templates_limit_leaves_all_resources_as_they_are() -> None:
    options, warnings = read(memory_request="257Mi", cpu_request="10m")
    assert options.resources == annotation.defaults(TEMPLATE).resources
    assert warnings == ("a request is above its limit; the default resources are used",)
    assert TEMPLATE.container.resources.limits == {"memory": "256Mi"}


@pytest.mark.parametrize(
    "ports", [{"grpc_port": "7652"}, {"probe_port": "7650"}, {"grpc_port": "1", "probe_port": "7650"}]
)
def test_two_equal_ports_are_never_taken(ports: dict[str, str]) -> None:
    options, warnings = read(**ports)
    assert (options.grpc_port, options.probe_port) == (7650, 7652)
    assert "grpc-port and probe-port must differ; the defaults are used" in warnings


def test_ports_may_be_swapped() -> None:
    options, warnings = read(grpc_port="7652", probe_port="7650")
    assert (options.grpc_port, options.probe_port, warnings) == (7652, 7650, ())


def test_secrets_that_the_template_names_are_mounted_where_the_pod_names_none() -> None:
    template = TEMPLATE.model_copy(update={"secrets": ["keys"]})
    assert annotation.read({}, template).options.secrets == ("keys",)
    assert annotation.read({"remora.dev/profile-secrets": "a, b"}, template).options.secrets == ("a", "b")

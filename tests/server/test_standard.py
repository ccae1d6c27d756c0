"""What other tools rely on: grpc.health.v1 for kubelets and balancers, reflection for grpcurl and Postman."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2 as pb
from grpc_reflection.v1alpha import reflection_pb2

from sidecar.pb import policy_pb2

from .conftest import Start
from .conversation import question
from .outcome import chat
from .process import Sidecar
from .reflection import ask_reflection, services_of

SERVING, NOT_SERVING = pb.HealthCheckResponse.SERVING, pb.HealthCheckResponse.NOT_SERVING
SERVICES = {
    "remora.v1.ChatService",
    "remora.v1.HealthService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
}


def check(sidecar: Sidecar, service: str) -> int:
    status: int = sidecar.standard.Check(pb.HealthCheckRequest(service=service), timeout=5).status
    return status


@pytest.mark.parametrize("service", ["", *sorted(SERVICES)])
def test_the_process_and_every_service_are_serving(sidecar: Sidecar, service: str) -> None:
    assert check(sidecar, service) == SERVING


def test_an_unknown_service_is_not_found_and_watching_it_says_unknown(sidecar: Sidecar) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        check(sidecar, "no.such.Service")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND  # type: ignore[attr-defined]
    watch = sidecar.standard.Watch(pb.HealthCheckRequest(service="no.such.Service"), timeout=5)
    assert next(watch).status == pb.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_a_models_state_is_under_its_name_and_decides_nothing_else(start: Start) -> None:
    sidecar = start("aliases: {both: {targets: [sim/status-401, sim/ok]}}")
    for name in ("model/sim/ok", "model/both", "model/sim/never-heard-of"):
        assert check(sidecar, name) == SERVING
    watch = sidecar.standard.Watch(pb.HealthCheckRequest(service="model/both"), timeout=10)
    assert next(watch).status == SERVING
    chat(sidecar.chat, question("status-401", policy=policy_pb2.Policy(max_attempts=1)))
    assert next(watch).status == NOT_SERVING
    watch.cancel()
    assert check(sidecar, "model/both") == NOT_SERVING
    assert check(sidecar, "") == SERVING


def test_a_model_of_no_configured_provider_is_not_found(start: Start, provider: object) -> None:
    config = (
        'listen: {grpc: ["127.0.0.1:0"]}\n'
        "providers: {sim: {protocol: openai, base_url: 'http://127.0.0.1:9/v1', api_key: none}}\n"
    )
    with pytest.raises(grpc.RpcError) as caught:
        check(start(config=config), "model/nothing")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND  # type: ignore[attr-defined]


def test_the_list_has_every_service_and_declared_model(sidecar: Sidecar) -> None:
    statuses = sidecar.standard.List(pb.HealthListRequest(), timeout=5).statuses
    assert {"", *SERVICES} <= set(statuses)
    assert {"model/smart", "model/sim/ok"} <= set(statuses)
    assert all(statuses[name].status == SERVING for name in ("", *SERVICES))


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_every_service(sidecar: Sidecar, version: str) -> None:
    assert services_of(sidecar.shared_channel, version) == SERVICES


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_describes_every_service_it_lists(sidecar: Sidecar, version: str) -> None:
    for service in SERVICES - {"grpc.reflection.v1.ServerReflection"}:
        request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=service)
        answer = ask_reflection(sidecar.shared_channel, version, request)
        assert answer.file_descriptor_response.file_descriptor_proto, service


def test_reflection_describes_its_own_v1(sidecar: Sidecar) -> None:
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.reflection.v1.ServerReflection")
    answer = ask_reflection(sidecar.shared_channel, "v1", request)
    assert answer.file_descriptor_response.file_descriptor_proto

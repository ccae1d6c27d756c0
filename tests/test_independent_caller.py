"""A caller that has nothing of ours but `proto/`: what it generates is enough to use the sidecar.

The caller runs in a process of its own, because its generated code registers the same messages as ours.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
START_S = 30.0

CONFIG = """
listen: {{grpc: ["127.0.0.1:0"]}}
providers:
  sim:
    protocol: openai
    base_url: "http://{simulator}/v1"
    profiles: [{{name: main, api_key: env:SIM_KEY}}]
"""

CALLER = '''
"""Calls a sidecar with code generated from proto/ alone; prints what it got as JSON."""
import json
import sys

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection_pb2
from remora.v1 import chat_pb2, chat_pb2_grpc, content_pb2, error_reason_pb2, health_pb2, health_pb2_grpc, report_pb2


def question(model):
    said = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="Hi")])
    return chat_pb2.ChatRequest(model=model, messages=[said], request_id="independent")


def stream(stub):
    events = list(stub.Chat(question("sim/ok"), timeout=20))
    completed = events[-1].completed
    return {
        "kinds": [event.WhichOneof("event") for event in events],
        "deltas": "".join(event.text_delta.text for event in events),
        "message": "".join(part.text for part in completed.message.parts),
        "target": [completed.target.provider, completed.target.model, completed.target.profile],
        "request_id": completed.report.request_id,
    }


def failure(stub):
    try:
        stub.Complete(chat_pb2.CompleteRequest.FromString(question("sim/status-503").SerializeToString()), timeout=30)
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata())
        status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        info, report = error_details_pb2.ErrorInfo(), report_pb2.FailoverReport()
        for detail in status.details:
            detail.Unpack(info) or detail.Unpack(report)
        return {
            "code": error.code().name,
            "reason": info.reason,
            "domain": info.domain,
            "known_reason": "ERROR_REASON_" + info.reason in error_reason_pb2.ErrorReason.keys(),
            "statuses": [attempt.upstream_status for attempt in report.attempts],
            "details_bytes": len(trailers["grpc-status-details-bin"]),
            "pushback": trailers.get("grpc-retry-pushback-ms"),
            "trailers": sorted(key for key in trailers if key.startswith("remora-")),
        }


def health_list(channel):
    from grpc_health.v1 import health_pb2 as standard_pb2
    from grpc_health.v1 import health_pb2_grpc as standard_pb2_grpc

    answer = standard_pb2_grpc.HealthStub(channel).List(standard_pb2.HealthListRequest(), timeout=10)
    return {name: status.status for name, status in answer.statuses.items()}


def health(stub):
    (snapshot,) = stub.Health(health_pb2.HealthRequest(), timeout=10)
    return {"snapshot": snapshot.snapshot, "entries": sorted(entry.entry for entry in snapshot.entries)}


def services(channel, package):
    """Both versions of reflection speak the same messages; only the service's name differs."""
    ask = channel.stream_stream(
        f"/{package}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    (answer,) = ask(iter([reflection_pb2.ServerReflectionRequest(list_services="*")]), timeout=10)
    return sorted(service.name for service in answer.list_services_response.service)


with grpc.insecure_channel(sys.argv[1]) as channel:
    chat, state = chat_pb2_grpc.ChatServiceStub(channel), health_pb2_grpc.HealthServiceStub(channel)
    got = {"stream": stream(chat), "failure": failure(chat), "health": health(state)}
    got["list"] = health_list(channel)
    for version in ("v1", "v1alpha"):
        got[version] = services(channel, f"grpc.reflection.{version}")
print(json.dumps(got))
'''


@contextmanager
def serving(ready: Path, *arguments: str, **environment: str) -> Iterator[dict[str, Any]]:
    """A `remora` process; gives what it wrote into its ready file, and ends the process with SIGTERM."""
    command = [sys.executable, "-m", "sidecar.cli", *arguments, "--ready-file", str(ready)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        until = time.monotonic() + START_S
        while not (ready.exists() and (text := ready.read_text())):
            assert process.poll() is None, f"remora {arguments[0]} ended with {process.returncode}"
            assert time.monotonic() < until, f"remora {arguments[0]} did not get ready in {START_S:g} s"
            time.sleep(0.05)
        yield json.loads(text)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def generate(folder: Path) -> None:
    """The caller's code, from `proto/` and grpcio-tools alone."""
    files = sorted(map(str, (ROOT / "proto" / "remora" / "v1").glob("*.proto")))
    plugins = [f"--python_out={folder}", f"--grpc_python_out={folder}"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}", *plugins, *files], check=True)
    (folder / "caller.py").write_text(CALLER)


@pytest.fixture(scope="module")
def got(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the independent caller got from a real sidecar in front of the simulator."""
    folder = tmp_path_factory.mktemp("independent")
    generate(folder)
    with serving(folder / "simulator.json", "simulate", "--port", "0") as simulator:
        config = folder / "remora.yaml"
        config.write_text(CONFIG.format(simulator=simulator["http"][0]))
        arguments = ("serve", "--config", str(config))
        with serving(folder / "sidecar.json", *arguments, SIM_KEY="sk-independent-caller") as sidecar:
            command = [sys.executable, str(folder / "caller.py"), sidecar["grpc"][0]]
            called = subprocess.run(command, capture_output=True, text=True, timeout=50, cwd=folder)
    assert called.returncode == 0, called.stderr
    result: dict[str, Any] = json.loads(called.stdout)
    return result


def test_it_gets_a_stream_that_begins_and_ends_as_the_contract_says(got: dict[str, Any]) -> None:
    stream = got["stream"]
    assert (stream["kinds"][0], stream["kinds"][-1]) == ("started", "completed")
    assert stream["deltas"]
    assert stream["deltas"] == stream["message"]
    assert stream["target"] == ["sim", "ok", "main"]
    assert stream["request_id"] == "independent"


def test_it_gets_an_error_with_details_within_their_limit(got: dict[str, Any]) -> None:
    failure = got["failure"]
    assert (failure["code"], failure["domain"], failure["known_reason"]) == ("UNAVAILABLE", "remora", True)
    assert failure["statuses"]
    assert set(failure["statuses"]) == {503}
    assert failure["details_bytes"] <= 4096
    assert failure["pushback"] == "-1"


def test_it_gets_every_trailer_with_an_error_too(got: dict[str, Any]) -> None:
    names = {"remora-attempts", "remora-request-id", "remora-trace-id", "remora-version"}
    assert names <= set(got["failure"]["trailers"])


def test_it_gets_the_standard_health_list(got: dict[str, Any]) -> None:
    assert got["list"][""] == 1
    assert got["list"]["remora.v1.ChatService"] == 1


def test_it_gets_the_health_list(got: dict[str, Any]) -> None:
    assert got["health"]["snapshot"]
    assert {"sim/ok", "sim/status-503"} <= set(got["health"]["entries"])


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_every_service(got: dict[str, Any], version: str) -> None:
    expected = {"remora.v1.ChatService", "remora.v1.HealthService", "grpc.health.v1.Health"}
    assert expected | {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"} == set(
        got[version]
    )

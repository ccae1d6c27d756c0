"""Playing a case in one language: its runner as a process of its own, and everything that was not as expected."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message

from sidecar.pb import chat_pb2
from sidecar.simulator import Entry

from ..server.process import Sidecar, environment
from .case import Call, Case, Request
from .judging import call_differences, calls_of
from .language import program
from .scripted import ScriptedSidecar
from .stage import TOKEN, Stage, base64_of, free_port

LIMIT_S = 60.0
LATE_S = 1.0
MIB = 1024 * 1024
REQUESTS: dict[str, type[Message]] = {
    "chat": chat_pb2.ChatRequest,
    "complete": chat_pb2.CompleteRequest,
    "embed": chat_pb2.EmbedRequest,
    "list_models": chat_pb2.ListModelsRequest,
}


def play(stage: Stage, case: Case, language: str, command: Sequence[str] = ()) -> list[str]:
    """Plays a case; one line for each thing that was not as expected. `command`: in place of the language's runner."""
    prompt = f"case {case.case} for {language} {time.monotonic_ns()}"
    stage.script([_marked(rule, prompt) for rule in case.script])
    with contextlib.ExitStack() as stack:
        server = _server(stage, case, language, stack)
        order = {"client": _client(case, server.address), "calls": [_call(call, prompt) for call in case.calls]}
        over = threading.Event()
        during = threading.Thread(target=_interfere, args=(stage, case, server, prompt, over))
        during.start()
        try:
            ran = _run(command or program(language, "conformance"), order, case)
        finally:
            over.set()
            during.join()
        ended_at = time.monotonic()
        found = _process_differences(ran, prompt, case)
        outputs = calls_of(ran.stdout)
        if len(outputs) != len(case.calls):
            return [*found, f"{len(outputs)} of {len(case.calls)} calls ended; it printed {ran.stdout[-2000:]!r}"]
        for index, (call, lines) in enumerate(zip(case.calls, outputs, strict=True)):
            found += [f"calls[{index}] {one}" for one in call_differences(call, lines, prompt)]
        return found + _upstream(stage, case, prompt) + _seen(case, server, ended_at)


class _Server:
    """What the client meets in this case."""

    def __init__(self, address: str, sidecar: Sidecar | None = None, scripted: ScriptedSidecar | None = None) -> None:
        self.address = address
        self.sidecar = sidecar
        self.scripted = scripted


def _server(stage: Stage, case: Case, language: str, stack: contextlib.ExitStack) -> _Server:
    if case.server == "nobody":
        return _Server(f"127.0.0.1:{free_port()}")
    if case.server == "scripted":
        scripted = stack.enter_context(ScriptedSidecar(case.steps))
        return _Server(scripted.address, scripted=scripted)
    if case.server == "late":
        address = f"127.0.0.1:{free_port()}"
        sidecar = stage.new_sidecar(f"late-{language}", "sidecar", address)
        stack.callback(sidecar.kill)
        return _Server(address, sidecar)
    if case.during in ("SIGTERM", "SIGKILL", "restart"):
        sidecar = stage.new_sidecar(f"{case.case}-{language}", case.server, f"127.0.0.1:{free_port()}")
        stack.callback(sidecar.kill)
        sidecar.start()
    else:
        sidecar = stage.sidecar(case.server)
    return _Server(sidecar.addresses[0], sidecar)


def _interfere(stage: Stage, case: Case, server: _Server, prompt: str, over: threading.Event) -> None:
    if case.server == "late" and server.sidecar is not None:
        time.sleep(LATE_S)  # the client is to wait: that it does is what is judged
        server.sidecar.start()
    if case.during == "changes":
        while not over.wait(0.3):
            stage.change_health(case.server)
    elif case.during == "restart" and server.sidecar is not None:
        stage.wait_for(prompt, lambda entries: bool(entries) and entries[0].outcome is not None)
        server.sidecar.kill()
        server.sidecar.start()
    elif case.during is not None and server.sidecar is not None:
        stage.wait_for(prompt, lambda entries: bool(entries) and entries[-1].tokens_sent > 5)
        server.sidecar.process.send_signal(signal.Signals[case.during])


def _run(command: Sequence[str], order: dict[str, Any], case: Case) -> subprocess.CompletedProcess[bytes]:
    address = {"REMORA_ADDRESS": order["client"].pop("address")} if case.environment.get("REMORA_ADDRESS") else {}
    variables = environment(**{key: value.replace("TOKEN", TOKEN) for key, value in case.environment.items()} | address)
    return subprocess.run(
        list(command),
        input=orjson.dumps(order),
        env=variables,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )


def _client(case: Case, address: str) -> dict[str, Any]:
    token = {"token": TOKEN} if case.client.get("token") == "right" else {}
    return {"address": address} | case.client | token


def _call(call: Call, prompt: str) -> dict[str, Any]:
    order: dict[str, Any] = {"rpc": call.rpc} | call.options
    if call.rpc in REQUESTS:
        request = json_format.ParseDict(_filled(call.request, prompt), REQUESTS[call.rpc]())
        if isinstance(request, chat_pb2.ChatRequest | chat_pb2.CompleteRequest):
            if not request.messages:
                request.messages.add(role="ROLE_USER").parts.add(text=prompt)
            if call.text_mib is not None:
                request.messages.add(role="ROLE_USER").parts.add(text="x" * (call.text_mib * MIB))
        order["request"] = base64_of(request)
    return order


def _filled(value: Any, prompt: str) -> Any:
    """The same with the prompt where it says PROMPT, and 300 letters where it says LONG."""
    if isinstance(value, dict):
        return {key: _filled(one, prompt) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, prompt) for one in value]
    return value.replace("PROMPT", prompt).replace("LONG", "x" * 300) if isinstance(value, str) else value


def _marked(rule: dict[str, Any], prompt: str) -> dict[str, Any]:
    return rule | {"match": {"prompt": prompt} | rule.get("match", {})}


def _process_differences(ran: subprocess.CompletedProcess[bytes], prompt: str, case: Case) -> list[str]:
    said = ran.stderr.decode(errors="replace")
    found = [] if ran.returncode == 0 else [f"the runner ended with {ran.returncode}"]
    found += [f"on standard error: {said[-2000:]}"] if said else []
    errors = [line for line in ran.stdout.splitlines() if line.startswith(b'{"error"')]
    found += ["an error repeats the prompt"] if any(prompt.encode() in line for line in errors) else []
    return found + (["the token is shown"] if TOKEN.encode() in ran.stdout + ran.stderr else [])


def _upstream(stage: Stage, case: Case, prompt: str) -> list[str]:
    if case.upstream is None:
        return []
    expected = [Request(was=one) if isinstance(one, str) else one for one in case.upstream]
    meant = [one.was for one in expected]

    def lines() -> list[str]:
        return [f"{entry.model} {entry.outcome}" for entry in stage.journal(prompt)]

    entries = stage.wait_for(prompt, lambda entries: lines() == meant)
    if lines() != meant:
        return [f"upstream: {lines()}, not {meant}"]
    return [line for one, entry in zip(expected, entries, strict=True) for line in _request_differences(one, entry)]


def _request_differences(expected: Request, entry: Entry) -> list[str]:
    body = orjson.dumps(entry.body).decode()
    found = [f"upstream: {expected.was}: no {text!r} in its body" for text in expected.body_has if text not in body]
    if expected.tokens is not None and not expected.tokens[0] <= entry.tokens_sent <= expected.tokens[1]:
        found.append(f"upstream: {expected.was} after {entry.tokens_sent} tokens, not within {expected.tokens}")
    return found


def _seen(case: Case, server: _Server, ended_at: float) -> list[str]:
    if case.seen is None or server.scripted is None:
        return []
    return server.scripted.differences(case.seen, ended_at)

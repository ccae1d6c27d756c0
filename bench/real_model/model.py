"""The real model: its server as a process, and a proxy before it that notes what it says."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from remora_client.demo.process import ProcessError, Processes

from .judging import Said

MODEL = "smollm2-135m-instruct"
SERVES_WITHIN_S = 120.0
ANSWER_LIMIT_S = 120.0
_POLL_S = 0.2
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def start_model(processes: Processes, python: str, weights: str) -> str:
    """Starts llama.cpp's OpenAI-compatible server and waits until it serves; its origin. ProcessError after 120 s."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "llama_cpp.server", "--host", "127.0.0.1", "--port", str(port)]
    process = processes.start("model", [*command, "--model", weights, "--model_alias", MODEL])
    origin, ends_at = f"http://127.0.0.1:{port}", time.monotonic() + SERVES_WITHIN_S
    while not _serves(origin):
        process.check()
        if time.monotonic() > ends_at:
            raise ProcessError(f"the model did not serve within {SERVES_WITHIN_S:g} s")
        time.sleep(_POLL_S)
    return origin


def answer(origin: str, question: str, most_tokens: int) -> str:
    """The model's own answer, asked directly, at temperature 0."""
    body = {
        "model": MODEL,
        "temperature": 0,
        "max_tokens": most_tokens,
        "messages": [{"role": "user", "content": question}],
    }
    with _post(f"{origin}/v1/chat/completions", json.dumps(body).encode()) as response:
        return str(json.load(response)["choices"][0]["message"]["content"])


def _post(url: str, body: bytes) -> Any:
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    return _OPENER.open(request, timeout=ANSWER_LIMIT_S)


def _serves(origin: str) -> bool:
    try:
        with _OPENER.open(f"{origin}/v1/models", timeout=_POLL_S * 10) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@dataclass(slots=True)
class _Noted:
    """One request, and the lines of its answer as they come."""

    by_prefill: bool
    lines: list[bytes] = field(default_factory=list)


class Witness:
    """Passes requests on to the model and its streams back, line by line, and notes what it said. `origin`: its own."""

    def __init__(self, model_origin: str) -> None:
        self._noted: list[_Noted] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(model_origin, self._noted))
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self) -> tuple[Said, ...]:
        """What was said since this was asked before; of an answer that nobody wanted to the end, as far as it came."""
        noted = list(self._noted)
        del self._noted[: len(noted)]
        return tuple(Said(said_in(tuple(one.lines)), one.by_prefill) for one in noted)

    def close(self) -> None:
        """Serves no more."""
        self._server.shutdown()
        self._server.server_close()


def _handler(model_origin: str, noted: list[_Noted]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            note = _Noted(json.loads(body)["messages"][-1]["role"] == "assistant")
            noted.append(note)
            try:
                self._pass_on(body, note.lines)
            except OSError:
                self.close_connection = True  # the sidecar has heard enough, and hung up

        def _pass_on(self, body: bytes, lines: list[bytes]) -> None:
            with _post(model_origin + self.path, body) as response:
                self.send_response(response.status)
                self.send_header("content-type", response.headers["content-type"])
                self.end_headers()
                for line in response:
                    lines.append(line)
                    self.wfile.write(line)
                    self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Writes nothing."""

    return Handler


def said_in(lines: Sequence[bytes]) -> str:
    """The text of a stream of chat completions, as far as it came."""
    events = (line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: {"))
    choices = (choice for event in events for choice in json.loads(event)["choices"])
    return "".join(choice["delta"].get("content") or "" for choice in choices)

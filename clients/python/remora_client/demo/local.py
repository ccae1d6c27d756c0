"""The demo with a real small model: the targets before it die, and its answer arrives. Started by demo_local.sh."""

from __future__ import annotations

import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from ..client import Client
from . import scenery as scenes
from .cast import start_sidecar, start_simulator
from .journal import Journal
from .narrator import Narrator
from .process import ProcessError, Processes, running_in
from .scenery import NORTH_SAYS, Endpoint, Fault, Scenery
from .stage import Stage
from .verdict import Check, Evidence

QUESTION = "Why is the sky blue? Answer in one sentence."
MODEL = "smollm2-135m-instruct"
_MAX_TOKENS = 160
_FEW_WORDS = 8
_SERVES_WITHIN_S = 120.0
_CALL_LIMIT_S = 120.0
_POLL_S = 0.2
_DYING = Scenery(
    "sky",
    (
        Endpoint(name="north", says=NORTH_SAYS, faults=(Fault(action={"status": 503}),)),
        Endpoint(name="south", says=NORTH_SAYS, model="small", faults=(Fault(action={"reset": True}),)),
        Endpoint(name="west", says=NORTH_SAYS, model="tiny", faults=(Fault(action={"cut_at": 0}),)),
    ),
)


def run(python: str, model: str, out: TextIO | None = None) -> int:
    """Asks the real model through dying targets. `python`: of the model's environment; `model`: the weights' file.

    0: its answer arrived; 1: it did not, or a process did not run.
    """
    narrator = Narrator(out if out is not None else sys.stdout)
    try:
        with tempfile.TemporaryDirectory(prefix="remora-local-") as folder, running_in(Path(folder)) as processes:
            return _tell(narrator, processes, _serve_model(narrator, processes, python, model))
    except ProcessError as error:
        narrator.plain(str(error))
        return 1


def judge(evidence: Evidence, served: int) -> Sequence[Check]:
    """The simulator gave not one token, so what the caller has is the real model's. `served`: its server's count."""
    (heard,) = evidence.heard
    words = len(heard.text.split())
    tokens = sum(asked.tokens_sent for asked in evidence.asked)
    died = {asked.who: asked.status for asked in evidence.asked}
    reported = list(dict.fromkeys(t.who for t in heard.tried))
    return (
        Check(
            list(died.items()) == [("north main", 503), ("south main", None), ("west main", 200)],
            "three providers were asked, and died in three ways",
            f"{died}",
        ),
        Check(tokens == 0, "none of them gave a single token", f"{tokens} tokens"),
        Check(
            heard.code is None and heard.by == "real main" and heard.finish in ("STOP", "LENGTH") and heard.failed_over,
            f"the real model answered, finished by {heard.finish}",
            f"{heard.finish} by {heard.by}; {heard.code} {heard.reason} {heard.message}",
        ),
        Check(words >= _FEW_WORDS and heard.text not in NORTH_SAYS, f"with {words} words of its own", repr(heard.text)),
        Check(served == 1, "its server logged this one question", f"{served} questions"),
        Check(
            reported == [*died, "real main"] and [t.reason for t in heard.tried].count(None) == 1,
            "the report names them all, the dying ones and the real one",
            f"{reported}",
        ),
    )


def _serve_model(narrator: Narrator, processes: Processes, python: str, model: str) -> str:
    """Starts the model's server and waits until it serves; its address, host:port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    narrator.plain(f"Starting a real model, {Path(model).name}, behind an OpenAI-compatible server on port {port} …")
    server = [python, "-m", "llama_cpp.server", "--host", "127.0.0.1", "--port", str(port)]
    process = processes.start("model", [*server, "--model", model, "--model_alias", MODEL])
    began_at = time.monotonic()
    while not _serves(f"http://127.0.0.1:{port}/v1/models"):
        process.check()
        if time.monotonic() - began_at > _SERVES_WITHIN_S:
            raise ProcessError(f"the model did not serve within {_SERVES_WITHIN_S:g} s")
        time.sleep(_POLL_S)
    narrator.plain(f"It serves after {time.monotonic() - began_at:.1f} s.")
    return f"127.0.0.1:{port}"


def _serves(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_POLL_S * 10) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tell(narrator: Narrator, processes: Processes, model_address: str) -> int:
    addresses = start_simulator(processes, [_DYING])
    sidecar = start_sidecar(processes, [_DYING], _configuration(addresses, model_address))
    narrator.title(1, "Three providers die in three ways; the real model behind them answers")
    with Client(sidecar) as client:
        stage = Stage(_DYING, client, Journal(addresses["http"]), narrator, addresses, _CALL_LIMIT_S)
        heard = stage.chat(QUESTION, max_output_tokens=_MAX_TOKENS, temperature=0.0)
        evidence = stage.evidence(scenes.names([_DYING]))
    narrator.provider_saw(evidence.asked)
    narrator.report(heard.tried)
    checks = judge(evidence, processes.folder.joinpath("model.log").read_text().count("POST /v1/chat/completions"))
    narrator.verdict(checks)
    kept = all(check.kept for check in checks)
    for line in () if kept else processes.news():
        narrator.remark(line)
    return 0 if kept else 1


def _configuration(addresses: dict[str, str], model_address: str) -> dict[str, Any]:
    config = scenes.configuration([_DYING], addresses)
    config["providers"]["sky.real"] = {
        "protocol": "openai",
        "base_url": f"http://{model_address}/v1",
        "profiles": [{"name": "main", "api_key": "none"}],
        "policy": {"first_content_s": 60},
    }
    config["aliases"]["sky"]["targets"].append(f"sky.real/{MODEL}")
    return config


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1], sys.argv[2]))
    except KeyboardInterrupt:
        sys.exit(130)

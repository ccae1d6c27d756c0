"""The stage: a simulator that plays the model's own answers and cuts them, and a sidecar with the real model behind it."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from remora_client import Client, Policy, RemoraError
from remora_client.demo.process import Processes
from remora_client.event import Completed, Event, PartDiscarded, Restarted, Resumed, TextDelta
from remora_client.request import ChatOptions

from sidecar.simulator.text import pieces

from .judging import Heard
from .model import ANSWER_LIMIT_S, MODEL, Witness

WAYS = ("none", "plain")
"""The values of the setting `prefill` that the real model's provider is played with."""
_NO_MORE = {"error": {"message": "this provider only ever begins", "type": "invalid_request_error"}}


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer of the model and where the simulator cuts it: after `tokens` of its tokens, at least one before the end."""

    question: str
    original: str
    tokens: int

    @property
    def sent(self) -> str:
        """What is sent before the cut."""
        return "".join(pieces(self.original)[: self.tokens])


def cut_at_random(question: str, original: str, chance: random.Random) -> Cut:
    """The answer with its cut; `original` has at least two tokens."""
    return Cut(question, original, chance.randint(1, len(pieces(original)) - 1))


class Stage:
    """Sidecar and simulator, started as anybody would. `witness`: stands before the real model."""

    def __init__(self, processes: Processes, cuts: Sequence[Cut], witness: Witness, most_tokens: int) -> None:
        self._witness = witness
        self._most_tokens = most_tokens
        simulator = _start(processes, "simulator", "simulate", "--script", script(cuts))
        settings = configuration(f"http://{simulator['http'][0]}/v1", f"{witness.origin}/v1")
        sidecar = _start(processes, "sidecar", "serve", "--config", settings)
        self._client = Client(str(sidecar["grpc"][0]), timeout_s=ANSWER_LIMIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._client.close()

    def play(self, number: int, cut: Cut, way: str) -> Heard:
        """One call: answer `number` is cut, and the real model is asked to go on, `way` being how it takes prefills."""
        ear = _Ear()
        # What a model costs in time is not what is judged here.
        policy = Policy(on_stream_break="resume", on_slow="wait", first_content_s=60.0, idle_s=60.0, max_wait_s=1.0)
        options = ChatOptions(temperature=0.0, max_output_tokens=self._most_tokens, policy=policy)
        options["fallback_models"] = [f"real-{way}/{MODEL}"]
        try:
            with self._client.chat(f"first-{way}/{name_of(number)}", cut.question, **options) as events:
                for event in events:
                    ear.hear(event)
        except RemoraError as error:
            ear.reason = str(error.reason)
        told = {name: getattr(ear, name) for name in _Ear.__slots__}
        return Heard(cut.question, cut.original, cut.sent, said=self._witness.take(), **told)


@dataclass(slots=True)
class _Ear:
    """What one caller hears. The fields are those of `Heard`."""

    at_seam: str | None = None
    offset: int | None = None
    text: str = ""
    whole: str | None = None
    voided: bool = False
    finish: str | None = None
    reason: str | None = None

    def hear(self, event: Event) -> None:
        """Takes an event."""
        match event:
            case TextDelta(piece):
                self.text += piece
            case Resumed(_, _, at) if self.at_seam is None:
                self.at_seam, self.offset = self.text, at
            case Restarted() | PartDiscarded():
                self.voided = True
            case Completed():
                self.whole = "".join(part.text for part in event.message.parts) if event.message else ""
                self.finish = str(event.finish_reason)
            case _:
                pass


def name_of(number: int) -> str:
    """The model's name under which the simulator plays an answer; each its own, since a model that breaks is rested."""
    return f"answer{number:02}"


def script(cuts: Sequence[Cut]) -> dict[str, Any]:
    """Each answer is cut once for each way; whoever comes back for more is refused, so that the real model alone goes on."""
    rules: list[dict[str, Any]] = [
        {
            "match": {"model": name_of(number), "key": key},
            "times": 1,
            "action": {"text": cut.original, "fin_at": cut.tokens, "tokens_per_s": 500, "first_token_s": 0.01},
        }
        for number, cut in enumerate(cuts)
        for key in WAYS
    ]
    return {"rules": [*rules, {"action": {"status": 400, "body": _NO_MORE}}]}


def configuration(simulator: str, model: str) -> dict[str, Any]:
    """The sidecar's: for each way the first provider and the real one."""
    providers: dict[str, Any] = {}
    for way in WAYS:
        first = {"protocol": "openai", "base_url": simulator, "api_key": "env:KEY_" + way.upper()}
        providers[f"first-{way}"] = first
        providers[f"real-{way}"] = {"protocol": "openai", "base_url": model, "api_key": "none", "prefill": way}
    return {"listen": {"grpc": ["127.0.0.1:0"]}, "providers": providers}


def _start(processes: Processes, name: str, command: str, option: str, content: dict[str, Any]) -> Any:
    path = processes.folder / f"{name}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    keys = {"KEY_" + way.upper(): way for way in WAYS}
    return processes.start_remora(name, command, option, str(path), env={**os.environ, **keys})

"""One run of one scenario: its stage, what must hold, and the figures. Nothing here knows how the sidecar works inside."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from .caller import PROMPT, Caller, Heard, Meanwhile
from .stage import Entry, Providers, Stage, Values

DETECTED_S = 0.1
"""First good content after a fault that shows at once."""
BEYOND_LIMIT_S = 0.5
"""First good content after a limit that ran out."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`real`: Remora's own default clocks and the times of the scenarios as they are told; else both are shorter."""

    real: bool

    def s(self, real_s: float, fast_s: float) -> float:
        """A time of the scenario, in seconds."""
        return real_s if self.real else fast_s

    @property
    def first_content_s(self) -> float:
        """Remora's first-content limit."""
        return self.s(10.0, 1.0)

    @property
    def idle_s(self) -> float:
        """Remora's limit of silence inside an answer."""
        return self.s(15.0, 1.0)

    @property
    def idle_content_s(self) -> float:
        """The same while pings come."""
        return self.s(45.0, 1.5)

    @property
    def open_s(self) -> float:
        """How long Remora's breaker stays open."""
        return self.s(20.0, 2.0)

    @property
    def slack_s(self) -> float:
        """Beyond the bounds of seconds: where the clocks are short, the machine is not measured."""
        return self.s(0.0, 1.0)

    def policy(self) -> Values:
        """The sidecar's configured policy: its defaults, or shorter clocks."""
        if self.real:
            return {}
        return {
            "first_content_s": self.first_content_s,
            "idle_s": self.idle_s,
            "clock": {"idle_content_s": self.idle_content_s},
            "breaker": {"open_s": self.open_s},
            "max_wait_s": 2.0,
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the most it may be; None: it is told, not judged."""

    name: str
    value: float
    at_most: float | None
    unit: str

    @property
    def passes(self) -> bool:
        """Whether it is within its bound."""
        return self.at_most is None or self.value <= self.at_most


@dataclass(slots=True)
class Run:
    """What a scenario is played with. `number`: from 1; it chooses how continuations go on."""

    number: int
    profile: Profile
    folder: pathlib.Path
    providers: Providers
    figures: list[Figure] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
    _ends: ExitStack = field(default_factory=ExitStack)
    stage: Stage = field(init=False)
    caller: Caller = field(init=False)

    def open(
        self, *entries: Entry, policy: Mapping[str, Any] | None = None, script: Mapping[str, Any] | None = None
    ) -> None:
        """Starts the processes; the first call's connection is up, and every model's name is known to the page."""
        self.played = [f"`{entry.reference}`{_scripted(entry, script or {})}" for entry in entries]
        # One call beforehand, elsewhere: threads and caches of a process just begun are not what is measured.
        warm = Entry("warm", "burst", listener="warm")
        settings = {**self.profile.policy(), **(policy or {})}
        self.stage = Stage(self.folder, self.providers, [*entries, warm], settings, script or {})
        self._ends.callback(self.stage.close)
        self.caller = Caller(self.stage.address)
        self._ends.callback(self.caller.close)
        if not (script or {}).get("keys"):  # the warm entry has none
            self.caller.chat([warm.reference], {}, {})

    def close(self) -> None:
        """Ends what was started."""
        self._ends.close()

    def ask(
        self, *names: str, policy: dict[str, Any] | None = None, meanwhile: Meanwhile | None = None, **fields: Any
    ) -> Heard:
        """One Chat of the entries in this order; without names, of all in theirs."""
        return self.caller.chat(self._references(names), policy or {}, fields, meanwhile)

    def complete(self, *names: str, **fields: Any) -> Heard:
        """One Complete, likewise."""
        return self.caller.complete(self._references(names), {}, fields)

    def _references(self, names: tuple[str, ...]) -> list[str]:
        chosen = names or tuple(name for name in self.stage.entries if name != "warm")
        return [self.stage.entries[name].reference for name in chosen]

    # What must hold.

    def holds(self, name: str, passes: bool, said: object = "") -> None:
        """Something that must hold; `said`: what was seen instead."""
        if passes:
            self.held.append(name)
        else:
            self.failed.append(f"{name}: {said}" if said != "" else name)

    def figure(self, name: str, value: float | None, at_most: float | None = None, unit: str = "s") -> None:
        """A number of this run; None: what should have been measured never happened."""
        if value is None:
            self.failed.append(f"{name}: it never came")
            return
        if at_most is not None and unit == "s":
            at_most += self.profile.slack_s
        self.figures.append(Figure(name, value, at_most, unit))
        if not self.figures[-1].passes:
            self.failed.append(f"{name} {value:.3f} {unit}, at most {at_most:g}")

    def whole(self, heard: Heard, words: int = 60, prompt: str = PROMPT) -> None:
        """The answer is complete and exact, and the events and the message at the end say the same."""
        wanted = str(self.stage.whole_answer(prompt, f"words-{words}")["message"]["content"])
        self.holds("the call ends well", heard.code == "OK", f"{heard.code} {heard.reason}: {heard.details}")
        self.holds("text exact", heard.text == wanted, difference(wanted, heard.text))
        self.holds(
            "the message at the end is the same", heard.whole_text == wanted, difference(wanted, heard.whole_text)
        )
        finish = heard.completed.finish_reason if heard.completed else None
        self.holds("finished by STOP", finish == 1, finish)

    def whole_with_reasoning(self, heard: Heard) -> None:
        """As `whole`, of an answer behind reasoning; the reasoning too is that of one model."""
        answer = self.stage.whole_answer(PROMPT, "words-60+think")["message"]
        text, thought = str(answer["content"]), str(answer.get("reasoning_content") or answer.get("reasoning"))
        self.holds("the call ends well", heard.code == "OK", f"{heard.code} {heard.reason}: {heard.details}")
        self.holds("text exact", heard.text == text, difference(text, heard.text))
        heard_thought = "".join(heard.parts("reasoning_delta").values())
        self.holds("reasoning exact", heard_thought == thought, difference(thought, heard_thought))

    def asked(self, name: str, times: int) -> None:
        """The provider got so many requests for this entry."""
        seen = len(self.stage.journal(name))
        self.holds(f"{times} at `{name}`", seen == times, f"{seen} requests")

    def fault_at(self, name: str, place: int = 0) -> float:
        """When a request of this entry ended at the provider, in seconds since 1970."""
        entry = self.stage.journal(name)[place]
        return float(entry["received_time"] + ((entry["end_s"] or entry["received_s"]) - entry["received_s"]))

    def recovery(self, name: str, heard: Heard, at_most: float = DETECTED_S) -> None:
        """The figure of a broken stream: from the fault at the provider to the first content behind the seam."""
        behind = heard.content_behind("resumed", "restarted")
        self.figure(
            "fault to good content", None if behind is None else max(0.0, behind - self.fault_at(name)), at_most
        )

    def seam(self, heard: Heard, seams: int = 1) -> None:
        """The caller was told of so many seams, and nothing was said to be void."""
        told = [kind for kind, _ in ((e.WhichOneof("event"), at) for at, e in heard.events) if kind == "resumed"]
        self.holds(f"{seams} `resumed`", len(told) == seams, heard.kinds())
        self.holds("no `restarted`", "restarted" not in heard.kinds(), heard.kinds())


def _scripted(entry: Entry, script: Mapping[str, Any]) -> str:
    """What a script has an entry do, beside what its model's name says; long values by their names alone."""
    found = []
    for rule in script.get("rules", ()):
        if rule["match"]["model"] == f"*+{entry.name}":
            action = rule["action"] if isinstance(rule["action"], Mapping) else {rule["action"]: True}
            told = {**{name: rule[name] for name in ("times", "until_s") if name in rule}, **action}
            found += [
                name if isinstance(value, str | list | bool) else f"{name} {value:g}" for name, value in told.items()
            ]
    return f" ({', '.join(found)})" if found else ""


def difference(wanted: str, got: str) -> str:
    """Where two texts part, with some of what follows."""
    place = next((i for i, (a, b) in enumerate(zip(wanted, got, strict=False)) if a != b), min(len(wanted), len(got)))
    return f"{len(got)} characters for {len(wanted)}, differs at {place}: {got[place : place + 40]!r}"


Play = Callable[[Run], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`name`: unique, short. `play`: its docstring is what it shows, in one line. `is_long`: it mostly waits, so that many
    runs may go on at once."""

    name: str
    play: Play
    is_long: bool = False

    @property
    def shows(self) -> str:
        """What it shows, in one line."""
        return (self.play.__doc__ or "").rstrip(".")

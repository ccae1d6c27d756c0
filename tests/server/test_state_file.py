"""The state file of a real sidecar: a refused key stays parked over a restart, whatever became of the process."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from sidecar.pb import error_reason_pb2, health_pb2, policy_pb2
from sidecar.simulator import fingerprint

from .conversation import question
from .outcome import ask, chat
from .process import Sidecar, StubbornError, run
from .provider import Provider
from .test_health import snapshot

POOR, RICH, OTHER = "key-of-poor-0123456789", "key-of-rich-0123456789", "key-of-other-0123456789"
LIMIT_S = 10.0
HOUR_S = 3600.0
ONCE = policy_pb2.Policy(max_attempts=1, last_resort=False)


class Place:
    """A folder with a state file, and the sidecars that one after the other use it."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        self.folder = folder
        self.provider = provider
        self.file = folder / "state" / "remora.db"
        self.file.parent.mkdir(parents=True)
        self.model = f"ok+{uuid.uuid4().hex[:8]}"
        self.started: list[Sidecar] = []
        provider.when(self.model, key=POOR, status=402)

    def sidecar(self, state: str = "{path: ../state/remora.db}", poor: str = POOR, *arguments: str) -> Sidecar:
        """Not started yet. Its keys are `poor`, which is asked first, and one with money."""
        config = (
            f'listen: {{grpc: ["127.0.0.1:0"]}}\nstate: {state}\nproviders:\n  sim:\n    protocol: openai\n'
            f"    base_url: {self.provider.url}\n    strategy: sequential\n    profiles:\n"
            "      - {name: first, api_key: env:FIRST_KEY}\n      - {name: second, api_key: env:SECOND_KEY}\n"
        )
        keys = {"FIRST_KEY": poor, "SECOND_KEY": RICH}
        self.started.append(Sidecar(self.folder / f"sidecar-{len(self.started)}", config, *arguments, **keys))
        return self.started[-1]

    def end(self, sidecar: Sidecar) -> str:
        """Ends it as an operator does; gives what it said."""
        sidecar.terminate()
        assert sidecar.wait() == 0
        return sidecar.log

    def ask(self, sidecar: Sidecar) -> list[str]:
        """Asks once; the keys that the provider saw because of it."""
        seen = len(self.provider.entries(self.model))
        assert chat(sidecar.chat, question(f"sim/{self.model}")).code is grpc.StatusCode.OK
        return [entry.key or "" for entry in self.provider.entries(self.model)[seen:]]

    def holds(self, *reasons: str) -> bool:
        """Whether the file has rows for exactly these reasons."""
        return sorted(reasons) == sorted(line.split('"')[3] for line in self.lines if line.startswith('      "reason"'))

    @property
    def lines(self) -> list[str]:
        return self.file.read_text().splitlines()


@pytest.fixture
def place(provider: Provider, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "place", provider)
    yield made
    for sidecar in made.started:
        sidecar.kill()


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)  # another process's file: there is no event to await


def cooling(sidecar: Sidecar) -> dict[str, tuple[str, float]]:
    """The profiles that cool for every model: the reason, and for how long."""
    return {
        profile.profile: (
            error_reason_pb2.ErrorReason.Name(profile.reason).removeprefix("ERROR_REASON_"),
            profile.cooldown_end_time.ToMilliseconds() / 1000 - time.time(),
        )
        for profile in snapshot(sidecar).profiles
        if profile.HasField("cooldown_end_time") and not profile.model
    }


def test_a_key_without_money_is_not_asked_after_a_restart(place: Place) -> None:
    first = place.sidecar().start()
    assert place.ask(first) == [fingerprint(POOR), fingerprint(RICH)]
    assert f"0 cooldowns of keys were put back from {place.file}" in place.end(first)
    second = place.sidecar().start()
    (name, (reason, left_s)) = next(iter(cooling(second).items()))
    assert (name, reason) == ("first", "BILLING")
    assert HOUR_S - 60.0 < left_s < HOUR_S
    assert place.ask(second) == [fingerprint(RICH)]
    assert f"1 cooldowns of keys were put back from {place.file}" in second.log


def test_a_killed_process_leaves_what_it_knew(place: Place) -> None:
    first = place.sidecar().start()
    place.ask(first)
    until(lambda: place.holds("BILLING"))
    first.process.kill()
    first.process.wait()
    second = place.sidecar().start()
    assert place.ask(second) == [fingerprint(RICH)]


def test_a_replaced_key_is_asked_at_once_and_the_old_one_rests_on_when_it_comes_back(place: Place) -> None:
    first = place.sidecar().start()
    place.ask(first)
    place.end(first)
    second = place.sidecar(poor=OTHER).start()
    assert cooling(second) == {}
    assert place.ask(second) == [fingerprint(OTHER)]
    place.end(second)
    assert place.ask(place.sidecar().start()) == [fingerprint(RICH)]


def test_a_reset_key_is_asked_after_the_restart_too(place: Place) -> None:
    first = place.sidecar().start()
    place.ask(first)
    until(lambda: place.holds("BILLING"))
    ask(first.health.ResetHealth, health_pb2.ResetHealthRequest(profile="sim/first"))
    until(lambda: place.holds())
    place.end(first)
    second = place.sidecar().start()
    assert cooling(second) == {}
    assert place.ask(second) == [fingerprint(POOR), fingerprint(RICH)]


def test_the_file_is_its_owners_only_and_has_no_secret_prompt_or_name(place: Place) -> None:
    first = place.sidecar().start()
    place.ask(first)
    log = place.end(first)
    assert place.file.stat().st_mode & 0o777 == 0o600
    text = place.file.read_text()
    assert "BILLING" in text
    assert not [secret for secret in (POOR, RICH, fingerprint(POOR), place.provider.url) if secret in text]
    said = [word for line in place.lines for word in line.split('"')[1::2]]
    assert set(said) - {"remora_state", "salt", "cooldowns", "key", "model", "counts", "steps", "decays_at"} == {
        *("reason", "until", "stated_until", "BILLING"),
        *(word for word in said if len(word) == 32 and set(word) <= set("0123456789abcdef")),
    }
    assert POOR not in log


def test_a_corrupt_file_costs_what_was_in_it_and_one_line(place: Place) -> None:
    place.file.write_text('{"remora_state": 1, "salt": "00", "cooldowns": [{"ke')
    first = place.sidecar().start()
    assert place.ask(first) == [fingerprint(POOR), fingerprint(RICH)]
    lines = [line for line in place.end(first).splitlines() if "is unusable" in line]
    assert len(lines) == 1
    assert f"{place.file} is unusable: it is not JSON; it is kept as {place.file}.bad" in lines[0]
    assert place.file.with_name("remora.db.bad").read_text().endswith('[{"ke')
    assert place.ask(place.sidecar().start()) == [fingerprint(RICH)]


def test_a_second_sidecar_on_the_file_does_not_start_and_names_it(place: Place) -> None:
    first = place.sidecar().start()
    with pytest.raises(StubbornError) as caught:
        place.sidecar().start()
    assert f"the state file {place.file} is in use by another sidecar; each needs a file of its own" in str(
        caught.value
    )
    assert "exit code 1" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert place.ask(first) == [fingerprint(POOR), fingerprint(RICH)]


def test_a_folder_that_is_not_there_is_named_at_the_start_and_warned_of_by_check(place: Place) -> None:
    sidecar = place.sidecar("{path: nowhere/remora.db}")
    with pytest.raises(StubbornError) as caught:
        sidecar.start()
    config = place.folder / "sidecar-0" / "remora.yaml"
    path = config.parent / "nowhere" / "remora.db"
    assert f"the state file {path} cannot be written: No such file or directory" in str(caught.value)
    checked = run("check", str(config), FIRST_KEY=POOR, SECOND_KEY=RICH)
    assert checked.returncode == 0
    assert (
        f"{config}:2:15: warning: state.path: is in a folder that is not here, or cannot be written: the sidecar would not "
        "start here\n"
    ) in checked.stderr


def test_on_the_simulator_the_file_of_real_keys_is_left_alone(place: Place) -> None:
    sidecar = place.sidecar("{path: ../state/remora.db}", POOR, "--simulator").start()
    place.end(sidecar)
    assert list(place.file.parent.iterdir()) == []


def test_another_path_needs_a_restart_and_is_refused_by_its_name(place: Place) -> None:
    sidecar = place.sidecar().start()
    config = place.folder / "sidecar-0" / "remora.yaml"
    config.write_text(config.read_text().replace("remora.db", "other.db"))
    until(lambda: "state.path: cannot change while serving; it needs a restart" in sidecar.log)
    assert snapshot(sidecar).configuration_problem.endswith(
        "state.path: cannot change while serving; it needs a restart"
    )
    assert place.ask(sidecar) == [fingerprint(POOR), fingerprint(RICH)]
    until(lambda: place.holds("BILLING"))

"""A configuration that changes while the sidecar serves: applied whole or refused, and no stream notices."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from sidecar.pb import health_pb2, policy_pb2
from sidecar.pb.chat_pb2_grpc import ChatServiceStub
from sidecar.simulator import answer_text, fingerprint

from . import certificate
from .conftest import Start
from .conversation import question
from .outcome import chat
from .process import Sidecar
from .provider import Provider

LIMIT_S = 8.0
"""A change is looked for once a second, rests 0.3 s and takes a new process; the rest is for a busy machine."""
ONCE = policy_pb2.Policy(max_attempts=1, last_resort=False)
KEYS = {"SIM_KEY": "key-of-sim-0123456789", "OTHER_KEY": "key-of-other-0123456789"}


class Live:
    """A sidecar whose configuration and key file a test rewrites."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        self.url = provider.url
        self.folder = folder
        self.file = folder / "remora.yaml"
        self.sidecar = Sidecar(folder, self.text(), **KEYS)

    def text(self, more: str = "", *, key: str = "env:SIM_KEY", listen: str = '{grpc: ["127.0.0.1:0"]}') -> str:
        """A configuration of the provider `sim`, and more."""
        return (
            f"listen: {listen}\nproviders:\n"
            f"  sim: {{protocol: openai, base_url: {self.url}, profiles: [{{name: main, api_key: '{key}'}}]}}\n{more}"
        )

    def write(self, text: str) -> None:
        """Replaces the file in one step."""
        unfinished = self.folder / "unfinished"
        unfinished.write_text(text)
        unfinished.replace(self.file)

    def messages(self, part: str) -> list[str]:
        """The log's messages with this part."""
        return [line["message"] for line in self.sidecar.lines if part in line["message"]]

    def apply(self, text: str) -> None:
        """Writes it and waits until it is applied; at once, since noticing it is not what the test is about."""
        before = len(self.messages("is applied"))
        self.write(text)
        self.sidecar.process.send_signal(signal.SIGHUP)
        until(lambda: len(self.messages("is applied")) > before)

    @property
    def problem(self) -> str:
        """Why the newest configuration was refused, as Health says."""
        return self.snapshot.configuration_problem

    @property
    def snapshot(self) -> health_pb2.HealthResponse:
        response: health_pb2.HealthResponse = next(iter(self.sidecar.health.Health(health_pb2.HealthRequest())))
        return response


def until(holds: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < limit, "nothing happened in time"
        time.sleep(0.02)  # another process's doing: there is no event to await


@pytest.fixture
def live(provider: Provider, tmp_path: Path) -> Iterator[Live]:
    made = Live(tmp_path / "live", provider)
    with made.sidecar:
        yield made


def test_a_new_alias_works_soon_and_a_stream_goes_on_to_its_last_word(live: Live, provider: Provider) -> None:
    provider.when("slow-through-change", words=60, tokens_per_s=20)
    stream = live.sidecar.chat.Chat(question("sim/slow-through-change"), timeout=30)
    said = next(event.text_delta.text for event in stream if event.text_delta.text)
    other = f"  other: {{protocol: openai, base_url: {live.url}, api_key: env:OTHER_KEY}}\n"
    began = time.monotonic()
    live.write(live.text(f"{other}aliases: {{fresh: {{targets: [other/ok]}}}}\n"))
    until(lambda: chat(live.sidecar.chat, question("fresh")).code is grpc.StatusCode.OK)
    assert time.monotonic() - began < LIMIT_S
    assert provider.ended("ok").key == fingerprint(KEYS["OTHER_KEY"])
    said += "".join(event.text_delta.text for event in stream)
    assert said == answer_text("hi", 60)
    assert stream.code() is grpc.StatusCode.OK
    assert live.messages("is applied") == ["the configuration is applied: provider other new, alias fresh new"]


def test_a_provider_that_has_gone_is_not_found_while_its_stream_ends_well(live: Live, provider: Provider) -> None:
    provider.when("slow-and-gone", words=60, tokens_per_s=20)
    gone = (
        f"  gone: {{protocol: openai, base_url: {live.url}, api_key: env:OTHER_KEY, models: {{slow-and-gone: {{}}}}}}\n"
    )
    live.apply(live.text(gone))
    stream = live.sidecar.chat.Chat(question("gone/slow-and-gone"), timeout=30)
    next(event.text_delta.text for event in stream if event.text_delta.text)
    live.apply(live.text())
    outcome = chat(live.sidecar.chat, question("gone/slow-and-gone"))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.NOT_FOUND, "UNKNOWN_MODEL")
    events = list(stream)
    assert stream.code() is grpc.StatusCode.OK
    assert events[-1].completed.target.provider == "gone"
    until(lambda: all(not entry.entry.startswith("gone/") for entry in live.snapshot.entries))


def test_what_is_known_of_an_unchanged_target_is_kept(live: Live, provider: Provider) -> None:
    provider.when("stays-open", status=500)
    for _ in range(3):
        chat(live.sidecar.chat, question("sim/stays-open", policy=ONCE))
    asked = len(provider.entries("stays-open"))
    live.apply(live.text("policy: {idle_s: 7}\n"))
    outcome = chat(live.sidecar.chat, question("sim/stays-open", policy=ONCE))
    assert (outcome.code, len(provider.entries("stays-open"))) == (grpc.StatusCode.UNAVAILABLE, asked)
    (entry,) = [entry for entry in live.snapshot.entries if entry.entry == "sim/stays-open"]
    assert (entry.state, entry.openings) == (health_pb2.BREAKER_STATE_OPEN, 1)


def test_a_bad_file_keeps_the_old_one_and_says_so_until_it_is_good_again(live: Live) -> None:
    assert live.problem == ""
    live.write(live.text("aliases: {broken: {targets: []}}\nunknown: 1\n"))
    until(lambda: live.problem)
    assert "remora.yaml:4:" in live.problem
    assert "and 1 more" in live.problem
    assert any("remora.yaml:4:" in message for message in live.messages("refused"))
    assert any("unknown" in message for message in live.messages("one more problem"))
    assert chat(live.sidecar.chat, question("sim/ok")).code is grpc.StatusCode.OK
    live.write(live.text("aliases: {whole: {targets: [sim/ok]}}\n"))
    until(lambda: not live.problem)
    assert chat(live.sidecar.chat, question("whole")).code is grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"more": "pools: {auto: {candidates: [sim/ok]}}\n"}, "not built yet"),
        ({"key": "env:NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set"),
        ({"key": "file:missing-key"}, "missing-key cannot be read"),
        ({"listen": '{grpc: ["127.0.0.1:0", "127.0.0.1:0"]}'}, "listen.grpc: cannot change while serving"),
        ({"more": "[not yaml"}, "not valid YAML"),
    ],
)
def test_what_cannot_be_applied_is_refused_whole(live: Live, change: dict[str, str], said: str) -> None:
    alias = "aliases: {half: {targets: [sim/ok]}}\n"
    live.write(live.text(**{**change, "more": alias + change.get("more", "")}))
    until(lambda: said in live.problem)
    assert chat(live.sidecar.chat, question("half")).code is grpc.StatusCode.NOT_FOUND
    assert chat(live.sidecar.chat, question("sim/ok")).code is grpc.StatusCode.OK
    assert live.messages("is applied") == []


def test_a_hang_up_loads_again_though_nothing_has_changed(live: Live) -> None:
    live.sidecar.process.send_signal(signal.SIGHUP)
    until(lambda: live.messages("is applied: nothing differs"))
    assert chat(live.sidecar.chat, question("sim/ok")).code is grpc.StatusCode.OK


def test_the_same_content_written_anew_is_no_change(live: Live) -> None:
    live.write(live.text())
    time.sleep(2.0)  # nothing is to happen: there is no event to await
    assert live.messages("configuration") == []


def test_ten_quick_changes_end_in_the_last_one(live: Live, provider: Provider) -> None:
    for number in range(10):
        live.write(live.text(f"aliases: {{name-{number}: {{targets: [sim/ok]}}}}\n"))
        time.sleep(0.15)  # so that some of them come while another is being loaded
    until(lambda: chat(live.sidecar.chat, question("name-9")).text == answer_text("hi", 20))
    assert provider.ended("ok").outcome is not None
    assert live.problem == ""


def test_a_key_file_written_anew_is_the_key_that_is_sent(live: Live, provider: Provider) -> None:
    key = live.folder / "key"
    key.write_text("first-key-0123456789\n")
    live.apply(live.text(key="file:key"))
    chat(live.sidecar.chat, question("sim/ok+rotated"))
    assert provider.ended("ok+rotated").key == fingerprint("first-key-0123456789")
    key.write_text("second-key-0123456789\n")
    until(lambda: len(live.messages("key of sim/main replaced")) == 2)
    chat(live.sidecar.chat, question("sim/ok+rotated"))
    assert provider.ended("ok+rotated").key == fingerprint("second-key-0123456789")
    assert "-key-0123456789" not in live.sidecar.log


def test_a_mounted_secret_changes_by_swapping_its_link(live: Live, provider: Provider) -> None:
    mount = live.folder / "mount"
    for version in ("v1", "v2"):
        (mount / version).mkdir(parents=True)
        (mount / version / "key").write_text(f"mounted-{version}-0123456789")
    (mount / "..data").symlink_to("v1")
    (mount / "key").symlink_to("..data/key")
    live.apply(live.text(key="file:mount/key"))
    chat(live.sidecar.chat, question("sim/ok+mounted"))
    assert provider.ended("ok+mounted").key == fingerprint("mounted-v1-0123456789")
    (mount / "..next").symlink_to("v2")
    os.replace(mount / "..next", mount / "..data")
    until(lambda: len(live.messages("key of sim/main replaced")) == 2)
    chat(live.sidecar.chat, question("sim/ok+mounted"))
    assert provider.ended("ok+mounted").key == fingerprint("mounted-v2-0123456789")


def test_an_emptied_key_file_keeps_the_old_key_and_names_the_profile(live: Live, provider: Provider) -> None:
    key = live.folder / "key"
    key.write_text("kept-key-0123456789")
    live.apply(live.text(key="file:key"))
    key.write_text("")
    until(lambda: "(profile main of sim)" in live.problem)
    chat(live.sidecar.chat, question("sim/ok+kept"))
    assert provider.ended("ok+kept").key == fingerprint("kept-key-0123456789")
    assert "kept-key" not in live.sidecar.log
    key.write_text("kept-key-0123456789")
    until(lambda: not live.problem)


def test_a_refused_key_is_read_again_at_once_and_its_successor_tried(live: Live, provider: Provider) -> None:
    provider.when("revoked", status=401)
    key = live.folder / "key"
    key.write_text("revoked-key-0123456789")
    live.apply(live.text(key="file:key"))
    key.write_text("successor-0123456789")
    outcome = chat(live.sidecar.chat, question("sim/revoked", include_attempts=True))
    sent = [entry.key for entry in provider.entries("revoked")]
    assert sent == [fingerprint("revoked-key-0123456789"), fingerprint("successor-0123456789")]
    assert [reason for _, reason in outcome.tried] == ["AUTHENTICATION", "AUTHENTICATION"]


def test_the_callers_token_changes_with_its_file(live: Live) -> None:
    token = live.folder / "token"
    token.write_text("first-token")
    listen = '{grpc: ["127.0.0.1:0"], token: "file:token"}'
    live.apply(live.text(listen=listen))
    assert chat(live.sidecar.chat, question("sim/ok")).reason == "CALLER_UNAUTHENTICATED"
    bearer = (("authorization", "Bearer first-token"),)
    assert chat(live.sidecar.chat, question("sim/ok"), metadata=bearer).code is grpc.StatusCode.OK
    token.write_text("second-token")
    until(lambda: chat(live.sidecar.chat, question("sim/ok"), metadata=bearer).code is grpc.StatusCode.UNAUTHENTICATED)
    bearer = (("authorization", "Bearer second-token"),)
    assert chat(live.sidecar.chat, question("sim/ok"), metadata=bearer).code is grpc.StatusCode.OK


def test_a_renewed_certificate_greets_new_connections_and_a_wrong_one_is_refused(
    start: Start, provider: Provider, tmp_path: Path
) -> None:
    old, new = certificate.made(tmp_path / "old"), certificate.made(tmp_path / "new")
    cert, key = tmp_path / "tls.pem", tmp_path / "tls.key"
    cert.write_bytes(old.cert.read_bytes())
    key.write_bytes(old.key.read_bytes())
    sidecar = start(listen=f'{{grpc: ["127.0.0.1:0"], tls: {{cert: {cert}, key: {key}}}}}')

    def code(ca: Path) -> grpc.StatusCode:
        channel = sidecar.channel(grpc.ssl_channel_credentials(ca.read_bytes()))
        return chat(ChatServiceStub(channel), question("sim/ok")).code

    assert code(old.ca) is grpc.StatusCode.OK
    cert.write_bytes(new.cert.read_bytes())
    until(lambda: "not a certificate and its key" in sidecar.log)
    assert code(old.ca) is grpc.StatusCode.OK
    key.write_bytes(new.key.read_bytes())
    until(lambda: code(new.ca) is grpc.StatusCode.OK)
    assert "is applied: listen.tls.cert replaced, listen.tls.key replaced" in sidecar.log
    assert code(old.ca) is grpc.StatusCode.UNAVAILABLE

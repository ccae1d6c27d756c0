"""What differs between two configurations is said by name."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from sidecar.config.settings import Listen, Settings, State, Telemetry, Tls
from sidecar.core.catalog import Alias, Catalog, Credential, Profile, Provider
from sidecar.core.policy import Policy
from sidecar.difference import difference, named_files
from sidecar.live import needing_restart

A = Provider("a", "openai", "https://a.test/v1", (Profile("main", Credential("file", "/keys/a")),))
B = replace(A, name="b")
OLD = Settings(Catalog({"a": A, "b": B}, {"smart": Alias("smart", ("a/m",))}))


def test_nothing_differs() -> None:
    assert difference(OLD, OLD, {"key of a/main": "1"}, {"key of a/main": "1"}) == "nothing differs"


def test_providers_aliases_and_keys_are_named() -> None:
    catalog = Catalog({"a": replace(A, organization="o"), "c": A}, {"fast": Alias("fast", ("a/m",))})
    keys = {"key of a/main": "1", "key of b/main": "1"}
    said = difference(OLD, replace(OLD, catalog=catalog), keys, {"key of a/main": "2", "key of c/main": "3"})
    assert said == (
        "provider a changed, provider b gone, provider c new, alias fast new, alias smart gone, key of a/main replaced"
    )


@pytest.mark.parametrize(
    "new",
    [
        replace(OLD, catalog=replace(OLD.catalog, policy=Policy(idle_s=3.0))),
        replace(OLD, catalog=replace(OLD.catalog, default_model="smart")),
        replace(OLD, limits=replace(OLD.limits, drain_delay_s=1.0)),
    ],
)
def test_the_rest_is_said_in_general(new: Settings) -> None:
    assert difference(OLD, new, {}, {}) == "settings of the process changed"
    assert needing_restart(OLD, new) == []


def test_what_changes_live_of_telemetry_is_named_without_its_values() -> None:
    telemetry = replace(OLD.telemetry, headers=(("x-key", "planted"),), sample_ratio=0.5)
    new = replace(OLD, telemetry=telemetry)
    assert difference(OLD, new, {}, {}) == "telemetry.headers changed, telemetry.sample_ratio changed"
    assert needing_restart(OLD, new) == []


def test_every_file_that_is_no_key_has_a_name() -> None:
    listen = replace(OLD.listen, token=Credential("file", "/t"), tls=Tls("/cert", "/key", "/ca"))
    catalog = Catalog({"a": A, "b": replace(B, ca_file="/ca-of-b")})
    assert dict(named_files(replace(OLD, listen=listen, catalog=catalog))) == {
        "listen.token": "/t",
        "listen.tls.cert": "/cert",
        "listen.tls.key": "/key",
        "listen.tls.client_ca": "/ca",
        "ca_file of b": "/ca-of-b",
    }


def test_what_sockets_and_exporters_were_made_with_needs_a_restart() -> None:
    listen = replace(OLD.listen, insecure=True, unix_mode=0o600, token=Credential("env", "TOKEN"))
    new = replace(OLD, listen=listen, telemetry=replace(OLD.telemetry, capture_content=True))
    assert needing_restart(OLD, new) == ["listen.insecure", "listen.unix_mode", "telemetry.capture_content"]
    assert {field.name for field in fields(Listen)} > {"grpc", "http", "probe", "tls", "token"}
    assert needing_restart(replace(OLD, telemetry=Telemetry()), OLD) == []


def test_another_state_file_needs_a_restart() -> None:
    assert needing_restart(OLD, replace(OLD, state=State("/var/lib/remora/state"))) == ["state.path"]

"""A redactor over changing secrets, and a vault whose key files change."""

from __future__ import annotations

from sidecar.core.catalog import Catalog, Credential, Entry, Profile, Provider
from sidecar.transport.credential import Vault
from sidecar.transport.secrecy import MAX_RETIRED, RETIRED_S, KnownSecrets


def hides(redactor: KnownSecrets, secret: str) -> bool:
    return secret not in redactor.redact(f"the key {secret} was refused")


def test_a_secret_out_of_force_is_hidden_while_calls_and_reports_may_still_show_it() -> None:
    redactor = KnownSecrets(["old-secret-value"])
    redactor.replace(["new-secret-value"], 100.0)
    assert hides(redactor, "old-secret-value")
    assert hides(redactor, "new-secret-value")
    redactor.replace(["new-secret-value"], 100.0 + RETIRED_S - 1.0)
    assert hides(redactor, "old-secret-value")
    redactor.replace(["new-secret-value"], 100.0 + RETIRED_S)
    assert not hides(redactor, "old-secret-value")


def test_a_secret_back_in_force_stays() -> None:
    redactor = KnownSecrets(["first-secret"])
    redactor.replace(["second-secret"], 0.0)
    redactor.replace(["first-secret"], 10.0)
    redactor.replace(["first-secret"], 2 * RETIRED_S)
    assert hides(redactor, "first-secret")


def test_a_learned_secret_is_hidden_at_once_beside_the_others() -> None:
    redactor = KnownSecrets(["first-secret"])
    redactor.learn("learned-secret", 5.0)
    assert hides(redactor, "learned-secret")
    assert hides(redactor, "first-secret")


def test_retired_secrets_are_bounded() -> None:
    redactor = KnownSecrets([])
    for number in range(MAX_RETIRED + 2):
        redactor._present = frozenset({f"rotated-{number:04d}-x"})
        redactor._retired[f"rotated-{number:04d}"] = float(number)
    redactor.replace([], float(MAX_RETIRED))
    assert len(redactor._retired) == MAX_RETIRED
    assert not hides(redactor, "rotated-0000")
    assert "rotated" not in repr(redactor)


def vault(contents: dict[str, str | None], learned: list[str]) -> Vault:
    profiles = (
        Profile("main", Credential("file", "key")),
        Profile("fixed", Credential("env", "KEY")),
        Profile("off", Credential("file", "off"), enabled=False),
    )
    catalog = Catalog({"p": Provider("p", "openai", "https://p.test/v1/", profiles)})
    return Vault(
        catalog,
        lambda credential: contents[credential.source] or "",
        read_again=lambda credential: contents[credential.source],
        learned=learned.append,
    )


def test_a_vault_reads_a_refused_key_again_and_knows_both() -> None:
    contents: dict[str, str | None] = {"key": "old", "KEY": "fixed"}
    learned: list[str] = []
    known = vault(contents, learned)
    old, fixed = known.targets_of(Entry("p", "m"))
    assert known.reread(old) is None
    contents["key"] = None
    assert known.reread(old) is None
    contents.update(key="new", KEY="changed")
    assert known.reread(fixed) is None
    new = known.reread(old)
    assert new is not None
    assert (known.secret(old), known.secret(new)) == ("old", "new")
    assert known.targets_of(Entry("p", "m")) == (new, fixed)
    assert known.key_ids() == {old.key_id, new.key_id, fixed.key_id}
    assert known.reread(new) is None
    assert known.reread(old) == new  # another call that began with the old one
    assert learned == ["new"]
    assert set(known.secrets()) == {"old", "new", "fixed"}
    assert known.profiles_of("p")[0] == ("main", "https://p.test/v1", new.key_id)

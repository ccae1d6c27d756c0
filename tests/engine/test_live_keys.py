"""A refused key is read again at once; if it has been replaced, the same profile is tried once more (failover.md §3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sidecar.core.catalog import Credential, Profile, Provider
from sidecar.core.content import NO_POLICY
from sidecar.core.policy import Policy
from sidecar.core.redaction import Redactor
from sidecar.transport.credential import Vault
from sidecar.transport.http import Post

from .rig import Rig, ask, error, good, hear, provider
from .virtual import run

FALLBACK = ("b/m",)


class Files:
    """Key files in memory, and a provider whose profile k1 has its key in one."""

    def __init__(self, plays: dict[str, list[object]], *more: Provider, key: str | None = "key-a-old") -> None:
        self.contents: dict[str, str | None] = {"k1": key}
        self.learned: list[str] = []
        profiles = (
            Profile("k1", Credential("file", "k1")),
            *(p for one in more if one.name == "a" for p in one.profiles),
        )
        own = replace(provider("a"), profiles=profiles)
        others = tuple(one for one in more if one.name != "a")
        self.rig = Rig(plays, (own, *others), FALLBACK if others else ())  # type: ignore[arg-type]
        engine = self.rig.engine
        vault = Vault(engine.catalog, self.read, read_again=self.read_again, learned=self.learned.append)
        engine.services = replace(engine.services, vault=vault)

    def read(self, credential: Credential) -> str:
        return self.contents["k1"] or "" if credential.kind == "file" else credential.source

    def read_again(self, credential: Credential) -> str | None:
        return self.contents[credential.source]

    def rotate(self, key: str | None) -> None:
        self.contents["k1"] = key

    def when_asked(self, action: Callable[[], None]) -> None:
        """Does something as soon as the provider has received a request."""
        inner = self.rig.transport._upstream

        def played(post: Post) -> object:
            action()
            return inner(post)

        self.rig.transport._upstream = played  # type: ignore[assignment]


def test_a_replaced_key_is_tried_once_more_in_the_same_call_and_at_once() -> None:
    files = Files({"a/m/old": [error(401)], "a/m/new": [good()]})
    files.when_asked(lambda: files.rotate("key-a-new"))
    heard = run(hear(files.rig))
    assert (files.rig.asked, files.rig.times) == (["a/m/old", "a/m/new"], [0.0, 0.0])
    assert (heard.reasons, heard.kinds) == (["AUTHENTICATION", ""], ["first", "retry"])
    assert files.learned == ["key-a-new"]


def test_the_old_key_cools_and_the_new_one_starts_clean_for_the_next_call() -> None:
    files = Files({"a/m/old": [error(401)], "a/m/new": [good()]})
    files.when_asked(lambda: files.rotate("key-a-new"))

    async def twice() -> None:
        old = files.rig.target("a/m")
        await hear(files.rig)
        new = files.rig.target("a/m")
        now = files.rig.engine.services.clock.now()
        health = files.rig.engine.services.health
        assert old.key_id != new.key_id
        assert health.unavailable(old, now) is not None
        assert health.unavailable(new, now) is None
        await hear(files.rig)

    run(twice())
    assert files.rig.asked == ["a/m/old", "a/m/new", "a/m/new"]


@pytest.mark.parametrize("now_there", ["key-a-old", None])
def test_an_unchanged_or_unreadable_key_is_not_tried_again(now_there: str | None) -> None:
    files = Files({"a/m/old": [error(401)], "b/m": [good()]}, provider("b"))
    files.when_asked(lambda: files.rotate(now_there))
    heard = run(hear(files.rig))
    assert files.rig.asked == ["a/m/old", "b/m/k1"]
    assert heard.completed.failed_over


def test_a_key_that_is_no_files_is_not_read_again() -> None:
    rig = Rig({"a/m": [error(401)]}, (provider("a"),))
    assert run(hear(rig)).reasons == ["AUTHENTICATION"]


def test_a_key_that_changes_with_every_refusal_is_tried_once_more_and_no_further() -> None:
    files = Files({"a/m": [error(401)], "b/m": [good()]}, provider("b"))
    numbers = iter(range(9))
    files.when_asked(lambda: files.rotate(f"key-a-n{next(numbers)}"))
    heard = run(hear(files.rig))
    assert files.rig.asked == ["a/m/old", "a/m/n0", "b/m/k1"]
    assert heard.reasons == ["AUTHENTICATION", "AUTHENTICATION", ""]


def test_a_new_key_that_is_refused_leaves_the_profile_for_the_next_one() -> None:
    files = Files({"a/m": [error(401)], "a/m/k2": [good()]}, provider("a", "k2"))
    files.when_asked(lambda: files.rotate("key-a-new") if files.contents["k1"] == "key-a-old" else None)
    heard = run(hear(files.rig))
    assert files.rig.asked == ["a/m/old", "a/m/new", "a/m/k2"]
    assert heard.kinds == ["first", "retry", "rotation"]


def test_a_call_of_one_attempt_ends_with_the_refusal() -> None:
    files = Files({"a/m": [error(401)]})
    files.when_asked(lambda: files.rotate("key-a-new"))
    heard = run(hear(files.rig, ask(policy=Policy(max_attempts=1))))
    assert (files.rig.asked, heard.reasons) == (["a/m/old"], ["AUTHENTICATION"])


def test_another_reason_reads_no_key_again() -> None:
    files = Files({"a/m": [error(403)], "b/m": [good()]}, provider("b"))
    files.when_asked(lambda: files.rotate("key-a-new"))
    run(hear(files.rig))
    assert files.rig.asked == ["a/m/old", "b/m/k1"]


def test_a_new_key_that_others_found_cooling_is_passed_over() -> None:
    files = Files({"a/m": [error(401)], "b/m": [good()]}, provider("b"))

    async def calls() -> list[str]:
        files.rotate("key-a-new")
        await hear(files.rig)  # both keys are refused, and cool
        files.rotate("key-a-old")
        return (await hear(files.rig)).reasons

    assert run(calls()) == [""]
    assert files.rig.asked == ["a/m/old", "a/m/new", "b/m/k1", "b/m/k1"]


def test_secrets_of_both_keys_are_known_to_redaction() -> None:
    files = Files({"a/m": [error(401, "key-a-old key-a-new")]})
    redactor = Redactor(["key-a-old", "key-a-new"])
    files.rig.engine.services = replace(files.rig.engine.services, redactor=redactor)
    files.when_asked(lambda: files.rotate("key-a-new"))
    heard = run(hear(files.rig))
    assert heard.error is not None
    assert heard.error.report is not None
    assert [attempt.message for attempt in heard.error.report.attempts] == ["[redacted] [redacted]"] * 2
    assert set(files.rig.engine.services.vault.secrets()) == {"key-a-old", "key-a-new"}


def test_calls_after_a_replaced_key_begin_with_the_new_one() -> None:
    files = Files({"a/m/old": [good(), error(401)], "a/m/new": [good()]})
    plain = replace(ask(), policy=NO_POLICY)
    run(hear(files.rig, plain))
    files.rotate("key-a-new")
    run(hear(files.rig, plain))
    run(hear(files.rig, plain))
    assert files.rig.asked == ["a/m/old", "a/m/old", "a/m/new", "a/m/new"]

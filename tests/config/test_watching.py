"""Noticing changed files: by content, at rest, whatever way they were replaced. No file, no clock, no waiting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sidecar.config.watching import (
    ABSENT_S,
    SETTLE_S,
    Signature,
    Watcher,
    digest_of,
    signature_of,
)


class Files:
    """Files in memory: each write gives a new modification time."""

    def __init__(self, **contents: str) -> None:
        self._contents: dict[str, str] = {}
        self._times: dict[str, int] = {}
        self._clock = 0
        for path, content in contents.items():
            self.write(path, content)

    def write(self, path: str, content: str) -> None:
        self._clock += 1
        self._contents[path], self._times[path] = content, self._clock

    def remove(self, path: str) -> None:
        del self._contents[path]

    def signature(self, path: str) -> Signature | None:
        content = self._contents.get(path)
        return None if content is None else (1, 1, len(content), self._times[path])

    def digest(self, path: str) -> bytes | None:
        content = self._contents.get(path)
        return None if content is None else content.encode()

    def watcher(self, *paths: str) -> Watcher:
        return Watcher(paths, signature=self.signature, digest=self.digest)


def test_nothing_is_new_while_nothing_changes() -> None:
    watcher = Files(a="1").watcher("a")
    assert not any(watcher.look(now) for now in range(10))
    assert watcher.is_settled


def test_a_change_is_new_once_it_has_rested() -> None:
    files = Files(a="1")
    watcher = files.watcher("a")
    files.write("a", "2")
    assert not watcher.look(10.0)
    assert not watcher.is_settled
    assert not watcher.look(10.0 + SETTLE_S / 2)
    assert watcher.look(10.0 + SETTLE_S)


def test_a_file_that_is_still_being_written_has_not_come_to_rest() -> None:
    files = Files(a="1")
    watcher = files.watcher("a")
    for step in range(10):
        files.write("a", "2" * step)
        assert not watcher.look(10.0 + step * SETTLE_S * 0.9)
    files.write("a", "22")
    assert not watcher.look(20.0)
    assert watcher.look(20.0 + SETTLE_S)


@pytest.mark.parametrize("is_emptied", [False, True])
def test_a_file_that_is_gone_for_a_moment_is_no_change(is_emptied: bool) -> None:
    files = Files(a="1")
    watcher = files.watcher("a")
    if is_emptied:
        files.write("a", "")
    else:
        files.remove("a")
    assert not watcher.look(10.0)
    assert not watcher.look(10.0 + ABSENT_S * 0.9)
    files.write("a", "1")
    assert not watcher.look(10.0 + ABSENT_S)
    assert not watcher.look(10.0 + ABSENT_S + SETTLE_S)
    assert watcher.is_settled


def test_a_file_that_stays_gone_is_a_change_and_so_is_its_return() -> None:
    files = Files(a="1", b="x")
    watcher = files.watcher("a", "b")
    files.remove("a")
    assert not watcher.look(10.0)
    assert watcher.look(10.0 + ABSENT_S)
    watcher.loaded(watcher.mark(), ["a", "b"])
    assert not watcher.look(20.0)
    files.write("a", "1")
    assert not watcher.look(21.0)
    assert watcher.look(21.0 + SETTLE_S)


def test_a_change_while_it_was_being_loaded_is_not_lost() -> None:
    files = Files(a="1")
    watcher = files.watcher("a")
    mark = watcher.mark()
    files.write("a", "2")
    watcher.loaded(mark, ["a"])
    assert not watcher.look(10.0)
    assert watcher.look(10.0 + SETTLE_S)


def test_files_that_come_with_a_load_are_watched_and_those_that_go_are_not() -> None:
    files = Files(a="1", b="1")
    watcher = files.watcher("a")
    watcher.loaded(watcher.mark(), ["b", "never-there"])
    assert watcher.digests == {"b": b"1", "never-there": None}
    files.write("a", "2")
    assert not watcher.look(10.0)
    assert watcher.is_settled
    files.write("never-there", "now")
    watcher.look(11.0)
    assert watcher.look(11.0 + SETTLE_S)


def test_a_file_written_while_it_is_read_is_looked_at_again() -> None:
    files = Files(a="1")

    def digest(path: str) -> bytes | None:
        if is_racing:
            files.write("a", "3")
        return files.digest(path)

    is_racing = False
    watcher = Watcher(["a"], signature=files.signature, digest=digest)
    files.write("a", "2")
    watcher.look(10.0)
    is_racing = True
    assert not watcher.look(11.0)
    is_racing = False
    assert not watcher.look(12.0)
    assert watcher.look(12.0 + SETTLE_S)


def test_signatures_follow_links_and_what_cannot_be_read_has_none(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v2").mkdir()
    (tmp_path / "v1" / "key").write_text("same")
    (tmp_path / "v2" / "key").write_text("same")
    link = tmp_path / "data"
    link.symlink_to("v1")
    before = signature_of(str(link / "key")), digest_of(str(link / "key"))
    link.unlink()
    link.symlink_to("v2")
    after = signature_of(str(link / "key")), digest_of(str(link / "key"))
    assert before[0] != after[0]
    assert before[1] == after[1]
    for path in (str(tmp_path / "none"), "a\0b"):
        assert (signature_of(path), digest_of(path)) == (None, None)
    assert digest_of(str(tmp_path)) is None


def test_a_pipe_in_a_files_place_has_no_content_and_nobody_waits_for_any(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key")
    assert digest_of(str(tmp_path / "key")) is None
    assert digest_of("/dev/zero") is None

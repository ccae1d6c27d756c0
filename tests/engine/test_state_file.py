"""The state file on the disk: what is in it, what is refused, and who may have it."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.core.cooldown import NEVER
from sidecar.core.lasting import Count, Lasting
from sidecar.core.reasons import Reason
from sidecar.engine.state_file import MAX_BYTES, StateFile, StateFileError
from sidecar.engine.state_format import MAX_ROWS, Content, FormatError, name_of, parsed, rendered
from sidecar.transport.credential import key_id

SALT = bytes(range(16))
LASTING = Lasting(Reason.BILLING, 1_800_003_600.5, NEVER, (Count(Reason.BILLING, 2, 1_800_086_400.0),))
CONTENT = Content(SALT, {("a" * 32, None): LASTING, ("b" * 32, "m/1"): LASTING})
INSTANTS = st.floats(0.0, 1e11)
REASONS = st.sampled_from([Reason.AUTHENTICATION, Reason.PERMISSION, Reason.BILLING])
COUNTS = st.lists(st.builds(Count, REASONS, st.integers(1, 10**6), INSTANTS), max_size=3).map(tuple)
ROWS = st.dictionaries(
    st.tuples(st.text("0123456789abcdef", min_size=32, max_size=32), st.none() | st.text('m/é\n"', max_size=20)),
    st.builds(Lasting, REASONS, INSTANTS, INSTANTS | st.just(NEVER), COUNTS),
    max_size=20,
)


@given(ROWS)
def test_what_is_written_is_read_again(rows: dict[tuple[str, str | None], Lasting]) -> None:
    content = Content(SALT, rows)
    assert parsed(rendered(content)) == content


def test_the_file_has_no_more_than_it_says_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = StateFile(str(tmp_path / "state"))
    file.write(CONTENT)
    assert orjson.loads(file.path.read_bytes()) == {
        "remora_state": 1,
        "salt": SALT.hex(),
        "cooldowns": [
            {
                "key": name,
                "model": model,
                "reason": "BILLING",
                "until": 1_800_003_600.5,
                "stated_until": None,
                "counts": [{"reason": "BILLING", "steps": 2, "decays_at": 1_800_086_400.0}],
            }
            for name, model in (("a" * 32, None), ("b" * 32, "m/1"))
        ],
    }
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["state"]


def test_a_name_says_nothing_without_the_salt_and_is_no_key_id() -> None:
    of_key = key_id("local-key", "http://vllm:8000/v1")
    name = name_of(of_key, SALT)
    assert name == name_of(of_key, SALT)
    assert len({name, name_of(of_key, bytes(16)), name_of(key_id("local-kez", "http://vllm:8000/v1"), SALT)}) == 3
    assert of_key not in name


def row(**other: object) -> bytes:
    """A file with one row that differs from a good one."""
    good: dict[str, object] = {"key": "a", "model": None, "reason": "BILLING", "until": 1.0, "stated_until": None}
    return file(cooldowns=[good | {"counts": []} | other])


def file(**other: object) -> bytes:
    """A file that differs from a good one without rows."""
    return orjson.dumps({"remora_state": 1, "salt": SALT.hex(), "cooldowns": []} | other)


def test_the_good_one_of_these_is_good() -> None:
    assert list(parsed(row()).rows) == [("a", None)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "it is not JSON"),
        (rendered(CONTENT)[:-40], "it is not JSON"),
        (b"SQLite format 3\x00", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it is not a state file"),
        (b'{"name": "somebody else\'s"}', "it is not a state file"),
        (file(remora_state=2), "it is of another version"),
        (file(salt="00"), "it is not as a sidecar wrote it"),
        (file(salt="zz"), "it has a row that no sidecar wrote"),
        (file(salt=None), "it has a row that no sidecar wrote"),
        (file(cooldowns=None), "it has a row that no sidecar wrote"),
        (file(cooldowns=[1]), "it has a row that no sidecar wrote"),
        (row(reason="RATE_LIMITED"), "it has a row that no sidecar wrote"),
        (row(reason=None), "it has a row that no sidecar wrote"),
        (row(key=1), "it has a row that no sidecar wrote"),
        (row(model="m" * 501), "it has a row that no sidecar wrote"),
        (row(until="1"), "it has a row that no sidecar wrote"),
        (row(until=True), "it has a row that no sidecar wrote"),
        (row().replace(b"1.0", b"1e999"), "it is not JSON"),
        (row(counts=[{"reason": "BILLING", "steps": 0, "decays_at": 1.0}]), "it has a row that no sidecar wrote"),
        (row(counts=[{"reason": "BILLING", "steps": 1.5, "decays_at": 1.0}]), "it has a row that no sidecar wrote"),
        (row(counts=[{"reason": "BILLING", "steps": True, "decays_at": 1.0}]), "it has a row that no sidecar wrote"),
        (row(counts=[{}]), "it has a row that no sidecar wrote"),
        (
            rendered(Content(SALT, {(str(number), None): LASTING for number in range(MAX_ROWS + 1)})),
            "it is not as a sidecar wrote it",
        ),
    ],
)
def test_anything_else_is_no_state_file_and_the_error_does_not_quote_it(text: bytes, why: str) -> None:
    with pytest.raises(FormatError) as caught:
        parsed(text)
    assert str(caught.value) == why


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_that(text: bytes) -> None:
    with pytest.raises(FormatError):
        parsed(text)


def test_no_file_is_no_content_and_an_unreadable_one_is_told(tmp_path: Path) -> None:
    assert StateFile(str(tmp_path / "none")).read() is None
    (tmp_path / "folder").mkdir()
    with pytest.raises(FormatError, match="it cannot be read: Is a directory"):
        StateFile(str(tmp_path / "folder")).read()
    (tmp_path / "long").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(FormatError, match="it is too long"):
        StateFile(str(tmp_path / "long")).read()


def test_a_file_is_had_by_one_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    first, second = StateFile(path), StateFile(path)
    first.lock()
    with pytest.raises(StateFileError) as caught:
        second.lock()
    assert str(caught.value) == f"the state file {path} is in use by another sidecar; each needs a file of its own"
    first.write(CONTENT)
    with pytest.raises(StateFileError):
        second.lock()
    first.unlock()
    second.lock()
    assert second.read() == CONTENT
    second.unlock()
    second.unlock()


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(StateFileError, match=f"{tmp_path}/state cannot be locked: No locks available"):
        StateFile(str(tmp_path / "state")).lock()


def test_two_names_of_one_file_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "state")
    first, second = StateFile(str(tmp_path / "state")), StateFile(str(tmp_path / "link"))
    first.lock()
    with pytest.raises(StateFileError, match="in use by another sidecar"):
        second.lock()
    second.write(CONTENT)
    assert (tmp_path / "link").is_symlink()
    assert first.read() == CONTENT
    first.unlock()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("none/state", "cannot be written: No such file or directory"),
        ("plain/state", "cannot be written: Not a directory"),
        ("folder", "is a folder"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_told_by_its_path(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "plain").write_text("")
    (tmp_path / "folder").mkdir()
    path = tmp_path / name
    with pytest.raises(StateFileError) as caught:
        StateFile(str(path)).lock()
    assert str(caught.value) == f"the state file {path} {why}"


def test_what_a_crash_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    file = StateFile(str(tmp_path / "state"))
    file.write(CONTENT)
    (tmp_path / "state.new").write_bytes(b"half a fi")
    assert file.read() == CONTENT
    file.write(Content(SALT, {}))
    assert file.read() == Content(SALT, {})
    assert os.listdir(tmp_path) == ["state"]


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = StateFile(str(tmp_path / "state"))
    file.write(CONTENT)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        file.write(Content(SALT, {}))
    assert file.read() == CONTENT
    assert os.listdir(tmp_path) == ["state"]


def test_an_unusable_file_is_moved_aside_over_an_earlier_one(tmp_path: Path) -> None:
    file = StateFile(str(tmp_path / "state"))
    (tmp_path / "state.bad").write_text("older")
    file.path.write_text("newer")
    assert file.set_aside() == tmp_path / "state.bad"
    assert (tmp_path / "state.bad").read_text() == "newer"
    with pytest.raises(StateFileError, match="unusable and cannot be moved: No such file or directory"):
        file.set_aside()

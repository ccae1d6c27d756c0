"""What the keeper's file may cost, hold and do to the start: bounds, failures, and a second process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sidecar.core.lasting import Count, Lasting
from sidecar.core.observation import Change, ChangeKind
from sidecar.core.reasons import Reason
from sidecar.engine.keeper import Snapshot
from sidecar.engine.state_file import StateFile, StateFileError
from sidecar.engine.state_format import MAX_MODEL_CHARACTERS, MAX_ROWS, Content, Rows

from .keeping import DAY_S, EPOCH, KNOWN_IDS, LIMIT_S, Generations, Process, cheap_names, row_of
from .known import ONE, TWO


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return cheap_names(monkeypatch)


@pytest.fixture
def file(tmp_path: Path, names: list[str]) -> Iterator[Generations]:
    made = Generations(tmp_path / "state")
    yield made
    made.end()


def test_nothing_is_written_while_nothing_that_is_kept_changes(file: Generations) -> None:
    first = file.begin()
    first.refused(ONE, Reason.BILLING)
    first.health.changes.tell(Change(ChangeKind.CONFIGURED, "nothing differs"))
    given = first.keeper._given
    first.refused(TWO, Reason.RATE_LIMITED)
    first.health.changes.tell(Change(ChangeKind.CONFIGURED, "nothing differs"))
    first.health.changes.tell(Change(ChangeKind.OPENED, "3 failures in a row", reason=Reason.SERVER_ERROR))
    assert first.keeper._given is given


def test_no_credential_is_named_while_the_file_has_nothing_for_it(file: Generations, names: list[str]) -> None:
    file.begin()
    first = file.begin()
    assert names == []
    first.refused(ONE, Reason.BILLING)
    file.ended(first)
    assert names == [ONE.key_id]


def test_a_thousand_rows_are_kept_those_of_this_process_and_then_those_that_end_last(file: Generations) -> None:
    def stranger(number: int) -> Lasting:
        return Lasting(Reason.BILLING, EPOCH + 1000.0 + number, EPOCH, (Count(Reason.BILLING, 1, EPOCH + DAY_S),))

    strangers: Rows = {(f"stranger {number}", None): stranger(number) for number in range(MAX_ROWS)}
    StateFile(str(file.path)).write(Content(bytes(16), dict(strangers)))
    first = file.begin()
    first.refused(ONE, Reason.AUTHENTICATION)
    kept = file.ended(first)
    assert len(kept) == MAX_ROWS
    assert row_of(ONE) in kept
    assert set(strangers) - set(kept) == {("stranger 0", None)}


def test_a_model_whose_name_no_configuration_could_have_gets_no_row(file: Generations) -> None:
    first = file.begin()
    entry = replace(ONE.entry, model="m" * (MAX_MODEL_CHARACTERS + 1))
    first.refused(replace(ONE, entry=entry), Reason.PERMISSION)
    first.refused(TWO, Reason.PERMISSION)
    assert set(file.ended(first)) == {row_of(TWO, "m")}


def test_an_unusable_file_costs_its_rows_and_one_line(file: Generations, caplog: pytest.LogCaptureFixture) -> None:
    file.path.write_text("somebody else's")
    first = file.begin()
    assert [record.getMessage() for record in caplog.records] == [
        f"the state file {file.path} is unusable: it is not JSON; it is kept as {file.path}.bad, and keys that it "
        "said were refused are asked again"
    ]
    assert file.path.with_name("state.bad").read_text() == "somebody else's"
    first.refused(ONE, Reason.BILLING)
    assert len(file.ended(first)) == 1


def test_the_second_on_one_file_does_not_start_and_the_first_goes_on(file: Generations) -> None:
    first = file.begin()
    with pytest.raises(StateFileError, match=f"{file.path} is in use by another sidecar"):
        Process(file.path, file.watch).start()
    first.refused(ONE, Reason.BILLING)
    assert len(file.ended(first)) == 1


def test_a_file_that_cannot_be_written_is_told_at_the_start_and_left_to_others(
    file: Generations, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: StateFile, content: Content) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(StateFile, "write", full)
        with pytest.raises(StateFileError, match=f"{file.path} cannot be written: No space left on device"):
            Process(file.path, file.watch).start()
    later = Process(file.path, file.watch)
    later.start()
    later.keeper.close(LIMIT_S)


def test_an_unusable_file_that_cannot_be_moved_is_left_to_others(file: Generations) -> None:
    file.path.write_text("somebody else's")
    (file.path.with_name("state.bad") / "folder").mkdir(parents=True)
    with pytest.raises(StateFileError, match="is unusable and cannot be moved: Is a directory"):
        Process(file.path, file.watch).start()
    file.path.unlink()
    later = Process(file.path, file.watch)
    later.start()
    later.keeper.close(LIMIT_S)


def test_an_end_that_the_disk_holds_up_is_told(
    file: Generations, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = file.begin()
    monkeypatch.setattr(first.keeper._newest, "close", lambda limit_s: False)
    with caplog.at_level(logging.ERROR):
        first.keeper.close(2.0)
    assert [record.getMessage() for record in caplog.records] == [
        f"the state file {file.path} was not written within 2 s"
    ]
    monkeypatch.undo()


def test_a_reset_of_everything_holds_though_something_newer_came_before_it_was_written() -> None:
    reset, newer = Snapshot({}, KNOWN_IDS, EPOCH, forgets=True), Snapshot({}, KNOWN_IDS, EPOCH + 1.0)
    assert newer.after(reset) == replace(newer, forgets=True)
    assert reset.after(newer) == reset
    assert newer.after(newer) == newer

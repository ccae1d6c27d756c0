"""The documentation says what the code does: errors, and the numbers of failover."""

from __future__ import annotations

import pathlib

from sidecar.core.reasons import Reason

from .documentation import errors_page

ROOT = pathlib.Path(__file__).parent.parent


def test_the_errors_page_is_the_table_of_reasons() -> None:
    assert (ROOT / "docs/errors.md").read_text() == errors_page()


def test_the_contract_has_every_reason_and_no_other() -> None:
    from sidecar.pb import error_reason_pb2

    names = set(error_reason_pb2.ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}
    assert names == {f"ERROR_REASON_{reason}" for reason in Reason}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def test_every_document_the_readme_names_exists() -> None:
    import re

    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_complete_has_the_fields_of_chat_and_of_completed() -> None:
    from sidecar.pb import chat_pb2

    def fields(message: object) -> list[tuple[int, str, int]]:
        return [(f.number, f.name, f.type) for f in message.DESCRIPTOR.fields]  # type: ignore[attr-defined]

    assert fields(chat_pb2.CompleteRequest) == fields(chat_pb2.ChatRequest)
    assert fields(chat_pb2.CompleteResponse) == fields(chat_pb2.Completed)

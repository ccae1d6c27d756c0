"""The documentation says what the code does, and where: errors, pages, and the modules of the architecture."""

from __future__ import annotations

import pathlib
import re

import pytest

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


def links(page: pathlib.Path) -> list[str]:
    """The files that a page links to, relative to it."""
    return [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()) if "://" not in link]


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("clients/*/README.md")], ids=str
)
def test_every_document_a_page_names_exists(page: pathlib.Path) -> None:
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    pages = {str(page.relative_to(ROOT)) for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))}
    assert pages - {"README.md"} <= set(links(ROOT / "README.md"))


def test_the_architecture_is_one_page_and_names_modules_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert len(text.splitlines()) <= 130
    modules = tuple(f"/{file.relative_to(ROOT)}" for file in ROOT.glob("sidecar/**/*.py"))
    named = re.findall(r"`([a-z_/]+\.py)`", text)
    assert len(named) > 20
    assert [name for name in named if not any(module.endswith(f"/{name}") for module in modules)] == []


def test_the_architecture_gives_every_package_its_place() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    packages = {file.parent.name for file in ROOT.glob("sidecar/*/__init__.py")} - {"pb"}
    assert [package for package in sorted(packages) if f"`sidecar/{package}`" not in text] == []


def test_complete_has_the_fields_of_chat_and_of_completed() -> None:
    from sidecar.pb import chat_pb2

    def fields(message: object) -> list[tuple[int, str, int]]:
        return [(f.number, f.name, f.type) for f in message.DESCRIPTOR.fields]  # type: ignore[attr-defined]

    assert fields(chat_pb2.CompleteRequest) == fields(chat_pb2.ChatRequest)
    assert fields(chat_pb2.CompleteResponse) == fields(chat_pb2.Completed)

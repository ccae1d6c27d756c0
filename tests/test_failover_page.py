"""docs/failover.md says what the engine does: its lists, its numbers, and where its links lead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sidecar.config.policy import AGAIN, THEN
from sidecar.core.adjustment import DROPPABLE, STREAM_OPTIONS
from sidecar.core.mending import NEVER_DROPPED
from sidecar.core.policy import DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_WAIT_S, OnContextOverflow
from sidecar.core.reasons import TABLE, Again
from sidecar.core.tuning import RetrySettings

DOCS = Path(__file__).parent.parent / "docs"
WORDS = {
    "presence_penalty": "penalties",
    "frequency_penalty": "penalties",
    "reasoning_effort": "reasoning effort",
    "parallel_tool_calls": "parallel calls",
    "end_user_id": "end user",
    "stream_options": "stream options",
    "tool_choice": "tool choice",
    "response_format": "response format",
    "max_output_tokens": "output limit",
    "tools": "tools as instructions",
}
"""How the page calls a field, where that is not its own name."""
RETRY = RetrySettings()


def text() -> str:
    """The page, with its lines joined."""
    return re.sub(r"\s+", " ", (DOCS / "failover.md").read_text())


def section(title: str) -> str:
    """What stands under a heading."""
    return (DOCS / "failover.md").read_text().split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(title: str) -> list[str]:
    """What the rows of a section's table begin with."""
    return re.findall(r"^\| `(\w+)`", section(title), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_reason_that_is_repaired_has_a_row() -> None:
    repaired = {reason.value for reason, row in TABLE.items() if row.again is Again.REPAIRED}
    assert set(first_cells("Repairs")) | {"CONTEXT_LENGTH"} == repaired


@pytest.mark.parametrize("field", [*sorted(DROPPABLE), STREAM_OPTIONS, *NEVER_DROPPED])
def test_every_parameter_that_may_be_refused_is_named(field: str) -> None:
    assert WORDS.get(field, field) in section("Repairs")


def test_every_policy_for_overflows_has_a_row() -> None:
    assert first_cells("A prompt too long") == ["on_context_overflow", *OnContextOverflow]


def test_every_disposition_is_on_the_page_of_settings() -> None:
    rows = (DOCS / "configuration.md").read_text()
    for setting, names in (("again", AGAIN), ("then", THEN)):
        (row,) = [line for line in rows.splitlines() if line.startswith(f"| `policy.dispositions.*.{setting}`")]
        assert [name for name in names if f"`{name}`" not in row] == []


@pytest.mark.parametrize(
    "said",
    [
        f"At most {DEFAULT_MAX_ATTEMPTS} upstream calls a request, {RETRY.attempts_per_entry} on one entry",
        f"({RETRY.attempts_per_entry_credential} if it is the keys that fail)",
        f"{DEFAULT_MAX_WAIT_S:g} s in all (`max_wait_s`)",
        f"once in {RETRY.last_resort_interval_s:g} s by all calls together",
        f"a stated wait of up to {RETRY.short_wait_s:g} s",
        f"the same target after {RETRY.backoff_s:g} s",
    ],
)
def test_the_numbers_are_those_of_the_engine(said: str) -> None:
    assert said in text()


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", page.read_text())
    lost = [anchor for name, anchor in links if anchor not in anchors((page.parent / name) if name else page)]
    assert lost == []

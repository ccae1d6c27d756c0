"""What is judged over all calls: searches, coverage, the providers' journal; and that without Jaeger it says so."""

from __future__ import annotations

import dataclasses

import pytest
from remora_client.demo.journal import Asked

from . import __main__ as command
from .performance import HTTP, Played
from .recording import RECORDED, load
from .search import SEARCHES, SECTION
from .server import BUILT, find, free_addresses
from .story import STORIES
from .trace import Trace
from .whole import judge_coverage, judge_searches

CALLS = [load(name) for name in RECORDED]
TOLD = [call.told for call in CALLS]
LOST = TOLD[0].trace_id


class Searched:
    """Answers searches as Jaeger does: by the tags of one span, those of its events among them. `without`: a trace."""

    def __init__(self, without: str = "", *, everything: bool = False) -> None:
        self._without = without
        self._everything = everything

    def search(self, service: str, tags: dict[str, str]) -> list[Trace]:
        found = [call.trace for call in CALLS if call.told.trace_id != self._without]
        return [
            trace for trace in found if self._everything or any(self._fits(span, tags) for span in trace.of(service))
        ]

    def _fits(self, span, tags):
        of_events = [{"event": event.name, **event.attributes} for event in span.events]
        own = {**span.attributes, "error": span.is_error}
        return any(
            all(str(tagged.get(key)).lower() == value.lower() for key, value in tags.items())
            for tagged in (own, *of_events)
        )


def test_the_documented_searches_find_the_calls_they_are_for():
    checks = list(judge_searches(Searched(), TOLD))
    nothing_to_find = [one for one in SEARCHES if not any(map(one.finds, TOLD))]
    assert len(checks) == len(SEARCHES) + 1
    assert sum(not check.kept for check in checks) == len(nothing_to_find)


def test_a_search_that_misses_a_call_fails():
    assert not list(judge_searches(Searched(LOST), TOLD))[-1].kept


def test_a_search_that_finds_everything_fails():
    assert not any(check.kept for check in judge_searches(Searched(everything=True), TOLD))


@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_the_page_names_each_search(search):
    assert f"| {search.question} | `{search}` |" in SECTION


def test_a_run_in_which_too_little_happened_fails():
    check = judge_coverage(TOLD[:1])
    assert not check.kept
    assert "RATE_LIMITED" in check.found


def played(*asked: Asked) -> Played:
    call = load("outage")
    story = next(one for one in STORIES if one.scenery.story == "outage")
    return Played(story, HTTP, (call.told,), asked, call.ports)


SEEN = (Asked("north main", 0.0, 503), Asked("north main", 0.3, 503), Asked("south main", 0.4, 200))


def test_a_report_tells_of_the_requests_that_the_providers_saw():
    assert played(*SEEN).judge().kept


@pytest.mark.parametrize(
    "asked",
    [SEEN[:2], (*SEEN, SEEN[2]), (dataclasses.replace(SEEN[0], status=500), *SEEN[1:]), SEEN[::-1]],
    ids=["one less", "one more", "another status", "another order"],
)
def test_a_report_that_tells_of_other_requests_fails(asked):
    assert not played(*asked).judge().kept


def test_jaeger_is_taken_from_the_environment_first(monkeypatch):
    monkeypatch.setenv("JAEGER", "/opt/jaeger")
    assert find() == "/opt/jaeger"


def test_jaeger_is_found_where_it_was_built_and_nowhere_else(monkeypatch):
    monkeypatch.delenv("JAEGER", raising=False)
    monkeypatch.setenv("PATH", "")
    assert find() == (str(BUILT) if BUILT.exists() else None)


def test_without_jaeger_one_line_says_who_builds_it(monkeypatch, capsys):
    monkeypatch.setattr(command, "find", lambda: None)
    assert command.main([]) == 3
    assert capsys.readouterr().err == "jaeger: not found; scripts/jaeger.sh builds it\n"


def test_a_program_that_is_no_jaeger_is_told_of(monkeypatch, capsys):
    monkeypatch.setattr(command, "find", lambda: "/bin/false")
    assert command.main([]) == 1
    assert "ended with exit code 1" in capsys.readouterr().err


def test_free_addresses_are_of_this_host_and_differ():
    addresses = free_addresses(7)
    assert len(set(addresses)) == 7
    assert all(address.startswith("127.0.0.1:") for address in addresses)
